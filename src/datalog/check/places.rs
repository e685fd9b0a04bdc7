//! What may stand where: atoms have as many arguments as columns, `_` stands only as an argument in
//! a body, aggregates only in a body.

use super::declare::Relations;
use super::scope::inner_terms;
use crate::datalog::ast::{Aggregate, Atom, Expr, ExprKind, Literal, Rule, Span};
use crate::datalog::diagnostic::{Code, Found, RuleError};

pub(super) fn check(rule: &Rule, relations: &Relations<'_>, found: &mut Found) {
    for head in &rule.heads {
        atom(head, relations, found);
        for arg in &head.args {
            no_wildcard(arg, "the head needs a value", relations, found);
            no_aggregate(arg, &head.relation.name, found);
        }
    }
    for literal in rule.bodies.iter().flatten() {
        check_literal(literal, relations, found);
    }
}

fn check_literal(literal: &Literal, relations: &Relations<'_>, found: &mut Found) {
    match literal {
        Literal::Positive(inner) | Literal::Negative(inner) => {
            atom(inner, relations, found);
            for arg in &inner.args {
                if !matches!(arg.kind, ExprKind::Wildcard) {
                    no_wildcard(arg, "", relations, found);
                }
            }
        }
        Literal::Compare { left, right, .. } => {
            no_wildcard(left, "the comparison needs a value", relations, found);
            no_wildcard(right, "the comparison needs a value", relations, found);
        }
        Literal::Test { args, .. } => {
            for arg in args {
                no_wildcard(arg, "the functor needs a value", relations, found);
            }
        }
    }
}

fn atom(atom: &Atom, relations: &Relations<'_>, found: &mut Found) {
    let id = relations.lookup(&atom.relation, found);
    let Some(relation) = id.and_then(|id| relations.get(id)) else {
        return;
    };
    let (wanted, given) = (relation.decl.columns.len(), atom.args.len());
    if wanted == given {
        return;
    }
    let name = &atom.relation.name;
    let noun = if wanted == 1 { "column" } else { "columns" };
    let shown = if found.is_full() { 0 } else { wanted };
    let columns = relation.decl.columns.iter().take(shown);
    let columns: Vec<&str> = columns.map(|column| column.name.name.as_str()).collect();
    found.push(
        RuleError::new(
            Code::WrongArity,
            format!("`{name}` has {wanted} {noun}, not {given}"),
        )
        .label(atom.span, format!("{given} given"))
        .label(relation.decl.span, "declared here")
        .help(format!("write `{name}({})`", columns.join(", "))),
    );
}

/// Reports each `_` in a term, and goes on into the bodies of its aggregates.
fn no_wildcard(expr: &Expr, why: &str, relations: &Relations<'_>, found: &mut Found) {
    const OPERAND: &str = "the functor needs a value";
    match &expr.kind {
        ExprKind::Wildcard => found.push(misplaced(expr.span, why)),
        ExprKind::Negate(operand) => no_wildcard(operand, OPERAND, relations, found),
        ExprKind::Binary(_, left, right) => {
            no_wildcard(left, OPERAND, relations, found);
            no_wildcard(right, OPERAND, relations, found);
        }
        ExprKind::Call(_, args) => {
            for arg in args {
                no_wildcard(arg, OPERAND, relations, found);
            }
        }
        ExprKind::Aggregate(aggregate) => {
            if let Some(value) = &aggregate.value {
                no_wildcard(value, "the aggregate needs a value", relations, found);
            }
            for literal in aggregate.bodies.iter().flatten() {
                check_literal(literal, relations, found);
            }
        }
        ExprKind::Variable(_) | ExprKind::Symbol(_) | ExprKind::Number(_) | ExprKind::Float(_) => {}
    }
}

fn misplaced(span: Span, why: &str) -> RuleError {
    RuleError::new(Code::MisplacedWildcard, "`_` has no value")
        .label(span, why)
        .help("`_` stands for any value, and only as an argument in a body; name a variable")
}

fn no_aggregate(expr: &Expr, relation: &str, found: &mut Found) {
    match &expr.kind {
        ExprKind::Aggregate(_) => found.push(
            RuleError::new(
                Code::AggregateInHead,
                format!("an aggregate in the head of `{relation}`"),
            )
            .label(expr.span, "not in a head")
            .help("give its value to a variable in the body: `X = count : { ... }`"),
        ),
        ExprKind::Negate(operand) => no_aggregate(operand, relation, found),
        ExprKind::Binary(_, left, right) => {
            no_aggregate(left, relation, found);
            no_aggregate(right, relation, found);
        }
        ExprKind::Call(_, args) => args
            .iter()
            .for_each(|arg| no_aggregate(arg, relation, found)),
        _ => {}
    }
}

/// Calls `each` for the aggregates in a term and those in them.
pub(super) fn each_aggregate<'p>(expr: &'p Expr, each: &mut impl FnMut(&'p Aggregate)) {
    match &expr.kind {
        ExprKind::Negate(operand) => each_aggregate(operand, each),
        ExprKind::Binary(_, left, right) => {
            each_aggregate(left, each);
            each_aggregate(right, each);
        }
        ExprKind::Call(_, args) => args.iter().for_each(|arg| each_aggregate(arg, each)),
        ExprKind::Aggregate(aggregate) => {
            each(aggregate);
            inner_terms(aggregate).for_each(|term| each_aggregate(term, each));
        }
        _ => {}
    }
}
