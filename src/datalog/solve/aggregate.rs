//! Aggregates over a complete model, with the facts that they come from.

use std::rc::Rc;

use rustc_hash::FxHashSet;

use super::{Search, World};
use crate::datalog::ast::AggregateOp;
use crate::datalog::eval::aggregate::fold;
use crate::datalog::eval::fault::Fault;
use crate::datalog::fact::Fact;
use crate::datalog::plan::body::{AggregateGoal, Goal};

/// So many facts of a `count` or `sum` are named.
const MOST_WITNESSES: usize = 20;

/// What an aggregate gives for one group.
#[derive(Debug)]
pub(in crate::datalog) struct Aggregated {
    /// Nothing for `min` and `max` over nothing.
    pub(in crate::datalog) value: Option<u32>,
    /// How many ways there are to satisfy its body.
    pub(in crate::datalog) total: usize,
    /// Relations and rows: for `min` and `max` of a binding that attains it, else of all.
    rows: Vec<(u32, usize)>,
    in_order: bool,
}

impl Aggregated {
    /// The facts that it comes from; see [`PremiseKind::Aggregate`](crate::datalog::proof::PremiseKind::Aggregate).
    pub(in crate::datalog) fn witnesses(&self, world: &World<'_>) -> Vec<Fact> {
        let facts = self
            .rows
            .iter()
            .map(|(relation, row)| world.fact(*relation, *row));
        let mut facts: Vec<Fact> = facts.collect();
        if !self.in_order {
            facts.sort_unstable();
            facts.truncate(MOST_WITNESSES);
        }
        facts
    }
}

impl World<'_> {
    /// The value of an aggregate for a group. `place` is its rule, alternative and goal, when it may be asked for again.
    ///
    /// # Errors
    /// An expression in it without a value.
    pub(in crate::datalog) fn aggregate(
        &self,
        place: Option<(usize, usize, usize)>,
        aggregate: &AggregateGoal,
        constants: &[u32],
        group: Vec<u32>,
    ) -> Result<Rc<Aggregated>, Fault> {
        let Some((rule, body, goal)) = place else {
            return self.solve(aggregate, constants, &group).map(Rc::new);
        };
        let key = (rule, body, goal, group);
        if let Some(known) = self.aggregates.borrow().get(&key) {
            return Ok(Rc::clone(known));
        }
        let found = Rc::new(self.solve(aggregate, constants, &key.3)?);
        self.aggregates.borrow_mut().insert(key, Rc::clone(&found));
        Ok(found)
    }

    fn solve(
        &self,
        aggregate: &AggregateGoal,
        constants: &[u32],
        group: &[u32],
    ) -> Result<Aggregated, Fault> {
        let body = &aggregate.body;
        let columns = body.heads.first().map_or(&[][..], |head| &head.columns);
        let value = aggregate.value.and_then(|column| columns.get(column));
        let kind = (aggregate.op, aggregate.ty, aggregate.span);
        let picks = matches!(aggregate.op, AggregateOp::Min | AggregateOp::Max);
        let mut search = Search::of_aggregate(self, body, constants, group);
        let (mut codes, mut total) = (Vec::new(), 0);
        let mut rows: Vec<(u32, usize)> = Vec::new();
        let mut seen: FxHashSet<(u32, usize)> = FxHashSet::default();
        while search.next()? {
            total += 1;
            let place = search.bindings.place(constants);
            let code = match value {
                Some(value) => self.computer.compute(value, place)?,
                None => 0,
            };
            let here = body.goals.iter().zip(&search.rows);
            let here = here.filter_map(|(goal, row)| Some((relation(goal)?, (*row)?)));
            if !picks {
                codes.push(code);
                rows.extend(here.filter(|row| seen.insert(*row)));
                continue;
            }
            let here: Vec<(u32, usize)> = here.collect();
            let known = codes.first().copied();
            let both: Vec<u32> = known.into_iter().chain([code]).collect();
            let best = fold(&self.computer.values, kind, both.into_iter())?;
            if known == Some(code) {
                rows = self.smaller(rows, here);
            } else if best == Some(code) {
                rows = here;
                codes = vec![code];
            }
        }
        Ok(Aggregated {
            value: fold(&self.computer.values, kind, codes.into_iter())?,
            total,
            rows,
            in_order: picks,
        })
    }

    /// The rows whose values come first.
    fn smaller(&self, one: Vec<(u32, usize)>, other: Vec<(u32, usize)>) -> Vec<(u32, usize)> {
        let facts = |rows: &[(u32, usize)]| -> Vec<Fact> {
            let facts = rows
                .iter()
                .map(|(relation, row)| self.fact(*relation, *row));
            facts.collect()
        };
        if facts(&other) < facts(&one) {
            other
        } else {
            one
        }
    }
}

fn relation(goal: &Goal) -> Option<u32> {
    match goal {
        Goal::Atom {
            relation,
            negated: false,
            ..
        } => Some(*relation),
        _ => None,
    }
}
