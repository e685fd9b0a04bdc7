//! One stage of a chain as one leapjoin: datafrog goes over the source rows, our leapers look the others up.

use super::compute::Place;
use super::frog::{Leapers, Relation};
use super::gather::{Gather, Projection};
use super::lookup::{Batch, Batches};
use super::row::{Rel, Row, Rows, RowsRef, for_width, with_width};
use super::run::Run;
use crate::datalog::ast::{BaseType, CompareOp};
use crate::datalog::plan::expr::{Check, Expr};
use crate::datalog::plan::program::{Operand, Out, Stage};
use crate::datalog::value::short_order;

/// Runs a stage over all rows of a source. `table` is what its probe looks into.
pub(super) fn stage(
    run: &Run<'_>,
    stage: &Stage,
    source: RowsRef<'_>,
    table: Option<Batches<'_>>,
) -> Rows {
    let before = prepare(run, &stage.before, source.len());
    let out = stage.out.as_slice();
    let (Some(probe), Some(table)) = (&stage.probe, table) else {
        let filter = Filter { run, before };
        return for_width!(RowsRef, source, source => {
            with_width!(out.len(), W => filtered::<_, W>(run, source, filter, out).into())
        });
    };
    let after = prepare(run, &stage.after, source.len());
    for_width!(Batches, table, runs => {
        let key = Gather::new(run, probe.key.iter().copied());
        let extension = Extension { run, before, after, key, runs, found: Vec::new() };
        for_width!(RowsRef, source, source => {
            with_width!(out.len(), W => extended::<_, _, W>(run, source, extension, out).into())
        })
    })
}

fn extended<const S: usize, const F: usize, const W: usize>(
    run: &Run<'_>,
    source: &Rel<S>,
    extension: Extension<'_, '_, F>,
    out: &[Out],
) -> Rel<W> {
    let mut projection = Projection::<W>::new(run, out);
    Relation::from_leapjoin(source, extension, |source, found: &Row<F>| {
        Row(projection.row(
            run,
            Place {
                source: &source.0,
                found: &found.0,
            },
        ))
    })
}

fn filtered<const S: usize, const W: usize>(
    run: &Run<'_>,
    source: &Rel<S>,
    filter: Filter<'_>,
    out: &[Out],
) -> Rel<W> {
    let mut projection = Projection::<W>::new(run, out);
    Relation::from_leapjoin(source, filter, |source, (): &()| {
        Row(projection.row(
            run,
            Place {
                source: &source.0,
                found: &[],
            },
        ))
    })
}

/// A check that is ready for many rows.
enum Prepared<'a> {
    /// Whether a row that begins with the key exists.
    Exists {
        key: Gather<16>,
        table: Batches<'a>,
        negated: bool,
    },
    /// A comparison of numbers, decided by their codes where they have short ones.
    Numbers {
        op: CompareOp,
        sides: [Operand; 2],
        check: &'a Check,
    },
    Other(&'a Check),
}

fn prepare<'a>(run: &Run<'a>, checks: &'a [Check], rows: usize) -> Vec<Prepared<'a>> {
    let prepared = checks.iter().map(|check| match check {
        Check::Exists {
            order,
            view,
            key,
            negated,
        } => Prepared::Exists {
            key: Gather::new(run, key.iter().copied()),
            table: run.table(*order, *view, rows),
            negated: *negated,
        },
        Check::Compare {
            op,
            left: Expr::Leaf(left, BaseType::Number),
            right: Expr::Leaf(right, BaseType::Number),
        } => Prepared::Numbers {
            op: *op,
            sides: [*left, *right],
            check,
        },
        other => Prepared::Other(other),
    });
    prepared.collect()
}

