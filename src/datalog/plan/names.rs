//! The variables that tell one binding of an aggregate's body from another.

use crate::datalog::ast::{Expr, ExprKind, Literal};

/// The variables that literals mention outside of aggregates, in order, each once.
pub(super) fn direct(literals: &[Literal]) -> Vec<&str> {
    let mut names = Vec::new();
    for literal in literals {
        match literal {
            Literal::Positive(atom) | Literal::Negative(atom) => add_all(&atom.args, &mut names),
            Literal::Compare { left, right, .. } => {
                add(left, &mut names);
                add(right, &mut names);
            }
            Literal::Test { args, .. } => add_all(args, &mut names),
        }
    }
    names
}

fn add_all<'a>(exprs: &'a [Expr], names: &mut Vec<&'a str>) {
    exprs.iter().for_each(|expr| add(expr, names));
}

fn add<'a>(expr: &'a Expr, names: &mut Vec<&'a str>) {
    match &expr.kind {
        ExprKind::Variable(name) if !names.contains(&name.as_str()) => names.push(name),
        ExprKind::Negate(inner) => add(inner, names),
        ExprKind::Binary(_, left, right) => {
            add(left, names);
            add(right, names);
        }
        ExprKind::Call(_, args) => add_all(args, names),
        _ => {}
    }
}
