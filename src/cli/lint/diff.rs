//! What fixes change, as a unified diff.

use std::fmt::Write as _;

use similar::{ChangeTag, TextDiff};

use crate::catalog::problem::printable;
use crate::catalog::secret;
use crate::lint::MendedFile;

/// Lines shown around what changes.
const CONTEXT: usize = 3;

/// The change of a file. Secrets are covered: a diff is read by more people than the file.
pub(super) fn unified(name: &str, file: &MendedFile, in_colour: bool) -> String {
    let (before, after) = (&*file.before, file.after.as_str());
    let diff = TextDiff::from_lines(before, after);
    let (old, new) = (shown(before), shown(after));
    let (old, new) = (lines(&old), lines(&new));
    let paint = |code: &str, text: &str| match in_colour {
        true => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
        false => text.to_owned(),
    };
    let mut out = String::new();
    let _ = writeln!(out, "{}", paint("1", &format!("--- {name}")));
    let _ = writeln!(out, "{}", paint("1", &format!("+++ {name}")));
    for hunk in diff.grouped_ops(CONTEXT) {
        let (Some(first), Some(last)) = (hunk.first(), hunk.last()) else {
            continue;
        };
        let from = stretch(first.old_range().start, last.old_range().end);
        let to = stretch(first.new_range().start, last.new_range().end);
        let _ = writeln!(out, "{}", paint("36", &format!("@@ -{from} +{to} @@")));
        for change in hunk.iter().flat_map(|op| diff.iter_changes(op)) {
            let (sign, line, colour) = match change.tag() {
                ChangeTag::Equal => (' ', change.old_index().and_then(|at| old.get(at)), None),
                ChangeTag::Delete => (
                    '-',
                    change.old_index().and_then(|at| old.get(at)),
                    Some("31"),
                ),
                ChangeTag::Insert => (
                    '+',
                    change.new_index().and_then(|at| new.get(at)),
                    Some("32"),
                ),
            };
            let line = line.copied().unwrap_or_default();
            let (line, ended) = match line.strip_suffix('\n') {
                Some(line) => (line, true),
                None => (line, false),
            };
            let text = format!("{sign}{line}");
            let text = colour.map_or(text.clone(), |colour| paint(colour, &text));
            let _ = writeln!(out, "{text}");
            if !ended {
                out.push_str("\\ No newline at end of file\n");
            }
        }
    }
    out
}

fn shown(text: &str) -> String {
    printable(&secret::masked(text))
}

fn lines(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').collect()
}

/// Lines of a hunk's head: the first, from 1, and how many unless it is one.
fn stretch(start: usize, end: usize) -> String {
    match end - start {
        0 => format!("{start},0"),
        1 => format!("{}", start + 1),
        count => format!("{},{count}", start + 1),
    }
}
