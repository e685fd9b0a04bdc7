//! What a tool says of one GPU, whatever the shape that its version prints it in: paths of keys, and texts.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// More than a tool tells of one GPU.
const MAX_VALUES: usize = 20_000;

/// Paths such as `asic.device_id`, in lower case, with what stands there. A number with a unit is one text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::detect) struct Record(BTreeMap<String, String>);

impl Record {
    /// Adds a value, unless the path has one.
    pub(in crate::detect) fn add(&mut self, path: &str, value: &str) {
        if self.0.len() < MAX_VALUES {
            let path = path.to_ascii_lowercase();
            self.0
                .entry(path)
                .or_insert_with(|| value.trim().to_owned());
        }
    }

    /// Adds what another record says and this one does not.
    pub(in crate::detect) fn take_in(&mut self, other: Record) {
        for (path, value) in other.0 {
            if self
                .0
                .get(&path)
                .is_none_or(|value| super::known(value).is_none())
            {
                self.0.insert(path, value);
            }
        }
    }

    /// Takes over what another record says, which was printed later.
    pub(in crate::detect) fn renew(&mut self, other: Record) {
        for (path, value) in other.0 {
            if super::known(&value).is_some() || !self.0.contains_key(&path) {
                self.0.insert(path, value);
            }
        }
    }

    /// The value at the first of the paths that has one which is known. A path fits what ends with it.
    pub(in crate::detect) fn get(&self, paths: &[&str]) -> Option<&str> {
        paths.iter().find_map(|path| {
            let ends = |whole: &str| {
                whole
                    .strip_suffix(path)
                    .is_some_and(|before| before.is_empty() || before.ends_with('.'))
            };
            let mut fitting = self.0.iter().filter(|(whole, _)| ends(whole));
            fitting.find_map(|(_, value)| super::known(value))
        })
    }

    /// Whether a path begins so.
    pub(in crate::detect) fn has_below(&self, path: &str) -> bool {
        self.0.keys().any(|whole| whole.starts_with(path))
    }

    /// The paths and values.
    pub(in crate::detect) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(path, value)| (path.as_str(), value.as_str()))
    }
}

/// The objects in a value that have a number under one of the keys, each with that number. `skipped` says which
/// keys lead to something else.
pub(in crate::detect) fn records(
    value: &Value,
    keys: &[&str],
    skipped: &dyn Fn(&str) -> bool,
) -> Vec<(u32, Record)> {
    let mut found = Vec::new();
    collect(value, keys, skipped, &mut found);
    found
}

fn collect(
    value: &Value,
    keys: &[&str],
    skipped: &dyn Fn(&str) -> bool,
    found: &mut Vec<(u32, Record)>,
) {
    match value {
        Value::Array(items) => {
            for item in items {
                collect(item, keys, skipped, found);
            }
        }
        Value::Object(members) => {
            let number = keys.iter().find_map(|key| number(members.get(*key)?));
            match number {
                Some(number) => found.push((number, flattened(members))),
                None => {
                    for (key, value) in members {
                        if !skipped(&key.to_ascii_lowercase()) {
                            collect(value, keys, skipped, found);
                        }
                    }
                }
            }
        }
        _ => {}
    }
}

fn number(value: &Value) -> Option<u32> {
    match value {
        Value::Number(number) => u32::try_from(number.as_u64()?).ok(),
        Value::String(text) => super::number(text),
        _ => None,
    }
}

/// An object as one record.
pub(in crate::detect) fn flattened(members: &Map<String, Value>) -> Record {
    let mut record = Record::default();
    for (key, value) in members {
        flatten(key, value, &mut record);
    }
    record
}

fn flatten(path: &str, value: &Value, record: &mut Record) {
    match value {
        Value::Object(members) => {
            if let Some(amount) = members.get("value") {
                let unit = members.get("unit").and_then(Value::as_str);
                let text = format!("{} {}", text(amount), unit.unwrap_or_default());
                record.add(path, &text);
                return;
            }
            for (key, value) in members {
                flatten(&format!("{path}.{key}"), value, record);
            }
        }
        Value::Array(items) => {
            for (place, item) in items.iter().enumerate() {
                flatten(&format!("{path}.{place}"), item, record);
            }
        }
        _ => record.add(path, &text(value)),
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}
