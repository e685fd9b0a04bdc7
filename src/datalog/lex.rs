//! Text to tokens. A token carries no text: the parser slices the source where it needs it.

use super::ast::{FileId, Span};
use super::diagnostic::{Code, Found, RuleError};

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A name, or a word of the language.
    Word,
    /// `_` alone.
    Underscore,
    /// Digits, `0x..` or `0b..`.
    Number,
    /// Digits, a dot and digits.
    Float,
    /// A text in quotes, escapes and all.
    Text,
    /// A literal that was already complained about.
    Bad,
    /// `.decl` and everything else of that form that white space follows.
    Directive,
    /// `.`
    Dot,
    Comma,
    Semicolon,
    Colon,
    If,
    Subtype,
    LeftParen,
    RightParen,
    LeftBrace,
    RightBrace,
    LeftBracket,
    RightBracket,
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    Plus,
    Minus,
    Star,
    Slash,
    Percent,
    Caret,
    Bang,
    At,
    Dollar,
    Pipe,
    /// The end of the file.
    End,
}

/// A token and its bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) start: u32,
    pub(super) end: u32,
    /// The index of the `)` that closes this `(`, 0 when nothing does; 0 for everything else.
    pub(super) mate: u32,
}

/// A `///` line.
#[derive(Clone, Copy, Debug)]
pub(super) struct DocLine {
    /// First byte behind the slashes.
    pub(super) start: u32,
    /// One past the last byte of the line.
    pub(super) end: u32,
    /// The index of the token that follows it.
    pub(super) before: u32,
}

/// A file's tokens, the last of which is [`Kind::End`], and its doc comments.
#[derive(Debug, Default)]
pub(super) struct Lexed {
    pub(super) tokens: Vec<Token>,
    pub(super) docs: Vec<DocLine>,
}

/// Splits a text of less than 4 GiB.
pub(super) fn lex(text: &str, file: FileId, found: &mut Found) -> Lexed {
    let mut lexer = Lexer {
        text,
        bytes: text.as_bytes(),
        file,
        at: 0,
        out: Lexed::default(),
        open: Vec::new(),
        found,
    };
    lexer.out.tokens.reserve(text.len() / 4);
    lexer.run();
    lexer.out
}

struct Lexer<'a> {
    text: &'a str,
    bytes: &'a [u8],
    file: FileId,
    at: usize,
    out: Lexed,
    /// Indices of `(` that wait for their `)`.
    open: Vec<usize>,
    found: &'a mut Found,
}

