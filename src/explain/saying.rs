//! Sentences of tuples, from the doc comments of their relations.

use crate::datalog::ast::{Decl, Template, TemplatePart};
use crate::datalog::{Checked, Datum, Fact, Pattern, RelId};
use crate::policy::singular;

/// What stands for a value that may be any.
const ANY: &str = "_";

/// Speaks of the relations of a program.
#[derive(Clone, Copy)]
pub(super) struct Speaker<'c>(pub &'c Checked);

impl<'c> Speaker<'c> {
    pub(super) fn name(self, relation: RelId) -> &'c str {
        self.0.info(relation).map_or("", |info| info.name.as_str())
    }

    pub(super) fn decl(self, relation: RelId) -> Option<&'c Decl> {
        self.0.program.decls.get(self.0.info(relation)?.decl)
    }

    /// A derived relation without a doc comment: it only serves the rules that read it.
    pub(super) fn is_helper(self, relation: RelId) -> bool {
        let input = self.0.info(relation).is_some_and(|info| info.is_input);
        let doc = self.decl(relation).and_then(|decl| decl.doc.as_ref());
        !input && doc.is_none_or(|doc| doc.sentence.is_empty())
    }

    /// The sentence of a fact; the fact itself where its relation has none.
    pub(super) fn fact(self, fact: &Fact) -> String {
        let values: Vec<Option<&Datum>> = fact.values.iter().map(Some).collect();
        self.sentence(fact.relation, &values)
            .unwrap_or_else(|| self.written(fact))
    }

    /// The sentence of the facts that a pattern means.
    pub(super) fn pattern(self, pattern: &Pattern) -> String {
        let values: Vec<Option<&Datum>> = pattern.values.iter().map(Option::as_ref).collect();
        self.sentence(pattern.relation, &values)
            .unwrap_or_else(|| self.written_pattern(pattern))
    }

    fn sentence(self, relation: RelId, values: &[Option<&Datum>]) -> Option<String> {
        let decl = self.decl(relation)?;
        let sentence = &decl.doc.as_ref()?.sentence;
        (!sentence.is_empty()).then(|| filled(sentence, decl, values))
    }

    /// A field of the doc comment, for a fact.
    pub(super) fn field(self, fact: &Fact, key: &str) -> Option<String> {
        let decl = self.decl(fact.relation)?;
        let field = decl.doc.as_ref()?.field(key)?;
        let values: Vec<Option<&Datum>> = fact.values.iter().map(Some).collect();
        Some(filled(&field.value, decl, &values))
    }

    /// The columns that a field names.
    pub(super) fn field_columns(self, relation: RelId, key: &str) -> Vec<usize> {
        let Some(decl) = self.decl(relation) else {
            return Vec::new();
        };
        let field = decl.doc.as_ref().and_then(|doc| doc.field(key));
        field
            .iter()
            .flat_map(|field| field.value.columns())
            .filter_map(|name| {
                let mut columns = decl.columns.iter();
                columns.position(|column| column.name.name == name.name)
            })
            .collect()
    }

    /// The name of the last column of a fact that has a value, as words.
    pub(super) fn column_of(self, fact: Option<&Fact>, value: &Datum) -> &'c str {
        let place = fact.and_then(|fact| {
            let place = fact.values.iter().rposition(|other| other == value)?;
            self.decl(fact.relation)?.columns.get(place)
        });
        place.map_or("", |column| column.name.name.as_str())
    }

    /// The fact as rule files write it.
    pub(super) fn written(self, fact: &Fact) -> String {
        let values: Vec<String> = fact.values.iter().map(Datum::to_string).collect();
        format!("{}({})", self.name(fact.relation), values.join(", "))
    }

    pub(super) fn written_pattern(self, pattern: &Pattern) -> String {
        let values = pattern.values.iter().map(|value| match value {
            Some(value) => value.to_string(),
            None => "_".to_owned(),
        });
        let values: Vec<String> = values.collect();
        format!("{}({})", self.name(pattern.relation), values.join(", "))
    }
}

fn filled(template: &Template, decl: &Decl, values: &[Option<&Datum>]) -> String {
    let mut text = String::new();
    let mut one_of = None;
    for part in &template.parts {
        let one_of_these = one_of.take();
        match part {
            TemplatePart::Text(plain) => {
                let (unit, behind) = match one_of_these {
                    Some(column) => singular(column, plain),
                    None => ("", plain.as_str()),
                };
                text.push_str(unit);
                text.push_str(behind);
            }
            TemplatePart::Column(name) => {
                let mut columns = decl.columns.iter();
                let place = columns.position(|column| column.name.name == name.name);
                match place.and_then(|place| values.get(place)) {
                    Some(Some(value)) => {
                        text.push_str(&plain(value));
                        one_of = (**value == Datum::Number(1)).then_some(name.name.as_str());
                    }
                    _ => text.push_str(ANY),
                }
            }
        }
    }
    text
}

/// A value as sentences show it.
pub(super) fn plain(value: &Datum) -> String {
    match value {
        Datum::Symbol(text) => text.clone(),
        Datum::Number(number) => number.to_string(),
        Datum::Float(number) => {
            let text = format!("{number:.3}");
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        }
    }
}
