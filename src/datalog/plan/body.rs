//! A body in the form that is planned: variables are numbers, compound arguments and aggregates are goals of their own.

use super::expr::Expr;
use crate::datalog::ast::{AggregateOp, BaseType, CompareOp, Span, TextTest};

/// Number of a variable of one body.
pub(super) type Var = usize;

/// A body and what it makes.
#[derive(Debug)]
pub(super) struct Body {
    /// How many variables there are.
    pub(super) variables: usize,
    /// The first so many are known beforehand: the group of an aggregate.
    pub(super) given: usize,
    pub(super) goals: Vec<Goal>,
    pub(super) heads: Vec<HeadGoal>,
}

/// One tuple to be made.
#[derive(Debug)]
pub(super) struct HeadGoal {
    pub(super) relation: u32,
    pub(super) columns: Vec<Expr<Term>>,
}

/// A leaf of an atom or of an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Term {
    Var(Var),
    Constant(u32),
    Wildcard,
}

impl Term {
    pub(super) fn var(self) -> Option<Var> {
        if let Term::Var(var) = self {
            Some(var)
        } else {
            None
        }
    }
}

/// One conjunct.
#[derive(Debug)]
pub(super) enum Goal {
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
pub(super) struct AggregateGoal {
    pub(super) op: AggregateOp,
    pub(super) ty: BaseType,
    /// Variables of the surrounding body; they are the given ones of the inner body, in this order.
    pub(super) group: Vec<Var>,
    pub(super) body: Body,
    pub(super) value: Option<usize>,
    pub(super) columns: usize,
    pub(super) span: Span,
}

impl Goal {
    /// Calls `visit` with each variable that the goal mentions.
    pub(super) fn each_var(&self, visit: &mut impl FnMut(Var)) {
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
    pub(super) fn can_fail(&self) -> bool {
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
    pub(super) fn assigns(&self) -> Option<Var> {
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

pub(super) fn each_var(expr: &Expr<Term>, visit: &mut impl FnMut(Var)) {
    expr.each_leaf(&mut |leaf| {
        if let Term::Var(var) = leaf {
            visit(*var);
        }
    });
}

pub(super) fn mentions(expr: &Expr<Term>, var: Var) -> bool {
    let mut found = false;
    each_var(expr, &mut |other| found |= other == var);
    found
}
