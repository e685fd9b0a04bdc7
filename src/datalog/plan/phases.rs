//! What is decided before an expression that can fail is looked at.
//!
//! The planner may reorder goals, but whether a program stops with an error must not depend on that. So goals that can
//! fail (arithmetic, readings of texts, sums, patterns that are not constant) are barriers: each is evaluated for just
//! those rows that satisfy every goal which can be decided without it, several such from left to right. In steps:
//!
//! 1. every goal that cannot fail and whose variables are bound, or that binds one by `=`;
//! 2. every atom, unless an unbound variable in it is assigned by an earlier `X = expression`;
//! 3. when there is neither, the leftmost goal that can fail and whose variables are bound: a barrier;
//! 4. when there is none of that either, the leftmost atom.
//!
//! Within a phase, order is free.

use super::body::{Body, Goal, Term, Var, each_var};
use super::expr::Expr;
use crate::datalog::ast::CompareOp;

/// Goals between two barriers.
#[derive(Debug, Default)]
pub(in crate::datalog) struct Phase {
    /// These cannot fail.
    pub(in crate::datalog) goals: Vec<usize>,
    /// The goal that can, at the end.
    pub(in crate::datalog) barrier: Option<usize>,
}

/// Divides a body into phases. Goals that never become ready (the checker refuses such bodies) are left out.
pub(in crate::datalog) fn phases(body: &Body) -> Vec<Phase> {
    let mut bound = Bound::new(body);
    let mut waiting: Vec<usize> = (0..body.goals.len()).collect();
    let mut phases = vec![Phase::default()];
    while !waiting.is_empty() {
        let sure = waiting.iter().position(|&at| {
            let goal = &body.goals[at];
            bound.ready(goal) && !goal.can_fail() || bound.plain(body, at)
        });
        let risky = || waiting.iter().position(|&at| bound.ready(&body.goals[at]));
        let any = || {
            waiting
                .iter()
                .position(|&at| matches!(body.goals[at], Goal::Atom { negated: false, .. }))
        };
        let Some(place) = sure.or_else(risky).or_else(any) else {
            break;
        };
        let at = waiting.remove(place);
        bound.bind(&body.goals[at]);
        let Some(phase) = phases.last_mut() else {
            break;
        };
        if body.goals[at].can_fail() {
            phase.barrier = Some(at);
            phases.push(Phase::default());
        } else {
            phase.goals.push(at);
        }
    }
    phases
}

/// The variables that have a value so far.
#[derive(Clone, Debug)]
pub(super) struct Bound {
    known: Vec<bool>,
    /// The first goal that assigns each variable.
    assigned_at: Vec<usize>,
}

impl Bound {
    pub(super) fn new(body: &Body) -> Self {
        let mut assigned_at = vec![usize::MAX; body.variables];
        for (at, goal) in body.goals.iter().enumerate().rev() {
            if let Some(first) = goal.assigns().and_then(|var| assigned_at.get_mut(var)) {
                *first = at;
            }
        }
        Bound {
            known: (0..body.variables).map(|var| var < body.given).collect(),
            assigned_at,
        }
    }

    pub(super) fn has(&self, var: Var) -> bool {
        self.known.get(var).copied().unwrap_or(false)
    }

    fn has_all(&self, expr: &Expr<Term>) -> bool {
        let mut all = true;
        each_var(expr, &mut |var| all &= self.has(var));
        all
    }

    /// Whether a goal that is no positive atom can be decided, perhaps by giving a variable its value.
    pub(super) fn ready(&self, goal: &Goal) -> bool {
        match goal {
            Goal::Atom { args, negated, .. } => {
                *negated
                    && args
                        .iter()
                        .all(|arg| arg.var().is_none_or(|var| self.has(var)))
            }
            Goal::Compare { op, left, right } => match (self.has_all(left), self.has_all(right)) {
                (true, true) => true,
                (true, false) => *op == CompareOp::Eq && matches!(right, Expr::Leaf(..)),
                (false, true) => *op == CompareOp::Eq && matches!(left, Expr::Leaf(..)),
                (false, false) => false,
            },
            Goal::Test { args, .. } => args.iter().all(|arg| self.has_all(arg)),
            Goal::Aggregate { aggregate, .. } => aggregate.group.iter().all(|&var| self.has(var)),
        }
    }

    /// Whether goal `at` is an atom that need not wait for an earlier assignment to one of its variables.
    pub(super) fn plain(&self, body: &Body, at: usize) -> bool {
        let Goal::Atom {
            args,
            negated: false,
            ..
        } = &body.goals[at]
        else {
            return false;
        };
        let assigned = |var: Var| self.assigned_at.get(var).is_some_and(|&first| first < at);
        args.iter()
            .filter_map(|arg| arg.var())
            .all(|var| self.has(var) || !assigned(var))
    }

    pub(super) fn bind(&mut self, goal: &Goal) {
        goal.each_var(&mut |var| {
            if let Some(slot) = self.known.get_mut(var) {
                *slot = true;
            }
        });
    }
}
