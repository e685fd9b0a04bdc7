//! Tuples that stand by themselves: with their relation, and with values that nothing else owns.

use std::fmt;
use std::hash::{Hash, Hasher};

use super::ast::BaseType;
use super::check::{Checked, RelId};
use super::value::Value;

/// A value that owns its text.
#[derive(Clone, Debug)]
pub enum Datum {
    /// Text.
    Symbol(String),
    /// A whole number.
    Number(i64),
    /// A real number, never NaN.
    Float(f64),
}

impl Datum {
    /// The same, borrowed.
    pub fn value(&self) -> Value<'_> {
        match self {
            Datum::Symbol(text) => Value::Symbol(text),
            Datum::Number(number) => Value::Number(*number),
            Datum::Float(float) => Value::Float(*float),
        }
    }

    /// As people read it: a text without quotes, a float in its shortest form.
    pub fn text(&self) -> String {
        self.value().to_string()
    }

    /// Its type.
    pub fn base_type(&self) -> BaseType {
        self.value().base_type()
    }
}

impl From<Value<'_>> for Datum {
    fn from(value: Value<'_>) -> Self {
        match value {
            Value::Symbol(text) => Datum::Symbol(text.to_owned()),
            Value::Number(number) => Datum::Number(number),
            Value::Float(float) => Datum::Float(float + 0.0),
        }
    }
}

/// As values compare.
impl Ord for Datum {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.value().cmp(&other.value())
    }
}

impl PartialOrd for Datum {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Datum {
    fn eq(&self, other: &Self) -> bool {
        self.value() == other.value()
    }
}

impl Eq for Datum {}

impl Hash for Datum {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self {
            Datum::Symbol(text) => text.hash(state),
            Datum::Number(number) => number.hash(state),
            Datum::Float(float) => (float + 0.0).to_bits().hash(state),
        }
    }
}

/// As a rule file writes it: a text in quotes, a float with a point and without an exponent.
impl fmt::Display for Datum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Datum::Symbol(text) => write!(f, "\"{}\"", Escaped(text)),
            Datum::Number(number) => write!(f, "{number}"),
            Datum::Float(float) => {
                let text = (float + 0.0).to_string();
                let point = if text.contains('.') { "" } else { ".0" };
                write!(f, "{text}{point}")
            }
        }
    }
}

struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0;
        while let Some(at) = rest.find(|c| escape(c).is_some()) {
            let (plain, special) = rest.split_at(at);
            f.write_str(plain)?;
            let mut chars = special.chars();
            if let Some(escape) = chars.next().and_then(escape) {
                f.write_str(escape)?;
            }
            rest = chars.as_str();
        }
        f.write_str(rest)
    }
}

fn escape(c: char) -> Option<&'static str> {
    Some(match c {
        '"' => "\\\"",
        '\\' => "\\\\",
        '\u{7}' => "\\a",
        '\u{8}' => "\\b",
        '\u{c}' => "\\f",
        '\n' => "\\n",
        '\r' => "\\r",
        '\t' => "\\t",
        '\u{b}' => "\\v",
        _ => return None,
    })
}

/// A tuple of a relation.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fact {
    /// The relation.
    pub relation: RelId,
    /// A value for each column.
    pub values: Vec<Datum>,
}

impl Fact {
    /// The pattern that only this tuple fits.
    pub fn pattern(&self) -> Pattern {
        Pattern {
            relation: self.relation,
            values: self.values.iter().cloned().map(Some).collect(),
        }
    }

    /// As a rule file writes it, without the full stop.
    pub fn text(&self, checked: &Checked) -> String {
        self.pattern().text(checked)
    }
}

/// Tuples of a relation that have given values in some columns.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pattern {
    /// The relation.
    pub relation: RelId,
    /// For each column its value; none where any will do.
    pub values: Vec<Option<Datum>>,
}

impl Pattern {
    /// Whether a tuple is one of them.
    pub fn fits(&self, fact: &Fact) -> bool {
        let mut columns = self.values.iter().zip(&fact.values);
        self.relation == fact.relation
            && self.values.len() == fact.values.len()
            && columns.all(|(wanted, value)| wanted.as_ref().is_none_or(|wanted| wanted == value))
    }

    /// The tuple, when there is a value in every column.
    pub fn fact(&self) -> Option<Fact> {
        Some(Fact {
            relation: self.relation,
            values: self.values.iter().cloned().collect::<Option<_>>()?,
        })
    }

    /// As a rule file writes it, `_` for any value.
    pub fn text(&self, checked: &Checked) -> String {
        let name = checked
            .info(self.relation)
            .map_or("", |relation| &relation.name);
        let values = self.values.iter().map(|value| match value {
            Some(value) => value.to_string(),
            None => "_".to_owned(),
        });
        let values: Vec<String> = values.collect();
        format!("{name}({})", values.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_as_in_rule_files() {
        let cases = [
            (Datum::Symbol("a \"b\"\n\\é".into()), r#""a \"b\"\n\\é""#),
            (Datum::Number(-3), "-3"),
            (Datum::Float(2.0), "2.0"),
            (Datum::Float(-0.0), "0.0"),
            (Datum::Float(1e21), "1000000000000000000000.0"),
            (Datum::Float(1.5e-7), "0.00000015"),
        ];
        for (datum, text) in cases {
            assert_eq!(datum.to_string(), text);
        }
        assert_eq!(Datum::Float(2.0).text(), "2");
        assert_eq!(Datum::Symbol("a".into()).text(), "a");
    }

    #[test]
    fn a_pattern_fits_what_has_its_values() {
        let fact = Fact {
            relation: RelId(1),
            values: vec![Datum::Number(1), Datum::Float(0.0)],
        };
        let mut pattern = fact.pattern();
        assert_eq!(pattern.fact(), Some(fact.clone()));
        pattern.values[1] = None;
        assert!(pattern.fits(&fact));
        assert_eq!(pattern.fact(), None);
        pattern.values[0] = Some(Datum::Number(2));
        assert!(!pattern.fits(&fact));
    }
}
