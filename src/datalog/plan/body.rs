//! A body in the form that is planned: variables are numbers, compound arguments and aggregates are goals of their own.

use super::expr::Expr;
use crate::datalog::ast::{AggregateOp, BaseType, CompareOp, Span, TextTest};

/// Number of a variable of one body.
pub(in crate::datalog) type Var = usize;

/// A body and what it makes.
#[derive(Debug)]
pub(in crate::datalog) struct Body {
    /// How many variables there are.
    pub(in crate::datalog) variables: usize,
    /// The first so many are known beforehand: the group of an aggregate.
    pub(in crate::datalog) given: usize,
    pub(in crate::datalog) goals: Vec<Goal>,
    pub(in crate::datalog) heads: Vec<HeadGoal>,
}

/// One tuple to be made.
#[derive(Debug)]
pub(in crate::datalog) struct HeadGoal {
    pub(in crate::datalog) relation: u32,
    pub(in crate::datalog) columns: Vec<Expr<Term>>,
}

/// A leaf of an atom or of an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::datalog) enum Term {
    Var(Var),
    Constant(u32),
    Wildcard,
}

impl Term {
    pub(in crate::datalog) fn var(self) -> Option<Var> {
        if let Term::Var(var) = self {
            Some(var)
        } else {
            None
        }
    }
}

/// One conjunct.
#[derive(Debug)]
pub(in crate::datalog) enum Goal {
    Atom {
        relation: u32,
        args: Vec<Term>,
        negated: bool,
    },
    Compare {
        op: CompareOp,
        left: Expr<Term>,
        right: Expr<Term>,
    },
    Test {
        test: TextTest,
        args: Box<[Expr<Term>; 2]>,
        negated: bool,
        span: Span,
    },
    /// Binds `var` to the aggregate's value.
    Aggregate {
        var: Var,
        aggregate: Box<AggregateGoal>,
    },
}

/// An aggregate; its body makes rows of the group, then what distinguishes bindings, then the value.
#[derive(Debug)]
pub(in crate::datalog) struct AggregateGoal {
    pub(in crate::datalog) op: AggregateOp,
    pub(in crate::datalog) ty: BaseType,
    /// Variables of the surrounding body; they are the given ones of the inner body, in this order.
    pub(in crate::datalog) group: Vec<Var>,
    pub(in crate::datalog) body: Body,
    pub(in crate::datalog) value: Option<usize>,
    pub(in crate::datalog) columns: usize,
    pub(in crate::datalog) span: Span,
}

impl Goal {
    /// Calls `visit` with each variable that the goal mentions.
    pub(in crate::datalog) fn each_var(&self, visit: &mut impl FnMut(Var)) {
        match self {
            Goal::Atom { args, .. } => args.iter().filter_map(|arg| arg.var()).for_each(visit),
            Goal::Compare { left, right, .. } => {
                each_var(left, visit);
                each_var(right, visit);
            }
            Goal::Test { args, .. } => args.iter().for_each(|arg| each_var(arg, visit)),
            Goal::Aggregate { var, aggregate } => {
                visit(*var);
                aggregate.group.iter().copied().for_each(visit);
            }
        }
    }

    /// Whether a row may reach it for which it has neither yes nor no.
    pub(in crate::datalog) fn can_fail(&self) -> bool {
        match self {
            Goal::Atom { .. } => false,
            Goal::Compare { left, right, .. } => left.can_fail() || right.can_fail(),
            Goal::Test { test, args, .. } => {
                let constant = matches!(args[0], Expr::Leaf(Term::Constant(_), _));
                (*test == TextTest::Match && !constant) || args.iter().any(Expr::can_fail)
            }
            Goal::Aggregate { aggregate, .. } => {
                aggregate.op == AggregateOp::Sum
                    || aggregate.body.goals.iter().any(Goal::can_fail)
                    || aggregate
                        .body
                        .heads
                        .iter()
                        .flat_map(|head| &head.columns)
                        .any(Expr::can_fail)
            }
        }
    }

    /// The variable that the goal gives a value to when everything else in it is known, with that value:
    /// `X = E` where `E` is more than a variable or a constant.
    pub(in crate::datalog) fn assigns(&self) -> Option<Var> {
        match self {
            Goal::Compare {
                op: CompareOp::Eq,
                left,
                right,
            } => match (left, right) {
                (Expr::Leaf(Term::Var(var), _), compound)
                | (compound, Expr::Leaf(Term::Var(var), _))
                    if !matches!(compound, Expr::Leaf(..)) && !mentions(compound, *var) =>
                {
                    Some(*var)
                }
                _ => None,
            },
            Goal::Aggregate { var, .. } => Some(*var),
            _ => None,
        }
    }
}

pub(in crate::datalog) fn each_var(expr: &Expr<Term>, visit: &mut impl FnMut(Var)) {
    expr.each_leaf(&mut |leaf| {
        if let Term::Var(var) = leaf {
            visit(*var);
        }
    });
}

pub(in crate::datalog) fn mentions(expr: &Expr<Term>, var: Var) -> bool {
    let mut found = false;
    each_var(expr, &mut |other| found |= other == var);
    found
}
