//! The answer to a question, ready to be printed.

use serde_json::Value as Json;

use crate::datalog::{Model, Tuple, Value};
use crate::policy::Question;

/// The tuples of an answer, sorted by their values, under the names of their columns.
pub struct Answer<'a> {
    columns: &'a [String],
    types: Vec<&'static str>,
    tuples: Vec<Tuple<'a>>,
}

impl<'a> Answer<'a> {
    /// The answer in an evaluated model.
    pub fn new(question: &'a Question, model: &'a Model) -> Answer<'a> {
        let query = &question.query;
        let types = query.program.columns(query.answer).iter();
        Answer {
            columns: &query.columns,
            types: types.map(|ty| ty.name()).collect(),
            tuples: model.sorted(query.answer),
        }
    }

    /// Whether it says yes or no, and shows no values.
    pub fn is_yes_or_no(&self) -> bool {
        self.columns.is_empty()
    }

    /// How many rows there are.
    pub fn count(&self) -> usize {
        self.tuples.len()
    }

    /// What the columns are called.
    pub fn columns(&self) -> Vec<&'a str> {
        self.columns.iter().map(String::as_str).collect()
    }

    /// The texts of the first so many rows; control characters of symbols are escaped.
    pub fn rows(&self, most: usize) -> Vec<Vec<String>> {
        let rows = self.tuples.iter().take(most);
        let text = |value: Value<'_>| match value {
            Value::Symbol(symbol) => printable(symbol),
            other => other.to_string(),
        };
        rows.map(|row| row.values().map(text).collect()).collect()
    }

    /// One JSON object, a row a line: `columns`, `types`, `rows` (the first so many) and `count` (of all).
    pub fn json(&self, most: usize) -> String {
        let rows: Vec<String> = self
            .tuples
            .iter()
            .take(most)
            .map(|row| format!("\n    {}", Json::from_iter(row.values().map(json))))
            .collect();
        let end = if rows.is_empty() { "" } else { "\n  " };
        format!(
            "{{\n  \"columns\": {},\n  \"types\": {},\n  \"rows\": [{}{end}],\n  \"count\": {}\n}}\n",
            Json::from_iter(self.columns.iter().map(String::as_str)),
            Json::from_iter(self.types.iter().copied()),
            rows.join(","),
            self.count(),
        )
    }

    /// Comma-separated values below their names, as RFC 4180 has them but for the line ends.
    pub fn csv(&self, most: usize) -> String {
        let mut text = line(self.columns.iter().map(|column| quoted(column)));
        for row in self.tuples.iter().take(most) {
            text.push_str(&line(row.values().map(|value| quoted(&value.to_string()))));
        }
        text
    }
}

fn json(value: Value<'_>) -> Json {
    match value {
        Value::Symbol(text) => text.into(),
        Value::Number(number) => number.into(),
        Value::Float(number) => number.into(),
    }
}

fn line(values: impl Iterator<Item = String>) -> String {
    let mut line = values.collect::<Vec<_>>().join(",");
    line.push('\n');
    line
}

fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

/// The text with control characters as escapes, so that a row is one line.
fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() {
            shown.extend(c.escape_default());
        } else {
            shown.push(c);
        }
    }
    shown
}
