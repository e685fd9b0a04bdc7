//! Findings as people read them: the lines that they are about, and a line that counts them.

use std::fmt::{self, Write as _};

use miette::{Diagnostic, LabeledSpan, ReportHandler, SourceCode};

use crate::catalog::problem::is_shown;
use crate::cli::output;
use crate::datalog::diagnostic::NamedText;
use crate::lint::{Finding, Findings, Label};
use crate::policy::Severity;

/// All findings.
pub(in crate::cli) fn shown(findings: &Findings) -> String {
    let mut text = String::new();
    let handler = output::handler();
    for finding in &findings.findings {
        let _ = writeln!(text, "{}\n", Rendered(&handler, &Report::new(finding)));
    }
    text
}

/// `8 files: 1 error, 2 warnings; 1 can be fixed; 3 suppressed`. So many more are `known` to a baseline.
pub(super) fn summary(findings: &Findings, known: usize) -> String {
    let Findings {
        summary,
        suppressed,
        ..
    } = findings;
    let counted = |count: usize, noun: &str| match count {
        1 => format!("1 {noun}"),
        count => format!("{count} {noun}s"),
    };
    let counts = [
        (summary.errors, "error"),
        (summary.warnings, "warning"),
        (summary.notes, "note"),
    ];
    let counts = counts.iter().filter(|(count, _)| *count > 0);
    let counts: Vec<String> = counts.map(|(count, noun)| counted(*count, noun)).collect();
    let found = match counts.is_empty() {
        true => "nothing found".to_owned(),
        false => counts.join(", "),
    };
    let more = [
        (summary.fixable, "can be fixed"),
        (suppressed.len(), "suppressed"),
        (known, "in the baseline"),
    ];
    let more = more.iter().filter(|(count, _)| *count > 0);
    let more: String = more
        .map(|(count, what)| format!("; {count} {what}"))
        .collect();
    format!("{}: {found}{more}", counted(summary.files, "file"))
}

struct Rendered<'a>(&'a miette::MietteHandler, &'a Report<'a>);

impl fmt::Display for Rendered<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.debug(self.1, f)
    }
}

/// A finding for miette: the labels of one file together, those of each other file by themselves.
#[derive(Debug)]
struct Report<'a> {
    finding: &'a Finding,
    message: String,
    excerpt: Option<Excerpt<'a>>,
    elsewhere: Vec<Elsewhere<'a>>,
}

#[derive(Debug)]
struct Excerpt<'a> {
    source: NamedText,
    labels: Vec<&'a Label>,
}

#[derive(Debug)]
struct Elsewhere<'a> {
    message: String,
    excerpt: Option<Excerpt<'a>>,
}

impl<'a> Report<'a> {
    fn new(finding: &'a Finding) -> Self {
        let mut files: Vec<Vec<&Label>> = Vec::new();
        for label in &finding.labels {
            let same = |labels: &&mut Vec<&Label>| {
                let first = labels.first();
                first.is_some_and(|first| first.place.file == label.place.file)
            };
            match files.iter_mut().find(same) {
                Some(labels) => labels.push(label),
                None => files.push(vec![label]),
            }
        }
        let mut files = files.into_iter();
        let first = files.next().unwrap_or_default();
        let place = first.first().map(|label| &label.place);
        let excerpt = Excerpt::new(first.clone());
        let message = match (&excerpt, place) {
            (None, Some(at)) => {
                let (file, line, column) = (&at.file, at.line, at.column);
                format!("{file}:{line}:{column}: {}", finding.message)
            }
            _ => finding.message.clone(),
        };
        let elsewhere = files.filter_map(|labels| {
            let place = &labels.first()?.place;
            Some(Elsewhere {
                message: format!("in {}:{}", place.file, place.line),
                excerpt: Excerpt::new(labels),
            })
        });
        Report {
            finding,
            message,
            excerpt,
            elsewhere: elsewhere.collect(),
        }
    }
}

impl<'a> Excerpt<'a> {
    /// The labels of one file with its text; none where it would not be read.
    fn new(labels: Vec<&'a Label>) -> Option<Self> {
        let place = &labels.first()?.place;
        let shown = |label: &&Label| {
            let place = &label.place;
            is_shown(&place.text, place.offset, place.offset + place.length)
        };
        if place.text.is_empty() || !labels.iter().all(shown) {
            return None;
        }
        Some(Excerpt {
            source: NamedText::new(place.file.as_str(), place.text.shared()),
            labels,
        })
    }

    fn spans(&self) -> Box<dyn Iterator<Item = LabeledSpan> + '_> {
        Box::new(self.labels.iter().zip(0..).map(|(label, at)| {
            let text = (!label.text.is_empty()).then(|| label.text.clone());
            let span = (label.place.offset, label.place.length);
            match at {
                0 => LabeledSpan::new_primary_with_span(text, span),
                _ => LabeledSpan::new_with_span(text, span),
            }
        }))
    }
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Report<'_> {}

impl Diagnostic for Report<'_> {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(format!(
            "{} {}",
            self.finding.code, self.finding.name
        )))
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.finding.severity {
            Severity::Note => miette::Severity::Advice,
            Severity::Warning => miette::Severity::Warning,
            Severity::Error => miette::Severity::Error,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        let help = self.finding.help.as_ref()?;
        Some(Box::new(help))
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.excerpt.as_ref()?.source)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(self.excerpt.as_ref()?.spans())
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>> {
        let elsewhere = self.elsewhere.iter().map(|other| other as &dyn Diagnostic);
        Some(Box::new(elsewhere))
    }
}

impl fmt::Display for Elsewhere<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Elsewhere<'_> {}

impl Diagnostic for Elsewhere<'_> {
    fn severity(&self) -> Option<miette::Severity> {
        Some(miette::Severity::Advice)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.excerpt.as_ref()?.source)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(self.excerpt.as_ref()?.spans())
    }
}
