//! What is wrong with a catalog's file, with the place in its text.

use std::fmt;
use std::ops::Range;

use miette::LabeledSpan;
use serde::{Deserialize, Serialize};

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

    /// The problem with its source, ready to be rendered.
    pub fn in_source(self, path: &str, text: &str) -> ProblemReport {
        ProblemReport {
            source: NamedText::new(path, text),
            problem: self,
        }
    }
}

/// A [`Problem`] together with the text it points into.
#[derive(Debug)]
pub struct ProblemReport {
    problem: Problem,
    source: NamedText,
}

impl fmt::Display for ProblemReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.problem.message)
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
        Some(&self.source)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.problem.labels.iter().map(|label| {
            LabeledSpan::new(
                Some(label.text.clone()),
                label.start,
                label.end.saturating_sub(label.start),
            )
        })))
    }
}
