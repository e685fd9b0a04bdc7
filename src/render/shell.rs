//! Writes a command for `sh`: quoted, one option a line, with comments before it.

use super::UnquotableWord;

/// A line's length, where the words allow it.
const WIDTH: usize = 80;
const INDENT: usize = 2;
/// Words of a group that do not fit on its first line.
const DEEPER: usize = 4;
/// ` \` at the end of a line.
const CONTINUATION: usize = 2;

/// The command whose first line is `first`, with each of `groups` on a line of its own.
///
/// # Errors
/// When a word holds a NUL byte.
pub(super) fn command(first: &[String], groups: &[Vec<String>]) -> Result<String, UnquotableWord> {
    let mut lines = vec![quoted(first)?.join(" ")];
    for group in groups {
        lines.extend(group_lines(&quoted(group)?));
    }
    Ok(lines.join(" \\\n") + "\n")
}

/// Each text as comment lines. What ends a line for any shell or terminal starts a new comment, and
/// other control characters become blanks, so that no text leaves its comment.
pub(super) fn comments(texts: &[String]) -> String {
    let is_line_end = |letter| {
        matches!(
            letter,
            '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}'
        )
    };
    texts
        .iter()
        .flat_map(|text| text.split(is_line_end))
        .map(|line| {
            let line: String = line
                .chars()
                .map(|letter| if letter.is_control() { ' ' } else { letter })
                .collect();
            format!("{}\n", format!("# {line}").trim_end())
        })
        .collect()
}

/// The engine's words, each flag with the words that follow it. This is for the eye alone: the words
/// stay the same and in their order.
pub(super) fn by_flag(words: &[String]) -> Vec<Vec<String>> {
    let mut groups: Vec<Vec<String>> = Vec::new();
    for word in words {
        match groups.last_mut() {
            Some(group) if !word.starts_with("--") => group.push(word.clone()),
            _ => groups.push(vec![word.clone()]),
        }
    }
    groups
}

fn group_lines(words: &[String]) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = " ".repeat(INDENT);
    let mut empty = true;
    for word in words {
        let length = word.chars().count();
        let ends = line.chars().count() + 1 + length + CONTINUATION;
        // A word that is too long anywhere stays beside its option.
        if !empty && ends > WIDTH && DEEPER + length + CONTINUATION <= WIDTH {
            lines.push(std::mem::replace(&mut line, " ".repeat(DEEPER)));
            empty = true;
        }
        if !empty {
            line.push(' ');
        }
        line.push_str(word);
        empty = false;
    }
    lines.push(line);
    lines
}

/// Each word as `sh` reads it back.
pub(super) fn quoted(words: &[String]) -> Result<Vec<String>, UnquotableWord> {
    words.iter().map(|word| quote(word)).collect()
}

/// A word of safe characters stands as it is, since `HIP_VISIBLE_DEVICES=0,1` reads better without
/// quotation marks; everything else is quoted.
fn quote(word: &str) -> Result<String, UnquotableWord> {
    let is_safe = |b: u8| b.is_ascii_alphanumeric() || b"_@%+=:,./-".contains(&b);
    // zsh reads `=name` as the path of a command.
    if !word.is_empty() && !word.starts_with('=') && word.bytes().all(is_safe) {
        return Ok(word.to_owned());
    }
    match shlex::try_quote(word) {
        Ok(quoted) => Ok(quoted.into_owned()),
        Err(_) => Err(UnquotableWord {
            word: word.to_owned(),
        }),
    }
}
