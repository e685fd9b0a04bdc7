//! What changes, as a comment for a review. All that comes out of a catalog is escaped: it makes no
//! markup, calls nobody and links nowhere.

use std::fmt::Write as _;

use crate::diff::{Diff, FileChange, Group, Kind, Row, in_words};

use super::words::{KINDS, causes, requests, served, title, without_effect};

/// Bytes of a comment: services refuse larger ones.
const LIMIT: usize = 60_000;
/// Bytes that are kept for what is said of what is left out.
const RESERVE: usize = 1_000;
/// Characters of one cell or sentence.
const CELL: usize = 600;
/// Rows of a table.
const ROWS: usize = 100;

pub(super) fn text(diff: &Diff, old: &str, new: &str) -> String {
    let mut text = summary(diff, old, new);
    let idle = idle(diff);
    let room = LIMIT - RESERVE - idle.len();
    let mut left_out = 0;
    for group in &diff.groups {
        let mut part = heading(diff, group);
        let mut shown = 0;
        let mut table = match group.kind {
            Kind::Command => String::from("\n| requests | choice |\n|---|---|\n"),
            _ => String::from("\n| requests | before | now |\n|---|---|---|\n"),
        };
        let mut why = String::new();
        for row in group.rows.iter().take(ROWS) {
            let (line, reason) = (line(group.kind, row), reason(row));
            let reason = if why.contains(&reason) {
                String::new()
            } else {
                reason
            };
            let size = part.len() + table.len() + why.len() + line.len() + reason.len();
            if text.len() + size + RESERVE > room {
                break;
            }
            table.push_str(&line);
            why.push_str(&reason);
            shown += 1;
        }
        if shown == 0 {
            left_out += group.requests();
            continue;
        }
        part.push_str(&table);
        let rest = group.rows.iter().skip(shown);
        let more: usize = rest.map(|row| row.questions.len()).sum();
        if more > 0 {
            let _ = writeln!(part, "\n… and {} more.", requests(more));
        }
        if !why.is_empty() {
            let _ = write!(
                part,
                "\n<details><summary>why</summary>\n\n{why}\n</details>\n"
            );
        }
        text.push_str(&part);
    }
    if left_out > 0 {
        let _ = writeln!(
            text,
            "\n**Left out here: changes of {}.** `aim-engine diff` shows them in a terminal.",
            requests(left_out)
        );
    }
    text.push_str(&idle);
    text
}

fn summary(diff: &Diff, old: &str, new: &str) -> String {
    let changed = diff.decided_otherwise();
    let between = format!("from {} to {}", code(old), code(new));
    let compared = requests(diff.compared);
    if diff.files.is_empty() {
        return format!("**No change** {between}: {compared}, no file differs.\n");
    }
    let parts: Vec<String> = KINDS
        .into_iter()
        .filter(|kind| diff.count(*kind) > 0)
        .map(|kind| format!("{} {}", diff.count(kind), title(kind)))
        .collect();
    let parts = if parts.is_empty() {
        String::new()
    } else {
        format!(": {}", parts.join("; "))
    };
    if changed == 0 {
        format!("**No decision changes** {between} ({compared}){parts}.\n")
    } else {
        format!("**{changed} of {compared} are decided otherwise** {between}{parts}.\n")
    }
}

fn heading(diff: &Diff, group: &Group) -> String {
    let mut title = title(group.kind).to_owned();
    if let Some(first) = title.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    let mut text = format!("\n### {title}: {}\n\n", requests(group.requests()));
    let causes = causes(diff, group);
    for (cause, says) in causes.iter().take(ROWS) {
        text.push_str(&file(cause, says));
    }
    if causes.len() > ROWS {
        let _ = writeln!(text, "- and {} more files", causes.len() - ROWS);
    }
    for part in group.command.iter().take(ROWS) {
        let _ = writeln!(text, "- {}", escaped(&part.says()));
    }
    text
}

