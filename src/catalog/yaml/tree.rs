//! The tree itself.

use std::ops::Range;

/// A value with its place in the text.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// What it is.
    pub kind: NodeKind,
    /// Its bytes; quotes belong to a quoted scalar.
    pub span: Range<usize>,
    /// Its number in the order of the text, from 0: with the file it names the place.
    pub ordinal: u32,
}

/// Scalar, list or map.
#[derive(Clone, Debug, PartialEq)]
pub enum NodeKind {
    /// A single value.
    Scalar(Scalar),
    /// A list.
    Sequence(Vec<Node>),
    /// A map in the order of the text, keys unique.
    Mapping(Vec<Entry>),
}

/// A key and its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The key.
    pub key: Node,
    /// The value.
    pub value: Node,
}

/// A scalar as it was written, read by the YAML 1.2 core schema.
#[derive(Clone, Debug, PartialEq)]
pub enum Scalar {
    /// `null`, `~` or nothing at all.
    Null,
    /// `true`, `false`.
    Bool(bool),
    /// A whole number and its text.
    Int(i64, String),
    /// A real number and its text.
    Float(f64, String),
    /// Text, quoted or not.
    Text(String),
}

impl Scalar {
    /// The text that a person wrote, without quotes; empty for null.
    pub fn text(&self) -> &str {
        match self {
            Scalar::Null => "",
            Scalar::Bool(true) => "true",
            Scalar::Bool(false) => "false",
            Scalar::Int(_, text) | Scalar::Float(_, text) | Scalar::Text(text) => text,
        }
    }
}

impl Node {
    /// The entries of a map, or nothing.
    pub fn entries(&self) -> &[Entry] {
        match &self.kind {
            NodeKind::Mapping(entries) => entries,
            _ => &[],
        }
    }

    /// The value of a key of a map.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// The key and value of a map.
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries()
            .iter()
            .find(|entry| entry.key.text() == Some(key))
    }

    /// The text of a scalar that is not null.
    pub fn text(&self) -> Option<&str> {
        match &self.kind {
            NodeKind::Scalar(Scalar::Null) => None,
            NodeKind::Scalar(scalar) => Some(scalar.text()),
            _ => None,
        }
    }

    /// Whether the value is null.
    pub fn is_null(&self) -> bool {
        matches!(self.kind, NodeKind::Scalar(Scalar::Null))
    }

    /// What to call the value in a message.
    pub fn describe(&self) -> &'static str {
        match &self.kind {
            NodeKind::Scalar(Scalar::Null) => "nothing",
            NodeKind::Scalar(Scalar::Bool(_)) => "a boolean",
            NodeKind::Scalar(Scalar::Int(..)) => "a whole number",
            NodeKind::Scalar(Scalar::Float(..)) => "a number",
            NodeKind::Scalar(Scalar::Text(_)) => "text",
            NodeKind::Sequence(_) => "a list",
            NodeKind::Mapping(_) => "a map",
        }
    }

    /// The node with this ordinal, in this tree.
    pub fn find(&self, ordinal: u32) -> Option<&Node> {
        if self.ordinal == ordinal {
            return Some(self);
        }
        match &self.kind {
            NodeKind::Scalar(_) => None,
            NodeKind::Sequence(items) => items.iter().find_map(|item| item.find(ordinal)),
            NodeKind::Mapping(entries) => entries.iter().find_map(|entry| {
                entry
                    .key
                    .find(ordinal)
                    .or_else(|| entry.value.find(ordinal))
            }),
        }
    }

    /// The value as `serde_yaml` knows it, for serde; a number keeps its value, a text its text.
    pub fn to_value(&self) -> serde_yaml::Value {
        use serde_yaml::Value;
        match &self.kind {
            NodeKind::Scalar(Scalar::Null) => Value::Null,
            NodeKind::Scalar(Scalar::Bool(value)) => Value::Bool(*value),
            NodeKind::Scalar(Scalar::Int(value, _)) => Value::Number((*value).into()),
            NodeKind::Scalar(Scalar::Float(value, _)) => Value::Number((*value).into()),
            NodeKind::Scalar(Scalar::Text(text)) => Value::String(text.clone()),
            NodeKind::Sequence(items) => {
                Value::Sequence(items.iter().map(Node::to_value).collect())
            }
            NodeKind::Mapping(entries) => Value::Mapping(
                entries
                    .iter()
                    .map(|entry| (entry.key.to_value(), entry.value.to_value()))
                    .collect(),
            ),
        }
    }

    /// The value as JSON, keys as text; used for maps and lists on a command line.
    pub fn to_json(&self) -> serde_json::Value {
        use serde_json::Value;
        match &self.kind {
            NodeKind::Scalar(Scalar::Null) => Value::Null,
            NodeKind::Scalar(Scalar::Bool(value)) => Value::Bool(*value),
            NodeKind::Scalar(Scalar::Int(value, _)) => Value::from(*value),
            NodeKind::Scalar(Scalar::Float(value, _)) => Value::from(*value),
            NodeKind::Scalar(Scalar::Text(text)) => Value::from(text.as_str()),
            NodeKind::Sequence(items) => items.iter().map(Node::to_json).collect(),
            NodeKind::Mapping(entries) => Value::Object(
                entries
                    .iter()
                    .map(|entry| {
                        let key = entry.key.text().unwrap_or("null").to_owned();
                        (key, entry.value.to_json())
                    })
                    .collect(),
            ),
        }
    }
}
