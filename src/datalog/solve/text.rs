//! Literals as text, with values in place of the variables that have one.

use std::fmt::Write;

use crate::datalog::ast::{
    Aggregate, AggregateOp, Atom, BinaryOp, CompareOp, Expr, ExprKind, Functor, Literal, TextTest,
};
use crate::datalog::fact::Datum;

/// What is known of variables by name.
pub(in crate::datalog) type Values<'v> = &'v dyn Fn(&str) -> Option<Datum>;

/// A literal as a rule file writes it.
pub(in crate::datalog) fn literal(literal: &Literal, values: Values<'_>) -> String {
    let mut text = String::new();
    write_literal(&mut text, literal, values);
    text
}

fn write_literal(text: &mut String, literal: &Literal, values: Values<'_>) {
    match literal {
        Literal::Positive(atom) => write_atom(text, atom, values),
        Literal::Negative(atom) => {
            text.push('!');
            write_atom(text, atom, values);
        }
        Literal::Compare {
            left, op, right, ..
        } => {
            write_expr(text, left, 0, values);
            // Writing to a string does not fail.
            let _ = write!(text, " {} ", comparison(*op));
            write_expr(text, right, 0, values);
        }
        Literal::Test {
            test,
            args,
            negated,
            ..
        } => {
            text.push_str(if *negated { "!" } else { "" });
            text.push_str(match test {
                TextTest::Contains => "contains",
                TextTest::Match => "match",
            });
            write_args(text, args, values);
        }
    }
}

fn write_atom(text: &mut String, atom: &Atom, values: Values<'_>) {
    text.push_str(&atom.relation.name);
    write_args(text, &atom.args, values);
}

fn write_args(text: &mut String, args: &[Expr], values: Values<'_>) {
    text.push('(');
    for (at, arg) in args.iter().enumerate() {
        text.push_str(if at > 0 { ", " } else { "" });
        write_expr(text, arg, 0, values);
    }
    text.push(')');
}

/// Writes a term; in parentheses when it binds less than `binding`.
fn write_expr(text: &mut String, expr: &Expr, binding: u8, values: Values<'_>) {
    match &expr.kind {
        ExprKind::Variable(name) => match values(name) {
            Some(value) => text.push_str(&value.to_string()),
            None => text.push_str(name),
        },
        ExprKind::Wildcard => text.push('_'),
        ExprKind::Symbol(symbol) => text.push_str(&Datum::Symbol(symbol.clone()).to_string()),
        ExprKind::Number(number) => text.push_str(&number.to_string()),
        ExprKind::Float(float) => text.push_str(&Datum::Float(*float).to_string()),
        ExprKind::Negate(inner) => {
            let mut operand = String::new();
            write_expr(&mut operand, inner, 3, values);
            let _ = match operand.starts_with('-') {
                true => write!(text, "-({operand})"),
                false => write!(text, "-{operand}"),
            };
        }
        ExprKind::Binary(op, left, right) => {
            let (sign, own) = operator(*op);
            let parentheses = own < binding;
            text.push_str(if parentheses { "(" } else { "" });
            write_expr(text, left, own, values);
            let _ = write!(text, " {sign} ");
            write_expr(text, right, own + 1, values);
            text.push_str(if parentheses { ")" } else { "" });
        }
        ExprKind::Call(functor, args) => {
            text.push_str(name(*functor));
            write_args(text, args, values);
        }
        ExprKind::Aggregate(aggregate) => write_aggregate(text, aggregate, values),
    }
}

fn write_aggregate(text: &mut String, aggregate: &Aggregate, values: Values<'_>) {
    text.push_str(match aggregate.op {
        AggregateOp::Count => "count",
        AggregateOp::Min => "min",
        AggregateOp::Max => "max",
        AggregateOp::Sum => "sum",
    });
    if let Some(value) = &aggregate.value {
        text.push(' ');
        write_expr(text, value, 0, values);
    }
    text.push_str(" : { ");
    for (at, literal) in aggregate.bodies.iter().flatten().enumerate() {
        text.push_str(if at > 0 { ", " } else { "" });
        write_literal(text, literal, values);
    }
    text.push_str(" }");
}

fn operator(op: BinaryOp) -> (char, u8) {
    match op {
        BinaryOp::Add => ('+', 1),
        BinaryOp::Sub => ('-', 1),
        BinaryOp::Mul => ('*', 2),
        BinaryOp::Div => ('/', 2),
        BinaryOp::Rem => ('%', 2),
    }
}

fn comparison(op: CompareOp) -> &'static str {
    match op {
        CompareOp::Eq => "=",
        CompareOp::Ne => "!=",
        CompareOp::Lt => "<",
        CompareOp::Le => "<=",
        CompareOp::Gt => ">",
        CompareOp::Ge => ">=",
    }
}

fn name(functor: Functor) -> &'static str {
    match functor {
        Functor::Cat => "cat",
        Functor::Strlen => "strlen",
        Functor::Min => "min",
        Functor::Max => "max",
        Functor::ToString => "to_string",
        Functor::ToNumber => "to_number",
        Functor::ToFloat => "to_float",
    }
}
