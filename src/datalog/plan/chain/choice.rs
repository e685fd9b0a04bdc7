//! Which goal comes next: whatever can be decided at once; values that can be computed; aggregates; and the atom with
//! the most known columns, of equals the one with the fewest unknown ones, of equals the leftmost.

use super::Planner;
use crate::datalog::ast::CompareOp;
use crate::datalog::plan::body::{Goal, Term, Var};
use crate::datalog::plan::expr::Expr;

impl Planner<'_> {
    /// Which of the goals comes next: a place in the list.
    pub(super) fn next(&self, goals: &[usize]) -> usize {
        let ready = |goal: &usize| {
            let goal = &self.body.goals[*goal];
            self.bound.ready(goal).then(|| match goal {
                Goal::Aggregate { .. } => 2,
                Goal::Compare { .. } if self.computes(goal) => 1,
                _ => 0,
            })
        };
        let decided = |goal: &usize| match ready(goal) {
            Some(rank) => Some(rank),
            None => self.is_test(*goal).then_some(0),
        };
        // Before there are rows, only constants are worth more than rows.
        let begins = self.source.is_none() && goals.iter().any(|&goal| self.is_join(goal));
        let soonest = goals
            .iter()
            .enumerate()
            .filter(|(_, goal)| !begins || self.is_constant(**goal));
        let soonest = soonest
            .filter_map(|(at, goal)| Some((decided(goal)?, at)))
            .min();
        if let Some((_, at)) = soonest {
            return at;
        }
        let rank = |goal: usize| {
            let delta = self.views.delta == Some(goal);
            let waits = !self.bound.plain(self.body, goal);
            let (known, unknown) = if begins { (0, 0) } else { self.columns(goal) };
            (
                !self.is_join(goal),
                !delta,
                waits,
                usize::MAX - known,
                unknown,
                goal,
            )
        };
        goals
            .iter()
            .enumerate()
            .min_by_key(|(_, goal)| rank(**goal))
            .map_or(0, |(at, _)| at)
    }

    pub(super) fn is_join(&self, goal: usize) -> bool {
        matches!(self.body.goals[goal], Goal::Atom { negated: false, .. })
    }

    /// `X = 3`
    pub(super) fn is_constant(&self, goal: usize) -> bool {
        let leaf = |expr: &Expr<Term>| matches!(expr, Expr::Leaf(..));
        matches!(&self.body.goals[goal], Goal::Compare { op: CompareOp::Eq, left, right } if leaf(left) && leaf(right))
            && self.bound.ready(&self.body.goals[goal])
    }

    /// Whether the goal gives a variable a value that has to be computed.
    pub(super) fn computes(&self, goal: &Goal) -> bool {
        let Goal::Compare { left, right, .. } = goal else {
            return false;
        };
        let unknown = |expr: &Expr<Term>| matches!(expr, Expr::Leaf(Term::Var(var), _) if !self.bound.has(*var));
        let compound = |expr: &Expr<Term>| !matches!(expr, Expr::Leaf(..));
        unknown(left) && compound(right) || unknown(right) && compound(left)
    }

    /// How many columns of an atom are known and unknown.
    pub(super) fn columns(&self, goal: usize) -> (usize, usize) {
        let Goal::Atom { args, .. } = &self.body.goals[goal] else {
            return (0, 0);
        };
        let known = args.iter().filter(|arg| self.known(**arg)).count();
        let unknown = args
            .iter()
            .filter(|arg| arg.var().is_some_and(|var| !self.bound.has(var)))
            .count();
        (known, unknown)
    }

    pub(super) fn known(&self, term: Term) -> bool {
        match term {
            Term::Var(var) => self.bound.has(var),
            Term::Constant(_) => true,
            Term::Wildcard => false,
        }
    }

    /// Whether a positive atom only asks if there is such a tuple: nobody needs what it would bind.
    pub(super) fn is_test(&self, goal: usize) -> bool {
        let Goal::Atom {
            args,
            negated: false,
            ..
        } = &self.body.goals[goal]
        else {
            return false;
        };
        if self.source.is_none() {
            return false;
        }
        let unknown = || {
            args.iter()
                .filter_map(|arg| arg.var())
                .filter(|var| !self.bound.has(*var))
        };
        unknown()
            .all(|var| unknown().filter(|other| *other == var).count() == 1 && !self.needed(var, 1))
    }

    /// Whether a variable is needed by more than `goals` goals or heads.
    pub(super) fn needed(&self, var: Var, goals: usize) -> bool {
        self.uses.get(var).is_some_and(|&uses| uses > goals)
    }
}