impl Prepared<'_> {
    #[inline]
    fn holds(&mut self, run: &Run<'_>, place: Place<'_>) -> bool {
        match self {
            Prepared::Exists {
                key,
                table,
                negated,
            } => table.any(key.pick(place)) != *negated,
            Prepared::Numbers { op, sides, check } => {
                let [left, right] = sides.map(|side| run.code(side, place));
                match short_order(left, right) {
                    Some(order) => op.holds(order),
                    None => other_holds(run, check, place),
                }
            }
            Prepared::Other(check) => other_holds(run, check, place),
        }
    }
}

fn other_holds(run: &Run<'_>, check: &Check, place: Place<'_>) -> bool {
    match check {
        Check::Same {
            left,
            right,
            negated,
        } => (run.code(*left, place) == run.code(*right, place)) != *negated,
        // Prepared otherwise.
        Check::Exists { .. } => false,
        Check::Compare { op, left, right } => run
            .unless_fault(run.computer.compare(*op, left, right, place))
            .unwrap_or(false),
        Check::Test {
            test,
            args,
            negated,
            span,
        } => {
            let holds = run.unless_fault(run.computer.test(*test, args, *span, place));
            holds.is_some_and(|holds| holds != *negated)
        }
    }
}

/// Lets source rows through that pass the checks, each with an empty value.
struct Filter<'a> {
    run: &'a Run<'a>,
    before: Vec<Prepared<'a>>,
}

impl<'leap, const S: usize> Leapers<'leap, Row<S>, ()> for Filter<'_> {
    fn for_each_count(&mut self, source: &Row<S>, mut op: impl FnMut(usize, usize)) {
        let (run, place) = (
            self.run,
            Place {
                source: &source.0,
                found: &[],
            },
        );
        let passes = run.goes_on() && self.before.iter_mut().all(|check| check.holds(run, place));
        op(0, usize::from(passes && run.spend(1)));
    }

    fn propose(&mut self, _: &Row<S>, _: usize, values: &mut Vec<&'leap ()>) {
        values.push(&());
    }

    fn intersect(&mut self, _: &Row<S>, _: usize, _: &mut Vec<&'leap ()>) {}
}

/// Proposes the rows that begin with the key of a source row that passes `before`, and keeps those that pass `after`.
struct Extension<'a, 'leap, const F: usize> {
    run: &'a Run<'a>,
    before: Vec<Prepared<'a>>,
    after: Vec<Prepared<'a>>,
    key: Gather<16>,
    runs: Vec<Batch<'leap, F>>,
    /// What was found for the source row of the last count.
    found: Vec<&'leap [Row<F>]>,
}

impl<'leap, const S: usize, const F: usize> Leapers<'leap, Row<S>, Row<F>>
    for Extension<'_, 'leap, F>
{
    fn for_each_count(&mut self, source: &Row<S>, mut op: impl FnMut(usize, usize)) {
        op(0, self.count(&source.0));
    }

    fn propose(&mut self, _: &Row<S>, _: usize, values: &mut Vec<&'leap Row<F>>) {
        for rows in &self.found {
            values.extend(rows.iter());
        }
    }

    fn intersect(&mut self, source: &Row<S>, _: usize, values: &mut Vec<&'leap Row<F>>) {
        if !self.after.is_empty() {
            self.keep(&source.0, values);
        }
    }
}

impl<'leap, const F: usize> Extension<'_, 'leap, F> {
    fn count(&mut self, source: &[u32]) -> usize {
        let (run, place) = (self.run, Place { source, found: &[] });
        if !run.goes_on() || !self.before.iter_mut().all(|check| check.holds(run, place)) {
            return 0;
        }
        let key = self.key.pick(place);
        self.found.clear();
        let mut count = 0;
        for batch in &mut self.runs {
            let rows = batch.find(key);
            count += rows.len();
            self.found.push(rows);
        }
        if run.spend(count) { count } else { 0 }
    }

    fn keep(&mut self, source: &[u32], values: &mut Vec<&'leap Row<F>>) {
        let (run, after) = (self.run, &mut self.after);
        values.retain(|found| {
            let place = Place {
                source,
                found: &found.0,
            };
            after.iter_mut().all(|check| check.holds(run, place))
        });
    }
}
