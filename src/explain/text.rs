//! Trees of sentences as text of a given width.

use super::node::{Node, Status};

/// How a tree is drawn.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// Columns of a line.
    pub columns: usize,
}

/// Lines are this wide at least, however narrow the terminal is.
const NARROWEST: usize = 24;

/// Draws a tree. Statements of one subject are numbered, first what the others rest on; what supports
/// each is drawn below it.
pub fn tree(root: &Node, style: Style) -> Vec<String> {
    let mut line = vec![root];
    while let Some(next) = line
        .last()
        .and_then(|node| node.premises.iter().find(|p| p.carries_on))
    {
        line.push(next);
    }
    line.reverse();
    let mut lines = Vec::new();
    if let [only] = line.as_slice() {
        statement(only, "", "", style, &mut lines);
        branches(only, "", style, &mut lines);
        return lines;
    }
    let digits = line.len().to_string().len();
    for (number, node) in (1..).zip(line) {
        let first = format!("{number:>digits$}. ");
        let rest = " ".repeat(digits + 2);
        statement(node, &first, &rest, style, &mut lines);
        branches(node, &rest, style, &mut lines);
    }
    lines
}

/// What supports a statement, below it; without what the numbered lines show already.
fn branches(node: &Node, indent: &str, style: Style, lines: &mut Vec<String>) {
    let shown = node.premises.iter().filter(|premise| !premise.carries_on);
    drawn(&shown.collect::<Vec<_>>(), indent, style, lines);
}

fn drawn(nodes: &[&Node], indent: &str, style: Style, lines: &mut Vec<String>) {
    for (at, node) in nodes.iter().enumerate() {
        let last = at + 1 == nodes.len();
        let (first, rest) = if last {
            ("└─ ", "   ")
        } else {
            ("├─ ", "│  ")
        };
        let (first, rest) = (format!("{indent}{first}"), format!("{indent}{rest}"));
        statement(node, &first, &rest, style, lines);
        drawn(
            &node.premises.iter().collect::<Vec<_>>(),
            &rest,
            style,
            lines,
        );
    }
}

fn statement(node: &Node, first: &str, rest: &str, style: Style, lines: &mut Vec<String>) {
    let mark = match node.status {
        Status::Failed => "✗ ",
        Status::NotReached => "(not reached) ",
        _ => "",
    };
    let text = format!("{mark}{}", node.says);
    let columns = style.columns.saturating_sub(first.chars().count());
    let tags = tags(node);
    let tags = tags.iter().map(String::as_str);
    let words = text.split(' ').chain(tags);
    for (at, line) in filled(words, columns.max(NARROWEST))
        .into_iter()
        .enumerate()
    {
        let lead = if at == 0 { first } else { rest };
        lines.push(format!("{lead}{line}"));
    }
}

/// In brackets behind a statement: the rule, the place, and whether more was left out. Each part stays on one line.
fn tags(node: &Node) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    match (&node.rule, &node.rule_at) {
        (Some(rule), Some(place)) => parts.push(format!("{rule} {}:{}", place.file, place.line)),
        (Some(rule), None) => parts.push(rule.clone()),
        _ => {}
    }
    parts.extend(node.at.iter().map(super::place::At::says));
    match node.status {
        Status::Above => parts.push("shown above".to_owned()),
        Status::Cut if node.rule.is_some() => parts.push("...".to_owned()),
        _ => {}
    }
    let last = parts.len().saturating_sub(1);
    let bracketed = parts.into_iter().enumerate().map(|(at, part)| {
        let open = if at == 0 { "[" } else { "" };
        let close = if at == last { "]" } else { "," };
        format!("{open}{part}{close}")
    });
    bracketed.collect()
}

/// A text in lines of at most so many columns, where its words allow.
pub fn wrapped(text: &str, columns: usize) -> Vec<String> {
    filled(text.split(' '), columns)
}

fn filled<'t>(words: impl Iterator<Item = &'t str>, columns: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in words {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= columns => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}
