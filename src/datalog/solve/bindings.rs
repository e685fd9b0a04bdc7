//! The variables of a body that have a value so far, and what can be said of its goals by them.

use super::{Aggregated, Lowered, Matches, World};
use crate::datalog::ast::CompareOp;
use crate::datalog::eval::compute::Leaf;
use crate::datalog::eval::fault::Fault;
use crate::datalog::plan::body::{AggregateGoal, Goal, Term, Var, each_var};
use crate::datalog::plan::expr::Expr;
use std::rc::Rc;

/// Codes by variable, with the order in which they came, so that they can be taken back.
#[derive(Clone, Debug)]
pub(in crate::datalog) struct Bindings {
    values: Vec<Option<u32>>,
    trail: Vec<Var>,
}

/// Where the leaves of a lowered body are looked for.
#[derive(Clone, Copy)]
pub(in crate::datalog) struct Known<'a> {
    values: &'a [Option<u32>],
    constants: &'a [u32],
}

impl Leaf for Term {
    type Place<'a> = Known<'a>;

    fn code(self, _: &[u32], place: Known<'_>) -> u32 {
        let code = match self {
            Term::Var(var) => place.values.get(var).copied().flatten(),
            Term::Constant(constant) => place.constants.get(constant as usize).copied(),
            Term::Wildcard => None,
        };
        code.unwrap_or_default()
    }
}

impl Bindings {
    pub(in crate::datalog) fn new(variables: usize) -> Self {
        Bindings {
            values: vec![None; variables],
            trail: Vec::new(),
        }
    }

    pub(in crate::datalog) fn get(&self, var: Var) -> Option<u32> {
        self.values.get(var).copied().flatten()
    }

    /// Gives a variable a value; false when it has another one.
    pub(in crate::datalog) fn bind(&mut self, var: Var, code: u32) -> bool {
        match self.values.get_mut(var) {
            Some(Some(known)) => *known == code,
            Some(slot) => {
                *slot = Some(code);
                self.trail.push(var);
                true
            }
            None => false,
        }
    }

    /// How many variables have a value.
    pub(in crate::datalog) fn mark(&self) -> usize {
        self.trail.len()
    }

    /// Takes back what came after the mark.
    pub(in crate::datalog) fn undo(&mut self, mark: usize) {
        for var in self.trail.drain(mark.min(self.trail.len())..) {
            if let Some(slot) = self.values.get_mut(var) {
                *slot = None;
            }
        }
    }

    pub(in crate::datalog) fn place<'a>(&'a self, constants: &'a [u32]) -> Known<'a> {
        Known {
            values: &self.values,
            constants,
        }
    }

    /// Whether all variables in an expression have a value.
    pub(in crate::datalog) fn knows(&self, expr: &Expr<Term>) -> bool {
        let mut all = true;
        each_var(expr, &mut |var| all &= self.get(var).is_some());
        all
    }

    /// The values of an atom's arguments, where they are known.
    pub(in crate::datalog) fn pattern(&self, args: &[Term], constants: &[u32]) -> Vec<Option<u32>> {
        let code = |arg: &Term| match arg {
            Term::Var(var) => self.get(*var),
            Term::Constant(constant) => constants.get(*constant as usize).copied(),
            Term::Wildcard => None,
        };
        args.iter().map(code).collect()
    }

    /// Gives an atom's variables the values of a row; false, and some of them given, when it does not fit.
    pub(in crate::datalog) fn take(&mut self, args: &[Term], codes: &[u32]) -> bool {
        args.iter().zip(codes).all(|(arg, code)| match arg {
            Term::Var(var) => self.bind(*var, *code),
            Term::Constant(_) | Term::Wildcard => true,
        })
    }

