//! What is wrong with a catalog's file, with the place in its text.

use std::fmt;
use std::ops::Range;

use miette::LabeledSpan;
use serde::{Deserialize, Serialize};

use super::secret;
use crate::datalog::diagnostic::NamedText;

/// How much a [`Problem`] matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The document is used all the same.
    Warning,
    /// The document, or the part in question, is left out.
    Error,
}

/// A stretch of bytes of the file and what to say of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Label {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
    /// Short text beside the underlined bytes.
    pub text: String,
}

/// One thing wrong with one file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// Stable name, such as `catalog::duplicate-key`.
    pub code: String,
    /// How much it matters.
    pub severity: Severity,
    /// What is wrong: lower case, no full stop.
    pub message: String,
    /// How to mend it.
    pub help: Option<String>,
    /// Where, the cause first.
    pub labels: Vec<Label>,
}

impl Problem {
    /// An error with the code `catalog::{code}`.
    pub fn error(code: &str, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, code, message.into())
    }

    /// A warning with the code `catalog::{code}`.
    pub fn warning(code: &str, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, code, message.into())
    }

    fn new(severity: Severity, code: &str, message: String) -> Self {
        Problem {
            code: format!("catalog::{code}"),
            severity,
            message,
            help: None,
            labels: Vec::new(),
        }
    }

    /// The same with a place.
    pub fn at(mut self, span: Range<usize>, text: impl Into<String>) -> Self {
        self.labels.push(Label {
            start: span.start,
            end: span.end,
            text: text.into(),
        });
        self
    }

    /// The same with advice.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The problem with its source, ready to be rendered. Secrets in the text are not shown, nor is a
    /// text that would do something to a terminal or fill it.
    pub fn in_source(self, path: &str, text: &str) -> ProblemReport {
        let place = match self.labels.first() {
            Some(label) => place(path, text, label.start),
            None => path.to_owned(),
        };
        let shown = self
            .labels
            .iter()
            .all(|label| label.end <= text.len() && longest_line(text, label) <= LONGEST_LINE);
        let source = (shown && !self.labels.is_empty())
            .then(|| NamedText::new(path, printable(&secret::masked(text))));
        let message = printable(&self.message);
        ProblemReport {
            message: if source.is_some() {
                message
            } else {
                format!("{place}: {message}")
            },
            source,
            problem: self,
        }
    }
}

/// Lines longer than this, in bytes, are not shown.
const LONGEST_LINE: usize = 400;

/// The longest of the lines that a label touches and of those beside them, which are shown too.
fn longest_line(text: &str, label: &Label) -> usize {
    let bytes = text.as_bytes();
    let (before, after) = (
        bytes.get(..label.start).unwrap_or_default(),
        bytes.get(label.end..).unwrap_or_default(),
    );
    let start = before
        .iter()
        .rev()
        .enumerate()
        .filter(|(_, b)| **b == b'\n')
        .nth(1);
    let start = label.start - start.map_or(label.start, |(at, _)| at);
    let end = after
        .iter()
        .enumerate()
        .filter(|(_, b)| **b == b'\n')
        .nth(1);
    let end = end.map_or(bytes.len(), |(at, _)| label.end + at);
    let lines = bytes.get(start..end).unwrap_or_default();
    lines
        .split(|b| *b == b'\n')
        .map(<[u8]>::len)
        .max()
        .unwrap_or(0)
}

/// `file.yaml:12:3`.
fn place(path: &str, text: &str, at: usize) -> String {
    let before = text.get(..at).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before
        .rsplit('\n')
        .next()
        .unwrap_or_default()
        .chars()
        .count()
        + 1;
    format!("{path}:{line}:{column}")
}

/// The text with nothing in it that a terminal obeys; each byte keeps its place.
pub(crate) fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() && !matches!(c, '\n' | '\r' | '\t') {
            shown.extend(std::iter::repeat_n('?', c.len_utf8()));
        } else {
            shown.push(c);
        }
    }
    shown
}

/// A [`Problem`] together with the text it points into, where that can be shown.
#[derive(Debug)]
pub struct ProblemReport {
    problem: Problem,
    message: String,
    source: Option<NamedText>,
}

impl fmt::Display for ProblemReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ProblemReport {}

impl miette::Diagnostic for ProblemReport {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(&self.problem.code))
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.problem.severity {
            Severity::Warning => miette::Severity::Warning,
            Severity::Error => miette::Severity::Error,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        let help = self.problem.help.as_ref()?;
        Some(Box::new(help))
    }

    fn source_code(&self) -> Option<&dyn miette::SourceCode> {
        let source = self.source.as_ref()?;
        Some(source)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        self.source.as_ref()?;
        Some(Box::new(self.problem.labels.iter().map(|label| {
            LabeledSpan::new(
                Some(label.text.clone()),
                label.start,
                label.end.saturating_sub(label.start),
            )
        })))
    }
}
