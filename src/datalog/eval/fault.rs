//! What can stop an evaluation.

use crate::datalog::ast::Span;

/// An evaluation that stopped: which expression of which rule has no value, or which limit was reached.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct EvalError {
    /// Stable, for scripts: `rules::overflow`.
    pub code: &'static str,
    /// With the values that did it.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
    /// The expression, if it is one.
    pub span: Option<Span>,
    /// What is to be written beside it.
    pub label: &'static str,
    /// The relation that was being derived.
    pub rule: String,
    /// All of the rule.
    pub rule_span: Option<Span>,
}

/// What is wrong with an expression, before it is known in which rule.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) code: &'static str,
    pub(super) message: String,
    pub(super) help: Option<String>,
    pub(super) span: Option<Span>,
    pub(super) label: &'static str,
}

impl Fault {
    pub(super) fn overflow(shown: &str, span: Span) -> Self {
        Fault {
            code: "rules::overflow",
            message: format!("`{shown}` does not fit a number of 64 bits"),
            help: Some("use floats (`to_float`), or smaller units".into()),
            span: Some(span),
            label: "overflows here",
        }
    }

    pub(super) fn division_by_zero(shown: &str, span: Span) -> Self {
        Fault {
            code: "rules::division-by-zero",
            message: format!("`{shown}` divides by zero"),
            help: Some("add a condition to the rule that keeps zero out, such as `N != 0`".into()),
            span: Some(span),
            label: "divides by zero here",
        }
    }

    pub(super) fn not_finite(shown: &str, span: Span) -> Self {
        Fault {
            code: "rules::not-finite",
            message: format!("`{shown}` is no finite number"),
            help: None,
            span: Some(span),
            label: "not finite here",
        }
    }

    pub(super) fn not_a_number(text: &str, what: &str, span: Span) -> Self {
        Fault {
            code: "rules::not-a-number",
            message: format!("`{text}` is not {what}"),
            help: Some("add a `match` to the rule that lets only such texts through".into()),
            span: Some(span),
            label: "read as a number here",
        }
    }

    pub(super) fn invalid_pattern(pattern: &str, why: &str, span: Span) -> Self {
        Fault {
            code: "rules::invalid-pattern",
            message: format!("`{pattern}` is no regular expression: {why}"),
            help: None,
            span: Some(span),
            label: "used as a pattern here",
        }
    }

    pub(super) fn too_many_rows(limit: u64) -> Self {
        Fault {
            code: "rules::too-many-rows",
            message: format!("more than {limit} rows were made"),
            help: Some("look for a rule whose atoms share no variable, or raise the limit".into()),
            span: None,
            label: "",
        }
    }

    pub(super) fn too_many_rounds(limit: u32) -> Self {
        Fault {
            code: "rules::too-many-rounds",
            message: format!("the recursion did not end after {limit} rounds"),
            help: None,
            span: None,
            label: "",
        }
    }

    pub(super) fn in_rule(self, rule: &str, rule_span: Option<Span>) -> EvalError {
        let Fault {
            code,
            message,
            help,
            span,
            label,
        } = self;
        EvalError {
            code,
            message,
            help,
            span,
            label,
            rule: rule.to_owned(),
            rule_span,
        }
    }
}
