//! What changes, for a terminal.

use std::fmt::Write as _;

use crate::cli::output::wrapped;
use crate::diff::{Diff, Group, Kind, Row, in_words};

use super::words::{KINDS, causes, requests, served, title, without_effect};

/// Columns of a terminal.
const COLUMNS: usize = 80;
/// Rows of one cause that are shown.
const ROWS: usize = 40;
/// Sentences about one row that are shown.
const SENTENCES: usize = 3;

pub(super) fn text(diff: &Diff, old: &str, new: &str) -> String {
    let mut text = String::new();
    totals(diff, old, new, &mut text);
    let mut kind = None;
    for group in &diff.groups {
        if kind != Some(group.kind) {
            kind = Some(group.kind);
            let mut title = title(group.kind).to_owned();
            if let Some(first) = title.get_mut(..1) {
                first.make_ascii_uppercase();
            }
            let _ = writeln!(text, "\n{title}\n{}", "-".repeat(title.chars().count()));
        }
        of_group(diff, group, &mut text);
    }
    rest(diff, &mut text);
    text
}

fn totals(diff: &Diff, old: &str, new: &str, text: &mut String) {
    let changed = diff.decided_otherwise();
    let compared = requests(diff.compared);
    let words = if diff.files.is_empty() {
        format!("{old} and {new} hold the same: {compared}, no change")
    } else if changed == 0 {
        format!("From {old} to {new} no decision of {compared} changes")
    } else {
        format!("From {old} to {new} {changed} of {compared} are decided otherwise")
    };
    paragraph(text, 0, &words);
    for kind in KINDS {
        let count = diff.count(kind);
        if count > 0 {
            let _ = writeln!(text, "{count:>8} {}", title(kind));
        }
    }
}

fn of_group(diff: &Diff, group: &Group, text: &mut String) {
    text.push('\n');
    let causes = causes(diff, group);
    if causes.is_empty() {
        text.push_str("by several files together\n");
    }
    for (file, says) in causes {
        paragraph(text, 0, &format!("{} {says}", file.file()));
    }
    for part in &group.command {
        paragraph(text, 2, &part.says());
    }
    for row in group.rows.iter().take(ROWS) {
        of_row(group.kind, row, text);
    }
    if group.rows.len() > ROWS {
        let more = group.rows.len() - ROWS;
        let _ = writeln!(
            text,
            "  and {more} more of this kind; --format json has all"
        );
    }
}

fn of_row(kind: Kind, row: &Row, text: &mut String) {
    let side = |side| match served(side, row) {
        Some((recipe, rest)) => format!("{recipe}, {rest}"),
        None => "nobody".to_owned(),
    };
    for phrase in in_words(&row.questions) {
        paragraph(text, 2, &phrase);
    }
    if kind == Kind::Command {
        paragraph(text, 4, &side(row.after.as_ref()));
        return;
    }
    paragraph(text, 4, &format!("before: {}", side(row.before.as_ref())));
    paragraph(text, 4, &format!("now:    {}", side(row.after.as_ref())));
    for sentence in row.because.iter().take(SENTENCES) {
        paragraph(text, 4, sentence);
    }
    if row.because.len() > SENTENCES {
        let more = row.because.len() - SENTENCES;
        let _ = writeln!(text, "    and {more} reasons like these");
    }
}

fn rest(diff: &Diff, text: &mut String) {
    let idle = diff.without_effect();
    if idle.is_empty() {
        return;
    }
    let _ = writeln!(text, "\n{}:", without_effect(idle.len()));
    for file in idle.iter().take(ROWS) {
        paragraph(text, 2, &format!("{} {}", file.file(), file.says()));
    }
    if idle.len() > ROWS {
        let _ = writeln!(text, "  and {} more", idle.len() - ROWS);
    }
}

/// Words in lines of a terminal's width, indented.
fn paragraph(text: &mut String, indent: usize, words: &str) {
    for line in wrapped(words, COLUMNS - indent) {
        let _ = writeln!(text, "{:indent$}{line}", "");
    }
}
