//! The values of numbers and texts as they are written.

use crate::datalog::ast::{ExprKind, Span};
use crate::datalog::diagnostic::{Code, RuleError};
use crate::datalog::lex::Token;

use super::cursor::Cursor;

impl Cursor<'_> {
    /// A whole number, with a minus sign before it or not.
    pub(super) fn number(&mut self, token: Token, sign: Option<Span>) -> ExprKind {
        let written = self.text_of(token);
        let (digits, radix) = match written.get(..2) {
            Some("0x") => (written.get(2..), 16),
            Some("0b") => (written.get(2..), 2),
            _ => (Some(written), 10),
        };
        let magnitude = digits.and_then(|digits| i128::from_str_radix(digits, radix).ok());
        let value = magnitude.map(|m| if sign.is_some() { -m } else { m });
        if let Some(value) = value.and_then(|value| i64::try_from(value).ok()) {
            return ExprKind::Number(value);
        }
        let span = sign.map_or(self.span_of(token), |sign| sign.to(self.span_of(token)));
        self.report(
            RuleError::new(Code::NumberOutOfRange, "a number is out of range")
                .label(span, "does not fit 64 bits")
                .help(format!(
                    "the largest is {}, the smallest {}",
                    i64::MAX,
                    i64::MIN
                )),
        );
        ExprKind::Number(0)
    }

    /// Digits, a dot and digits.
    pub(super) fn float(&mut self, token: Token, sign: Option<Span>) -> ExprKind {
        let value = self.text_of(token).parse::<f64>().unwrap_or(f64::INFINITY);
        if value.is_finite() {
            return ExprKind::Float(if sign.is_some() { -value } else { value });
        }
        let span = sign.map_or(self.span_of(token), |sign| sign.to(self.span_of(token)));
        self.report(
            RuleError::new(Code::NumberOutOfRange, "a number is out of range")
                .label(span, "does not fit a 64-bit float")
                .help(format!("the largest is about {:e}", f64::MAX)),
        );
        ExprKind::Float(0.0)
    }

    /// A text without its quotes and with its escapes resolved.
    pub(super) fn symbol(&mut self, token: Token) -> String {
        let written = self.text_of(token);
        let inner = written
            .strip_prefix('"')
            .and_then(|rest| rest.strip_suffix('"'))
            .unwrap_or_default();
        if !inner.contains(['\\', '\0']) {
            return inner.to_owned();
        }
        let mut value = String::with_capacity(inner.len());
        let mut chars = inner.char_indices();
        while let Some((at, c)) = chars.next() {
            if c == '\0' {
                self.escape_error(token, at, 1, "a text cannot hold a NUL character");
                continue;
            }
            if c != '\\' {
                value.push(c);
                continue;
            }
            let Some((_, escaped)) = chars.next() else {
                break;
            };
            match escaped {
                '"' | '\'' | '\\' => value.push(escaped),
                'a' => value.push('\u{7}'),
                'b' => value.push('\u{8}'),
                'f' => value.push('\u{c}'),
                'n' => value.push('\n'),
                'r' => value.push('\r'),
                't' => value.push('\t'),
                'v' => value.push('\u{b}'),
                _ => {
                    let shown = escaped.escape_debug();
                    let message = format!("`\\{shown}` is no escape");
                    self.escape_error(token, at, 1 + escaped.len_utf8(), &message);
                }
            }
        }
        value
    }

    fn escape_error(&mut self, token: Token, at: usize, length: usize, message: &str) {
        if self.found().only_counts() {
            return;
        }
        let narrow = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let start = token.start.saturating_add(1 + narrow(at));
        let span = Span {
            start,
            end: start.saturating_add(narrow(length)),
            ..self.span_of(token)
        };
        self.report(
            RuleError::new(Code::InvalidEscape, message)
                .label(span, "in this text")
                .help(
                    "the escapes are `\\\"` `\\'` `\\\\` `\\a` `\\b` `\\f` `\\n` `\\r` `\\t` `\\v`; \
                     a backslash itself is `\\\\`",
                ),
        );
    }
}
