//! The values of expressions.

use std::cell::RefCell;
use std::cmp::Ordering;

use regex_lite::Regex;
use rustc_hash::FxHashMap;

use super::arithmetic::{cut, integer, read_float, read_number, real};
use super::fault::Fault;
use crate::datalog::ast::{BaseType, CompareOp, Functor, Span, TextTest};
use crate::datalog::pattern::whole_text;
use crate::datalog::plan::expr::Expr;
use crate::datalog::plan::program::Operand;
use crate::datalog::value::{Value, Values, fixed_text};

/// What expressions read from: the program's constants, and what codes stand for.
pub(in crate::datalog) struct Computer {
    pub(in crate::datalog) values: RefCell<Values>,
    pub(super) constants: Vec<u32>,
    patterns: RefCell<FxHashMap<u32, Pattern>>,
}

/// A regular expression, and which texts it matches as far as somebody asked: columns repeat their values.
struct Pattern {
    regex: Regex,
    answers: FxHashMap<u32, bool>,
}

/// So many answers of one pattern are remembered.
const MOST_ANSWERS: usize = 1 << 16;

impl Pattern {
    fn holds(&mut self, code: u32, text: &str) -> bool {
        if let Some(known) = self.answers.get(&code) {
            return *known;
        }
        let holds = self.regex.is_match(text);
        if self.answers.len() < MOST_ANSWERS {
            self.answers.insert(code, holds);
        }
        holds
    }
}

/// A value on the way; symbols stay codes.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Scalar {
    Symbol(u32),
    Number(i64),
    Float(f64),
}

/// What an expression's leaf refers to.
pub(in crate::datalog) trait Leaf: Copy {
    /// Where it is looked for.
    type Place<'a>: Copy;

    /// The code at that place; `constants` are those of the program.
    fn code(self, constants: &[u32], place: Self::Place<'_>) -> u32;
}

impl Leaf for Operand {
    type Place<'a> = Place<'a>;

    #[inline]
    fn code(self, constants: &[u32], place: Place<'_>) -> u32 {
        let code = match self {
            Operand::Source(column) => place.source.get(usize::from(column)),
            Operand::Found(column) => place.found.get(usize::from(column)),
            Operand::Constant(constant) => constants.get(constant as usize),
        };
        code.copied().unwrap_or_default()
    }
}

/// The row that a stage began with and the one that it found.
#[derive(Clone, Copy)]
pub(in crate::datalog) struct Place<'a> {
    pub(super) source: &'a [u32],
    pub(super) found: &'a [u32],
}

impl Computer {
    pub(in crate::datalog) fn new(values: Values, constants: Vec<u32>) -> Self {
        Computer {
            values: RefCell::new(values),
            constants,
            patterns: RefCell::default(),
        }
    }

    /// The code at a place.
    #[inline]
    pub(super) fn code(&self, operand: Operand, place: Place<'_>) -> u32 {
        operand.code(&self.constants, place)
    }

    /// The code of an expression's value.
    pub(in crate::datalog) fn compute<L: Leaf>(
        &self,
        expr: &Expr<L>,
        place: L::Place<'_>,
    ) -> Result<u32, Fault> {
        if let Expr::Leaf(operand, _) = expr {
            return Ok(operand.code(&self.constants, place));
        }
        Ok(match self.scalar(expr, place)? {
            Scalar::Symbol(code) => code,
            Scalar::Number(number) => self.values.borrow_mut().number(number),
            Scalar::Float(float) => self.values.borrow_mut().float(float),
        })
    }

    pub(in crate::datalog) fn compare<L: Leaf>(
        &self,
        op: CompareOp,
        left: &Expr<L>,
        right: &Expr<L>,
        place: L::Place<'_>,
    ) -> Result<bool, Fault> {
        let (left, right) = (self.scalar(left, place)?, self.scalar(right, place)?);
        Ok(op.holds(self.order(left, right)))
    }

    pub(in crate::datalog) fn test<L: Leaf>(
        &self,
        test: TextTest,
        args: &[Expr<L>; 2],
        span: Span,
        place: L::Place<'_>,
    ) -> Result<bool, Fault> {
        let (first, second) = (
            self.compute(&args[0], place)?,
            self.compute(&args[1], place)?,
        );
        let values = self.values.borrow();
        match test {
            TextTest::Contains => Ok(values.text(second).contains(values.text(first))),
            TextTest::Match => {
                let mut patterns = self.patterns.borrow_mut();
                if let Some(pattern) = patterns.get_mut(&first) {
                    return Ok(pattern.holds(second, values.text(second)));
                }
                let text = values.text(first);
                let regex = whole_text(text);
                let mut pattern = Pattern {
                    regex: regex.map_err(|why| Fault::invalid_pattern(text, &why, span))?,
                    answers: FxHashMap::default(),
                };
                let holds = pattern.holds(second, values.text(second));
                patterns.insert(first, pattern);
                Ok(holds)
            }
        }
    }

