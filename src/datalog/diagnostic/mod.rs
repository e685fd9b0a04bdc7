//! What is wrong with rule files: one value a mistake, with a stable code, labels and help.

mod code;
mod excerpt;
mod report;

use serde::{Deserialize, Serialize};
use thiserror::Error;

pub use code::{Code, Severity};
pub use excerpt::NamedText;
pub use report::Report;

use super::ast::Span;
use super::source::Sources;

/// How many errors are shown before the rest is only counted.
pub const MOST_ERRORS: usize = 100;

/// A stretch of source and what is to be said of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Label {
    /// Where.
    pub span: Span,
    /// What, in a few words.
    pub text: String,
}

/// One mistake in a rule file (or something that looks like one: see [`severity`](Self::severity)).
#[derive(Clone, Debug, PartialEq, Eq, Error, Serialize, Deserialize)]
#[error("{message}")]
pub struct RuleError {
    /// Which kind of mistake.
    pub code: Code,
    /// What is wrong, in one line.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// Where: the first is the place of the mistake, the others explain it.
    pub labels: Vec<Label>,
}

impl RuleError {
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        RuleError {
            code,
            message: message.into(),
            help: None,
            labels: Vec::new(),
        }
    }

    pub(crate) fn label(mut self, span: Span, text: impl Into<String>) -> Self {
        let text = text.into();
        self.labels.push(Label { span, text });
        self
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    pub(crate) fn help_if(mut self, help: Option<String>) -> Self {
        self.help = help.or(self.help);
        self
    }

    /// Whether it keeps the program from running.
    pub fn severity(&self) -> Severity {
        self.code.severity()
    }

    /// The place of the mistake.
    pub fn span(&self) -> Option<Span> {
        self.labels.first().map(|label| label.span)
    }

    /// The mistake with its sources, for miette to draw.
    pub fn report(&self, sources: &Sources) -> Report {
        Report::new(self.clone(), sources)
    }
}

/// Collects mistakes, and from [`MOST_ERRORS`] on only counts them.
#[derive(Debug, Default)]
pub(crate) struct Found {
    errors: Vec<RuleError>,
    warnings: Vec<RuleError>,
    left_out: usize,
}

impl Found {
    pub(crate) fn push(&mut self, error: RuleError) {
        let list = match error.severity() {
            Severity::Error => &mut self.errors,
            Severity::Warning => &mut self.warnings,
        };
        if list.contains(&error) {
            return; // a literal stands in several alternatives of a disjunction
        }
        if list.len() < MOST_ERRORS {
            list.push(error);
        } else if error.severity() == Severity::Error {
            self.left_out += 1;
        }
    }

    /// Counts an error that nobody will see, so that it need not be written; false when it must be.
    pub(crate) fn only_counts(&mut self) -> bool {
        let full = self.is_full();
        self.left_out += usize::from(full);
        full
    }

    /// Whether another error would only be counted.
    pub(crate) fn is_full(&self) -> bool {
        self.errors.len() >= MOST_ERRORS
    }
}

impl From<Found> for Diagnostics {
    fn from(found: Found) -> Self {
        let mut list = found.errors;
        list.extend(found.warnings);
        Diagnostics::arrange(list, found.left_out)
    }
}

/// The mistakes of a program, ordered by file and place, each once.
///
/// When there are more than [`MOST_ERRORS`] errors, the last one says how many are not shown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Error)]
#[error("{}", self.summary())]
pub struct Diagnostics {
    list: Vec<RuleError>,
    left_out: usize,
}

impl Diagnostics {
    fn arrange(mut list: Vec<RuleError>, mut left_out: usize) -> Self {
        list.retain(|error| error.code != Code::TooManyErrors);
        list.sort_by(|a, b| order(a).cmp(&order(b)));
        list.dedup();
        let mut room = MOST_ERRORS;
        list.retain(|error| {
            if error.severity() == Severity::Warning {
                return true;
            }
            let shown = room > 0;
            room = room.saturating_sub(1);
            left_out += usize::from(!shown);
            shown
        });
        if left_out > 0 {
            let noun = if left_out == 1 { "error" } else { "errors" };
            list.push(RuleError::new(
                Code::TooManyErrors,
                format!("{left_out} more {noun} not shown"),
            ));
        }
        Diagnostics { list, left_out }
    }

    /// Both together, in order.
    #[must_use]
    pub fn merge(self, other: Diagnostics) -> Diagnostics {
        let mut list = self.list;
        list.extend(other.list);
        Diagnostics::arrange(list, self.left_out + other.left_out)
    }

    pub(crate) fn without_warnings(mut self) -> Diagnostics {
        self.list.retain(|e| e.severity() == Severity::Error);
        self
    }

    /// The same mistakes, told otherwise.
    pub(crate) fn retold(mut self, tell: impl FnMut(&mut RuleError)) -> Diagnostics {
        self.list.iter_mut().for_each(tell);
        self
    }

    /// The mistakes.
    pub fn iter(&self) -> std::slice::Iter<'_, RuleError> {
        self.list.iter()
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether nothing is wrong at all.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Whether anything keeps the program from running.
    pub fn has_errors(&self) -> bool {
        self.iter().any(|e| e.severity() == Severity::Error)
    }

    /// The mistakes with their sources, for miette to draw.
    pub fn reports<'a>(&'a self, sources: &'a Sources) -> impl Iterator<Item = Report> + 'a {
        self.iter().map(|error| error.report(sources))
    }

    fn summary(&self) -> String {
        let shown = self
            .iter()
            .filter(|e| e.severity() == Severity::Error && e.code != Code::TooManyErrors);
        let errors = shown.count() + self.left_out;
        let noun = if errors == 1 { "error" } else { "errors" };
        format!("{errors} {noun} in rule files")
    }
}

fn order(error: &RuleError) -> (Option<Span>, Code, &str) {
    (error.span(), error.code, &error.message)
}

impl IntoIterator for Diagnostics {
    type Item = RuleError;
    type IntoIter = std::vec::IntoIter<RuleError>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.into_iter()
    }
}

impl<'a> IntoIterator for &'a Diagnostics {
    type Item = &'a RuleError;
    type IntoIter = std::slice::Iter<'a, RuleError>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