fn file(file: &FileChange, says: &str) -> String {
    format!("- {} {}\n", code(file.file()), escaped(says))
}

fn line(kind: Kind, row: &Row) -> String {
    let asked: Vec<String> = in_words(&row.questions)
        .iter()
        .map(|phrase| escaped(phrase))
        .collect();
    let asked = asked.join("<br>");
    let asked = if asked.chars().count() > 2 * CELL {
        escaped(&in_words(&row.questions).join("; "))
    } else {
        asked
    };
    let side = |side| match served(side, row) {
        Some((recipe, rest)) => format!("{}, {}", code(recipe), escaped(&rest)),
        None => "**nobody**".to_owned(),
    };
    let after = side(row.after.as_ref());
    match kind {
        Kind::Command => format!("| {asked} | {after} |\n"),
        _ => format!("| {asked} | {} | {after} |\n", side(row.before.as_ref())),
    }
}

fn reason(row: &Row) -> String {
    let sentences: Vec<String> = row
        .because
        .iter()
        .take(3)
        .map(|says| escaped(says))
        .collect();
    if sentences.is_empty() {
        return String::new();
    }
    let name = |served: &Option<crate::diff::Served>| match served {
        Some(served) => code(&served.selected.recipe_id),
        None => "nobody".to_owned(),
    };
    format!(
        "- {} → {}: {}\n",
        name(&row.before),
        name(&row.after),
        sentences.join(" / ")
    )
}

fn idle(diff: &Diff) -> String {
    let idle = diff.without_effect();
    if idle.is_empty() {
        return String::new();
    }
    let mut text = format!(
        "\n<details><summary>{}</summary>\n\n",
        without_effect(idle.len())
    );
    let mut shown = 0;
    for change in &idle {
        let line = file(change, &change.says());
        if text.len() + line.len() > LIMIT / 4 {
            break;
        }
        text.push_str(&line);
        shown += 1;
    }
    if shown < idle.len() {
        let _ = writeln!(text, "- and {} more", idle.len() - shown);
    }
    text.push_str("\n</details>\n");
    text
}

/// Text that stands for itself alone, in one line.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in shortened(text).chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '|' | '~' | '!' | '$' => {
                out.push('\\');
                out.push(c);
            }
            // A space of no width behind it keeps it from being a mention, a reference or a link.
            '@' | '#' => {
                out.push(c);
                out.push('\u{200b}');
            }
            c => out.push(c),
        }
    }
    out.replace("://", ":\u{200b}//")
        .replace("www.", "www\u{200b}.")
}

/// A code span, which also a table takes.
fn code(text: &str) -> String {
    let text = shortened(text);
    let longest = text
        .split(|c| c != '`')
        .map(str::len)
        .max()
        .unwrap_or_default();
    let fence = "`".repeat(longest + 1);
    let blank = if text.starts_with('`') || text.ends_with('`') || text.is_empty() {
        " "
    } else {
        ""
    };
    let text = text.replace('|', "\\|");
    format!("{fence}{blank}{text}{blank}{fence}")
}

/// The text in one line, of bounded length.
fn shortened(text: &str) -> String {
    let mut characters = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    let mut out: String = characters.by_ref().take(CELL).collect();
    if characters.next().is_some() {
        out.push('…');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_catalogs_hold_makes_no_markup() {
        assert_eq!(
            escaped("a|b <img src=x> *c* `d` [e](http://f) @g #1\nh"),
            "a\\|b &lt;img src=x&gt; \\*c\\* \\`d\\` \\[e\\](http:\u{200b}//f) @\u{200b}g #\u{200b}1 h"
        );
        assert_eq!(code("a|b"), "`a\\|b`");
        assert_eq!(code("a``b"), "```a``b```");
        assert_eq!(code("`"), "`` ` ``");
        assert_eq!(code("a\nb"), "`a b`");
    }

    #[test]
    fn long_text_is_cut() {
        assert_eq!(escaped(&"é".repeat(5000)).chars().count(), CELL + 1);
    }
}