    fn order(&self, left: Scalar, right: Scalar) -> Ordering {
        match (left, right) {
            (Scalar::Number(left), Scalar::Number(right)) => left.cmp(&right),
            (Scalar::Symbol(left), Scalar::Symbol(right)) if left == right => Ordering::Equal,
            _ => {
                let values = self.values.borrow();
                left.value(&values).cmp(&right.value(&values))
            }
        }
    }

    fn scalar<L: Leaf>(&self, expr: &Expr<L>, place: L::Place<'_>) -> Result<Scalar, Fault> {
        match expr {
            Expr::Leaf(operand, ty) => {
                let code = operand.code(&self.constants, place);
                Ok(match ty {
                    BaseType::Symbol => Scalar::Symbol(code),
                    BaseType::Number => Scalar::Number(self.values.borrow().integer(code)),
                    BaseType::Float => Scalar::Float(self.values.borrow().real(code)),
                })
            }
            Expr::Negate(inner, span) => match self.scalar(inner, place)? {
                Scalar::Number(number) => match number.checked_neg() {
                    Some(negative) => Ok(Scalar::Number(negative)),
                    None => Err(Fault::overflow(&format!("-({number})"), *span)),
                },
                Scalar::Float(float) => Ok(Scalar::Float(-float)),
                symbol @ Scalar::Symbol(_) => Ok(symbol),
            },
            Expr::Binary(op, sides, span) => {
                let [left, right] = sides.as_ref();
                match (self.scalar(left, place)?, self.scalar(right, place)?) {
                    (Scalar::Number(left), Scalar::Number(right)) => {
                        integer(*op, left, right, *span).map(Scalar::Number)
                    }
                    (Scalar::Float(left), Scalar::Float(right)) => {
                        real(*op, left, right, *span).map(Scalar::Float)
                    }
                    (left, _) => Ok(left),
                }
            }
            Expr::Call(functor, args, span) => self.call(*functor, args, *span, place),
        }
    }

    fn call<L: Leaf>(
        &self,
        functor: Functor,
        args: &[Expr<L>],
        span: Span,
        place: L::Place<'_>,
    ) -> Result<Scalar, Fault> {
        let args = args
            .iter()
            .map(|arg| self.scalar(arg, place))
            .collect::<Result<Vec<_>, _>>()?;
        let first = args.first().copied().unwrap_or(Scalar::Number(0));
        Ok(match functor {
            Functor::Cat => {
                let mut text = String::new();
                for arg in &args {
                    if let Scalar::Symbol(code) = arg {
                        text.push_str(self.values.borrow().text(*code));
                    }
                }
                Scalar::Symbol(self.values.borrow_mut().symbol(&text))
            }
            Functor::Strlen => match first {
                Scalar::Symbol(code) => {
                    Scalar::Number(self.values.borrow().text(code).len() as i64)
                }
                other => other,
            },
            Functor::Min | Functor::Max => {
                let better = if functor == Functor::Min {
                    Ordering::Less
                } else {
                    Ordering::Greater
                };
                let pick = |best, other| {
                    if self.order(other, best) == better {
                        other
                    } else {
                        best
                    }
                };
                args.into_iter().fold(first, pick)
            }
            Functor::ToString => {
                let text = match first {
                    Scalar::Symbol(_) => return Ok(first),
                    Scalar::Number(number) => number.to_string(),
                    Scalar::Float(float) => fixed_text(float),
                };
                Scalar::Symbol(self.values.borrow_mut().symbol(&text))
            }
            Functor::ToNumber => match first {
                Scalar::Number(_) => first,
                Scalar::Float(float) => Scalar::Number(cut(float, span)?),
                Scalar::Symbol(code) => {
                    Scalar::Number(read_number(self.values.borrow().text(code), span)?)
                }
            },
            Functor::ToFloat => match first {
                Scalar::Float(_) => first,
                Scalar::Number(number) => Scalar::Float(number as f64),
                Scalar::Symbol(code) => {
                    Scalar::Float(read_float(self.values.borrow().text(code), span)?)
                }
            },
        })
    }
}

impl Scalar {
    fn value(self, values: &Values) -> Value<'_> {
        match self {
            Scalar::Symbol(code) => Value::Symbol(values.text(code)),
            Scalar::Number(number) => Value::Number(number),
            Scalar::Float(float) => Value::Float(float),
        }
    }
}
