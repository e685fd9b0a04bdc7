//! Facts that a doc comment adds (`with:`) or takes away (`without:`): what would be different if the
//! tuple it speaks of came true. `with: asked({request}, {to})` takes its values from the tuple's columns.

use super::ast::{BaseType, Decl, DocField, TemplatePart};
use super::check::{Checked, RelId};
use super::value::Value;

/// The fields of a doc comment that hold such a fact.
pub const WITH: &str = "with";
/// See [`WITH`].
pub const WITHOUT: &str = "without";

/// One argument of a fact in a doc comment.
#[derive(Clone, Debug, PartialEq)]
pub enum Argument {
    /// The value of the declaration's column, by its position.
    Column(usize),
    /// Any value; only where facts are taken away.
    Any,
    /// A text.
    Symbol(String),
    /// A whole number.
    Number(i64),
    /// A real number.
    Float(f64),
}

/// `relation(argument, ...)` as a doc comment writes it.
#[derive(Clone, Debug, PartialEq)]
pub struct DocFact {
    /// The relation's name.
    pub relation: String,
    /// Its arguments.
    pub arguments: Vec<Argument>,
}

/// A fact, or those of a pattern, of one relation.
pub type Matched<'a> = (RelId, Vec<Option<Value<'a>>>);

impl DocFact {
    /// Reads the field of a declaration; what is wrong with it, where it cannot be read.
    pub fn read(field: &DocField, decl: &Decl) -> Result<DocFact, String> {
        let mut text = String::new();
        let mut columns = Vec::new();
        for part in &field.value.parts {
            match part {
                TemplatePart::Text(plain) => text.push_str(plain),
                TemplatePart::Column(name) => {
                    let place = decl
                        .columns
                        .iter()
                        .position(|column| column.name.name == name.name);
                    columns.push(place.ok_or_else(|| format!("no column `{}`", name.name))?);
                    text.push(COLUMN);
                }
            }
        }
        let mut columns = columns.into_iter();
        let wanted = || "write one fact: `relation({column}, _, \"text\", 1)`".to_owned();
        let (relation, arguments) = text.trim().split_once('(').ok_or_else(wanted)?;
        let arguments = arguments.strip_suffix(')').ok_or_else(wanted)?;
        let relation = relation.trim().to_owned();
        let is_name = |name: &str| {
            !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        };
        if !is_name(&relation) {
            return Err(wanted());
        }
        let mut read = Vec::new();
        if !arguments.trim().is_empty() {
            for word in words(arguments).ok_or_else(wanted)? {
                read.push(argument(word.trim(), &mut columns).ok_or_else(wanted)?);
            }
        }
        Ok(DocFact {
            relation,
            arguments: read,
        })
    }

    /// The fact, or the pattern of those it means, for a tuple of the declaration.
    pub fn of<'v>(&'v self, checked: &Checked, tuple: &[Value<'v>]) -> Option<Matched<'v>> {
        let relation = checked.relation(&self.relation)?;
        let values = self.arguments.iter().map(|argument| match argument {
            Argument::Column(place) => tuple.get(*place).copied().map(Some),
            Argument::Any => Some(None),
            Argument::Symbol(text) => Some(Some(Value::Symbol(text))),
            Argument::Number(number) => Some(Some(Value::Number(*number))),
            Argument::Float(float) => Some(Some(Value::Float(*float))),
        });
        Some((relation, values.collect::<Option<_>>()?))
    }
}

impl Argument {
    /// The type of its value, given those of the declaration's columns; none where any will do.
    pub(super) fn base_type(&self, columns: &[Option<BaseType>]) -> Option<BaseType> {
        match self {
            Argument::Column(place) => columns.get(*place).copied().flatten(),
            Argument::Any => None,
            Argument::Symbol(_) => Some(BaseType::Symbol),
            Argument::Number(_) => Some(BaseType::Number),
            Argument::Float(_) => Some(BaseType::Float),
        }
    }
}

/// Stands for a placeholder while the text around it is read; no rule file holds it in a fact.
const COLUMN: char = '\u{1}';

/// The arguments between commas outside quotes.
fn words(text: &str) -> Option<Vec<&str>> {
    let mut words = Vec::new();
    let (mut start, mut quoted) = (0, false);
    for (at, character) in text.char_indices() {
        match character {
            '"' => quoted = !quoted,
            ',' if !quoted => {
                words.push(text.get(start..at)?);
                start = at + 1;
            }
            _ => {}
        }
    }
    words.push(text.get(start..)?);
    (!quoted).then_some(words)
}

fn argument(word: &str, columns: &mut impl Iterator<Item = usize>) -> Option<Argument> {
    if word == "_" {
        return Some(Argument::Any);
    }
    if word.chars().eq([COLUMN]) {
        return columns.next().map(Argument::Column);
    }
    if let Some(text) = word.strip_prefix('"').and_then(|w| w.strip_suffix('"')) {
        return (!text.contains(['"', '\\', COLUMN])).then(|| Argument::Symbol(text.to_owned()));
    }
    if let Ok(number) = word.parse() {
        return Some(Argument::Number(number));
    }
    let float: f64 = word.parse().ok()?;
    (float.is_finite() && word.contains('.')).then_some(Argument::Float(float))
}
