//! Bodies: atoms, conditions, negation, and disjunction multiplied out.

use crate::datalog::ast::{Atom, CompareOp, Ident, Literal, Span, TextTest};
use crate::datalog::diagnostic::{Code, RuleError};
use crate::datalog::lex::Kind;

use super::cursor::{Cursor, GivenUp, Parsed};
use super::reserved;

/// How many bodies one disjunction may make.
const MOST_ALTERNATIVES: usize = 256;
/// How many bytes they would take written out, when there is more than one.
pub(super) const MOST_BYTES: usize = 1 << 20;

/// Bodies, any one of which is enough.
type Alternatives = Vec<Vec<Literal>>;

impl Cursor<'_> {
    /// `a, b ; c, d`.
    pub(super) fn disjunction(&mut self) -> Parsed<Alternatives> {
        let start = self.span();
        let mut all = self.conjunction()?;
        while self.take(Kind::Semicolon) {
            let more = self.conjunction()?;
            if all.len() + more.len() > MOST_ALTERNATIVES {
                return Err(self.too_many_alternatives(start));
            }
            all.extend(more);
        }
        Ok(all)
    }

    fn conjunction(&mut self) -> Parsed<Alternatives> {
        let start = self.span();
        let mut all: Alternatives = vec![Vec::new()];
        let mut bytes = 0;
        loop {
            let mut term = self.term()?;
            let alternatives = all.len() * term.len();
            bytes = bytes * term.len() + size(&term) * all.len();
            if alternatives > MOST_ALTERNATIVES || (alternatives > 1 && bytes > MOST_BYTES) {
                return Err(self.too_many_alternatives(start));
            }
            if let [only] = term.as_mut_slice() {
                match all.as_mut_slice() {
                    [single] => single.append(only),
                    several => several
                        .iter_mut()
                        .for_each(|body| body.extend(only.clone())),
                }
            } else {
                all = multiply(&all, &term);
            }
            if !self.take(Kind::Comma) {
                return Ok(all);
            }
        }
    }

    pub(super) fn too_many_alternatives(&mut self, start: Span) -> GivenUp {
        let span = self.since(start);
        self.report(
            RuleError::new(
                Code::TooManyAlternatives,
                format!("a disjunction of more than {MOST_ALTERNATIVES} alternatives"),
            )
            .label(span, "multiplied out")
            .help("derive a relation for each group of alternatives"),
        );
        GivenUp
    }

    /// One conjunct; only a group in parentheses has more than one alternative.
    fn term(&mut self) -> Parsed<Alternatives> {
        if self.kind() == Kind::LeftParen && !self.is_value_group() {
            self.enter()?;
            self.next();
            let inner = self.disjunction()?;
            self.expect(Kind::RightParen, "`,`, `;` or `)`")?;
            self.leave();
            return Ok(inner);
        }
        Ok(vec![vec![self.literal()?]])
    }

    /// `(X + 1) * 2 < Y` begins with a value, `(a(X) ; b(X))` does not.
    fn is_value_group(&self) -> bool {
        let Some(behind) = self.behind_mate() else {
            return false;
        };
        compare_op(behind.kind).is_some()
            || matches!(
                behind.kind,
                Kind::Plus | Kind::Minus | Kind::Star | Kind::Slash | Kind::Percent | Kind::Caret
            )
            || (behind.kind == Kind::Word && reserved::is_infix(self.text_of(behind)))
    }

    fn literal(&mut self) -> Parsed<Literal> {
        let start = self.span();
        let negated = self.take(Kind::Bang);
        if negated && self.kind() == Kind::LeftParen && !self.is_value_group() {
            let help = "negate each part by itself: instead of `!(a, b)` write `(!a ; !b)`";
            return Err(self.not_in_subset(start.to(self.span()), "a negated group is", help));
        }
        if negated && self.kind() == Kind::Bang {
            let help = "leave both out";
            return Err(self.not_in_subset(start.to(self.span()), "`!!` is", help));
        }
        if self.kind() != Kind::Word {
            return self.comparison(start, negated);
        }
        match self.word() {
            "contains" => self.text_test(TextTest::Contains, start, negated),
            "match" => self.text_test(TextTest::Match, start, negated),
            "true" | "false" => Err(self.truth_value()),
            word if reserved::is_reserved(word) => self.comparison(start, negated),
            _ if matches!(self.ahead(1).kind, Kind::LeftParen | Kind::Dot) => {
                self.body_atom(start, negated)
            }
            _ => self.comparison(start, negated),
        }
    }

    fn body_atom(&mut self, start: Span, negated: bool) -> Parsed<Literal> {
        if self.ahead(1).kind == Kind::Dot && !self.is_qualified() {
            return self.comparison(start, negated);
        }
        let atom = self.atom()?;
        Ok(if negated {
            Literal::Negative(atom)
        } else {
            Literal::Positive(atom)
        })
    }

    /// `name.name(`, without white space.
    fn is_qualified(&self) -> bool {
        let (name, dot, next) = (self.token(), self.ahead(1), self.ahead(2));
        dot.kind == Kind::Dot
            && next.kind == Kind::Word
            && name.end == dot.start
            && dot.end == next.start
    }

    /// `relation(terms)`.
    pub(super) fn atom(&mut self) -> Parsed<Atom> {
        if self.is_qualified() {
            let span = self.span();
            let help = "write the relations out, and share them between files with `.include`";
            return Err(self.not_in_subset(span, "components are", help));
        }
        let relation = self.name("a relation")?;
        if self.kind() != Kind::LeftParen {
            return Err(self.missing_arguments(&relation));
        }
        let args = self.atom_arguments()?;
        let span = self.since(relation.span);
        Ok(Atom {
            relation,
            args,
            span,
        })
    }

    fn missing_arguments(&mut self, relation: &Ident) -> GivenUp {
        let name = &relation.name;
        self.report(
            RuleError::new(Code::Syntax, format!("expected `(` behind `{name}`"))
                .label(relation.span, "a relation without its arguments")
                .help(format!("a relation without columns is written `{name}()`")),
        );
        GivenUp
    }

    fn text_test(&mut self, test: TextTest, start: Span, negated: bool) -> Parsed<Literal> {
        let name = self.word();
        self.next();
        if self.kind() != Kind::LeftParen {
            return Err(self.unexpected("`(`"));
        }
        let args = self.atom_arguments()?;
        let span = self.since(start);
        if args.len() != 2 {
            let given = args.len();
            let order = match test {
                TextTest::Contains => "contains(part, text)",
                TextTest::Match => "match(pattern, text)",
            };
            self.report(
                RuleError::new(
                    Code::WrongArity,
                    format!("`{name}` takes 2 arguments, not {given}"),
                )
                .label(span, format!("{given} given"))
                .help(format!("write `{order}`")),
            );
            return Err(GivenUp);
        }
        Ok(Literal::Test {
            test,
            args,
            negated,
            span,
        })
    }

    fn comparison(&mut self, start: Span, negated: bool) -> Parsed<Literal> {
        let left = self.expr()?;
        let Some(op) = compare_op(self.kind()) else {
            return Err(self.unexpected("a comparison"));
        };
        self.next();
        let right = self.expr()?;
        let op = if negated { opposite(op) } else { op };
        let span = self.since(start);
        Ok(Literal::Compare {
            left,
            op,
            right,
            span,
        })
    }

    /// `{ body }`, or a single atom.
    pub(super) fn aggregate_body(&mut self) -> Parsed<Vec<Literal>> {
        if self.kind() == Kind::Word {
            return Ok(vec![Literal::Positive(self.atom()?)]);
        }
        let open = self.expect(Kind::LeftBrace, "`{`")?;
        let mut bodies = self.disjunction()?;
        self.expect(Kind::RightBrace, "`,` or `}`")?;
        match (bodies.pop(), bodies.is_empty()) {
            (Some(body), true) => Ok(body),
            _ => {
                let span = self.since(open);
                let help = "derive a relation by the disjunction, and aggregate that";
                Err(self.not_in_subset(span, "a disjunction in an aggregate is", help))
            }
        }
    }
}

