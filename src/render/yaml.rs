//! YAML that every reader takes for the same: block style, and text in quotation marks wherever any
//! version of YAML could read it as something else.
//!
//! Serializers quote by the version that they know. The readers here are of two: `12:30` is a number to
//! YAML 1.1, `0o17` one to YAML 1.2, `2026-01-01` a date to some.

use std::fmt::Write;

/// A value.
pub(super) enum Yaml {
    /// A text.
    Text(String),
    /// A number.
    Number(u32),
    /// Yes or no.
    Flag(bool),
    /// A list.
    List(Vec<Yaml>),
    /// Keys with their values, in order. Keys are written like texts.
    Map(Vec<(String, Yaml)>),
}

impl Yaml {
    /// A list of texts.
    pub fn texts<T: Into<String>>(texts: impl IntoIterator<Item = T>) -> Yaml {
        Yaml::List(
            texts
                .into_iter()
                .map(|text| Yaml::Text(text.into()))
                .collect(),
        )
    }

    /// The document.
    pub fn document(&self) -> String {
        let mut out = String::new();
        self.write(&mut out, 0);
        out
    }

    /// Writes the lines of a list or a map at an indent; anything else in the line that is begun.
    fn write(&self, out: &mut String, indent: usize) {
        let margin = " ".repeat(indent);
        match self {
            Yaml::Text(text) => out.push_str(&scalar(text)),
            Yaml::Number(number) => out.push_str(&number.to_string()),
            Yaml::Flag(flag) => out.push_str(&flag.to_string()),
            Yaml::List(items) => {
                for item in items {
                    out.push_str(&margin);
                    out.push_str("- ");
                    let mut inner = String::new();
                    item.write(&mut inner, indent + 2);
                    // The first line of what is inside stands behind the dash.
                    out.push_str(inner.trim_start_matches(' '));
                    end_line(out);
                }
            }
            Yaml::Map(entries) => {
                for (key, value) in entries {
                    out.push_str(&margin);
                    out.push_str(&scalar(key));
                    out.push(':');
                    match value {
                        Yaml::List(items) if items.is_empty() => out.push_str(" []"),
                        Yaml::Map(entries) if entries.is_empty() => out.push_str(" {}"),
                        Yaml::List(_) | Yaml::Map(_) => {
                            out.push('\n');
                            value.write(out, indent + 2);
                        }
                        _ => {
                            out.push(' ');
                            value.write(out, indent);
                        }
                    }
                    end_line(out);
                }
            }
        }
    }
}

fn end_line(out: &mut String) {
    if !out.ends_with('\n') {
        out.push('\n');
    }
}

/// A word that is text to every reader stands as it is; any other text is in double quotation marks.
fn scalar(text: &str) -> String {
    let word = text.strip_prefix("--").unwrap_or(text);
    let is_plain = word.starts_with(|first: char| first.is_ascii_alphabetic() || first == '/')
        && text
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || "_-./:@=,+".contains(letter))
        && !text.ends_with(':')
        && !WORDS_WITH_A_MEANING
            .iter()
            .any(|word| text.eq_ignore_ascii_case(word));
    if is_plain {
        return text.to_owned();
    }
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            '\r' => quoted.push_str("\\r"),
            _ if is_printable(letter) => quoted.push(letter),
            _ => {
                let _ = match u32::from(letter) {
                    code @ ..=0xff => write!(quoted, "\\x{code:02x}"),
                    code @ ..=0xffff => write!(quoted, "\\u{code:04x}"),
                    code => write!(quoted, "\\U{code:08x}"),
                };
            }
        }
    }
    quoted.push('"');
    quoted
}

/// Words that some version reads as something else than text.
const WORDS_WITH_A_MEANING: [&str; 9] =
    ["y", "n", "yes", "no", "on", "off", "true", "false", "null"];

/// What YAML 1.1 and 1.2 both call printable, without what either takes for the end of a line.
fn is_printable(letter: char) -> bool {
    matches!(letter,
        '\u{20}'..='\u{7e}' | '\u{a0}'..='\u{2027}' | '\u{202a}'..='\u{d7ff}'
        | '\u{e000}'..='\u{fefe}' | '\u{ff00}'..='\u{fffd}' | '\u{10000}'..='\u{10ffff}')
}
