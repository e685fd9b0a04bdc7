//! What functors, operators and aggregates take and give.

use crate::datalog::ast::{AggregateOp, BaseType, BinaryOp, CompareOp, Functor, TextTest};

/// What an operand must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::datalog) enum Wanted {
    /// Any value.
    Anything,
    /// A `symbol`.
    Text,
    /// A `number` or a `float`.
    Numeric,
    /// A `number`.
    Whole,
}

pub(in crate::datalog) fn operator(op: BinaryOp) -> (Wanted, &'static str) {
    match op {
        BinaryOp::Add => (Wanted::Numeric, "+"),
        BinaryOp::Sub => (Wanted::Numeric, "-"),
        BinaryOp::Mul => (Wanted::Numeric, "*"),
        BinaryOp::Div => (Wanted::Numeric, "/"),
        BinaryOp::Rem => (Wanted::Whole, "%"),
    }
}

pub(in crate::datalog) fn comparison(op: CompareOp) -> &'static str {
    match op {
        CompareOp::Eq => "=",
        CompareOp::Ne => "!=",
        CompareOp::Lt => "<",
        CompareOp::Le => "<=",
        CompareOp::Gt => ">",
        CompareOp::Ge => ">=",
    }
}

pub(in crate::datalog) fn functor(functor: Functor) -> (Wanted, &'static str) {
    match functor {
        Functor::Cat => (Wanted::Text, "cat"),
        Functor::Strlen => (Wanted::Text, "strlen"),
        Functor::Min => (Wanted::Anything, "min"),
        Functor::Max => (Wanted::Anything, "max"),
        Functor::ToString => (Wanted::Anything, "to_string"),
        Functor::ToNumber => (Wanted::Anything, "to_number"),
        Functor::ToFloat => (Wanted::Anything, "to_float"),
    }
}

/// What a functor gives; `min` and `max` give what they take.
pub(in crate::datalog) fn result(functor: Functor) -> Option<BaseType> {
    match functor {
        Functor::Cat | Functor::ToString => Some(BaseType::Symbol),
        Functor::Strlen | Functor::ToNumber => Some(BaseType::Number),
        Functor::ToFloat => Some(BaseType::Float),
        Functor::Min | Functor::Max => None,
    }
}

pub(in crate::datalog) fn test_name(test: TextTest) -> &'static str {
    match test {
        TextTest::Contains => "contains",
        TextTest::Match => "match",
    }
}

pub(in crate::datalog) fn aggregate_name(op: AggregateOp) -> &'static str {
    match op {
        AggregateOp::Count => "count",
        AggregateOp::Min => "min",
        AggregateOp::Max => "max",
        AggregateOp::Sum => "sum",
    }
}
