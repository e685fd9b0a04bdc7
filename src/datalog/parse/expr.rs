//! Terms: constants, variables and arithmetic.

use crate::datalog::ast::{AggregateOp, BinaryOp, Expr, ExprKind, Functor, Span};
use crate::datalog::diagnostic::{Code, RuleError};
use crate::datalog::lex::{Kind, Token};
use crate::datalog::nearest::nearest;

use super::cursor::{Cursor, DEEPEST, GivenUp, Parsed};
use super::reserved;

/// A term and how deep its tree is, which is bounded like the nesting in the text: a long chain of
/// operators leans to the left, and whoever walks it later does so by recursion.
pub(super) struct Deep {
    pub(super) expr: Expr,
    pub(super) depth: u32,
}

const FUNCTORS: &[&str] = &[
    "cat",
    "strlen",
    "min",
    "max",
    "to_string",
    "to_number",
    "to_float",
    "contains",
    "match",
];

impl Cursor<'_> {
    /// A term.
    pub(super) fn expr(&mut self) -> Parsed<Expr> {
        let term = self.sum(None)?;
        self.deepest_term = self.deepest_term.max(term.depth);
        Ok(term.expr)
    }

    /// `a + b - c`, perhaps behind a first operand that was read already.
    pub(super) fn sum(&mut self, first: Option<Deep>) -> Parsed<Deep> {
        let mut left = self.product(first)?;
        loop {
            let op = match self.kind() {
                Kind::Plus => BinaryOp::Add,
                Kind::Minus => BinaryOp::Sub,
                _ => return Ok(left),
            };
            self.next();
            let right = self.product(None)?;
            left = self.binary(op, left, right)?;
        }
    }

    fn product(&mut self, first: Option<Deep>) -> Parsed<Deep> {
        let mut left = match first {
            Some(first) => first,
            None => self.primary()?,
        };
        loop {
            let op = match self.kind() {
                Kind::Star => BinaryOp::Mul,
                Kind::Slash => BinaryOp::Div,
                Kind::Percent => BinaryOp::Rem,
                Kind::Caret => {
                    let span = self.span();
                    return Err(self.not_in_subset(span, "`^` is", "multiply instead"));
                }
                Kind::Word if reserved::is_infix(self.word()) => {
                    return Err(self.left_out(self.token()));
                }
                _ => return Ok(left),
            };
            self.next();
            let right = self.primary()?;
            left = self.binary(op, left, right)?;
        }
    }

    fn binary(&mut self, op: BinaryOp, left: Deep, right: Deep) -> Parsed<Deep> {
        let span = left.expr.span.to(right.expr.span);
        let depth = left.depth.max(right.depth) + 1;
        if depth > DEEPEST {
            return Err(self.too_deep(right.expr.span));
        }
        let kind = ExprKind::Binary(op, Box::new(left.expr), Box::new(right.expr));
        Ok(Deep {
            expr: Expr { kind, span },
            depth,
        })
    }

    fn primary(&mut self) -> Parsed<Deep> {
        let token = self.token();
        let span = self.span();
        let kind = match token.kind {
            Kind::Text => {
                self.next();
                ExprKind::Symbol(self.symbol(token))
            }
            Kind::Number => {
                self.next();
                self.number(token, None)
            }
            Kind::Float => {
                self.next();
                self.float(token, None)
            }
            Kind::Underscore => {
                self.next();
                ExprKind::Wildcard
            }
            Kind::Bad => return Err(self.skip_bad()),
            Kind::Minus => return self.negation(),
            Kind::LeftParen => return self.parenthesised(),
            Kind::Word => return self.word_term(),
            Kind::LeftBracket => {
                let help = "give the value columns of its own";
                return Err(self.not_in_subset(span, "records are", help));
            }
            Kind::At => {
                let help = "derive the value in a column of an `.input` relation";
                return Err(self.not_in_subset(span, "user-defined functors are", help));
            }
            Kind::Dollar => {
                let help =
                    "give the tuples a number in the `.input` relation, or columns of their own";
                return Err(self.not_in_subset(span, "`$` is", help));
            }
            _ => return Err(self.unexpected("a value")),
        };
        Ok(Deep {
            expr: Expr { kind, span },
            depth: 1,
        })
    }

    /// The error of a bad literal is known already.
    fn skip_bad(&mut self) -> GivenUp {
        self.next();
        GivenUp
    }

    fn negation(&mut self) -> Parsed<Deep> {
        let sign = self.span();
        self.next();
        let token = self.token();
        let kind = match token.kind {
            Kind::Number => {
                self.next();
                self.number(token, Some(sign))
            }
            Kind::Float => {
                self.next();
                self.float(token, Some(sign))
            }
            _ => {
                self.enter()?;
                let inner = self.primary()?;
                self.leave();
                return self.nested(inner, sign, |inner| ExprKind::Negate(Box::new(inner)));
            }
        };
        Ok(Deep {
            expr: Expr {
                kind,
                span: self.since(sign),
            },
            depth: 1,
        })
    }

    fn nested(
        &mut self,
        inner: Deep,
        start: Span,
        kind: impl FnOnce(Expr) -> ExprKind,
    ) -> Parsed<Deep> {
        let span = self.since(start);
        if inner.depth >= DEEPEST {
            return Err(self.too_deep(span));
        }
        Ok(Deep {
            expr: Expr {
                kind: kind(inner.expr),
                span,
            },
            depth: inner.depth + 1,
        })
    }

    fn parenthesised(&mut self) -> Parsed<Deep> {
        let open = self.span();
        self.enter()?;
        self.next();
        let mut inner = self.sum(None)?;
        self.expect(Kind::RightParen, "`)`")?;
        self.leave();
        inner.expr.span = self.since(open);
        Ok(inner)
    }

    fn word_term(&mut self) -> Parsed<Deep> {
        let token = self.token();
        let called = self.ahead(1).kind == Kind::LeftParen;
        match self.word() {
            "cat" => self.call(Functor::Cat, 2, usize::MAX),
            "strlen" => self.call(Functor::Strlen, 1, 1),
            "to_string" => self.call(Functor::ToString, 1, 1),
            "to_number" => self.call(Functor::ToNumber, 1, 1),
            "to_float" => self.call(Functor::ToFloat, 1, 1),
            "min" => self.aggregate(AggregateOp::Min),
            "max" => self.aggregate(AggregateOp::Max),
            "sum" => self.aggregate(AggregateOp::Sum),
            "count" => self.aggregate(AggregateOp::Count),
            name @ ("contains" | "match") => {
                let message = format!("`{name}` holds or does not hold, it gives no value");
                self.report(
                    RuleError::new(Code::Syntax, message)
                        .label(self.span(), "used as a value")
                        .help(format!("make it a condition: `, {name}(...)`")),
                );
                Err(GivenUp)
            }
            "true" | "false" => Err(self.truth_value()),
            word if reserved::instead_of_word(word).is_some() => Err(self.left_out(token)),
            name if called => {
                let mut error =
                    RuleError::new(Code::UnknownFunctor, format!("unknown functor `{name}`"))
                        .label(self.span(), "a value is wanted here");
                error = match nearest(name, FUNCTORS.iter().copied()) {
                    Some(near) => error.help(format!("did you mean `{near}`?")),
                    None => error.help(format!(
                        "a relation stands in the body by itself: `{name}(..., X), ... X ...`"
                    )),
                };
                self.report(error);
                Err(GivenUp)
            }
            _ => {
                let name = self.name("a value")?;
                Ok(Deep {
                    expr: Expr {
                        kind: ExprKind::Variable(name.name),
                        span: name.span,
                    },
                    depth: 1,
                })
            }
        }
    }

    /// `true` and `false` are conditions in Soufflé, never values.
    pub(super) fn truth_value(&mut self) -> GivenUp {
        let span = self.span();
        let what = format!("`{}` is", self.word());
        self.not_in_subset(span, &what, "write `1 = 1` or `1 = 0`")
    }

    /// A word of Soufflé that is left out here.
    pub(super) fn left_out(&mut self, token: Token) -> GivenUp {
        let word = self.text_of(token);
        let help = reserved::instead_of_word(word).unwrap_or_default();
        self.not_in_subset(self.span_of(token), &format!("`{word}` is"), help)
    }
}
