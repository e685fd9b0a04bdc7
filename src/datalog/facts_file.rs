//! Files of tuples as Soufflé reads and writes them: one tuple a line, values separated by tabs, symbols raw.
//!
//! A relation without columns is a file with a line (written `()`) or without one. Floats are written as a Soufflé that
//! was built for 64 bits writes them, see [`general_text`].
//!
//! Two things Soufflé lets pass are errors here: values behind the last column, and symbols that would not come back
//! because they hold a tab or a line break.

use std::fmt::Write;

use super::ast::BaseType;
use super::check::RelId;
use super::database::{FactError, Facts, Model};
use super::plan::CompiledProgram;
use super::value::{Value, general_text};

/// A line of a file that is no tuple of its relation, or a tuple that cannot be written as one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FactsFileError {
    /// A line that is not a tuple.
    #[error("{file}:{line}: {problem}")]
    Line {
        /// As it was given.
        file: String,
        /// Counted from 1.
        line: usize,
        /// What is wrong with it.
        problem: String,
    },
    /// A symbol with a tab or a line break.
    #[error("`{relation}` has the symbol `{}`, which holds a tab or a line break", symbol.escape_debug())]
    Unwritable {
        /// The relation.
        relation: String,
        /// The symbol.
        symbol: String,
    },
}

/// Adds the tuples of a file to the facts.
///
/// # Errors
/// The first line that is no tuple of the relation.
pub fn read(
    program: &CompiledProgram,
    relation: RelId,
    file: &str,
    text: &str,
    facts: &mut Facts,
) -> Result<(), FactsFileError> {
    let types = program.columns(relation);
    for (at, line) in text.lines().enumerate() {
        let problem = match tuple(line, types) {
            Ok(tuple) => facts
                .push(relation, &tuple)
                .err()
                .map(|error: FactError| error.to_string()),
            Err(problem) => Some(problem),
        };
        if let Some(problem) = problem {
            return Err(FactsFileError::Line {
                file: file.to_owned(),
                line: at + 1,
                problem,
            });
        }
    }
    Ok(())
}

fn tuple<'a>(line: &'a str, types: &[BaseType]) -> Result<Vec<Value<'a>>, String> {
    if types.is_empty() {
        return if matches!(line, "()" | "") {
            Ok(Vec::new())
        } else {
            Err(format!("`{line}` is not `()`"))
        };
    }
    let texts: Vec<&str> = line.split('\t').collect();
    if texts.len() != types.len() {
        let noun = if texts.len() == 1 { "value" } else { "values" };
        return Err(format!(
            "{} {noun} for {} columns (they are separated by tabs)",
            texts.len(),
            types.len()
        ));
    }
    let values = texts.iter().zip(types).enumerate().map(|(at, (text, ty))| {
        let expected = |what: &str| format!("`{text}` in column {} is not {what}", at + 1);
        match ty {
            BaseType::Symbol => Ok(Value::Symbol(text)),
            BaseType::Number => text
                .parse()
                .map(Value::Number)
                .map_err(|_| expected("a whole number of 64 bits")),
            BaseType::Float => match text.parse::<f64>() {
                Ok(float) if float.is_finite() => Ok(Value::Float(float)),
                _ => Err(expected("a finite number")),
            },
        }
    });
    values.collect()
}

/// The tuples of a relation as the text of a file, sorted by their values.
///
/// # Errors
/// A symbol that a reader would take for two.
pub fn write(
    program: &CompiledProgram,
    relation: RelId,
    model: &Model,
) -> Result<String, FactsFileError> {
    let mut text = String::new();
    for tuple in model.sorted(relation) {
        if tuple.is_empty() {
            text.push_str("()");
        }
        for (at, value) in tuple.values().enumerate() {
            if at > 0 {
                text.push('\t');
            }
            match value {
                Value::Symbol(symbol) if symbol.contains(['\t', '\n', '\r']) => {
                    let relation = program.name(relation).to_owned();
                    return Err(FactsFileError::Unwritable {
                        relation,
                        symbol: symbol.to_owned(),
                    });
                }
                Value::Symbol(symbol) => text.push_str(symbol),
                Value::Number(number) => {
                    // Writing to a string does not fail.
                    let _ = write!(text, "{number}");
                }
                Value::Float(float) => text.push_str(&general_text(float)),
            }
        }
        text.push('\n');
    }
    Ok(text)
}
