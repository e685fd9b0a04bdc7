//! Walking over the tokens of a file: looking, taking, complaining, and getting on after an error.

use crate::datalog::ast::{FileId, Ident, Span};
use crate::datalog::diagnostic::{Code, Found, RuleError};
use crate::datalog::lex::{DocLine, Kind, Lexed, Token};

use super::reserved;

/// How deep parentheses, signs, aggregates and chains of operators may nest.
pub(super) const DEEPEST: u32 = 64;

/// The error was reported; the clause is given up.
#[derive(Debug)]
pub(super) struct GivenUp;

pub(super) type Parsed<T> = Result<T, GivenUp>;

pub(super) struct Cursor<'a> {
    text: &'a str,
    file: FileId,
    tokens: &'a [Token],
    docs: &'a [DocLine],
    at: usize,
    /// Levels of nesting open right now.
    depth: u32,
    /// The deepest term read so far; an aggregate is at least as deep as the terms in its body.
    pub(super) deepest_term: u32,
    /// What the text is, which may end without a full stop when it is a query.
    pub(super) what: Text,
    found: &'a mut Found,
}

/// What is parsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Text {
    File,
    Query,
}

impl Text {
    fn name(self) -> &'static str {
        match self {
            Text::File => "file",
            Text::Query => "query",
        }
    }
}

