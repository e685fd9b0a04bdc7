//! A model card's figures, made of what the model's files and its page say.

use super::attention::{AttentionFigures, attention};
use super::config::{Config, whole};
use super::context::context;
use super::error::{CardError, shown};
use super::figure::Figure;
use super::knowledge::knowledge;
use super::metadata::Metadata;
use super::precision::{Quantized, quantized, written};
use super::repository::Description;
use super::weights::{Counted, count};

/// The figures of a card, as far as they are known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Made {
    /// The model, `ORG/NAME`.
    pub model: String,
    /// The file that the figures of attention are from.
    pub config_file: String,
    /// The commit that was read.
    pub commit: Option<String>,
    /// Licence, access and task.
    pub metadata: Metadata,
    /// All parameters that an engine loads.
    pub parameters: Option<Figure<u64>>,
    /// Those that one token uses, where experts share the work.
    pub active_parameters: Option<Figure<u64>>,
    /// Precision of the weights.
    pub weights_precision: Option<Figure<String>>,
    /// Longest context in tokens.
    pub context_length: Option<Figure<u32>>,
    /// What the key/value cache needs.
    pub attention: AttentionFigures,
    /// Size of the weights in GiB, with two digits behind the point.
    pub weights_gib: Option<Figure<String>>,
    /// What a person who reviews the card should know.
    pub notes: Vec<String>,
}

/// Makes the figures.
///
/// # Errors
/// A file says something in the place of a figure that is none.
pub fn make(
    model: &str,
    commit: Option<&str>,
    metadata: Metadata,
    description: &Description,
) -> Result<Made, CardError> {
    let config = &description.config;
    let mut notes = description.notes.clone();
    let attention = attention(config, &mut notes)?;
    let quantized = quantized(config, &description.beside)?;
    let layers = attention.layers.as_ref().map(|layers| layers.value);
    let counted = description
        .tensors
        .as_ref()
        .map(|tensors| count(tensors, quantized.as_ref(), layers, is_tied(config)));
    let mut made = Made {
        model: model.to_owned(),
        commit: commit.map(str::to_owned),
        config_file: config.file().to_owned(),
        metadata,
        context_length: context(config)?,
        weights_precision: precision(config, quantized.as_ref(), counted.as_ref()),
        attention,
        ..Made::default()
    };
    if let Some(counted) = &counted {
        let size = Some(gib(counted.bytes)).filter(|size| size != "0");
        made.weights_gib = size.map(|size| Figure::new(size, "bytes of all tensors"));
        match &counted.unknown {
            Some((name, dtype)) => notes.push(format!(
                "it is not known how many parameters {} is, of type {}: parameters are not known",
                shown(name),
                shown(dtype)
            )),
            None => {
                made.parameters = Some(parameters(counted, quantized.as_ref(), description));
                made.active_parameters = active(config, counted)?;
            }
        }
    }
    if let (Some(quantized), None) = (&quantized, &made.weights_precision) {
        notes.push(format!(
            "the quantisation {} is not known: `weights_precision` is to be looked up",
            shown(&quantized.says)
        ));
    }
    made.notes = notes;
    Ok(made)
}

fn is_tied(config: &Config) -> bool {
    let key = std::slice::from_ref(&knowledge().weights.tied_where);
    let tied = config
        .get_anywhere(key)
        .and_then(|(value, _)| value.as_bool());
    tied == Some(true)
}

fn parameters(
    counted: &Counted,
    quantized: Option<&Quantized>,
    description: &Description,
) -> Figure<u64> {
    let files = match description.headers {
        1 => "1 file".to_owned(),
        many => format!("{many} files"),
    };
    let mut from = format!("shapes in the headers of {files}");
    if counted.packed > 0 {
        let bits = quantized.and_then(|quantized| quantized.bits);
        let of = bits.map_or_else(String::new, |bits| format!(" of {bits} bits"));
        from.push_str(&format!("; packed weights{of} counted one by one"));
    }
    if counted.prediction > 0 {
        let left_out = counted.prediction;
        from.push_str(&format!(
            "; {left_out} of layers for multi-token prediction not counted"
        ));
    }
    Figure::new(counted.parameters, from)
}

/// All but the experts that a token does not use.
fn active(config: &Config, counted: &Counted) -> Result<Option<Figure<u64>>, CardError> {
    let (Some(experts), Some(used)) = (
        config.figure("experts")?,
        config.get(knowledge().keys("experts_used")),
    ) else {
        return Ok(None);
    };
    let (value, key) = used;
    let Some(used) = whole(value).filter(|used| (1..=u64::from(experts.value)).contains(used))
    else {
        return Err(config.wrong(&key, value, "a number of experts"));
    };
    if counted.experts == 0 {
        return Ok(None);
    }
    let all = u128::from(counted.experts) * u128::from(used) / u128::from(experts.value);
    let active = u64::try_from(all).unwrap_or(u64::MAX) + (counted.parameters - counted.experts);
    let from = format!("{used} of {} experts, and all else", experts.value);
    Ok(Some(Figure::new(active, from)))
}

/// The precision of the quantisation, else of most parameters, else the one that is written.
fn precision(
    config: &Config,
    quantized: Option<&Quantized>,
    counted: Option<&Counted>,
) -> Option<Figure<String>> {
    if let Some(quantized) = quantized {
        return quantized.precision.clone();
    }
    let most = counted.and_then(|counted| {
        let of = counted
            .by_precision
            .iter()
            .max_by_key(|(_, parameters)| **parameters)?;
        Some(Figure::new(of.0.clone(), "types in the headers"))
    });
    most.or_else(|| written(config))
}

/// Bytes in GiB.
fn gib(bytes: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "two digits are shown")]
    let gib = bytes as f64 / f64::from(1 << 30);
    let text = format!("{gib:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
