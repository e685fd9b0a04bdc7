//! Terms with arguments: functors and aggregates.

use crate::datalog::ast::{Aggregate, AggregateOp, Expr, ExprKind, Functor, Span};
use crate::datalog::diagnostic::{Code, RuleError};
use crate::datalog::lex::{Kind, Token};

use super::cursor::{Cursor, DEEPEST, GivenUp, Parsed};
use super::expr::Deep;

impl Cursor<'_> {
    pub(super) fn call(&mut self, functor: Functor, least: usize, most: usize) -> Parsed<Deep> {
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
    pub(super) fn aggregate(&mut self, op: AggregateOp) -> Parsed<Deep> {
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