const END: Token = Token {
    kind: Kind::End,
    start: 0,
    end: 0,
    mate: 0,
};

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a str, file: FileId, lexed: &'a Lexed, found: &'a mut Found) -> Self {
        Cursor {
            text,
            file,
            tokens: &lexed.tokens,
            docs: &lexed.docs,
            at: 0,
            depth: 0,
            deepest_term: 0,
            what: Text::File,
            found,
        }
    }

    pub(super) fn token(&self) -> Token {
        self.ahead(0)
    }

    pub(super) fn kind(&self) -> Kind {
        self.token().kind
    }

    pub(super) fn ahead(&self, count: usize) -> Token {
        self.tokens.get(self.at + count).copied().unwrap_or(END)
    }

    /// The token behind the `)` that closes the `(` here.
    pub(super) fn behind_mate(&self) -> Option<Token> {
        let mate = self.token().mate as usize;
        if mate == 0 {
            return None;
        }
        self.tokens.get(mate + 1).copied()
    }

    pub(super) fn text_of(&self, token: Token) -> &'a str {
        self.text
            .get(token.start as usize..token.end as usize)
            .unwrap_or_default()
    }

    pub(super) fn word(&self) -> &'a str {
        self.text_of(self.token())
    }

    pub(super) fn span_of(&self, token: Token) -> Span {
        Span {
            file: self.file,
            start: token.start,
            end: token.end,
        }
    }

    pub(super) fn span(&self) -> Span {
        self.span_of(self.token())
    }

    /// The token before this one.
    pub(super) fn previous(&self) -> Span {
        let before = self.at.checked_sub(1).and_then(|at| self.tokens.get(at));
        before.map_or_else(|| self.span(), |token| self.span_of(*token))
    }

    /// From a token taken earlier to the last one taken.
    pub(super) fn since(&self, start: Span) -> Span {
        start.to(self.previous())
    }

    pub(super) fn next(&mut self) -> Token {
        let token = self.token();
        if token.kind != Kind::End {
            self.at += 1;
        }
        token
    }

    pub(super) fn take(&mut self, kind: Kind) -> bool {
        let here = self.kind() == kind;
        if here {
            self.at += 1;
        }
        here
    }

    pub(super) fn expect(&mut self, kind: Kind, wanted: &str) -> Parsed<Span> {
        if self.kind() == kind {
            let token = self.next();
            return Ok(self.span_of(token));
        }
        Err(self.unexpected(wanted))
    }

    /// A name that is no word of the language.
    pub(super) fn name(&mut self, wanted: &str) -> Parsed<Ident> {
        match self.kind() {
            Kind::Word => {}
            Kind::Underscore => {
                self.report(
                    RuleError::new(Code::Syntax, format!("expected {wanted}, found `_`"))
                        .label(self.span(), "`_` names nothing"),
                );
                return Err(GivenUp);
            }
            _ => return Err(self.unexpected(wanted)),
        }
        let token = self.next();
        let name = self.text_of(token);
        let span = self.span_of(token);
        if reserved::is_reserved(name) {
            self.report(
                RuleError::new(
                    Code::ReservedWord,
                    format!("`{name}` is a word of the language and cannot be a name"),
                )
                .label(span, format!("expected {wanted}"))
                .help(format!("choose another name, such as `{name}_`")),
            );
        }
        Ok(Ident {
            name: name.to_owned(),
            span,
        })
    }

    pub(super) fn report(&mut self, error: RuleError) {
        self.found.push(error);
    }

    pub(super) fn found(&mut self) -> &mut Found {
        self.found
    }

    /// Reports that something else was wanted here.
    pub(super) fn unexpected(&mut self, wanted: &str) -> GivenUp {
        let here = self.token();
        if here.kind == Kind::Bad {
            return GivenUp; // it was complained about when it was read
        }
        if self.found.only_counts() {
            return GivenUp;
        }
        let message = match here.kind {
            Kind::End => format!(
                "expected {wanted}, found the end of the {}",
                self.what.name()
            ),
            _ => format!("expected {wanted}, found `{}`", self.shown(here)),
        };
        let error = RuleError::new(Code::Syntax, message);
        let error = if self.begins_clause(here) {
            let before = self.previous();
            error.label(before.after(), format!("{wanted} is missing here"))
        } else {
            error.label(self.span_of(here), format!("expected {wanted}"))
        };
        self.report(error);
        GivenUp
    }

    /// A construct of Soufflé that is left out here.
    pub(super) fn not_in_subset(&mut self, span: Span, what: &str, help: &str) -> GivenUp {
        let error = RuleError::new(Code::NotInSubset, format!("{what} not in the subset"))
            .label(span, "Soufflé has this, this engine does not");
        let error = if help.is_empty() {
            error
        } else {
            error.help(help)
        };
        self.report(error);
        GivenUp
    }

    fn shown(&self, token: Token) -> String {
        const LONGEST: usize = 40;
        let text = self.text_of(token);
        if text.chars().nth(LONGEST).is_none() {
            return text.to_owned();
        }
        text.chars().take(LONGEST).chain("…".chars()).collect()
    }

    /// One more level, unless there are too many.
    pub(super) fn enter(&mut self) -> Parsed<()> {
        if self.depth >= DEEPEST {
            return Err(self.too_deep(self.span()));
        }
        self.depth += 1;
        Ok(())
    }

    pub(super) fn leave(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }

    pub(super) fn too_deep(&mut self, span: Span) -> GivenUp {
        self.report(
            RuleError::new(
                Code::NestingTooDeep,
                format!("nested more than {DEEPEST} levels deep"),
            )
            .label(span, "one level too many")
            .help("split it over several rules"),
        );
        GivenUp
    }

    /// Whether a token looks like the first of a clause: a name or directive that begins a line.
    fn begins_clause(&self, token: Token) -> bool {
        let start = token.start as usize;
        let line_begins = start == 0 || self.text.as_bytes().get(start - 1) == Some(&b'\n');
        line_begins && matches!(token.kind, Kind::Word | Kind::Directive | Kind::End)
            || token.kind == Kind::End
    }

    /// Goes on behind the full stop of the clause that began at token `start`, or before the next
    /// one when it has none.
    pub(super) fn recover(&mut self, start: usize) {
        self.depth = 0;
        loop {
            let token = self.token();
            match token.kind {
                Kind::End => return,
                Kind::Directive if self.at > start => return,
                _ if self.at > start && self.begins_clause(token) => return,
                Kind::Dot if self.ends_clause(token) => {
                    self.at += 1;
                    return;
                }
                _ => self.at += 1,
            }
        }
    }

    /// Goes on behind the `}` that closes the next `{`.
    pub(super) fn skip_braces(&mut self) {
        let mut open = 0_u32;
        loop {
            match self.next().kind {
                Kind::End => return,
                Kind::LeftBrace => open += 1,
                Kind::Dot | Kind::Directive if open == 0 => return,
                Kind::RightBrace if open <= 1 => return,
                Kind::RightBrace => open -= 1,
                _ => {}
            }
        }
    }

    fn ends_clause(&self, dot: Token) -> bool {
        let behind = self.text.as_bytes().get(dot.end as usize);
        behind.is_none_or(|byte| byte.is_ascii_whitespace()) || self.ahead(1).start != dot.end
    }

    pub(super) fn position(&self) -> usize {
        self.at
    }

    /// The doc comment right before this token: the last run of `///` lines without a gap.
    pub(super) fn take_docs(&mut self) -> &'a [DocLine] {
        let here = u32::try_from(self.at).unwrap_or(u32::MAX);
        let passed = self.docs.partition_point(|line| line.before < here);
        let (_, rest) = self.docs.split_at_checked(passed).unwrap_or_default();
        let count = rest.partition_point(|line| line.before == here);
        let (block, later) = rest.split_at_checked(count).unwrap_or_default();
        self.docs = later;
        let gap = block.windows(2).rposition(|pair| match pair {
            [first, second] => {
                let between = self.text.get(first.end as usize..second.start as usize);
                between.is_some_and(|text| text.trim() != "///" || text.matches('\n').count() != 1)
            }
            _ => false,
        });
        block
            .split_at_checked(gap.map_or(0, |at| at + 1))
            .unwrap_or_default()
            .1
    }

    pub(super) fn source(&self) -> (&'a str, FileId) {
        (self.text, self.file)
    }
}
