//! A card that is there already, with the figures that differ put right: all other bytes stay.

use miette::Diagnostic;
use serde::Serialize;
use thiserror::Error;

use crate::catalog::yaml::edit::{Action, Change, scalar, spliced, splices};
use crate::catalog::yaml::{self, Node, NodeKind};

use super::made::Made;
use super::values::Value;

/// A change of a card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Changed {
    /// The key.
    pub key: String,
    /// What was there, if anything was.
    pub from: Option<String>,
    /// What is there now; nothing where the key went.
    pub to: Option<String>,
}

/// A card after its update.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Updated {
    /// The text; the same where nothing differs.
    pub text: String,
    /// What changed, in the order of a card.
    pub changes: Vec<Changed>,
    /// What a person has to do, or to know.
    pub notes: Vec<String>,
}

/// Why a card cannot be updated.
#[derive(Clone, Debug, PartialEq, Eq, Error, Diagnostic)]
pub enum UpdateError {
    /// It is no YAML, or no map.
    #[error("the card cannot be read: {because}")]
    #[diagnostic(
        code(card::unreadable),
        help("`aim-engine lint --models FILE` shows where")
    )]
    Unreadable {
        /// What is wrong.
        because: String,
    },
    /// It is the card of another model.
    #[error("the card is of `{found}`, and not of `{wanted}`")]
    #[diagnostic(code(card::other_model), help("name another file with `--output`"))]
    OtherModel {
        /// The model of the card.
        found: String,
        /// The model that was fetched.
        wanted: String,
    },
}

/// Puts the figures of a card right.
///
/// # Errors
/// The text is no card of the model.
pub fn update(text: &str, made: &Made) -> Result<Updated, UpdateError> {
    let root = read(text)?;
    let id = root.get("huggingface_id").or_else(|| root.get("model_id"));
    let found = id.and_then(Node::text).unwrap_or_default();
    if !found.eq_ignore_ascii_case(&made.model) {
        return Err(UpdateError::OtherModel {
            found: found.to_owned(),
            wanted: made.model.clone(),
        });
    }
    let mut card = Card {
        text: text.to_owned(),
        root,
        changes: Vec::new(),
        notes: Vec::new(),
    };
    let values = made.values();
    let mut moved = Vec::new();
    let mut certain = Vec::new();
    for (place, value) in values.iter().enumerate() {
        let before = values.get(..place).unwrap_or_default();
        match card.put(value, before) {
            Put::Same => {}
            Put::Changed => moved.push(value.source()),
            Put::Refused => continue,
        }
        match &value.doubt {
            None => certain.push(value.key),
            Some(because) if !card.is_uncertain(value.key) => {
                card.notes
                    .push(format!("`{}` is uncertain: {because}", value.key));
            }
            Some(_) => {}
        }
    }
    card.without_figure(&values);
    card.no_longer_uncertain(&certain);
    moved.dedup();
    for source in moved {
        card.put_source(source, made);
    }
    Ok(Updated {
        text: card.text,
        changes: card.changes,
        notes: card.notes,
    })
}

fn read(text: &str) -> Result<Node, UpdateError> {
    let unreadable = |because: String| UpdateError::Unreadable { because };
    let root = yaml::read(text).map_err(|problems| {
        let first = problems.first();
        unreadable(first.map_or_else(String::new, |problem| problem.message.clone()))
    })?;
    match root.kind {
        NodeKind::Mapping(_) => Ok(root),
        _ => Err(unreadable(format!("it is {}", root.describe()))),
    }
}

enum Put {
    Same,
    Changed,
    Refused,
}

/// A card in the making.
struct Card {
    text: String,
    root: Node,
    changes: Vec<Changed>,
    notes: Vec<String>,
}

impl Card {
    fn node(&self, key: &str) -> Option<&Node> {
        key.split('.')
            .try_fold(&self.root, |node, step| node.get(step))
    }

    /// Makes one change of the text; false where it is not certain that it makes this one and no other.
    fn change(&mut self, ordinal: u32, action: Action) -> bool {
        let changes = [Change { ordinal, action }];
        let made = splices(&self.text, &self.root, &changes)
            .and_then(|splices| spliced(&self.text, &splices));
        let Some((text, root)) = made.and_then(|text| Some((text.clone(), read(&text).ok()?)))
        else {
            return false;
        };
        (self.text, self.root) = (text, root);
        true
    }

    fn put(&mut self, value: &Value, before: &[Value]) -> Put {
        let from = match self.node(value.key) {
            Some(node) if says(node, value) => return Put::Same,
            node => node.map(|node| (node.ordinal, node.text().map(str::to_owned))),
        };
        let is_done = match &from {
            Some((ordinal, _)) => {
                let action = match value.is_text {
                    true => Action::Set(value.value.clone()),
                    false => Action::SetBare(value.value.clone()),
                };
                self.change(*ordinal, action)
            }
            None => self.add(value, before),
        };
        if !is_done {
            let (key, to) = (value.key, &value.value);
            self.notes.push(format!(
                "`{key}` is {to}: it could not be put into the file, do it by hand"
            ));
            return Put::Refused;
        }
        self.changes.push(Changed {
            key: value.key.to_owned(),
            from: from.and_then(|(_, text)| text),
            to: Some(value.value.clone()),
        });
        Put::Changed
    }

