//! Advice on values of the wrong type: how to write or convert them.

use crate::datalog::ast::{BaseType, Expr, ExprKind};

/// How a term becomes a value of a base type.
pub(super) fn term(expr: &Expr, to: BaseType) -> String {
    match (&expr.kind, to) {
        (ExprKind::Number(n), BaseType::Float) => format!("write `{n}.0`"),
        (ExprKind::Number(n), BaseType::Symbol) => format!("write it as a text: \"{n}\""),
        (ExprKind::Float(f), BaseType::Symbol) => format!("write it as a text: \"{f:?}\""),
        (ExprKind::Float(_), BaseType::Number) => "write a whole number".to_owned(),
        (ExprKind::Symbol(text), BaseType::Number) if text.parse::<i64>().is_ok() => {
            format!("write it without quotes: `{text}`")
        }
        (ExprKind::Symbol(_), BaseType::Number) => "write digits, without quotes".to_owned(),
        (ExprKind::Symbol(_), BaseType::Float) => {
            "write digits with a decimal point, without quotes".to_owned()
        }
        _ => value(to).to_owned(),
    }
}

/// The functor that makes a value of a base type.
pub(super) fn value(to: BaseType) -> &'static str {
    match to {
        BaseType::Symbol => "`to_string(...)` makes a `symbol` of it",
        BaseType::Number => "`to_number(...)` makes a `number` of it",
        BaseType::Float => "`to_float(...)` makes a `float` of it",
    }
}

/// How two terms become values of one type: a constant gives way, and else the type that loses
/// nothing by it.
pub(super) fn one_of(
    (left, left_base): (&Expr, BaseType),
    (right, right_base): (&Expr, BaseType),
) -> String {
    if is_constant(right) {
        return term(right, left_base);
    }
    if is_constant(left) {
        return term(left, right_base);
    }
    match (left_base, right_base) {
        (BaseType::Number, BaseType::Float) | (BaseType::Float, BaseType::Number) => {
            "`to_float(...)` makes a `float` of the `number`".to_owned()
        }
        (BaseType::Symbol, other) | (other, _) => {
            let other = other.name();
            format!("`to_string(...)` makes a `symbol` of the `{other}`")
        }
    }
}

fn is_constant(expr: &Expr) -> bool {
    matches!(
        expr.kind,
        ExprKind::Symbol(_) | ExprKind::Number(_) | ExprKind::Float(_)
    )
}