    /// The variable that an equation gives its value to, with the side that has it.
    pub(in crate::datalog) fn assigns<'e>(
        &self,
        op: CompareOp,
        left: &'e Expr<Term>,
        right: &'e Expr<Term>,
    ) -> Option<(Var, &'e Expr<Term>)> {
        let unknown = |side: &Expr<Term>| match side {
            Expr::Leaf(Term::Var(var), _) if self.get(*var).is_none() => Some(*var),
            _ => None,
        };
        if op != CompareOp::Eq {
            return None;
        }
        match (unknown(left), unknown(right)) {
            (Some(var), None) if self.knows(right) => Some((var, right)),
            (None, Some(var)) if self.knows(left) => Some((var, left)),
            _ => None,
        }
    }

    /// Whether a goal can be decided, perhaps by giving a variable its value. A positive atom is when all its values are
    /// known.
    pub(in crate::datalog) fn decides(&self, goal: &Goal) -> bool {
        let known = |arg: &Term| arg.var().is_none_or(|var| self.get(var).is_some());
        match goal {
            Goal::Atom {
                args,
                negated: true,
                ..
            } => args.iter().all(known),
            Goal::Atom { args, .. } => args.iter().all(|arg| *arg != Term::Wildcard && known(arg)),
            Goal::Compare { op, left, right } => {
                self.knows(left) && self.knows(right) || self.assigns(*op, left, right).is_some()
            }
            Goal::Test { args, .. } => args.iter().all(|arg| self.knows(arg)),
            Goal::Aggregate { aggregate, .. } => self.has_group(aggregate),
        }
    }

    /// Whether the variables that an aggregate takes from outside have values.
    pub(in crate::datalog) fn has_group(&self, aggregate: &AggregateGoal) -> bool {
        aggregate.group.iter().all(|var| self.get(*var).is_some())
    }

    /// The values of those variables.
    pub(in crate::datalog) fn group(&self, aggregate: &AggregateGoal) -> Vec<u32> {
        let values = aggregate.group.iter();
        values
            .map(|var| self.get(*var).unwrap_or_default())
            .collect()
    }

    /// Decides a goal other than a positive atom.
    ///
    /// # Errors
    /// An expression without a value.
    pub(in crate::datalog) fn decide(
        &mut self,
        world: &World<'_>,
        goal: &Goal,
        constants: &[u32],
        aggregated: impl FnOnce(&AggregateGoal, Vec<u32>) -> Result<Rc<Aggregated>, Fault>,
    ) -> Result<bool, Fault> {
        match goal {
            Goal::Atom { relation, args, .. } => {
                let pattern = self.pattern(args, constants);
                Ok(!world.lookup.exists(*relation, pattern))
            }
            Goal::Compare { op, left, right } => {
                if let Some((var, value)) = self.assigns(*op, left, right) {
                    let code = world.computer.compute(value, self.place(constants))?;
                    return Ok(self.bind(var, code));
                }
                world
                    .computer
                    .compare(*op, left, right, self.place(constants))
            }
            Goal::Test {
                test,
                args,
                negated,
                span,
            } => {
                let place = self.place(constants);
                let holds = world.computer.test(*test, args, *span, place)?;
                Ok(holds != *negated)
            }
            Goal::Aggregate { var, aggregate } => {
                let found = aggregated(aggregate, self.group(aggregate))?;
                Ok(found.value.is_some_and(|value| self.bind(*var, value)))
            }
        }
    }

    /// The rows that an atom may take.
    pub(in crate::datalog) fn matches<'a>(
        &self,
        world: &World<'a>,
        (relation, args): (u32, &[Term]),
        constants: &[u32],
    ) -> Matches<'a> {
        world
            .lookup
            .matches(relation, self.pattern(args, constants))
    }

    /// The value of an expression that is known.
    ///
    /// # Errors
    /// An expression without a value.
    pub(in crate::datalog) fn compute(
        &self,
        world: &World<'_>,
        expr: &Expr<Term>,
        lowered: &Lowered,
    ) -> Result<Option<u32>, Fault> {
        if !self.knows(expr) {
            return Ok(None);
        }
        let place = self.place(&lowered.constants);
        world.computer.compute(expr, place).map(Some)
    }
}
