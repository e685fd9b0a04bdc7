//! What each layer keeps of a sequence: all of it, a window of it, or nothing that grows.

use serde_json::Value as Json;

use super::config::{Config, whole, word};
use super::error::CardError;
use super::figure::Figure;
use super::knowledge::{LayerList, Layers, Word, knowledge};

/// More layers than any model has.
const MOST: u32 = 100_000;

/// How many layers keep what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Kept {
    /// Layers that keep the whole sequence or a window of it.
    pub cached: u32,
    /// Those of them that keep a window.
    pub windows: u32,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Keeps {
    All,
    Window,
    Nothing,
}

/// What the layers keep; without a figure where nothing says so.
///
/// # Errors
/// A list of layers does not fit them.
pub(super) fn kept(config: &Config, layers: u32) -> Result<Option<Figure<Kept>>, CardError> {
    if layers > MOST {
        let found = Json::from(layers);
        return Err(config.wrong("layers", &found, "a number of layers that there can be"));
    }
    let windows_are_off = is_switched_off(config);
    let (mut each, from) = match each(config, layers)? {
        Some(found) => found,
        None => return Ok(None),
    };
    if windows_are_off {
        each.iter_mut()
            .filter(|keeps| **keeps == Keeps::Window)
            .for_each(|keeps| *keeps = Keeps::All);
    }
    // Zero is a number here: all layers have caches of their own.
    let shared = config.get(knowledge().keys("shared_layers"));
    let mut from = vec![from];
    if let Some((value, key)) = shared {
        let shared = whole(value).filter(|shared| *shared <= u64::from(layers));
        let shared = shared.ok_or_else(|| config.wrong(&key, value, "a number of layers"))?;
        if shared > 0 {
            let own = each
                .len()
                .saturating_sub(usize::try_from(shared).unwrap_or(usize::MAX));
            each.truncate(own);
            from.push(key);
        }
    }
    let count = |wanted: Keeps| {
        let found = each.iter().filter(|keeps| **keeps == wanted).count();
        u32::try_from(found).unwrap_or(u32::MAX)
    };
    let windows = count(Keeps::Window);
    let kept = Kept {
        cached: count(Keeps::All) + windows,
        windows,
    };
    Ok(Some(Figure::new(kept, from.join(", "))))
}

fn is_switched_off(config: &Config) -> bool {
    let switch = std::slice::from_ref(&knowledge().window_switch);
    let switch = config.get(switch).and_then(|(value, _)| value.as_bool());
    switch == Some(false)
}

/// What each layer keeps, and what says so.
fn each(config: &Config, layers: u32) -> Result<Option<(Vec<Keeps>, String)>, CardError> {
    let known = knowledge();
    let count = usize::try_from(layers).unwrap_or(usize::MAX);
    for list in &known.layer_lists {
        let is_for = list.of.is_empty() || list.of.contains(&config.model_type);
        if let Some((value, key)) = config.get(std::slice::from_ref(&list.key))
            && is_for
            && let Some(words) = words(value)
            && !words.is_empty()
        {
            let each: Option<Vec<Keeps>> = words
                .iter()
                .map(|word| list.keeps(word))
                .take(count)
                .collect();
            return match each {
                Some(each) if each.len() == count => Ok(Some((each, key))),
                // A word that is not known: nothing is guessed from the others.
                None => Ok(None),
                Some(_) => Err(config.wrong(&key, value, "a list with an entry for each layer")),
            };
        }
    }
    if let Some((value, key)) = config.get(&known.attention_layers) {
        let full = value.as_array().map_or(usize::MAX, Vec::len);
        if full > count {
            return Err(config.wrong(&key, value, "a list of layers"));
        }
        let mut each = vec![Keeps::All; full];
        each.resize(count, Keeps::Nothing);
        return Ok(Some((each, key)));
    }
    let Some(family) = config.family else {
        return Ok(match config.get(known.keys("window")) {
            // Which layers have the window is not known.
            Some((value, _)) if whole(value) != Some(0) && !is_switched_off(config) => None,
            _ => Some((vec![Keeps::All; count], "no window in it".to_owned())),
        });
    };
    let mut each = vec![Keeps::All; count];
    let mut from = format!("pattern of {}", config.model_type);
    let mut mark = |which: &Layers, keeps: Keeps| -> Result<(), CardError> {
        match which {
            Layers::Word(Word::None) => {}
            Layers::Word(Word::All) => each.fill(keeps),
            Layers::From { from: key } => {
                // Here windows are only there where they are switched on.
                let switch = std::slice::from_ref(&known.window_switch);
                let is_on = config.get(switch).and_then(|(value, _)| value.as_bool());
                let first = config.get(std::slice::from_ref(key));
                if let (Some(true), Some((value, key))) = (is_on, first) {
                    let number = whole(value)
                        .ok_or_else(|| config.wrong(&key, value, "a number of layers"))?;
                    let first = usize::try_from(number).unwrap_or(usize::MAX);
                    each.iter_mut().skip(first).for_each(|each| *each = keeps);
                    from = key;
                }
            }
            Layers::AllButEach { all_but_each, key } => {
                let key = key.as_ref().map(std::slice::from_ref);
                let period = match key.and_then(|key| config.get(key)) {
                    Some((value, key)) => {
                        from.clone_from(&key);
                        config.whole(value, &key)?.value
                    }
                    None => *all_but_each,
                };
                let is_spared = |layer: usize| (layer + 1).is_multiple_of(period as usize);
                let marked = each.iter_mut().enumerate();
                marked
                    .filter(|(layer, _)| !is_spared(*layer))
                    .for_each(|(_, each)| *each = keeps);
            }
        }
        Ok(())
    };
    if config.figure_or_zero("window")?.is_some() {
        mark(&family.windows, Keeps::Window)?;
    }
    if let Some(linear) = &family.linear {
        mark(linear, Keeps::Nothing)?;
    }
    Ok(Some((each, from)))
}

/// The words of a list, or the letters of a text.
fn words(value: &Json) -> Option<Vec<String>> {
    match value {
        Json::Array(items) => items.iter().map(word).collect(),
        Json::String(text) => Some(text.chars().map(String::from).collect()),
        _ => None,
    }
}

impl LayerList {
    fn keeps(&self, word: &str) -> Option<Keeps> {
        let is_in = |words: &[String]| words.iter().any(|known| known == word);
        if is_in(&self.full) {
            Some(Keeps::All)
        } else if is_in(&self.window) {
            Some(Keeps::Window)
        } else if is_in(&self.none) {
            Some(Keeps::Nothing)
        } else {
            None
        }
    }
}
