//! The values of an aggregate for all groups that are asked for: its body runs once, from the groups.

use std::cell::RefCell;
use std::cmp::Ordering;

use super::compute::Place;
use super::fault::Fault;
use super::frog::Relation;
use super::row::{Row, Rows, RowsRef, for_width, with_width};
use super::run::Run;
use crate::datalog::ast::{AggregateOp, BaseType, Span};
use crate::datalog::plan::program::AggregatePlan;
use crate::datalog::value::Values;

/// Rows of a group and its value, for each group in `source` that has one.
pub(super) fn values(run: &Run<'_>, plan: &AggregatePlan, source: RowsRef<'_>) -> Rows {
    let groups = groups(run, plan, source);
    let mut made = Vec::new();
    run.chain(&plan.body, Some(groups.borrow()), &mut made);
    let pieces = made.into_iter().map(|(_, rows)| rows).collect();
    let bindings = Rows::union(pieces, usize::from(plan.columns));
    for_width!(Rows, &bindings, bindings => by_group(run, plan, &groups, bindings))
}

fn by_group<const W: usize>(
    run: &Run<'_>,
    plan: &AggregatePlan,
    groups: &Rows,
    bindings: &[Row<W>],
) -> Rows {
    let width = plan.group.len();
    let mut codes = Vec::with_capacity(groups.len() * (width + 1));
    let mut count = 0;
    let mut rest = bindings;
    for group in 0..groups.len() {
        let Some(group) = groups.row(group).get(..width) else {
            continue;
        };
        let here = rest
            .iter()
            .take_while(|row| row.0.iter().zip(group).all(|(code, wanted)| code == wanted));
        let (own, others) = rest.split_at(here.count());
        rest = others;
        let column = plan.value.map_or(0, usize::from);
        let aggregated = own
            .iter()
            .map(|row| row.0.get(column).copied().unwrap_or_default());
        let kind = (plan.op, plan.ty, plan.span);
        let value = run.unless_fault(fold(&run.computer.values, kind, aggregated));
        if let Some(value) = value.flatten() {
            codes.extend_from_slice(group);
            codes.push(value);
            count += 1;
        }
        if !run.goes_on() {
            break;
        }
    }
    Rows::from_codes(width + 1, count, &codes)
}

fn groups(run: &Run<'_>, plan: &AggregatePlan, source: RowsRef<'_>) -> Rows {
    for_width!(RowsRef, source, source => with_width!(plan.group.len(), W => {
        let group = |row: &Row<_>| {
            let place = Place { source: &row.0, found: &[] };
            Row::<W>::from_codes(plan.group.iter().map(|operand| run.code(*operand, place)))
        };
        let mut groups: Vec<Row<W>> = Vec::new();
        for group in source.iter().map(group) {
            if groups.last() != Some(&group) {
                groups.push(group);
            }
        }
        Relation::from_vec(groups).into()
    }))
}

/// What an aggregate makes of the values of its bindings; nothing when it does not hold.
///
/// # Errors
/// A sum that does not fit its type.
pub(in crate::datalog) fn fold(
    values: &RefCell<Values>,
    (op, ty, span): (AggregateOp, BaseType, Span),
    codes: impl ExactSizeIterator<Item = u32>,
) -> Result<Option<u32>, Fault> {
    Ok(match op {
        AggregateOp::Count => Some(values.borrow_mut().number(codes.len() as i64)),
        AggregateOp::Min | AggregateOp::Max => {
            let values = values.borrow();
            let better = if op == AggregateOp::Min {
                Ordering::Less
            } else {
                Ordering::Greater
            };
            codes.reduce(|best, other| {
                if values.compare(ty, other, best) == better {
                    other
                } else {
                    best
                }
            })
        }
        AggregateOp::Sum if ty == BaseType::Float => {
            let mut floats: Vec<f64> = {
                let values = values.borrow();
                codes.map(|code| values.real(code)).collect()
            };
            // The smallest first, so that the sum does not depend on the order of rows.
            floats.sort_by(f64::total_cmp);
            let sum: f64 = floats.iter().sum();
            if !sum.is_finite() {
                let shown = format!("sum of {} floats", floats.len());
                return Err(Fault::not_finite(&shown, span));
            }
            Some(values.borrow_mut().float(sum))
        }
        AggregateOp::Sum => {
            let sum: i128 = {
                let values = values.borrow();
                codes.map(|code| i128::from(values.integer(code))).sum()
            };
            let sum = i64::try_from(sum).map_err(|_| Fault::overflow(&sum.to_string(), span))?;
            Some(values.borrow_mut().number(sum))
        }
    })
}
