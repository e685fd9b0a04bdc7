//! What a literal of a body rests on, by the binding that satisfies it.

use super::PremiseKind;
use crate::datalog::ast::{BaseType, Literal};
use crate::datalog::fact::Datum;
use crate::datalog::plan::body::{AggregateGoal, Goal, Term};
use crate::datalog::plan::expr::Expr;
use crate::datalog::solve::{self, Bindings, Lowered, World};

/// The values of the named variables that have one.
pub(in crate::datalog) fn bindings(
    world: &World<'_>,
    lowered: &Lowered,
    bindings: &Bindings,
) -> Vec<(String, Datum)> {
    let variables = lowered.alternative.variables.iter().enumerate();
    let known = variables.filter_map(|(var, (name, ty))| {
        let code = bindings.get(var)?;
        Some((name.clone(), world.decode(*ty, code)))
    });
    known.collect()
}

/// A literal with the values that are known, which are sorted by name.
pub(in crate::datalog) fn text(literal: &Literal, known: &[(String, Datum)]) -> String {
    solve::text::literal(literal, &|name| {
        let at = known.binary_search_by(|(other, _)| other.as_str().cmp(name));
        let (_, value) = known.get(at.ok()?)?;
        Some(value.clone())
    })
}

/// What a literal rests on: itself, unless it is a comparison of aggregates, and its aggregates.
pub(in crate::datalog) fn kinds(
    world: &World<'_>,
    lowered: &Lowered,
    literal: usize,
    bindings: &Bindings,
    rows: &[Option<usize>],
) -> Vec<PremiseKind> {
    let goals = lowered.alternative.goals_of(literal);
    let goal = |at: usize| lowered.alternative.body.goals.get(at);
    let aggregates = goals.clone().filter_map(|at| match goal(at)? {
        Goal::Aggregate { aggregate, .. } => aggregated(world, lowered, at, aggregate, bindings),
        _ => None,
    });
    let mut aggregates: Vec<PremiseKind> = aggregates.collect();
    let Some((last, goal)) = goals.last().and_then(|at| Some((at, goal(at)?))) else {
        return aggregates;
    };
    let value = |expr: &Expr<Term>| value(world, lowered, bindings, expr);
    let own = match goal {
        Goal::Atom {
            relation,
            negated: false,
            ..
        } => {
            let row = rows.get(last).copied().flatten();
            row.map(|row| PremiseKind::Fact(world.fact(*relation, row)))
        }
        Goal::Atom { relation, args, .. } => {
            let pattern = bindings.pattern(args, &lowered.constants);
            Some(PremiseKind::Absent(world.pattern(*relation, &pattern)))
        }
        Goal::Compare { .. } if !aggregates.is_empty() => None,
        Goal::Compare { left, right, .. } => Some(PremiseKind::Test {
            left: value(left),
            right: value(right),
        }),
        Goal::Test { args, .. } => Some(PremiseKind::Test {
            left: value(&args[0]),
            right: value(&args[1]),
        }),
        Goal::Aggregate { .. } => None,
    };
    aggregates.splice(0..0, own);
    aggregates
}

/// The value of an expression, when it has one.
pub(in crate::datalog) fn value(
    world: &World<'_>,
    lowered: &Lowered,
    bindings: &Bindings,
    expr: &Expr<Term>,
) -> Option<Datum> {
    let code = bindings.compute(world, expr, lowered).ok().flatten()?;
    Some(world.decode(expr.base_type(), code))
}

fn aggregated(
    world: &World<'_>,
    lowered: &Lowered,
    at: usize,
    aggregate: &AggregateGoal,
    bindings: &Bindings,
) -> Option<PremiseKind> {
    let place = Some((lowered.rule, lowered.number, at));
    let group = bindings.group(aggregate);
    let found = world.aggregate(place, aggregate, &lowered.constants, group);
    let found = found.ok()?;
    let ty: BaseType = aggregate.ty;
    Some(PremiseKind::Aggregate {
        op: aggregate.op,
        value: world.decode(ty, found.value?),
        witnesses: found.witnesses(world),
        total: found.total,
    })
}
