//! Heads against the tuples that they are to make.

use super::{Bindings, Lowered, World};
use crate::datalog::ast::{Atom, ExprKind};
use crate::datalog::fact::{Datum, Pattern};
use crate::datalog::plan::body::Term;
use crate::datalog::plan::expr::Expr;

/// In how many columns the head has a constant that is not the pattern's value. Needs no lowering, so that a rule out of
/// many can be passed over quickly.
pub(in crate::datalog) fn other_constants(head: &Atom, pattern: &Pattern) -> usize {
    let columns = head.args.iter().zip(&pattern.values);
    let differs = columns.filter(|(arg, value)| match (&arg.kind, value) {
        (ExprKind::Symbol(text), Some(Datum::Symbol(value))) => text != value,
        (ExprKind::Number(number), Some(Datum::Number(value))) => number != value,
        (ExprKind::Float(float), Some(Datum::Float(value))) => float != value,
        _ => false,
    });
    differs.count()
}

/// Gives the variables of a head the values that are known; says in how many columns it has another one.
pub(in crate::datalog) fn bind(
    lowered: &Lowered,
    head: usize,
    codes: &[Option<u32>],
    bindings: &mut Bindings,
) -> usize {
    let head = lowered.alternative.body.heads.get(head);
    let columns = head.map_or(&[][..], |head| &head.columns).iter().zip(codes);
    let differs = columns.filter(|(column, code)| match (column, code) {
        (Expr::Leaf(Term::Var(var), _), Some(code)) => !bindings.bind(*var, *code),
        (Expr::Leaf(Term::Constant(constant), _), Some(code)) => {
            lowered.constants.get(*constant as usize) != Some(code)
        }
        _ => false,
    });
    differs.count()
}

/// Whether the columns that are computed have the known values, as far as they can be computed.
pub(in crate::datalog) fn agrees(
    world: &World<'_>,
    lowered: &Lowered,
    head: usize,
    codes: &[Option<u32>],
    bindings: &Bindings,
) -> bool {
    let head = lowered.alternative.body.heads.get(head);
    let mut columns = head.map_or(&[][..], |head| &head.columns).iter().zip(codes);
    columns.all(|(column, code)| match (column, code) {
        (Expr::Leaf(..), _) | (_, None) => true,
        (_, Some(code)) => match bindings.compute(world, column, lowered) {
            Ok(Some(computed)) => computed == *code,
            Ok(None) => true,
            Err(_) => false,
        },
    })
}
