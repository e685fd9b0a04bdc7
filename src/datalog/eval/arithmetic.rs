//! Calculating and reading numbers, where whatever has no answer is a fault.

use super::fault::Fault;
use crate::datalog::ast::{BinaryOp, Span};
use crate::datalog::value::short_text;

pub(super) fn integer(op: BinaryOp, left: i64, right: i64, span: Span) -> Result<i64, Fault> {
    let (result, sign) = match op {
        BinaryOp::Add => (left.checked_add(right), '+'),
        BinaryOp::Sub => (left.checked_sub(right), '-'),
        BinaryOp::Mul => (left.checked_mul(right), '*'),
        BinaryOp::Div => (left.checked_div(right), '/'),
        BinaryOp::Rem => (left.checked_rem(right), '%'),
    };
    result.ok_or_else(|| {
        let shown = format!("{left} {sign} {right}");
        if right == 0 && matches!(op, BinaryOp::Div | BinaryOp::Rem) {
            Fault::division_by_zero(&shown, span)
        } else {
            Fault::overflow(&shown, span)
        }
    })
}

pub(super) fn real(op: BinaryOp, left: f64, right: f64, span: Span) -> Result<f64, Fault> {
    let (result, sign) = match op {
        BinaryOp::Add => (left + right, '+'),
        BinaryOp::Sub => (left - right, '-'),
        BinaryOp::Mul => (left * right, '*'),
        BinaryOp::Div => (left / right, '/'),
        BinaryOp::Rem => (left % right, '%'),
    };
    if result.is_finite() {
        return Ok(result);
    }
    let shown = format!("{} {sign} {}", short_text(left), short_text(right));
    if right == 0.0 && matches!(op, BinaryOp::Div | BinaryOp::Rem) {
        Err(Fault::division_by_zero(&shown, span))
    } else {
        Err(Fault::not_finite(&shown, span))
    }
}

/// Towards zero.
pub(super) fn cut(float: f64, span: Span) -> Result<i64, Fault> {
    const BOUND: f64 = 9_223_372_036_854_775_808.0;
    if (-BOUND..BOUND).contains(&float) {
        Ok(float as i64)
    } else {
        Err(Fault::overflow(&short_text(float), span))
    }
}

pub(super) fn read_number(text: &str, span: Span) -> Result<i64, Fault> {
    text.parse()
        .map_err(|_| Fault::not_a_number(text, "a whole number", span))
}

pub(super) fn read_float(text: &str, span: Span) -> Result<f64, Fault> {
    let digits = text.bytes().any(|byte| byte.is_ascii_digit());
    let float = text
        .parse::<f64>()
        .ok()
        .filter(|float| digits && float.is_finite());
    float.ok_or_else(|| Fault::not_a_number(text, "a finite float", span))
}
