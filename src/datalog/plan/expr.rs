//! Expressions and checks, over variables while a body is planned and over columns afterwards.

use serde::{Deserialize, Serialize};

use super::program::{Operand, View};
use crate::datalog::ast::{BaseType, BinaryOp, CompareOp, Functor, Span, TextTest};

/// An expression whose leaves are variables or places of values.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Expr<L> {
    /// A value of that type.
    Leaf(L, BaseType),
    Negate(Box<Expr<L>>, Span),
    Binary(BinaryOp, Box<[Expr<L>; 2]>, Span),
    Call(Functor, Vec<Expr<L>>, Span),
}

impl<L> Expr<L> {
    /// The type of its value.
    pub(crate) fn base_type(&self) -> BaseType {
        match self {
            Expr::Leaf(_, ty) => *ty,
            Expr::Negate(inner, _) => inner.base_type(),
            Expr::Binary(_, sides, _) => sides[0].base_type(),
            Expr::Call(functor, args, _) => match functor {
                Functor::Cat | Functor::ToString => BaseType::Symbol,
                Functor::Strlen | Functor::ToNumber => BaseType::Number,
                Functor::ToFloat => BaseType::Float,
                Functor::Min | Functor::Max => {
                    args.first().map_or(BaseType::Number, Expr::base_type)
                }
            },
        }
    }

    /// Whether there may be values for which it has none: overflow, division by zero, text that is no number.
    pub(crate) fn can_fail(&self) -> bool {
        match self {
            Expr::Leaf(..) => false,
            Expr::Negate(inner, _) => inner.base_type() == BaseType::Number || inner.can_fail(),
            Expr::Binary(..) => true,
            Expr::Call(functor, args, _) => {
                let from = args.first().map_or(BaseType::Number, Expr::base_type);
                let reads = match functor {
                    Functor::ToNumber => from != BaseType::Number,
                    Functor::ToFloat => from == BaseType::Symbol,
                    _ => false,
                };
                reads || args.iter().any(Expr::can_fail)
            }
        }
    }

    /// Calls `visit` with each leaf.
    pub(crate) fn each_leaf(&self, visit: &mut impl FnMut(&L)) {
        match self {
            Expr::Leaf(leaf, _) => visit(leaf),
            Expr::Negate(inner, _) => inner.each_leaf(visit),
            Expr::Binary(_, sides, _) => sides.iter().for_each(|side| side.each_leaf(visit)),
            Expr::Call(_, args, _) => args.iter().for_each(|arg| arg.each_leaf(visit)),
        }
    }

    /// The same expression over other leaves.
    pub(crate) fn map<M>(&self, to: &impl Fn(&L) -> M) -> Expr<M> {
        match self {
            Expr::Leaf(leaf, ty) => Expr::Leaf(to(leaf), *ty),
            Expr::Negate(inner, span) => Expr::Negate(Box::new(inner.map(to)), *span),
            Expr::Binary(op, sides, span) => {
                let [left, right] = sides.as_ref();
                Expr::Binary(*op, Box::new([left.map(to), right.map(to)]), *span)
            }
            Expr::Call(functor, args, span) => Expr::Call(
                *functor,
                args.iter().map(|arg| arg.map(to)).collect(),
                *span,
            ),
        }
    }
}

/// What a row must satisfy to go on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Check {
    /// Two columns of one type hold the same value, or differ.
    Same {
        left: Operand,
        right: Operand,
        negated: bool,
    },
    /// A row that begins with the key exists, or does not.
    Exists {
        order: u32,
        view: View,
        key: Vec<Operand>,
        negated: bool,
    },
    Compare {
        op: CompareOp,
        left: Expr<Operand>,
        right: Expr<Operand>,
    },
    Test {
        test: TextTest,
        args: Box<[Expr<Operand>; 2]>,
        negated: bool,
        span: Span,
    },
}
