//! A new text in the style of the old one: plain, or between its quotes.

use super::{Splice, Spot};
use crate::catalog::yaml::resolve;
use crate::catalog::yaml::tree::{Node, NodeKind, Scalar};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    Plain,
    Single,
    Double,
}

/// A value in the place of the old one.
pub(super) fn value(text: &str, spot: Spot<'_>, new: &str, bare: bool) -> Option<Splice> {
    if spot.value.is_some() || !matches!(spot.node.kind, NodeKind::Scalar(_)) {
        return None;
    }
    let wanted = match bare {
        true => resolve::plain(new),
        false => read_as(text, spot.node, new),
    };
    let old = style(text, spot.node)?;
    let written = match old {
        Style::Single | Style::Double if !bare => quoted(new, old),
        _ if resolve::plain(new) == wanted && is_plain(new, &wanted) => new.to_owned(),
        // Only a text may stand between quotes.
        _ if matches!(wanted, Scalar::Text(_)) => quoted(new, Style::Double),
        _ => return None,
    };
    if !spot.node.span.is_empty() {
        return Some(Splice {
            range: spot.node.span.clone(),
            text: written,
        });
    }
    // Nothing is there yet: right behind the colon.
    let at = behind_colon(text, spot.key?)?;
    Some(Splice {
        range: at..at,
        text: format!(" {written}"),
    })
}

/// A key in the place of the old one.
pub(super) fn key(text: &str, spot: Spot<'_>, new: &str) -> Option<Splice> {
    spot.value?;
    spot.node.text()?;
    if spot.parent.entry(new).is_some() {
        return None;
    }
    let written = match style(text, spot.node)? {
        Style::Plain if is_plain(new, &resolve::plain(new)) => new.to_owned(),
        Style::Plain => quoted(new, Style::Double),
        old => quoted(new, old),
    };
    Some(Splice {
        range: spot.node.span.clone(),
        text: written,
    })
}

/// What a new text is read as where it takes the place of a value in its style: a text stays one.
pub(super) fn read_as(text: &str, old: &Node, new: &str) -> Scalar {
    let is_text = matches!(old.kind, NodeKind::Scalar(Scalar::Text(_)));
    match style(text, old) {
        Some(Style::Plain) if !is_text && !new.is_empty() => resolve::plain(new),
        _ => Scalar::Text(new.to_owned()),
    }
}

/// The place behind the colon of a key.
pub(super) fn behind_colon(text: &str, key: &Node) -> Option<usize> {
    let behind = text.get(key.span.end..)?;
    let colon = behind.trim_start_matches([' ', '\t']);
    colon.starts_with(':').then_some(())?;
    Some(text.len() - colon.len() + 1)
}

/// How a value is written; none where it goes over several lines or is a block of its own.
fn style(text: &str, node: &Node) -> Option<Style> {
    let written = text.get(node.span.clone())?;
    if written.contains(['\n', '\r']) {
        return None;
    }
    let between = |quote: char| {
        let inside = written.strip_prefix(quote)?.strip_suffix(quote);
        inside.map(|_| ())
    };
    match written.chars().next() {
        Some('"') => between('"').map(|()| Style::Double),
        Some('\'') => between('\'').map(|()| Style::Single),
        Some('|' | '>' | '&' | '*' | '!') => None,
        _ => Some(Style::Plain),
    }
}

/// A text as YAML that every reader takes for that text, quoted where it has to be.
pub fn scalar(text: &str) -> String {
    let read = resolve::plain(text);
    match matches!(read, Scalar::Text(_)) && is_plain(text, &read) {
        true => text.to_owned(),
        false => quoted(text, Style::Double),
    }
}

fn quoted(text: &str, style: Style) -> String {
    if style == Style::Single && !text.chars().any(char::is_control) {
        return format!("'{}'", text.replace('\'', "''"));
    }
    let mut written = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => written.extend(['\\', c]),
            '\n' => written.push_str("\\n"),
            '\t' => written.push_str("\\t"),
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}') => {
                written.push_str(&format!("\\u{:04X}", u32::from(c)));
            }
            c => written.push(c),
        }
    }
    written.push('"');
    written
}

/// Words that older readers take for a boolean or nothing.
const WORDS: &[&str] = &["y", "n", "yes", "no", "on", "off", "true", "false", "null"];

/// Whether a text can stand without quotes anywhere, for every reader of YAML.
fn is_plain(text: &str, read: &Scalar) -> bool {
    if !matches!(read, Scalar::Text(_)) {
        return !text.is_empty();
    }
    let word = text.trim_start_matches('-');
    let begins = word.starts_with(|c: char| c.is_alphabetic() || c == '/');
    let part =
        |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | '@' | '+' | ':');
    (begins || counts(text))
        && text.split(' ').all(|word| !word.is_empty() && word.chars().all(part))
        && !text.ends_with(':')
        && !text.contains(": ")
        && !WORDS.contains(&text.to_lowercase().as_str())
        // Digits with a letter before them, such as versions and sizes, are text to everyone; `---` is not.
        && !text.starts_with("---")
}

/// Whether a text like `4_gpu` begins with a digit and has a letter that is in no number and no date of any reader.
fn counts(text: &str) -> bool {
    let in_no_number =
        |c: char| matches!(c.to_ascii_lowercase(), 'g'..='n' | 'p'..='s' | 'u'..='w' | 'y');
    text.starts_with(|c: char| c.is_ascii_digit())
        && !text.contains([':', '.', '+'])
        && text.contains(in_no_number)
}
