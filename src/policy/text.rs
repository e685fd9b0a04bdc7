//! What a relation's tuples say, from its doc comment.

use serde::{Deserialize, Serialize};

use crate::datalog::ast::{Decl, Template, TemplatePart};

/// A relation as people read it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RelationText {
    /// Its columns.
    pub columns: Vec<String>,
    /// What a tuple means.
    pub sentence: Option<Template>,
    /// What to do about it.
    pub help: Option<Template>,
}

impl RelationText {
    pub(super) fn of(decl: &Decl) -> RelationText {
        let doc = decl.doc.as_ref();
        let field = |key: &str| {
            let fields = doc.map(|doc| doc.fields.as_slice()).unwrap_or_default();
            fields
                .iter()
                .find(|field| field.key.name == key)
                .map(|field| field.value.clone())
        };
        RelationText {
            columns: decl
                .columns
                .iter()
                .map(|column| column.name.name.clone())
                .collect(),
            sentence: doc
                .map(|doc| doc.sentence.clone())
                .filter(|sentence| !sentence.parts.is_empty()),
            help: field("help"),
        }
    }

    /// The sentence of a tuple, given the text of each column.
    pub fn say(&self, values: &[String]) -> Option<String> {
        self.sentence
            .as_ref()
            .map(|template| self.fill(template, values))
    }

    /// The advice for a tuple.
    pub fn advise(&self, values: &[String]) -> Option<String> {
        self.help
            .as_ref()
            .map(|template| self.fill(template, values))
    }

    fn fill(&self, template: &Template, values: &[String]) -> String {
        let mut text = String::new();
        for part in &template.parts {
            match part {
                TemplatePart::Text(plain) => text.push_str(plain),
                TemplatePart::Column(column) => {
                    let place = self.columns.iter().position(|name| *name == column.name);
                    let value = place.and_then(|place| values.get(place));
                    text.push_str(value.map_or("", String::as_str));
                }
            }
        }
        text
    }
}
