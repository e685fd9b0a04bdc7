//! From a tree to a typed document by serde, with the place of what does not fit.

use std::fmt;
use std::ops::Range;

use serde::de::{self, DeserializeOwned, Deserializer, Visitor};
use serde_path_to_error::{Path, Segment};

use super::problem::Problem;
use super::yaml::{Node, NodeKind};

/// Reads a document of type `T`; what does not fit is named with its path and underlined.
pub fn typed<T: DeserializeOwned>(root: &Node) -> Result<T, Problem> {
    serde_path_to_error::deserialize(root.to_value()).map_err(|error| {
        let node = place(root, error.path());
        let path = error.path().to_string();
        let says = error.into_inner().to_string();
        let what = match path.as_str() {
            "." => "the document".to_owned(),
            path => format!("`{path}`"),
        };
        mismatch(node, &what, &says, span(root, node))
    })
}

/// In words of YAML what serde says in those of Rust. Words that it does not say this way are kept.
fn mismatch(node: &Node, what: &str, says: &str, span: Range<usize>) -> Problem {
    let wrong = |message: String| Problem::error("wrong-type", message).at(span.clone(), "here");
    let wanted = says
        .strip_prefix("invalid type: ")
        .or_else(|| says.strip_prefix("invalid value: "))
        .and_then(|rest| rest.rsplit_once(", expected "))
        .map(|(_, wanted)| wanted);
    let missing = says.strip_prefix("missing field ");
    match (wanted, missing) {
        (Some("a boolean"), _) if node.text().is_some() => no_boolean(node, what),
        (Some(wanted), _) => {
            let found = match node.text() {
                Some(text) if text.len() < 40 => format!("`{text}`"),
                _ => node.describe().to_owned(),
            };
            wrong(format!("{what} must be {}, not {found}", in_yaml(wanted)))
        }
        (None, Some(field)) => wrong(format!("{what} has no {field}")).help(format!(
            "add {field}: nothing is known of the rest without it"
        )),
        (None, None) if what == "the document" => wrong(says.to_owned()),
        (None, None) => wrong(format!("{what}: {says}")),
    }
}

/// What serde expects, as people write it.
fn in_yaml(wanted: &str) -> &str {
    match wanted {
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number of 0 or more",
        "i32" | "i64" => "a whole number",
        "f32" | "f64" => "a number",
        "a boolean" => "true or false",
        "a string" => "text",
        "a sequence" => "a list",
        // `struct Attention`, `enum Kind` and so on.
        other if other.starts_with("struct ") => "a map of keys",
        other if other.starts_with("enum ") => "one of its names",
        other => other,
    }
}

/// A word where `true` or `false` is wanted; YAML 1.1 took some for these.
pub(super) fn no_boolean(value: &Node, what: &str) -> Problem {
    let word = value.text().unwrap_or_default().to_lowercase();
    let meant = match word.as_str() {
        "yes" | "y" | "on" => Some("true"),
        "no" | "n" | "off" => Some("false"),
        _ => None,
    };
    match meant {
        Some(meant) => Problem::error(
            "yes-or-no",
            format!("{what} must be true or false, and `{word}` is text"),
        )
        .at(value.span.clone(), format!("`{meant}` is meant"))
        .help(format!(
            "write `{meant}`: YAML 1.2 has no other words for it"
        )),
        None => Problem::error(
            "wrong-type",
            format!("{what} must be true or false, not {}", value.describe()),
        )
        .at(value.span.clone(), "here")
        .help("write `true` or `false`"),
    }
}

/// The value at `path`, or the nearest value above it.
fn place<'n>(root: &'n Node, path: &Path) -> &'n Node {
    let mut node = root;
    for segment in path {
        let next = match (segment, &node.kind) {
            (Segment::Map { key }, NodeKind::Mapping(_)) => node.get(key),
            (Segment::Seq { index }, NodeKind::Sequence(items)) => items.get(*index),
            _ => None,
        };
        match next {
            Some(next) => node = next,
            None => break,
        }
    }
    node
}

/// The bytes to underline. The whole document underlined says nothing; its first key is where to start reading.
fn span(root: &Node, node: &Node) -> Range<usize> {
    match node.ordinal == root.ordinal {
        false => node.span.clone(),
        true => root
            .entries()
            .first()
            .map_or(0..0, |entry| entry.key.span.clone()),
    }
}

/// Text that may have been written as a number or a boolean.
pub fn scalar_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    struct Any;
    impl Visitor<'_> for Any {
        type Value = String;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("text")
        }
        fn visit_str<E: de::Error>(self, value: &str) -> Result<String, E> {
            Ok(value.to_owned())
        }
        fn visit_bool<E: de::Error>(self, value: bool) -> Result<String, E> {
            Ok(value.to_string())
        }
        fn visit_i64<E: de::Error>(self, value: i64) -> Result<String, E> {
            Ok(value.to_string())
        }
        fn visit_u64<E: de::Error>(self, value: u64) -> Result<String, E> {
            Ok(value.to_string())
        }
        fn visit_f64<E: de::Error>(self, value: f64) -> Result<String, E> {
            Ok(value.to_string())
        }
    }
    deserializer.deserialize_any(Any)
}

/// A map from text to [`scalar_text`], in the order of the text.
pub fn scalar_map<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<(String, String)>, D::Error> {
    struct Map;
    impl<'de> Visitor<'de> for Map {
        type Value = Vec<(String, String)>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a map of names to values")
        }
        fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            #[derive(serde::Deserialize)]
            struct Text(#[serde(deserialize_with = "scalar_text")] String);
            let mut entries = Vec::new();
            while let Some((Text(key), Text(value))) = map.next_entry()? {
                entries.push((key, value));
            }
            Ok(entries)
        }
        /// As such a map is written: a list of pairs.
        fn visit_seq<A: de::SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
            let mut entries = Vec::new();
            while let Some(pair) = list.next_element()? {
                entries.push(pair);
            }
            Ok(entries)
        }
    }
    deserializer.deserialize_any(Map)
}

/// Warns of each top-level key that is not `known`, with the nearest one that is.
pub fn unknown_keys(root: &Node, known: &[&str], is_known: impl Fn(&str) -> bool) -> Vec<Problem> {
    root.entries()
        .iter()
        .filter_map(|entry| {
            let key = entry.key.text().unwrap_or_default();
            if known.contains(&key) || is_known(key) {
                return None;
            }
            let problem = Problem::warning(
                "unknown-key",
                format!("`{key}` is no key of this kind of file"),
            )
            .at(entry.key.span.clone(), "not known");
            Some(match nearest(key, known.iter().copied()) {
                Some(near) => problem.help(format!(
                    "did you mean `{near}`? The key is kept but means nothing"
                )),
                None => problem.help("the key is kept but means nothing"),
            })
        })
        .collect()
}

/// The candidate most like `name`, when one is like it at all.
pub fn nearest<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .map(|candidate| (strsim::jaro_winkler(name, candidate), candidate))
        .filter(|(score, _)| *score >= 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}
