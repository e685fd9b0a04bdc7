//! The precision of published weights: of their quantisation, else of their tensors.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};

use super::config::{Config, object, whole, word};
use super::error::CardError;
use super::figure::Figure;
use super::knowledge::{Rule, knowledge};

/// How weights are quantised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Quantized {
    /// The precision; none where the description is not understood.
    pub precision: Option<Figure<String>>,
    /// Bits of a parameter in packed tensors.
    pub bits: Option<u64>,
    /// The words of the description that say it, for people.
    pub says: String,
}

/// What the configuration, or a file beside it, says of the weights' quantisation.
///
/// # Errors
/// The file beside it is no JSON object.
pub(super) fn quantized(
    config: &Config,
    beside: &BTreeMap<String, Vec<u8>>,
) -> Result<Option<Quantized>, CardError> {
    let known = &knowledge().quantization;
    if let Some((Json::Object(map), key)) = config.get_anywhere(&known.keys)
        && !map.is_empty()
    {
        return Ok(Some(read(map, &format!("{}, {key}", config.file()))));
    }
    for (file, key) in &known.files {
        if let Some(bytes) = beside.get(file)
            && let Some(Json::Object(map)) = object(file, bytes)?.get(key)
        {
            return Ok(Some(read(map, &format!("{file}, {key}"))));
        }
    }
    Ok(None)
}

fn read(quantization: &Map<String, Json>, key: &str) -> Quantized {
    let known = &knowledge().quantization;
    let mut described: Vec<&Map<String, Json>> = Vec::new();
    for place in &known.places {
        let steps: Vec<&str> = place.split('.').collect();
        collect(quantization, &steps, &mut described);
    }
    if described.is_empty() {
        described.push(quantization);
    }
    let said: Vec<&Rule> = described
        .iter()
        .filter_map(|weights| {
            known
                .rules
                .iter()
                .find(|rule| rule.fits(weights, quantization))
        })
        .collect();
    let rule = said.first();
    let differs = said
        .iter()
        .any(|other| rule.is_some_and(|rule| rule.is != other.is))
        || said.len() < described.len();
    let says = match rule {
        Some(rule) => {
            let words = rule
                .conditions
                .iter()
                .map(|(name, value)| format!("{name} {value}"));
            words.collect::<Vec<_>>().join(", ")
        }
        None => quantization
            .get("quant_method")
            .and_then(word)
            .unwrap_or_default(),
    };
    let precision = rule.map(|rule| {
        let figure = Figure::new(rule.is.clone(), format!("{key}: {says}"));
        match differs {
            true => figure.doubted("layers are quantised in more than one way"),
            false => figure,
        }
    });
    let written = described.iter().find_map(|weights| {
        let both = [*weights, quantization];
        let mut found = both
            .iter()
            .flat_map(|map| known.bits_key.iter().map(|key| map.get(key)));
        found.find_map(|bits| whole(bits?))
    });
    let bits = written.or_else(|| known.bits.get(&precision.as_ref()?.value).copied());
    Quantized {
        precision,
        bits: bits.filter(|bits| (1..=32).contains(bits)),
        says,
    }
}

/// The maps at a path, `*` being any key; of a list the last, which is what is stored.
fn collect<'j>(map: &'j Map<String, Json>, steps: &[&str], found: &mut Vec<&'j Map<String, Json>>) {
    let Some((first, rest)) = steps.split_first() else {
        found.push(map);
        return;
    };
    let below = map.iter().filter(|(key, _)| *first == "*" || key == first);
    for (_, value) in below {
        let value = match value {
            Json::Array(stages) => stages.last(),
            value => Some(value),
        };
        if let Some(Json::Object(map)) = value {
            collect(map, rest, found);
        }
    }
}

impl Rule {
    /// Whether all conditions hold, in the description of the weights or beside it.
    fn fits(&self, weights: &Map<String, Json>, quantization: &Map<String, Json>) -> bool {
        self.conditions.iter().all(|(key, wanted)| {
            let found = weights.get(key).or_else(|| quantization.get(key));
            found
                .and_then(word)
                .is_some_and(|found| found.eq_ignore_ascii_case(wanted))
        })
    }
}

/// The precision of a type of values, by its name in headers or configurations.
pub(super) fn of_type(name: &str) -> Option<String> {
    knowledge().precisions.get(name).cloned()
}

/// The precision that the configuration says its weights have.
pub(super) fn written(config: &Config) -> Option<Figure<String>> {
    let (value, key) = config.get_anywhere(&knowledge().dtype)?;
    let precision = of_type(value.as_str()?.trim_start_matches("torch."))?;
    Some(Figure::new(precision, format!("{}, {key}", config.file())))
}
