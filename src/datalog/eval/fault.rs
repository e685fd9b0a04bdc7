//! What can stop an evaluation.

use crate::datalog::ast::Span;
use crate::datalog::diagnostic::{Code, RuleError};
use crate::datalog::plan::program::RulePlan;

/// What is wrong with an expression, before it is known in which rule.
#[derive(Debug)]
pub(in crate::datalog) struct Fault {
    pub(super) code: Code,
    pub(in crate::datalog) message: String,
    pub(super) help: Option<String>,
    pub(super) span: Option<Span>,
    pub(super) label: &'static str,
}

impl Fault {
    pub(super) fn overflow(shown: &str, span: Span) -> Self {
        Fault {
            code: Code::Overflow,
            message: format!("`{shown}` does not fit a number of 64 bits"),
            help: Some("use floats (`to_float`), or smaller units".into()),
            span: Some(span),
            label: "overflows here",
        }
    }

    pub(super) fn division_by_zero(shown: &str, span: Span) -> Self {
        Fault {
            code: Code::DivisionByZero,
            message: format!("`{shown}` divides by zero"),
            help: Some("add a condition to the rule that keeps zero out, such as `N != 0`".into()),
            span: Some(span),
            label: "divides by zero here",
        }
    }

    pub(super) fn not_finite(shown: &str, span: Span) -> Self {
        Fault {
            code: Code::NotFinite,
            message: format!("`{shown}` is no finite number"),
            help: None,
            span: Some(span),
            label: "not finite here",
        }
    }

    pub(super) fn not_a_number(text: &str, what: &str, span: Span) -> Self {
        Fault {
            code: Code::NotANumber,
            message: format!("`{text}` is not {what}"),
            help: Some("add a `match` to the rule that lets only such texts through".into()),
            span: Some(span),
            label: "read as a number here",
        }
    }

    pub(super) fn invalid_pattern(pattern: &str, why: &str, span: Span) -> Self {
        Fault {
            code: Code::InvalidPattern,
            message: format!("`{pattern}` is no regular expression: {why}"),
            help: None,
            span: Some(span),
            label: "used as a pattern here",
        }
    }

    pub(super) fn too_many_rows(limit: u64) -> Self {
        Fault {
            code: Code::TooManyRows,
            message: format!("more than {limit} rows were made"),
            help: Some("look for a rule whose atoms share no variable, or raise the limit".into()),
            span: None,
            label: "",
        }
    }

    pub(super) fn too_many_rounds(limit: u32) -> Self {
        Fault {
            code: Code::TooManyRounds,
            message: format!("the recursion did not end after {limit} rounds"),
            help: None,
            span: None,
            label: "",
        }
    }

    /// The fault as an error of the rule that was run.
    pub(super) fn in_rule(self, rule: Option<&RulePlan>) -> RuleError {
        let mut error = RuleError::new(self.code, self.message).help_if(self.help);
        if let Some(span) = self.span {
            error = error.label(span, self.label);
        }
        match rule {
            Some(rule) => error.label(rule.span, "in this rule"),
            None => error,
        }
    }
}
