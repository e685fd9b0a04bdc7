//! What became of each literal, from what became of its goals.

use super::approach::{Nearest, State};
use super::{Failure, Outcome, Status};
use crate::datalog::ast::Literal;
use crate::datalog::plan::body::Goal;
use crate::datalog::plan::expr::Expr;
use crate::datalog::proof::{bindings, kinds, text, value};
use crate::datalog::solve::{Lowered, World};

/// So many facts are looked at for the first that is there and should not be.
const MOST_PRESENT: usize = 1000;

/// An outcome for each literal of the body.
pub(super) fn outcomes(
    world: &World<'_>,
    lowered: &Lowered,
    literals: &[Literal],
    nearest: &Nearest,
) -> Vec<Outcome> {
    let known = bindings(world, lowered, &nearest.bindings);
    let outcome = |(at, literal): (usize, &Literal)| Outcome {
        span: literal.span(),
        text: text(literal, &known),
        status: status(world, lowered, at, nearest),
    };
    literals.iter().enumerate().map(outcome).collect()
}

/// How many literals fail.
pub(super) fn failed(outcomes: &[Outcome]) -> usize {
    let failed = outcomes
        .iter()
        .filter(|outcome| matches!(outcome.status, Status::Fails(_)));
    failed.count()
}

fn status(world: &World<'_>, lowered: &Lowered, literal: usize, nearest: &Nearest) -> Status {
    let goals = lowered.alternative.goals_of(literal);
    let states = || {
        goals
            .clone()
            .filter_map(|at| Some((at, nearest.states.get(at)?)))
    };
    for (at, state) in states() {
        if let State::Failed(why) = state {
            let failure = failure(world, lowered, at, why.as_deref(), nearest);
            let own = argument(world, lowered, (literal, at), nearest);
            return Status::Fails(own.filter(|_| why.is_none()).unwrap_or(failure));
        }
    }
    if states().any(|(_, state)| *state != State::Holds) {
        return Status::NotReached;
    }
    let kinds = kinds(world, lowered, literal, &nearest.bindings, &nearest.rows);
    match kinds.into_iter().next() {
        Some(kind) => Status::Holds(kind),
        None => Status::NotReached,
    }
}

fn failure(
    world: &World<'_>,
    lowered: &Lowered,
    goal: usize,
    why: Option<&str>,
    nearest: &Nearest,
) -> Failure {
    if let Some(why) = why {
        return Failure::NoValue(why.to_owned());
    }
    let bindings = &nearest.bindings;
    let value = |expr| value(world, lowered, bindings, expr);
    match lowered.alternative.body.goals.get(goal) {
        Some(Goal::Atom {
            relation,
            args,
            negated,
        }) => {
            let codes = bindings.pattern(args, &lowered.constants);
            let there = world.lookup.matches(*relation, codes.clone());
            let first = there
                .take(MOST_PRESENT)
                .map(|row| world.fact(*relation, row))
                .min();
            match first.filter(|_| *negated) {
                Some(fact) => Failure::Present(fact),
                None => Failure::NoFact(world.pattern(*relation, &codes)),
            }
        }
        Some(Goal::Compare { left, right, .. }) => Failure::Test {
            left: value(left),
            right: value(right),
        },
        Some(Goal::Test { args, .. }) => Failure::Test {
            left: value(&args[0]),
            right: value(&args[1]),
        },
        Some(Goal::Aggregate { .. }) | None => {
            Failure::NoValue("there is nothing to aggregate".to_owned())
        }
    }
}

/// What is missing when an atom took a row that has not the value of an expression among its arguments.
fn argument(
    world: &World<'_>,
    lowered: &Lowered,
    (literal, failed): (usize, usize),
    nearest: &Nearest,
) -> Option<Failure> {
    let goals = &lowered.alternative.body.goals;
    let range = lowered.alternative.goals_of(literal);
    let last = range.clone().last().filter(|last| *last != failed)?;
    let Goal::Atom { relation, args, .. } = goals.get(last)? else {
        return None;
    };
    let mut codes = nearest.bindings.pattern(args, &lowered.constants);
    for goal in goals.get(range)? {
        let Goal::Compare {
            left: Expr::Leaf(term, _),
            right,
            ..
        } = goal
        else {
            continue;
        };
        let value = nearest.bindings.compute(world, right, lowered).ok()?;
        for (arg, code) in args.iter().zip(&mut codes) {
            if arg == term {
                *code = value;
            }
        }
    }
    // A search that was cut short may not have come to the row that is right.
    let missing = !world.lookup.exists(*relation, codes.clone());
    missing.then(|| Failure::NoFact(world.pattern(*relation, &codes)))
}
