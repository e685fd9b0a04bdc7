//! Chains that need not run: an atom of theirs has no tuples at all, and nothing before it can fail.

use super::store::Store;
use crate::datalog::ast::TextTest;
use crate::datalog::plan::expr::{Check, Expr};
use crate::datalog::plan::program::{Chain, Operand, Out, Stage, Table, View};

/// Whether a chain makes nothing, and no error either, because a complete relation is empty.
pub(super) fn is_barren(chain: &Chain, store: &Store<'_>) -> bool {
    let last = match chain.heads.as_slice() {
        [head] => Some(&head.stage),
        _ => None,
    };
    for stage in chain.stages.iter().chain(last) {
        match looks(stage, store) {
            Looks::Empty => return true,
            Looks::MayFail => return false,
            Looks::Goes => {}
        }
    }
    false
}

/// What comes of looking at a stage's parts in the order in which rows reach them.
enum Looks {
    Empty,
    MayFail,
    Goes,
}

fn looks(stage: &Stage, store: &Store<'_>) -> Looks {
    for check in &stage.before {
        match check_looks(check, store) {
            Looks::Goes => {}
            end => return end,
        }
    }
    match stage.probe.as_ref().map(|probe| &probe.table) {
        Some(Table::Order {
            order,
            view: View::Complete,
        }) if store.is_empty(*order) => return Looks::Empty,
        Some(Table::Aggregate(_)) => return Looks::MayFail,
        _ => {}
    }
    for check in &stage.after {
        match check_looks(check, store) {
            Looks::Goes => {}
            end => return end,
        }
    }
    let fails = |out: &Out| matches!(out, Out::Compute(expr) if expr.can_fail());
    if stage.out.iter().any(fails) {
        return Looks::MayFail;
    }
    Looks::Goes
}

fn check_looks(check: &Check, store: &Store<'_>) -> Looks {
    let fails = match check {
        Check::Exists {
            order,
            view: View::Complete,
            negated: false,
            ..
        } if store.is_empty(*order) => return Looks::Empty,
        Check::Same { .. } | Check::Exists { .. } => false,
        Check::Compare { left, right, .. } => left.can_fail() || right.can_fail(),
        Check::Test { test, args, .. } => {
            let constant = matches!(args[0], Expr::Leaf(Operand::Constant(_), _));
            (*test == TextTest::Match && !constant) || args.iter().any(Expr::can_fail)
        }
    };
    if fails { Looks::MayFail } else { Looks::Goes }
}
