//! The longest context that a model was made for, as engines derive it.

use serde_json::{Map, Value as Json};

use super::config::{Config, whole};
use super::error::CardError;
use super::figure::Figure;
use super::knowledge::knowledge;

/// The longest context, in tokens.
///
/// # Errors
/// What is written in the place of a figure is none.
pub(super) fn context(config: &Config) -> Result<Option<Figure<u32>>, CardError> {
    let keys = &knowledge().context;
    if let Some((value, key)) = config.get(&keys.before_all) {
        return config.whole(value, &key).map(Some);
    }
    let mut smallest: Option<Figure<u32>> = None;
    for (value, key) in config.all(&keys.smallest_of) {
        let found = config.whole(value, &key)?;
        if smallest
            .as_ref()
            .is_none_or(|known| found.value < known.value)
        {
            smallest = Some(found);
        }
    }
    let Some(written) =
        smallest.map_or_else(|| config.unsaid("context"), |found| Ok(Some(found)))?
    else {
        return Ok(None);
    };
    if config.family.is_some_and(|family| family.scaled_context) {
        return Ok(Some(written));
    }
    match config.get(&keys.scaling) {
        Some((Json::Object(scaling), key)) => scaled(config, written, scaling, &key).map(Some),
        _ => Ok(Some(written)),
    }
}

/// The context that scaled rotary positions give.
fn scaled(
    config: &Config,
    written: Figure<u32>,
    scaling: &Map<String, Json>,
    key: &str,
) -> Result<Figure<u32>, CardError> {
    let keys = &knowledge().context;
    // By kinds of layers, or for all of them.
    let of_kinds = scaling
        .iter()
        .filter_map(|(kind, value)| Some((kind, value.as_object()?)));
    let nested: Vec<_> = of_kinds
        .map(|(kind, map)| (format!("{key}.{}", kind.escape_debug()), map))
        .collect();
    let all = match nested.is_empty() {
        true => vec![(key.to_owned(), scaling)],
        false => nested,
    };
    for (key, scaling) in all {
        let find = |names: &[String]| names.iter().find_map(|name| scaling.get(name));
        let kind = find(&keys.scaling_type)
            .and_then(Json::as_str)
            .unwrap_or("default");
        let is_one_of = |kinds: &[String]| kinds.iter().any(|known| known == kind);
        let factor = scaling.get("factor").filter(|factor| !factor.is_null());
        let Some(factor) = factor.filter(|_| !is_one_of(&keys.unchanged)) else {
            continue;
        };
        let wrong = || config.wrong(&format!("{key}.factor"), factor, "a number from 1 on");
        let by = factor
            .as_f64()
            .filter(|by| (1.0..1e6).contains(by))
            .ok_or_else(wrong)?;
        let original = find(&keys.original).filter(|value| !value.is_null());
        let base = match original {
            Some(original) if is_one_of(&keys.from_original) => {
                let name = format!("{key}.{}", keys.original.join(", "));
                let tokens = whole(original).and_then(|tokens| u32::try_from(tokens).ok());
                tokens.ok_or_else(|| config.wrong(&name, original, "a number of tokens"))?
            }
            _ => written.value,
        };
        let tokens = f64::from(base) * by;
        if !(1.0..=f64::from(u32::MAX)).contains(&tokens) {
            return Err(wrong());
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it is in the range of the type"
        )]
        let tokens = tokens as u32;
        if tokens == written.value {
            return Ok(written);
        }
        let from = format!("{key}: {base} x {}", factor);
        let figure = Figure::new(tokens, from);
        return Ok(figure.doubted(format!(
            "{} says {}, and engines differ",
            written.from, written.value
        )));
    }
    Ok(written)
}