    /// Adds an entry behind the nearest one of those that come before it.
    fn add(&mut self, value: &Value, before: &[Value]) -> bool {
        let written = match value.is_text {
            true => scalar(&value.value),
            false => value.value.clone(),
        };
        let (map, key) = value.key.split_once('.').unwrap_or(("", value.key));
        if !map.is_empty() && self.root.get(map).is_none() {
            // The map comes with its first entry.
            let written = format!("{{{key}: {written}}}");
            return self.add_behind("", before, map, &written);
        }
        self.add_behind(map, before, key, &written)
    }

    fn add_behind(&mut self, map: &str, before: &[Value], key: &str, written: &str) -> bool {
        const FIRST: [&str; 6] = [
            "model_id",
            "huggingface_id",
            "name",
            "size",
            "description",
            "readiness_level",
        ];
        let parent = match map {
            "" => Some(&self.root),
            map => self.root.get(map),
        };
        let Some(parent) = parent else { return false };
        let near = before.iter().rev().filter_map(|value| match map {
            "" => Some(value.source()),
            map => value.key.strip_prefix(map)?.strip_prefix('.'),
        });
        let near = near.chain(FIRST.into_iter().rev());
        let mut there = near.filter_map(|key| parent.entry(key));
        let entry = there.next().or_else(|| parent.entries().first());
        let Some(ordinal) = entry.map(|entry| entry.key.ordinal) else {
            return false;
        };
        let action = Action::AddAfter {
            key: key.to_owned(),
            value: written.to_owned(),
        };
        self.change(ordinal, action)
    }

    /// Says which figures of attention the card has and the model's files do not.
    fn without_figure(&mut self, values: &[Value]) {
        let Some(attention) = self.root.get("attention") else {
            return;
        };
        if !values.iter().any(|value| value.source() == "attention") {
            return;
        }
        for entry in attention.entries() {
            let key = format!("attention.{}", entry.key.text().unwrap_or_default());
            if !values.iter().any(|value| value.key == key) {
                self.notes.push(format!(
                    "the model's files do not say the card's `{key}`: it stays as it is"
                ));
            }
        }
    }

    fn is_uncertain(&self, key: &str) -> bool {
        self.uncertain().iter().any(|(_, known)| known == key)
    }

    fn uncertain(&self) -> Vec<(u32, String)> {
        let Some(NodeKind::Sequence(items)) = self.root.get("uncertain").map(|node| &node.kind)
        else {
            return Vec::new();
        };
        let items = items.iter();
        items
            .map(|item| (item.ordinal, item.text().unwrap_or_default().to_owned()))
            .collect()
    }

    /// Takes keys out of the list of uncertain ones.
    fn no_longer_uncertain(&mut self, certain: &[&str]) {
        let all = self.uncertain();
        let is_certain = |key: &String| certain.contains(&key.as_str());
        let gone: Vec<&String> = all
            .iter()
            .map(|(_, key)| key)
            .filter(|key| is_certain(key))
            .collect();
        if gone.is_empty() {
            return;
        }
        let from: Vec<&str> = all.iter().map(|(_, key)| key.as_str()).collect();
        let left: Vec<&str> = from
            .iter()
            .copied()
            .filter(|key| !certain.contains(key))
            .collect();
        let changed = Changed {
            key: "uncertain".to_owned(),
            from: Some(from.join(", ")),
            to: (!left.is_empty()).then(|| left.join(", ")),
        };
        let list = self.root.get("uncertain").map(|node| node.ordinal);
        let mut is_done = true;
        if left.is_empty() {
            is_done = list.is_some_and(|ordinal| self.change(ordinal, Action::Remove));
        } else {
            // Places move with each change.
            while let Some((ordinal, _)) = self
                .uncertain()
                .into_iter()
                .find(|(_, key)| is_certain(key))
            {
                if !self.change(ordinal, Action::Remove) {
                    is_done = false;
                    break;
                }
            }
        }
        match is_done {
            true => self.changes.push(changed),
            false => self
                .notes
                .push("`uncertain` could not be changed: do it by hand".to_owned()),
        }
    }

    /// Says where figures are from that have changed, in a card that says such things.
    fn put_source(&mut self, source: &'static str, made: &Made) {
        let (Some(sources), Some(from)) = (self.root.get("sources"), made.source_of(source)) else {
            return;
        };
        let old = sources
            .get(source)
            .map(|node| (node.ordinal, node.text().map(str::to_owned)));
        let is_done = match &old {
            Some((_, Some(text))) if *text == from => return,
            Some((ordinal, _)) => self.change(*ordinal, Action::Set(from.clone())),
            None => {
                let last = sources.entries().last().map(|entry| entry.key.ordinal);
                let action = Action::AddAfter {
                    key: source.to_owned(),
                    value: scalar(&from),
                };
                last.is_some_and(|last| self.change(last, action))
            }
        };
        if is_done {
            self.changes.push(Changed {
                key: format!("sources.{source}"),
                from: old.and_then(|(_, text)| text),
                to: Some(from),
            });
        }
    }
}

/// Whether a card says a figure already, however it is written.
fn says(node: &Node, value: &Value) -> bool {
    let Some(text) = node.text() else {
        return false;
    };
    if text.eq_ignore_ascii_case(&value.value) {
        return true;
    }
    match (text.parse::<f64>(), value.value.parse::<f64>()) {
        // Sizes are given with two digits behind the point, not always rounded alike.
        (Ok(found), Ok(wanted)) if value.key == "weights_gib" => (found - wanted).abs() < 0.011,
        (Ok(found), Ok(wanted)) => (found - wanted).abs() < f64::EPSILON,
        _ => false,
    }
}
