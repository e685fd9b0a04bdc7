//! The bytes of an entry that is new: on a line of its own below another one, or beside it between braces.

use super::style::behind_colon;
use super::{Splice, Spot};
use crate::catalog::yaml::tree::{Node, NodeKind};

/// The splice that puts an entry behind the one with this key.
pub(super) fn splice(text: &str, spot: Spot<'_>, key: &str, value: &str) -> Option<Splice> {
    let behind = spot.value?;
    if spot.parent.entry(key).is_some() {
        return None;
    }
    let colon = behind_colon(text, spot.node)?;
    let end = last(behind).max(colon);
    if text.get(spot.parent.span.clone())?.starts_with('{') {
        return Some(Splice {
            range: end..end,
            text: format!(", {key}: {value}"),
        });
    }
    let start = text
        .get(..spot.node.span.start)?
        .rfind('\n')
        .map_or(0, |at| at + 1);
    let indent = text.get(start..spot.node.span.start)?;
    let indent = indent.trim_start_matches('\u{feff}');
    if !indent.chars().all(|c| c == ' ') {
        return None;
    }
    let rest = text.get(end..)?;
    let line = rest.find('\n').unwrap_or(rest.len());
    let line = rest.get(..line)?.strip_suffix('\r').map_or(line, str::len);
    let ending = match rest.get(line..)? {
        "" if text.contains("\r\n") => "\r\n",
        behind if behind.starts_with('\r') => "\r\n",
        _ => "\n",
    };
    Some(Splice {
        range: end + line..end + line,
        text: format!("{ending}{indent}{key}: {value}"),
    })
}

/// Where the last value in a value ends, or its closing bracket.
fn last(node: &Node) -> usize {
    let below = match &node.kind {
        NodeKind::Scalar(_) => None,
        NodeKind::Sequence(items) => items.last().map(last),
        NodeKind::Mapping(entries) => entries
            .last()
            .map(|entry| last(&entry.value).max(entry.key.span.end)),
    };
    match below {
        // Blocks may be said to go on to the next key.
        Some(below) if !is_between_brackets(node, below) => below,
        _ => node.span.end,
    }
}

/// A list or map between brackets ends behind what is in it, and soon.
fn is_between_brackets(node: &Node, below: usize) -> bool {
    node.span.end == below + 1
}
