//! Comments of a YAML text that are addressed to this program, and the lines that they are about.

use std::ops::Range;

use granit_parser::{Event, Options, Parser, options};

use super::read::{MAX_BYTES, MAX_DEPTH};

/// How such a comment begins.
pub const ADDRESS: &str = "aim-engine:";

/// A comment to this program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    /// Its bytes, from `#` to the line's end.
    pub span: Range<usize>,
    /// What stands behind the address.
    pub text: String,
    /// The line that it is about, from 1: its own, or the next one that is more than a comment.
    pub line: usize,
    /// Whether nothing but comments stands before it.
    pub is_at_top: bool,
}

/// The comments to this program, up to where the text is no YAML. A `#` inside a value begins none.
pub fn comments(bytes: &[u8]) -> Vec<Comment> {
    let text = std::str::from_utf8(bytes).unwrap_or_default();
    if text.len() > MAX_BYTES || !text.contains(ADDRESS) {
        return Vec::new();
    }
    let body = text.strip_prefix('\u{feff}').unwrap_or(text);
    let offset = text.len() - body.len();
    let options: Options = options! {
        emit_comments: true,
        flow_nesting_limit: MAX_DEPTH,
        block_nesting_limit: MAX_DEPTH,
    };
    let events = Parser::new_from_str_with_options(body, options);
    let found = events
        .map_while(Result::ok)
        .filter_map(|(event, span)| match event {
            Event::Comment(said, _) => {
                let said = said.trim().strip_prefix(ADDRESS)?.trim().to_owned();
                let span = span.byte_range()?;
                Some((said, span))
            }
            _ => None,
        });
    let mut lines = Lines::of(body);
    let found = found.filter_map(|(said, span)| {
        let (line, is_at_top) = lines.about(span.start)?;
        Some(Comment {
            span: span.start + offset..span.end + offset,
            text: said,
            line,
            is_at_top,
        })
    });
    let mut found: Vec<Comment> = found.collect();
    found.sort_by_key(|comment| comment.span.start);
    found
}

/// The lines of a text, each with its first byte.
struct Lines<'t> {
    lines: Vec<(usize, &'t str)>,
    /// The first line that is more than a comment.
    first: usize,
}

impl<'t> Lines<'t> {
    fn of(text: &'t str) -> Self {
        let mut start = 0;
        let lines: Vec<(usize, &str)> = text
            .split_inclusive('\n')
            .map(|line| {
                let at = start;
                start += line.len();
                (at, line)
            })
            .collect();
        let first = lines.iter().position(|(_, line)| {
            let line = line.trim();
            !is_comment(line) && line != "---" && !line.starts_with('%')
        });
        let first = first.unwrap_or(lines.len());
        Lines { lines, first }
    }

    /// The line that a comment at this byte is about, and whether it stands at the top.
    fn about(&mut self, at: usize) -> Option<(usize, bool)> {
        let own = self.lines.partition_point(|(start, _)| *start <= at);
        let own = own.checked_sub(1)?;
        let (start, line) = *self.lines.get(own)?;
        let stands_alone = line.get(..at - start)?.trim().is_empty();
        if !stands_alone {
            return Some((own + 1, false));
        }
        let below = self.lines.iter().enumerate().skip(own + 1);
        let next = below.into_iter().find(|(_, (_, line))| !is_comment(line));
        let line = next.map_or(own, |(next, _)| next);
        Some((line + 1, own < self.first))
    }
}

fn is_comment(line: &str) -> bool {
    let line = line.trim();
    line.is_empty() || line.starts_with('#')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(String, usize, bool)> {
        let found = comments(text.as_bytes()).into_iter();
        found
            .map(|comment| {
                assert!(text[comment.span.clone()].starts_with("# aim-engine:"));
                assert!(text[comment.span].ends_with(&comment.text));
                (comment.text, comment.line, comment.is_at_top)
            })
            .collect()
    }

    #[test]
    fn a_comment_is_about_its_line_or_the_next() {
        let text = "\u{feff}# aim-engine: top\r\n---\r\nä: 1 # aim-engine: here\r\n\
                    # aim-engine: next\r\n\r\n# and so on\r\nb:\r\n  # aim-engine: deep\r\n  c: 1\r\n";
        let here = |text: &str, line, top| (text.to_owned(), line, top);
        assert_eq!(
            found(text),
            [
                here("top", 2, true),
                here("here", 3, false),
                here("next", 7, false),
                here("deep", 9, false),
            ]
        );
    }

    #[test]
    fn a_value_is_no_comment() {
        let text = "a: '# aim-engine: no'\nb: |\n  # aim-engine: no\n  x\nc: \"x\n  # aim-engine: no\n  \"\n\
                    d: x# aim-engine:no\ne: [1, # aim-engine: yes\n  2]\n";
        assert_eq!(found(text), [("yes".to_owned(), 9, false)]);
    }

    #[test]
    fn what_is_no_yaml_has_those_before_its_mistake() {
        assert_eq!(found("# aim-engine: a\nb: [\n").len(), 1);
        assert_eq!(found(""), []);
        assert_eq!(found("# aim-engine: alone").len(), 1);
    }
}
