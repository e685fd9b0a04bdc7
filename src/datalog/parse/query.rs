//! Queries: a body by itself, perhaps behind rules and declarations of its own.

use crate::datalog::ast::{FileId, Literal, Program, Span};
use crate::datalog::diagnostic::{Code, Diagnostics, Found, RuleError};
use crate::datalog::lex::{self, Kind};
use crate::datalog::source::Sources;

use super::clause::Include;
use super::cursor::{Cursor, Parsed, Text};

/// The text of a query, parsed.
#[derive(Debug, Default)]
pub(in crate::datalog) struct Asked {
    /// What it declares and derives.
    pub(in crate::datalog) program: Program,
    /// The body at its end, in disjunctive normal form; none when it ends with a rule.
    pub(in crate::datalog) body: Option<Body>,
}

/// A body that stands by itself.
#[derive(Debug)]
pub(in crate::datalog) struct Body {
    pub(in crate::datalog) alternatives: Vec<Vec<Literal>>,
    pub(in crate::datalog) span: Span,
}

/// Parses a query, with every syntax error in it.
pub(in crate::datalog) fn parse_query(sources: &Sources, file: FileId) -> (Asked, Diagnostics) {
    let mut found = Found::default();
    let mut asked = Asked::default();
    let text = sources.text(file);
    if u32::try_from(text.len()).is_ok() {
        let lexed = lex::lex(text, file, &mut found);
        let mut cursor = Cursor::new(text, file, &lexed, &mut found);
        cursor.what = Text::Query;
        cursor.query(&mut asked);
    }
    (asked, found.into())
}

/// Whether a text cannot be all of a query yet: a bracket is open, or the last word asks for more.
pub fn goes_on(text: &str) -> bool {
    let mut found = Found::default();
    let tokens = lex::lex(text, FileId(0), &mut found).tokens;
    let mut open = 0_i64;
    let mut last = Kind::End;
    for token in tokens {
        open += match token.kind {
            Kind::LeftParen | Kind::LeftBrace => 1,
            Kind::RightParen | Kind::RightBrace => -1,
            _ => 0,
        };
        if token.kind != Kind::End {
            last = token.kind;
        }
    }
    open > 0 || matches!(last, Kind::Comma | Kind::Semicolon | Kind::If | Kind::Bang)
}

impl Cursor<'_> {
    fn query(&mut self, asked: &mut Asked) {
        let mut includes = Vec::new();
        loop {
            let start = self.position();
            let docs = self.take_docs();
            let parsed = match self.kind() {
                Kind::End => break,
                Kind::Directive => self.directive(&mut asked.program, &mut includes, docs),
                _ => {
                    self.stray_docs(docs);
                    if self.is_last_body() {
                        self.body(asked)
                    } else {
                        self.rule(&mut asked.program)
                    }
                }
            };
            if parsed.is_err() {
                self.recover(start);
            }
            if self.kind() == Kind::End {
                break;
            }
        }
        for include in includes {
            self.no_include(&include);
        }
    }

    /// Whether what stands here has no `:-`, and nothing behind its full stop.
    fn is_last_body(&self) -> bool {
        let mut ahead = 0;
        loop {
            match self.ahead(ahead).kind {
                Kind::If | Kind::Directive => return false,
                Kind::Dot => return self.ahead(ahead + 1).kind == Kind::End,
                Kind::End => return true,
                _ => ahead += 1,
            }
        }
    }

    fn body(&mut self, asked: &mut Asked) -> Parsed<()> {
        let start = self.span();
        let alternatives = self.disjunction()?;
        let span = self.since(start);
        self.take(Kind::Dot);
        if self.kind() != Kind::End {
            return Err(self.unexpected("`,`, `;` or the end of the query"));
        }
        asked.body = Some(Body { alternatives, span });
        Ok(())
    }

    fn no_include(&mut self, include: &Include) {
        let error = RuleError::new(
            Code::IncludeNotFound,
            format!("`{}` cannot be included", include.name),
        );
        let error = error.label(include.span, "a query includes nothing");
        self.report(error.help("the rules in force are there already"));
    }
}
