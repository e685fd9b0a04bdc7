//! The values of an aggregate for all groups that are asked for: its body runs once, from the groups.

use std::cmp::Ordering;

use super::compute::Place;
use super::fault::Fault;
use super::frog::Relation;
use super::row::{Row, Rows, RowsRef, for_width, with_width};
use super::run::Run;
use crate::datalog::ast::{AggregateOp, BaseType};
use crate::datalog::plan::program::AggregatePlan;

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
        if let Some(value) = fold(run, plan, own) {
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

/// The value of a group with these bindings.
fn fold<const W: usize>(run: &Run<'_>, plan: &AggregatePlan, bindings: &[Row<W>]) -> Option<u32> {
    let column = plan.value.map_or(0, usize::from);
    let values_of = || {
        bindings
            .iter()
            .map(|row| row.0.get(column).copied().unwrap_or_default())
    };
    match plan.op {
        AggregateOp::Count => Some(
            run.computer
                .values
                .borrow_mut()
                .number(bindings.len() as i64),
        ),
        AggregateOp::Min | AggregateOp::Max => {
            let values = run.computer.values.borrow();
            let better = if plan.op == AggregateOp::Min {
                Ordering::Less
            } else {
                Ordering::Greater
            };
            values_of().reduce(|best, other| {
                if values.compare(plan.ty, other, best) == better {
                    other
                } else {
                    best
                }
            })
        }
        AggregateOp::Sum if plan.ty == BaseType::Float => {
            let mut floats: Vec<f64> = {
                let values = run.computer.values.borrow();
                values_of().map(|code| values.real(code)).collect()
            };
            // The smallest first, so that the sum does not depend on the order of rows.
            floats.sort_by(f64::total_cmp);
            let sum: f64 = floats.iter().sum();
            let fault = || Fault::not_finite(&format!("sum of {} floats", floats.len()), plan.span);
            let sum = run.unless_fault(if sum.is_finite() {
                Ok(sum)
            } else {
                Err(fault())
            })?;
            Some(run.computer.values.borrow_mut().float(sum))
        }
        AggregateOp::Sum => {
            let sum: i128 = {
                let values = run.computer.values.borrow();
                values_of()
                    .map(|code| i128::from(values.integer(code)))
                    .sum()
            };
            let sum = i64::try_from(sum).map_err(|_| Fault::overflow(&sum.to_string(), plan.span));
            let sum = run.unless_fault(sum)?;
            Some(run.computer.values.borrow_mut().number(sum))
        }
    }
}
