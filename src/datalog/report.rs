//! What stops a program after it was checked, together with the source it points at.

use std::fmt;
use std::sync::Arc;

use miette::{Diagnostic, LabeledSpan, NamedSource, SourceCode};

use super::EvalError;
use super::ast::Span;
use super::plan::PlanError;
use super::source::Sources;

/// An error of planning or evaluation that owns the text it points at.
#[derive(Debug)]
pub struct StopReport {
    code: &'static str,
    message: String,
    help: Option<String>,
    source: Option<NamedSource<Arc<str>>>,
    labels: Vec<LabeledSpan>,
}

impl StopReport {
    /// An evaluation that stopped.
    pub fn of_evaluation(error: &EvalError, sources: &Sources) -> StopReport {
        let mut labels = Vec::new();
        if let Some(span) = error.span {
            labels.push((span, error.label.to_owned()));
        } else if let Some(span) = error.rule_span {
            labels.push((span, format!("while `{}` was derived", error.rule)));
        }
        StopReport::new(
            error.code,
            error.message.clone(),
            error.help.clone(),
            labels,
            sources,
        )
    }

    /// A relation or rule that is too wide.
    pub fn of_plan(error: &PlanError, sources: &Sources) -> StopReport {
        let (span, code) = match error {
            PlanError::Relation { span, .. } => (*span, "rules::wide-relation"),
            PlanError::Body { span, .. } => (*span, "rules::wide-body"),
        };
        let help = "split it into two that share a key";
        StopReport::new(
            code,
            error.to_string(),
            Some(help.to_owned()),
            vec![(span, "here".to_owned())],
            sources,
        )
    }

    fn new(
        code: &'static str,
        message: String,
        help: Option<String>,
        labels: Vec<(Span, String)>,
        sources: &Sources,
    ) -> StopReport {
        let source = labels.first().map(|(span, _)| {
            NamedSource::new(sources.name(span.file), sources.shared_text(span.file))
        });
        let labels = labels
            .into_iter()
            .map(|(span, text)| {
                LabeledSpan::new_with_span(Some(text), span.start as usize..span.end as usize)
            })
            .collect();
        StopReport {
            code,
            message,
            help,
            source,
            labels,
        }
    }
}

impl fmt::Display for StopReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for StopReport {}

impl Diagnostic for StopReport {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(self.code))
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        let help = self.help.as_ref()?;
        Some(Box::new(help))
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.source.as_ref().map(|source| source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.labels.iter().cloned()))
    }
}
