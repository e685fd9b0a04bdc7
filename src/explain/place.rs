//! Where the facts that an explanation ends in come from.

use std::sync::Arc;

use serde::Serialize;

use crate::datalog::ast::Span;
use crate::datalog::{Datum, Fact, Pattern};
use crate::launch::{Given, absent_given, given_instead, given_origin};
use crate::store::Cell;

use super::configuration::Configuration;
use super::node::RulePlace;
use super::world::World;

/// Where a fact comes from.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum At {
    /// A stretch of a catalog's file.
    File(AtFile),
    /// The command line.
    Flag {
        /// The words as they would be typed.
        flag: String,
    },
    /// What detection read.
    Detected {
        /// `host`, `container` or `runtime`.
        level: String,
        /// The detector.
        source: String,
        /// What it read: a path, or a variable with its value.
        origin: String,
        /// What was read there.
        says: String,
        /// The file or folder that tells of the machine, where it is another one.
        machine: Option<String>,
    },
    /// A rule file that states it.
    Rule(RulePlace),
}

/// A stretch of a catalog's file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AtFile {
    /// The file.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// First byte.
    pub offset: usize,
    /// Bytes.
    pub length: usize,
    /// The file's text, to show the place in.
    #[serde(skip)]
    pub text: Arc<str>,
}

impl From<Given> for At {
    fn from(given: Given) -> At {
        match given {
            Given::Flag { flag } => At::Flag { flag },
            Given::Detected {
                level,
                source,
                origin,
                says,
                machine,
            } => At::Detected {
                level,
                source,
                origin,
                says,
                machine,
            },
        }
    }
}

impl At {
    /// In a few words: `recipes/a.yaml:12`, `--gpus 4`.
    pub fn says(&self) -> String {
        match self {
            At::File(place) => format!("{}:{}", place.file, place.line),
            At::Flag { flag } if flag.starts_with('-') => flag.clone(),
            At::Flag { flag } => format!("`{flag}` on the command line"),
            At::Detected {
                source,
                origin,
                machine,
                ..
            } => match machine {
                Some(machine) => format!("{source}: {origin} ({machine})"),
                None => format!("{source}: {origin}"),
            },
            At::Rule(place) => format!("{}:{}", place.file, place.line),
        }
    }
}

impl World<'_> {
    /// Where a rule stands.
    pub(super) fn rule_place(&self, span: Span) -> RulePlace {
        let place = self.sources.place(span);
        RulePlace {
            file: self.sources.name(span.file).to_owned(),
            line: place.line,
            column: place.column,
            offset: span.start as usize,
            length: span.length(),
        }
    }

    /// The file that a configuration stands in.
    pub fn file_of(&self, configuration: &Configuration) -> Option<String> {
        self.block_of(configuration).map(|place| place.file)
    }

    /// The place of a configuration's block.
    pub fn block_of(&self, configuration: &Configuration) -> Option<AtFile> {
        let relation = self.checked.relation("configuration")?;
        let values = [
            Datum::Symbol(configuration.recipe_id.clone()),
            Datum::Symbol(configuration.backend.clone()),
            Datum::Number(configuration.gpus),
        ];
        let values: Vec<Option<&Datum>> = values.iter().map(Some).collect();
        match self.place(relation, &values, None)? {
            At::File(place) => Some(place),
            _ => None,
        }
    }

    /// Where a base fact comes from.
    pub(super) fn origins(&self, fact: &Fact) -> Vec<At> {
        self.origin(fact, None).into_iter().collect()
    }

    /// Where the value of a column of a base fact comes from, or the fact where the value has no place of its own.
    pub(super) fn origin(&self, fact: &Fact, column: Option<usize>) -> Option<At> {
        let values: Vec<Option<&Datum>> = fact.values.iter().map(Some).collect();
        self.place(fact.relation, &values, column)
    }

    /// Where base facts that are not there would be.
    pub(super) fn pattern_origins(&self, pattern: &Pattern) -> Vec<At> {
        let values: Vec<Option<&Datum>> = pattern.values.iter().map(Option::as_ref).collect();
        if self.is_given(pattern.relation) {
            return self.given_instead(pattern);
        }
        self.place(pattern.relation, &values, None)
            .into_iter()
            .collect()
    }

    /// What a run gave in place of facts that are not there: what was asked, seen or named instead.
    pub(super) fn given_instead(&self, pattern: &Pattern) -> Vec<At> {
        let Some(asked) = &self.asked else {
            return Vec::new();
        };
        let relation = self.speaker().name(pattern.relation);
        let given = given_instead(&asked.request, &asked.machine, relation);
        let given = given.into_iter().map(At::from);
        given.map(|at| self.as_typed(relation, at)).collect()
    }

    /// The words that were really typed, where a request does not keep their form.
    fn as_typed(&self, relation: &str, at: At) -> At {
        let asked = self.asked.as_ref();
        let words = match relation {
            "request" => asked.map(|asked| &asked.model_by),
            "asked_gpus" => asked.and_then(|asked| asked.gpus_by.as_ref()),
            _ => None,
        };
        words.map_or(at, |words| At::Flag {
            flag: words.clone(),
        })
    }

    /// What it means that a run gave no fact of a relation at all.
    pub(super) fn absent_given(&self, pattern: &Pattern) -> Option<&'static str> {
        let nothing = self.given_instead(pattern).is_empty();
        absent_given(self.speaker().name(pattern.relation)).filter(|_| nothing)
    }

    fn place(
        &self,
        relation: crate::datalog::RelId,
        values: &[Option<&Datum>],
        column: Option<usize>,
    ) -> Option<At> {
        let info = self.checked.info(relation)?;
        if self.is_given(relation) {
            let asked = self.asked.as_ref()?;
            let values: Vec<_> = values.iter().copied().flatten().map(Datum::value).collect();
            let given = given_origin(&asked.request, &asked.machine, &info.name, &values)?;
            return Some(self.as_typed(&info.name, At::from(given)));
        }
        let cells = values.iter().map(|value| match value {
            Some(Datum::Symbol(text)) => Cell::Text(text),
            Some(Datum::Number(number)) => Cell::Integer(*number),
            Some(Datum::Float(number)) => Cell::Real(*number),
            None => Cell::Null,
        });
        let names = info.columns.iter().map(|column| column.name.as_str());
        let fact: Vec<(&str, Cell<'_>)> = names.zip(cells).collect();
        let column = column.and_then(|column| info.columns.get(column));
        let column = column.map(|column| column.name.as_str());
        match self.store.place_of(&info.name, &fact, column) {
            Ok(place) => place.map(|place| {
                At::File(AtFile {
                    file: place.file,
                    line: place.line,
                    column: place.column,
                    offset: place.offset,
                    length: place.length,
                    text: place.text.shared(),
                })
            }),
            Err(error) => {
                tracing::warn!(%error, "the place of a fact cannot be found");
                None
            }
        }
    }
}