impl Lexer<'_> {
    fn run(&mut self) {
        if self.text.starts_with('\u{feff}') {
            self.at = '\u{feff}'.len_utf8();
        }
        while let Some(byte) = self.byte(0) {
            match byte {
                b' ' | b'\t' | b'\r' | b'\n' | 0x0b | 0x0c => self.at += 1,
                b'/' if self.byte(1) == Some(b'/') => self.line_comment(),
                b'/' if self.byte(1) == Some(b'*') => self.block_comment(),
                b'"' => self.string(),
                b'0'..=b'9' => self.number(),
                b if begins_word(b) => self.word(),
                b'.' => self.dot(),
                _ => self.punctuation(byte),
            }
        }
        self.push(Kind::End, self.at);
    }

    fn byte(&self, ahead: usize) -> Option<u8> {
        self.bytes.get(self.at + ahead).copied()
    }

    fn push(&mut self, kind: Kind, start: usize) {
        let (start, end) = (narrow(start), narrow(self.at));
        self.out.tokens.push(Token {
            kind,
            start,
            end,
            mate: 0,
        });
    }

    fn span(&self, start: usize) -> Span {
        Span {
            file: self.file,
            start: narrow(start),
            end: narrow(self.at),
        }
    }

    fn skip_while(&mut self, test: impl Fn(u8) -> bool) {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        self.at += rest.iter().take_while(|byte| test(**byte)).count();
    }

    fn line_comment(&mut self) {
        let start = self.at + 3;
        let is_doc = self.byte(2) == Some(b'/') && self.byte(3) != Some(b'/');
        self.skip_while(|byte| byte != b'\n');
        if is_doc {
            self.out.docs.push(DocLine {
                start: narrow(start),
                end: narrow(self.at),
                before: narrow(self.out.tokens.len()),
            });
        }
    }

    fn block_comment(&mut self) {
        let start = self.at;
        self.at += 2;
        let rest = self.text.get(self.at..).unwrap_or_default();
        if let Some(length) = rest.find("*/") {
            self.at += length + 2;
            return;
        }
        let opening = self.span(start);
        self.at = self.bytes.len();
        self.found.push(
            RuleError::new(Code::UnterminatedComment, "a comment has no end")
                .label(opening, "begins here")
                .help("close it with `*/`"),
        );
    }

    fn string(&mut self) {
        let start = self.at;
        self.at += 1;
        loop {
            self.skip_while(|byte| !matches!(byte, b'"' | b'\\' | b'\n'));
            match self.byte(0) {
                Some(b'"') => {
                    self.at += 1;
                    return self.push(Kind::Text, start);
                }
                Some(b'\\') if !matches!(self.byte(1), None | Some(b'\n')) => {
                    let escaped = self.text.get(self.at + 1..).unwrap_or_default();
                    self.at += 1 + escaped.chars().next().map_or(0, char::len_utf8);
                }
                Some(b'\\') => self.at += 1,
                _ => return self.unterminated(start),
            }
        }
    }

    /// The text ends with the line; what closes the clause is given back, so that the next one is
    /// read as usual.
    fn unterminated(&mut self, start: usize) {
        let line = self.text.get(start..self.at).unwrap_or_default();
        let kept = line.trim_end_matches([')', '.', ',', '}', ' ', '\t', '\r']);
        self.at = start + kept.len().max(1);
        let span = self.span(start);
        self.push(Kind::Bad, start);
        if self.found.only_counts() {
            return;
        }
        self.found.push(
            RuleError::new(Code::UnterminatedString, "a text has no closing quote")
                .label(span, "begins here and ends with the line")
                .help("close it with `\"`; a line break in a text is written `\\n`"),
        );
    }

    fn number(&mut self) {
        let start = self.at;
        let radix = match (self.byte(0), self.byte(1)) {
            (Some(b'0'), Some(b'x')) => 16,
            (Some(b'0'), Some(b'b')) => 2,
            _ => 10,
        };
        let mut dots = 0;
        if radix == 10 {
            self.skip_while(|byte| byte.is_ascii_digit());
            while self.byte(0) == Some(b'.') && self.byte(1).is_some_and(|b| b.is_ascii_digit()) {
                self.at += 1;
                self.skip_while(|byte| byte.is_ascii_digit());
                dots += 1;
            }
        } else {
            self.at += 2;
            self.skip_while(|byte| char::from(byte).is_digit(radix));
        }
        let digits = self.at - start - if radix == 10 { 0 } else { 2 };
        let suffix_start = self.at;
        self.skip_while(continues_word);
        let suffix = self
            .text
            .get(suffix_start..self.at)
            .unwrap_or_default()
            .to_owned();
        match (dots, suffix.as_str()) {
            (0, "") if digits > 0 => return self.push(Kind::Number, start),
            (1, "") => return self.push(Kind::Float, start),
            _ => {}
        }
        let span = self.span(start);
        let written = self.text.get(start..self.at).unwrap_or_default();
        let error = match (dots, suffix.as_str()) {
            (3, "") => RuleError::new(Code::NotInSubset, "network addresses are not in the subset")
                .label(span, "read as an address")
                .help(format!("write it as a text: \"{written}\"")),
            (0, "u") => RuleError::new(Code::NotInSubset, "unsigned numbers are not in the subset")
                .label(span, "unsigned")
                .help("write it without `u`: a `number` has 64 bits"),
            (_, s) if s.starts_with(['e', 'E']) => {
                let value = written.parse::<f64>().ok();
                let value = value.filter(|value| value.abs() < 1e15);
                let help = value.map_or("write all digits".to_owned(), |value| {
                    format!("write all digits: `{value:?}`")
                });
                RuleError::new(Code::InvalidNumber, format!("`{written}` is no number"))
                    .label(span, "numbers have no exponent")
                    .help(help)
            }
            _ => RuleError::new(Code::InvalidNumber, format!("`{written}` is no number"))
                .label(span, "begins like a number")
                .help("names begin with a letter, and texts stand in quotes"),
        };
        self.found.push(error);
        self.push(Kind::Bad, start);
    }

    fn word(&mut self) {
        let start = self.at;
        self.skip_while(continues_word);
        let kind = if self.at == start + 1 && self.bytes.get(start) == Some(&b'_') {
            Kind::Underscore
        } else {
            Kind::Word
        };
        self.push(kind, start);
    }

    fn dot(&mut self) {
        let start = self.at;
        self.at += 1;
        let dot_end = self.at;
        if self.byte(0).is_some_and(begins_word) {
            self.skip_while(|byte| continues_word(byte) || byte == b'-');
            let word = self.text.get(dot_end..self.at).unwrap_or_default();
            let spaced = matches!(
                self.byte(0),
                None | Some(b' ' | b'\t' | b'\r' | b'\n' | b'"')
            );
            // `a(1).b(2).` are two facts, and `a.b(1)` is a relation of a component
            let after_space = start == 0
                || self
                    .bytes
                    .get(start - 1)
                    .is_some_and(u8::is_ascii_whitespace);
            if spaced && (after_space || DIRECTIVES.contains(&word)) {
                self.open.clear();
                return self.push(Kind::Directive, start);
            }
            self.at = dot_end;
        }
        if self.byte(0).is_none_or(|byte| byte.is_ascii_whitespace()) {
            self.open.clear();
        }
        self.push(Kind::Dot, start);
    }

    fn punctuation(&mut self, byte: u8) {
        let start = self.at;
        let (kind, length) = match (byte, self.byte(1)) {
            (b':', Some(b'-')) => (Kind::If, 2),
            (b'<', Some(b':')) => (Kind::Subtype, 2),
            (b'<', Some(b'=')) => (Kind::Le, 2),
            (b'>', Some(b'=')) => (Kind::Ge, 2),
            (b'!', Some(b'=')) => (Kind::Ne, 2),
            (b'(', _) => (Kind::LeftParen, 1),
            (b')', _) => (Kind::RightParen, 1),
            (b'{', _) => (Kind::LeftBrace, 1),
            (b'}', _) => (Kind::RightBrace, 1),
            (b'[', _) => (Kind::LeftBracket, 1),
            (b']', _) => (Kind::RightBracket, 1),
            (b',', _) => (Kind::Comma, 1),
            (b';', _) => (Kind::Semicolon, 1),
            (b':', _) => (Kind::Colon, 1),
            (b'=', _) => (Kind::Eq, 1),
            (b'<', _) => (Kind::Lt, 1),
            (b'>', _) => (Kind::Gt, 1),
            (b'+', _) => (Kind::Plus, 1),
            (b'-', _) => (Kind::Minus, 1),
            (b'*', _) => (Kind::Star, 1),
            (b'/', _) => (Kind::Slash, 1),
            (b'%', _) => (Kind::Percent, 1),
            (b'^', _) => (Kind::Caret, 1),
            (b'!', _) => (Kind::Bang, 1),
            (b'@', _) => (Kind::At, 1),
            (b'$', _) => (Kind::Dollar, 1),
            (b'|', _) => (Kind::Pipe, 1),
            _ => return self.unexpected(),
        };
        self.at += length;
        match kind {
            Kind::LeftParen => self.open.push(self.out.tokens.len()),
            Kind::RightParen => {
                let close = narrow(self.out.tokens.len());
                let opening = self.open.pop().and_then(|at| self.out.tokens.get_mut(at));
                if let Some(opening) = opening {
                    opening.mate = close;
                }
            }
            _ => {}
        }
        self.push(kind, start);
    }

    /// What begins nothing becomes one bad token, so that it is complained about once.
    fn unexpected(&mut self) {
        let start = self.at;
        let rest = self.text.get(start..).unwrap_or_default();
        let first = rest.chars().next().unwrap_or_default();
        let (length, help) = match first {
            '#' => (
                rest.find('\n').unwrap_or(rest.len()),
                Some("there is no preprocessor; comments begin with `//`"),
            ),
            '\'' | '“' | '”' | '‘' | '’' => (
                quoted(rest).unwrap_or(first.len_utf8()),
                Some("texts stand in plain double quotes: \"text\""),
            ),
            '&' => (
                rest.len() - rest.trim_start_matches('&').len(),
                Some("conditions are joined by `,`"),
            ),
            _ => (rest.find(is_known).unwrap_or(rest.len()).max(1), None),
        };
        self.at += length;
        self.push(Kind::Bad, start);
        if self.found.only_counts() {
            return;
        }
        let shown = match first {
            '\'' => first.to_string(),
            _ => first.escape_debug().to_string(),
        };
        self.found.push(
            RuleError::new(
                Code::UnexpectedCharacter,
                format!("unexpected character `{shown}`"),
            )
            .label(self.span(start), "begins nothing")
            .help_if(help.map(str::to_owned)),
        );
    }
}

