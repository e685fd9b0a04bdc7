//! A mistake together with its sources, as miette draws it.

use std::fmt;

use miette::{Diagnostic, LabeledSpan, SourceCode};

use super::excerpt::NamedText;
use super::{Label, RuleError, Severity};
use crate::datalog::ast::{FileId, Span};
use crate::datalog::source::Sources;

/// A [`RuleError`] that owns the text it points at. miette draws one source a report, so labels in
/// other files become related reports, one a file.
#[derive(Debug)]
pub struct Report {
    error: RuleError,
    excerpt: Option<Excerpt>,
    elsewhere: Vec<Elsewhere>,
}

#[derive(Debug)]
struct Excerpt {
    source: NamedText,
    labels: Vec<LabeledSpan>,
}

/// The labels of a mistake that are in another file.
#[derive(Debug)]
struct Elsewhere {
    file: String,
    excerpt: Excerpt,
}

impl Report {
    pub(super) fn new(error: RuleError, sources: &Sources) -> Self {
        let mut files: Vec<FileId> = Vec::new();
        for label in &error.labels {
            if !files.contains(&label.span.file) {
                files.push(label.span.file);
            }
        }
        let mut excerpts = files
            .into_iter()
            .map(|file| (file, Excerpt::new(file, &error.labels, sources)));
        let excerpt = excerpts.next().map(|(_, excerpt)| excerpt);
        let elsewhere = excerpts
            .map(|(file, excerpt)| Elsewhere {
                file: sources.name(file).to_owned(),
                excerpt,
            })
            .collect();
        Report {
            error,
            excerpt,
            elsewhere,
        }
    }

    /// The mistake itself.
    pub fn error(&self) -> &RuleError {
        &self.error
    }
}

impl Excerpt {
    fn new(file: FileId, labels: &[Label], sources: &Sources) -> Self {
        let here = labels.iter().filter(|label| label.span.file == file);
        let labels = here
            .enumerate()
            .map(|(at, label)| {
                let text = Some(label.text.clone()).filter(|text| !text.is_empty());
                if at == 0 {
                    LabeledSpan::new_primary_with_span(text, range(label.span))
                } else {
                    LabeledSpan::new_with_span(text, range(label.span))
                }
            })
            .collect();
        Excerpt {
            source: NamedText::new(sources.name(file), sources.shared_text(file)),
            labels,
        }
    }

    fn labels(&self) -> Box<dyn Iterator<Item = LabeledSpan> + '_> {
        Box::new(self.labels.iter().cloned())
    }
}

fn range(span: Span) -> (usize, usize) {
    (span.start as usize, span.length())
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl std::error::Error for Report {}

impl Diagnostic for Report {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(self.error.code))
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.error.severity() {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        let help = self.error.help.as_deref()?;
        Some(Box::new(help))
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        let excerpt = self.excerpt.as_ref()?;
        Some(&excerpt.source)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        self.excerpt.as_ref().map(Excerpt::labels)
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>> {
        if self.elsewhere.is_empty() {
            return None;
        }
        let parts = self.elsewhere.iter();
        Some(Box::new(parts.map(|part| part as &dyn Diagnostic)))
    }
}

impl fmt::Display for Elsewhere {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "in `{}`", self.file)
    }
}

impl std::error::Error for Elsewhere {}

impl Diagnostic for Elsewhere {
    fn severity(&self) -> Option<miette::Severity> {
        Some(miette::Severity::Advice)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.excerpt.source)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(self.excerpt.labels())
    }
}
