//! The columns of an answer: which variables they are, what they are called and of which types.

use crate::datalog::ast::{BaseType, Expr, ExprKind, Literal, Span};
use crate::datalog::check::{BodyTypes, terms};
use crate::datalog::diagnostic::{Code, Found, RuleError};
use crate::datalog::source::Sources;

/// A variable and its first place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Variable {
    pub(super) name: String,
    pub(super) span: Span,
}

/// The variables that stand in any of the bodies and do not begin with `_`, in the order of their first places. What
/// stands only in an aggregate is that one's own.
pub(super) fn named_variables(bodies: &[Vec<Literal>]) -> Vec<Variable> {
    let mut all = Vec::new();
    for term in bodies.iter().flatten().flat_map(terms) {
        collect(term, &mut all);
    }
    all.sort_by_key(|variable| variable.span);
    let mut first: Vec<Variable> = Vec::new();
    for variable in all {
        let is_named = !variable.name.starts_with('_');
        if is_named && first.iter().all(|other| other.name != variable.name) {
            first.push(variable);
        }
    }
    first
}

fn collect(term: &Expr, variables: &mut Vec<Variable>) {
    match &term.kind {
        ExprKind::Variable(name) => variables.push(Variable {
            name: name.clone(),
            span: term.span,
        }),
        ExprKind::Negate(inner) => collect(inner, variables),
        ExprKind::Binary(_, left, right) => {
            collect(left, variables);
            collect(right, variables);
        }
        ExprKind::Call(_, args) => args.iter().for_each(|arg| collect(arg, variables)),
        ExprKind::Wildcard
        | ExprKind::Symbol(_)
        | ExprKind::Number(_)
        | ExprKind::Float(_)
        | ExprKind::Aggregate(_) => {}
    }
}

/// The base type that a variable has in every alternative; says so where it has none, or another one.
pub(super) fn common_type(
    name: &str,
    bodies: &[Vec<Literal>],
    types: &[BodyTypes],
    found: &mut Found,
) -> BaseType {
    let mut known: Option<(BaseType, Span)> = None;
    for (body, types) in bodies.iter().zip(types) {
        let here = named_variables(std::slice::from_ref(body));
        let here = here.into_iter().find(|variable| variable.name == name);
        let typed = here.and_then(|variable| Some((types.variable(name)?, variable.span)));
        match (typed, known) {
            (None, _) => found.push(missing(name, bodies, body)),
            (Some((base, span)), Some((other, first))) if base != other => found.push(
                RuleError::new(
                    Code::TypeClash,
                    format!(
                        "`{name}` is a `{}` in one alternative and a `{}` in another",
                        other.name(),
                        base.name()
                    ),
                )
                .label(span, format!("a `{}`", base.name()))
                .label(first, format!("a `{}`", other.name()))
                .help("give one of them another name, or ask two queries"),
            ),
            (typed, None) => known = typed,
            _ => {}
        }
    }
    known.map_or(BaseType::Symbol, |(base, _)| base)
}

/// An alternative without a variable that another one has.
fn missing(name: &str, bodies: &[Vec<Literal>], body: &[Literal]) -> RuleError {
    let error = RuleError::new(
        Code::UnboundVariable,
        format!("`{name}` has no value in one of the alternatives"),
    );
    let spans = body.iter().map(Literal::span);
    let error = match spans.reduce(Span::to) {
        Some(span) => error.label(span, format!("`{name}` is not in here")),
        None => error,
    };
    let first = named_variables(bodies)
        .into_iter()
        .find(|variable| variable.name == name);
    let error = match first {
        Some(first) => error.label(first.span, "a column of the answer"),
        None => error,
    };
    error.help(format!(
        "columns stand in every alternative: write `_{name}` when its value is not wanted"
    ))
}

/// What columns are called after the arguments of a head: by their texts, numbered where two are the same.
pub(super) fn titles(args: &[Expr], sources: &Sources) -> Vec<String> {
    let mut titles: Vec<String> = Vec::new();
    for arg in args {
        let text = sources.slice(arg.span).to_owned();
        let mut title = text.clone();
        let mut number = 2;
        while titles.contains(&title) {
            title = format!("{text} {number}");
            number += 1;
        }
        titles.push(title);
    }
    titles
}