/// How many bytes of source, repetitions counted.
fn size(bodies: &Alternatives) -> usize {
    let spans = bodies.iter().flatten().map(Literal::span);
    spans.map(Span::length).sum()
}

fn multiply(left: &Alternatives, right: &Alternatives) -> Alternatives {
    let pairs = left.iter().flat_map(|l| right.iter().map(move |r| (l, r)));
    pairs.map(|(l, r)| [l.as_slice(), r].concat()).collect()
}

fn compare_op(kind: Kind) -> Option<CompareOp> {
    Some(match kind {
        Kind::Eq => CompareOp::Eq,
        Kind::Ne => CompareOp::Ne,
        Kind::Lt => CompareOp::Lt,
        Kind::Le => CompareOp::Le,
        Kind::Gt => CompareOp::Gt,
        Kind::Ge => CompareOp::Ge,
        _ => return None,
    })
}

/// `!(a < b)` is `a >= b`: no value is incomparable to another.
fn opposite(op: CompareOp) -> CompareOp {
    match op {
        CompareOp::Eq => CompareOp::Ne,
        CompareOp::Ne => CompareOp::Eq,
        CompareOp::Lt => CompareOp::Ge,
        CompareOp::Ge => CompareOp::Lt,
        CompareOp::Gt => CompareOp::Le,
        CompareOp::Le => CompareOp::Gt,
    }
}
