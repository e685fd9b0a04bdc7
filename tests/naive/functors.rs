//! What expressions mean.

use std::cmp::Ordering;

use aim_engine::datalog::ast::{BinaryOp, CompareOp, Expr, ExprKind, Functor, TextTest};

use super::{Binding, Failure};

#[derive(Clone, Debug)]
pub enum Val {
    Symbol(String),
    Number(i64),
    Float(f64),
}

impl Ord for Val {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Val::Symbol(a), Val::Symbol(b)) => a.as_bytes().cmp(b.as_bytes()),
            (Val::Number(a), Val::Number(b)) => a.cmp(b),
            (Val::Float(a), Val::Float(b)) => a.partial_cmp(b).expect("never NaN"),
            _ => panic!("{self:?} and {other:?} have different types"),
        }
    }
}

impl PartialOrd for Val {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Val {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Val {}

fn fail<T>(what: impl Into<String>) -> Result<T, Failure> {
    Err(Failure(what.into()))
}

fn finite(float: f64) -> Result<Val, Failure> {
    if float.is_finite() {
        Ok(Val::Float(float + 0.0))
    } else {
        fail("not finite")
    }
}

fn fits(number: i128) -> Result<Val, Failure> {
    i64::try_from(number)
        .map(Val::Number)
        .or_else(|_| fail(format!("overflow: {number}")))
}

pub fn sum(values: Vec<Val>, float: bool) -> Result<Val, Failure> {
    if !float {
        return fits(values.iter().map(|value| i128::from(number(value))).sum());
    }
    let mut floats: Vec<f64> = values.iter().map(real).collect();
    floats.sort_by(|a, b| a.total_cmp(b));
    let mut sum = 0.0;
    for float in floats {
        sum += float;
    }
    finite(sum)
}

fn number(value: &Val) -> i64 {
    let Val::Number(number) = value else {
        panic!("{value:?} is no number")
    };
    *number
}

fn real(value: &Val) -> f64 {
    let Val::Float(float) = value else {
        panic!("{value:?} is no float")
    };
    *float
}

fn text(value: &Val) -> &str {
    let Val::Symbol(text) = value else {
        panic!("{value:?} is no symbol")
    };
    text
}

pub fn value(expr: &Expr, binding: &Binding) -> Result<Val, Failure> {
    match &expr.kind {
        ExprKind::Variable(name) => Ok(binding[name].clone()),
        ExprKind::Symbol(text) => Ok(Val::Symbol(text.clone())),
        ExprKind::Number(number) => Ok(Val::Number(*number)),
        ExprKind::Float(float) => finite(*float),
        ExprKind::Negate(inner) => match value(inner, binding)? {
            Val::Number(number) => fits(-i128::from(number)),
            Val::Float(float) => finite(-float),
            Val::Symbol(_) => panic!("a negative symbol"),
        },
        ExprKind::Binary(op, left, right) => {
            let (left, right) = (value(left, binding)?, value(right, binding)?);
            if let (Val::Float(a), Val::Float(b)) = (&left, &right) {
                return finite(match op {
                    BinaryOp::Add => a + b,
                    BinaryOp::Sub => a - b,
                    BinaryOp::Mul => a * b,
                    BinaryOp::Div => a / b,
                    BinaryOp::Rem => a % b,
                });
            }
            let (a, b) = (i128::from(number(&left)), i128::from(number(&right)));
            fits(match op {
                BinaryOp::Add => a + b,
                BinaryOp::Sub => a - b,
                BinaryOp::Mul => a * b,
                BinaryOp::Div | BinaryOp::Rem if b == 0 => return fail("division by zero"),
                BinaryOp::Div => a / b,
                // The processor cannot tell the remainder of this one either.
                BinaryOp::Rem if a == i128::from(i64::MIN) && b == -1 => return fail("overflow"),
                BinaryOp::Rem => a % b,
            })
        }
        ExprKind::Call(functor, args) => {
            let args = args
                .iter()
                .map(|arg| value(arg, binding))
                .collect::<Result<Vec<_>, _>>()?;
            Ok(match functor {
                Functor::Cat => Val::Symbol(args.iter().map(text).collect()),
                Functor::Strlen => Val::Number(text(&args[0]).len() as i64),
                Functor::Min => args.into_iter().min().expect("there are some"),
                Functor::Max => args.into_iter().max().expect("there are some"),
                Functor::ToString => Val::Symbol(match &args[0] {
                    Val::Symbol(text) => text.clone(),
                    Val::Number(number) => number.to_string(),
                    Val::Float(float) => format!("{float:.6}"),
                }),
                Functor::ToNumber => match &args[0] {
                    Val::Symbol(text) => match text.parse() {
                        Ok(number) => Val::Number(number),
                        Err(_) => return fail(format!("{text} is no number")),
                    },
                    Val::Number(number) => Val::Number(*number),
                    Val::Float(float) if float.abs() < 9e18 => Val::Number(float.trunc() as i64),
                    Val::Float(float) => return fail(format!("{float} is too large")),
                },
                Functor::ToFloat => match &args[0] {
                    Val::Symbol(text) => match text.parse::<f64>() {
                        Ok(float) if text.contains(|c: char| c.is_ascii_digit()) => {
                            return finite(float);
                        }
                        _ => return fail(format!("{text} is no float")),
                    },
                    Val::Number(number) => Val::Float(*number as f64),
                    Val::Float(float) => Val::Float(*float),
                },
            })
        }
        ExprKind::Wildcard | ExprKind::Aggregate(_) => panic!("not a value by itself"),
    }
}

pub fn compare(op: CompareOp, left: &Val, right: &Val) -> bool {
    match op {
        CompareOp::Eq => left == right,
        CompareOp::Ne => left != right,
        CompareOp::Lt => left < right,
        CompareOp::Le => left <= right,
        CompareOp::Gt => left > right,
        CompareOp::Ge => left >= right,
    }
}

pub fn test(test: TextTest, first: &Val, second: &Val) -> Result<bool, Failure> {
    let (first, second) = (text(first), text(second));
    match test {
        TextTest::Contains => Ok(second.contains(first)),
        TextTest::Match => {
            let pattern =
                regex_lite::Regex::new(first).map_err(|error| Failure(error.to_string()))?;
            let whole = regex_lite::Regex::new(&format!("^(?:{first})$"))
                .expect("it is a pattern by itself");
            let _ = pattern;
            Ok(whole.is_match(second))
        }
    }
}
