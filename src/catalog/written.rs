//! The single values of a document as they are written, each with its place: what findings about a
//! file's keys and values are made from, whether or not the document as a whole can be used.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::kind::Kind;
use super::secret;
use super::yaml::{Node, NodeKind, Scalar};

/// What a single value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Form {
    /// Text.
    Text,
    /// A whole number.
    Integer,
    /// Another number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// Nothing.
    Null,
    /// What is not kept.
    Secret,
}

impl Form {
    /// Its name, as rules compare it.
    pub fn name(self) -> &'static str {
        match self {
            Form::Text => "text",
            Form::Integer => "integer",
            Form::Number => "number",
            Form::Boolean => "boolean",
            Form::Null => "null",
            Form::Secret => "secret",
        }
    }
}

/// A single value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Written<'a> {
    /// The keys that lead to it, with `/` between them; lists add nothing.
    pub path: Cow<'a, str>,
    /// Its place in the list it stands in, from 0; 0 outside of lists.
    pub place: u32,
    /// What it is.
    pub form: Form,
    /// The text without quotes; of a secret nothing, of a very long one the beginning.
    pub text: Cow<'a, str>,
    /// Ordinal of the value.
    pub node: u32,
    /// Ordinal of the key that it, or the list it is in, stands behind.
    pub key_node: u32,
}

/// So many values of one file are kept.
const MOST: usize = 2_000;
/// So many bytes of a text are kept.
const LONGEST: usize = 1_000;

/// The values of a document in the order of the text. A recipe's arguments are not among them, nor are
/// a backend's flags: both have tables of their own.
pub fn values(root: &Node, kind: Kind) -> Vec<Written<'_>> {
    let mut walk = Walk {
        kind,
        found: Vec::new(),
    };
    walk.entries(root, "");
    walk.found
}

struct Walk<'a> {
    kind: Kind,
    found: Vec<Written<'a>>,
}

/// What a value stands behind.
#[derive(Clone, Copy)]
struct Behind<'p, 'a> {
    path: &'p Cow<'a, str>,
    key: &'a Node,
    place: usize,
}

impl<'a> Walk<'a> {
    fn entries(&mut self, map: &'a Node, above: &str) {
        for entry in map.entries() {
            let key = entry.key.text().unwrap_or_default();
            let path = match above {
                "" => Cow::Borrowed(key),
                above => Cow::Owned([above, "/", key].concat()),
            };
            if self.is_elsewhere(&path) {
                continue;
            }
            let behind = Behind {
                path: &path,
                key: &entry.key,
                place: 0,
            };
            self.value(&entry.value, behind);
        }
    }

    fn is_elsewhere(&self, path: &str) -> bool {
        match self.kind {
            Kind::Recipe => path.ends_with("/args") && path.matches('/').count() == 2,
            Kind::Backend => path == "flags",
            Kind::Model | Kind::Hardware => false,
        }
    }

    fn value(&mut self, value: &'a Node, behind: Behind<'_, 'a>) {
        if self.found.len() >= MOST {
            return;
        }
        match &value.kind {
            NodeKind::Mapping(_) => self.entries(value, behind.path),
            NodeKind::Sequence(items) => {
                for (place, item) in items.iter().enumerate() {
                    self.value(item, Behind { place, ..behind });
                }
            }
            NodeKind::Scalar(scalar) => self.single(value, scalar, behind),
        }
    }

    fn single(&mut self, node: &Node, scalar: &'a Scalar, behind: Behind<'_, 'a>) {
        let name = behind.key.text().unwrap_or_default();
        let is_secret = secret::is_secret_key(name);
        let form = match scalar {
            Scalar::Null => Form::Null,
            _ if is_secret => Form::Secret,
            Scalar::Bool(_) => Form::Boolean,
            Scalar::Int(..) => Form::Integer,
            Scalar::Float(..) => Form::Number,
            Scalar::Text(_) => Form::Text,
        };
        let text = match form {
            Form::Secret => Cow::Borrowed(""),
            _ => secret::masked_in(beginning(scalar.text())),
        };
        self.found.push(Written {
            path: behind.path.clone(),
            place: u32::try_from(behind.place).unwrap_or(u32::MAX),
            form,
            text,
            node: node.ordinal,
            key_node: behind.key.ordinal,
        });
    }
}

fn beginning(text: &str) -> &str {
    let mut end = text.len().min(LONGEST);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::yaml;

    #[test]
    fn values_stand_behind_their_keys_and_secrets_are_not_kept() {
        let text = "recipe_id: r\nenv: {A: 1, HF_TOKEN: hidden}\ntags: [x, HF_TOKEN=hidden]\nvllm_serve:\n  1_gpu:\n    enabled: true\n    args: {--seed: 1}\n    env: {B: }\n";
        let root = yaml::read(text).unwrap();
        let found = values(&root, Kind::Recipe);
        let shown: Vec<_> = found
            .iter()
            .map(|value| {
                let key = root.find(value.key_node).and_then(Node::text).unwrap();
                (
                    value.path.as_ref(),
                    value.place,
                    value.form.name(),
                    value.text.as_ref(),
                    key,
                )
            })
            .collect();
        assert_eq!(
            shown,
            [
                ("recipe_id", 0, "text", "r", "recipe_id"),
                ("env/A", 0, "integer", "1", "A"),
                ("env/HF_TOKEN", 0, "secret", "", "HF_TOKEN"),
                ("tags", 0, "text", "x", "tags"),
                ("tags", 1, "text", "HF_TOKEN=******", "tags"),
                ("vllm_serve/1_gpu/enabled", 0, "boolean", "true", "enabled"),
                ("vllm_serve/1_gpu/env/B", 0, "null", "", "B"),
            ]
        );
    }
}
