//! What a relation's tuples say, from its doc comment.

use serde::{Deserialize, Serialize};

use crate::datalog::ast::{Decl, Template, TemplatePart};

/// A relation as people read it. Each field is one text, so that hundreds of them are read from the
/// store in no time; few are ever shown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RelationText {
    /// Its columns, with a comma between them.
    columns: String,
    /// What a tuple means, with `{column}` for its values and doubled braces for braces; may be empty.
    sentence: String,
    /// What to do about it, in the same form.
    help: String,
}

impl RelationText {
    pub(super) fn of(decl: &Decl) -> RelationText {
        let columns: Vec<&str> = decl
            .columns
            .iter()
            .map(|column| column.name.name.as_str())
            .collect();
        let doc = decl.doc.as_ref();
        let help = doc.and_then(|doc| doc.fields.iter().find(|field| field.key.name == "help"));
        RelationText {
            columns: columns.join(","),
            sentence: doc.map_or_else(String::new, |doc| written(&doc.sentence)),
            help: help.map_or_else(String::new, |field| written(&field.value)),
        }
    }

    /// Its columns.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        self.columns.split(',').filter(|column| !column.is_empty())
    }

    /// The sentence of a tuple, given the text of each column.
    pub fn say(&self, values: &[String]) -> Option<String> {
        self.fill(&self.sentence, values)
    }

    /// The advice for a tuple.
    pub fn advise(&self, values: &[String]) -> Option<String> {
        self.fill(&self.help, values)
    }

    fn fill(&self, template: &str, values: &[String]) -> Option<String> {
        let mut text = String::new();
        let mut rest = template;
        while let Some(at) = rest.find(['{', '}']) {
            let (plain, brace) = rest.split_at(at);
            text.push_str(plain);
            let doubled = brace.starts_with("{{") || brace.starts_with("}}");
            match brace.split_once('}').filter(|_| !doubled) {
                Some((name, after)) => {
                    let name = name.trim_start_matches('{');
                    let place = self.columns().position(|column| column == name);
                    let value = place.and_then(|place| values.get(place));
                    text.push_str(value.map_or("", String::as_str));
                    rest = after;
                    if value.is_some_and(|value| value == "1") {
                        let (unit, behind) = singular(name, after);
                        text.push_str(unit);
                        rest = behind;
                    }
                }
                None => {
                    text.push_str(brace.get(..1).unwrap_or_default());
                    rest = brace.get(2..).unwrap_or_default();
                }
            }
        }
        text.push_str(rest);
        (!text.is_empty()).then_some(text)
    }
}

/// What follows a placeholder whose value is 1, in two parts: where it begins with the column's own name
/// (`{gpus} GPUs`) that word in the singular, and what is behind it.
pub fn singular<'t>(column: &str, text: &'t str) -> (&'t str, &'t str) {
    let found = || {
        let stem = column.strip_suffix('s')?;
        let (unit, behind) = text.split_at_checked(stem.len() + 1)?;
        let behind = behind.strip_prefix('s')?;
        let begins = unit.strip_prefix(' ')?.eq_ignore_ascii_case(stem);
        let ends = !behind.starts_with(|next: char| next.is_alphanumeric());
        (begins && ends).then_some((unit, behind))
    };
    found().unwrap_or(("", text))
}

fn written(template: &Template) -> String {
    let mut text = String::new();
    for part in &template.parts {
        match part {
            TemplatePart::Text(plain) => {
                text.push_str(&plain.replace('{', "{{").replace('}', "}}"))
            }
            TemplatePart::Column(column) => {
                text.push('{');
                text.push_str(&column.name);
                text.push('}');
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_what_a_column_counts_is_said_in_the_singular() {
        let text = RelationText {
            columns: "gpus,usable".into(),
            sentence: "on {gpus} GPUs, {usable} GPUs, {gpus} gpusets".into(),
            help: String::new(),
        };
        let say = |gpus: &str| text.say(&[gpus.to_owned(), "1".to_owned()]);
        assert_eq!(say("1").as_deref(), Some("on 1 GPU, 1 GPUs, 1 gpusets"));
        assert_eq!(say("2").as_deref(), Some("on 2 GPUs, 1 GPUs, 2 gpusets"));
    }

    #[test]
    fn values_stand_where_their_columns_are_named() {
        let text = RelationText {
            columns: "recipe,gpus".into(),
            sentence: "`{recipe}` on {gpus}: {{not a column}} {gpus}".into(),
            help: String::new(),
        };
        let values = ["{a}".to_owned(), "4".to_owned()];
        assert_eq!(
            text.say(&values).as_deref(),
            Some("`{a}` on 4: {not a column} 4")
        );
        assert_eq!(text.advise(&values), None);
        assert_eq!(text.columns().collect::<Vec<_>>(), ["recipe", "gpus"]);
    }
}