/// The length of a text in other quotes than the right ones.
fn quoted(text: &str) -> Option<usize> {
    let line = text.char_indices().take_while(|(_, c)| *c != '\n');
    let mut chars = line.skip(1);
    let (at, close) = chars.find(|(_, c)| matches!(c, '\'' | '“' | '”' | '‘' | '’'))?;
    Some(at + close.len_utf8())
}

/// The directives of Soufflé, with and without the ones of the subset.
pub(super) const DIRECTIVES: &[&str] = &[
    "decl",
    "input",
    "output",
    "type",
    "include",
    "comp",
    "init",
    "override",
    "functor",
    "pragma",
    "plan",
    "once",
    "printsize",
    "limitsize",
    "lattice",
    "number_type",
    "symbol_type",
    "debug_delta",
];

fn narrow(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

fn begins_word(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || byte == b'?'
}

fn continues_word(byte: u8) -> bool {
    begins_word(byte) || byte.is_ascii_digit()
}

fn is_known(c: char) -> bool {
    c.is_ascii_alphanumeric()
        || c.is_ascii_whitespace()
        || matches!(
            c,
            '_' | '?' | '"' | '.' | ',' | ';' | ':' | '(' | ')' | '{' | '}' | '[' | ']'
        )
        || matches!(
            c,
            '=' | '<' | '>' | '+' | '-' | '*' | '/' | '%' | '^' | '!' | '@' | '$' | '|'
        )
}
