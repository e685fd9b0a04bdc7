//! Terms: constants, variables, arithmetic, functors and aggregates.

use crate::datalog::ast::{Aggregate, AggregateOp, BinaryOp, Expr, ExprKind, Functor, Span};
use crate::datalog::diagnostic::{Code, RuleError};
use crate::datalog::lex::{Kind, Token};
use crate::datalog::nearest::nearest;

use super::cursor::{Cursor, DEEPEST, GivenUp, Parsed};
use super::reserved;

/// A term and how deep its tree is, which is bounded like the nesting in the text: a long chain of
/// operators leans to the left, and whoever walks it later does so by recursion.
struct Deep {
    expr: Expr,
    depth: u32,
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
    fn sum(&mut self, first: Option<Deep>) -> Parsed<Deep> {
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

    fn call(&mut self, functor: Functor, least: usize, most: usize) -> Parsed<Deep> {
        let name = self.next();
        if self.kind() != Kind::LeftParen {
            return Err(self.unexpected("`(`"));
        }
        let (args, depth) = self.arguments(None)?;
        self.finish_call(name, functor, args, depth, (least, most))
    }

    fn finish_call(
        &mut self,
        name: Token,
        functor: Functor,
        args: Vec<Expr>,
        depth: u32,
        (least, most): (usize, usize),
    ) -> Parsed<Deep> {
        let start = self.span_of(name);
        let span = self.since(start);
        if args.len() < least || args.len() > most {
            let given = args.len();
            let wanted = match (least, most) {
                (1, _) => "1 argument".to_owned(),
                (n, m) if n == m => format!("{n} arguments"),
                (n, _) => format!("{n} or more arguments"),
            };
            let name = self.text_of(name);
            self.report(
                RuleError::new(
                    Code::WrongArity,
                    format!("`{name}` takes {wanted}, not {given}"),
                )
                .label(span, format!("{given} given")),
            );
            return Err(GivenUp);
        }
        if depth >= DEEPEST {
            return Err(self.too_deep(span));
        }
        Ok(Deep {
            expr: Expr {
                kind: ExprKind::Call(functor, args),
                span,
            },
            depth: depth + 1,
        })
    }

    /// `(a, b)` or, behind an open `(` and a first term, `, b)`.
    fn arguments(&mut self, first: Option<Deep>) -> Parsed<(Vec<Expr>, u32)> {
        let mut depth = 0;
        let mut args = Vec::new();
        let given = first.is_some();
        if let Some(first) = first {
            depth = first.depth;
            args.push(first.expr);
        } else {
            self.enter()?;
            self.next();
            if self.take(Kind::RightParen) {
                self.leave();
                return Ok((args, depth));
            }
        }
        while !(args.is_empty() && given) {
            if !args.is_empty() && !self.take(Kind::Comma) {
                break;
            }
            let arg = self.sum(None)?;
            depth = depth.max(arg.depth);
            args.push(arg.expr);
        }
        self.expect(Kind::RightParen, "`,` or `)`")?;
        self.leave();
        Ok((args, depth))
    }

    /// The arguments of an atom, from `(` to `)`.
    pub(super) fn atom_arguments(&mut self) -> Parsed<Vec<Expr>> {
        let (args, depth) = self.arguments(None)?;
        self.deepest_term = self.deepest_term.max(depth);
        Ok(args)
    }

    /// `min(a, b)`, `min E : { body }`, `count : { body }`.
    fn aggregate(&mut self, op: AggregateOp) -> Parsed<Deep> {
        let word = self.next();
        let start = self.span_of(word);
        self.enter()?;
        let outside = std::mem::take(&mut self.deepest_term);
        let mut value = None;
        if self.kind() == Kind::LeftParen {
            // either the arguments of a functor or a term in parentheses to aggregate
            let open = self.span();
            self.enter()?;
            self.next();
            let mut first = self.sum(None)?;
            if self.kind() == Kind::Comma {
                self.deepest_term = outside;
                let (args, depth) = self.arguments(Some(first))?;
                self.leave();
                let functor = match op {
                    AggregateOp::Min => Functor::Min,
                    AggregateOp::Max => Functor::Max,
                    AggregateOp::Count | AggregateOp::Sum => {
                        return Err(self.no_functor(word, start));
                    }
                };
                return self.finish_call(word, functor, args, depth, (2, usize::MAX));
            }
            self.expect(Kind::RightParen, "`,` or `)`")?;
            self.leave();
            first.expr.span = self.since(open);
            value = Some(self.sum(Some(first))?);
        } else if self.kind() != Kind::Colon {
            value = Some(self.sum(None)?);
        }
        let value_depth = value.as_ref().map_or(0, |deep| deep.depth);
        let value = value.map(|deep| deep.expr);
        self.aggregate_value_fits(op, word, value.as_ref())?;
        self.expect(Kind::Colon, "`:` and the body of the aggregate")?;
        let body = self.aggregate_body()?;
        self.leave();
        let span = self.since(start);
        let depth = value_depth.max(self.deepest_term);
        self.deepest_term = outside;
        if depth >= DEEPEST {
            return Err(self.too_deep(span));
        }
        let aggregate = Aggregate {
            op,
            value,
            bodies: vec![body],
        };
        Ok(Deep {
            expr: Expr {
                kind: ExprKind::Aggregate(Box::new(aggregate)),
                span,
            },
            depth: depth + 1,
        })
    }

    fn aggregate_value_fits(
        &mut self,
        op: AggregateOp,
        word: Token,
        value: Option<&Expr>,
    ) -> Parsed<()> {
        let name = self.text_of(word);
        let error = match (op, value) {
            (AggregateOp::Count, Some(value)) => {
                RuleError::new(Code::Syntax, "`count` counts tuples, not a value")
                    .label(value.span, "not wanted here")
                    .help("write `count : { ... }`")
            }
            (AggregateOp::Min | AggregateOp::Max | AggregateOp::Sum, None) => {
                RuleError::new(Code::Syntax, format!("`{name}` has nothing to aggregate"))
                    .label(self.span_of(word), "a value is missing behind it")
                    .help(format!("write `{name} X : {{ ... X ... }}`"))
            }
            _ => return Ok(()),
        };
        self.report(error);
        Err(GivenUp)
    }

    fn no_functor(&mut self, word: Token, start: Span) -> GivenUp {
        let name = self.text_of(word);
        let help = match name {
            "sum" => "add them with `+`, or aggregate: `sum X : { ... X ... }`",
            _ => "write `count : { ... }`",
        };
        self.report(
            RuleError::new(
                Code::Syntax,
                format!("`{name}` is an aggregate, not a functor"),
            )
            .label(self.since(start), "used as a functor")
            .help(help),
        );
        GivenUp
    }
}
