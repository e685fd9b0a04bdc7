//! Changes of a YAML text that leave all other bytes as they are.
//!
//! What a change makes is read again and compared with the tree that is wanted: one that would do anything else, for
//! an alias, a merged map or a style that is not foreseen, is no change at all.

mod removal;
mod style;

use std::ops::Range;

use super::read;
use super::resolve;
use super::tree::{Node, NodeKind, Scalar};

/// What is to be done to the key or value with an ordinal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The key or value.
    pub ordinal: u32,
    /// What is done.
    pub action: Action,
}

/// What is done to a key or value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// The value becomes this text, quoted where it was and where it would read as another type otherwise.
    Set(String),
    /// The value becomes what this reads as without quotes.
    SetBare(String),
    /// The key becomes this.
    Rename(String),
    /// The entry or item goes, with its lines and the comments that are its own.
    Remove,
}

/// Bytes and what takes their place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Splice {
    /// The bytes.
    pub range: Range<usize>,
    /// What takes their place.
    pub text: String,
}

/// A node, what it stands in and what it stands behind.
#[derive(Clone, Copy)]
struct Spot<'t> {
    node: &'t Node,
    /// The key, of a value in a map; the key itself, of a key.
    key: Option<&'t Node>,
    /// The value, of a key.
    value: Option<&'t Node>,
    parent: &'t Node,
}

/// The splices that make these changes of a text, whose tree is given; none where it is not certain that
/// they make these and no others.
pub fn splices(text: &str, root: &Node, changes: &[Change]) -> Option<Vec<Splice>> {
    let mut all: Vec<Splice> = Vec::new();
    let mut wanted = root.clone();
    for change in changes {
        // What an alias or a merge shares means more than one place.
        if count(root, change.ordinal) != 1 {
            return None;
        }
        let spot = spot(root, change.ordinal)?;
        let splice = match &change.action {
            Action::Set(new) => style::value(text, spot, new, false)?,
            Action::SetBare(new) => style::value(text, spot, new, true)?,
            Action::Rename(new) => style::key(text, spot, new)?,
            Action::Remove => removal::splice(text, spot)?,
        };
        apply(&mut wanted, change, text);
        all.push(splice);
    }
    all.sort_by_key(|splice| (splice.range.start, splice.range.end));
    let overlap = all.windows(2).any(|pair| match pair {
        [first, second] => overlaps(first, second),
        _ => false,
    });
    if all.is_empty() || overlap {
        return None;
    }
    let made = spliced(text, &all)?;
    if made == text {
        return None;
    }
    read(&made)
        .is_ok_and(|made| same(&made, &wanted))
        .then_some(all)
}

/// Whether two changes have bytes in common, or stand where either could come first.
pub fn overlaps(one: &Splice, other: &Splice) -> bool {
    let (first, second) = match one.range.start <= other.range.start {
        true => (one, other),
        false => (other, one),
    };
    first.range.end > second.range.start || first.range.start == second.range.start
}

/// The text with splices in the order of their places, none overlapping another.
pub fn spliced(text: &str, splices: &[Splice]) -> Option<String> {
    let mut made = String::with_capacity(text.len() + 64);
    let mut at = 0;
    for splice in splices {
        made.push_str(text.get(at..splice.range.start)?);
        made.push_str(&splice.text);
        at = splice.range.end;
    }
    made.push_str(text.get(at..)?);
    Some(made)
}

/// How often a node is in the tree.
fn count(node: &Node, ordinal: u32) -> usize {
    let below: usize = match &node.kind {
        NodeKind::Scalar(_) => 0,
        NodeKind::Sequence(items) => items.iter().map(|item| count(item, ordinal)).sum(),
        NodeKind::Mapping(entries) => entries
            .iter()
            .map(|entry| count(&entry.key, ordinal) + count(&entry.value, ordinal))
            .sum(),
    };
    below + usize::from(node.ordinal == ordinal)
}

fn spot(parent: &Node, ordinal: u32) -> Option<Spot<'_>> {
    match &parent.kind {
        NodeKind::Scalar(_) => None,
        NodeKind::Sequence(items) => items.iter().find_map(|node| {
            let here = Spot {
                node,
                key: None,
                value: None,
                parent,
            };
            (node.ordinal == ordinal)
                .then_some(here)
                .or_else(|| spot(node, ordinal))
        }),
        NodeKind::Mapping(entries) => entries.iter().find_map(|entry| {
            let here = Spot {
                node: &entry.value,
                key: Some(&entry.key),
                value: None,
                parent,
            };
            if entry.key.ordinal == ordinal {
                return Some(Spot {
                    node: &entry.key,
                    value: Some(&entry.value),
                    ..here
                });
            }
            (entry.value.ordinal == ordinal)
                .then_some(here)
                .or_else(|| spot(&entry.value, ordinal))
        }),
    }
}

/// The tree as a change wants it; places are not kept.
fn apply(node: &mut Node, change: &Change, text: &str) {
    let is_meant = |node: &Node| node.ordinal == change.ordinal;
    if is_meant(node) {
        match &change.action {
            Action::Set(new) => node.kind = NodeKind::Scalar(style::read_as(text, node, new)),
            Action::SetBare(new) => node.kind = NodeKind::Scalar(resolve::plain(new)),
            Action::Rename(new) => node.kind = NodeKind::Scalar(Scalar::Text(new.clone())),
            Action::Remove => {}
        }
        return;
    }
    let removes = change.action == Action::Remove;
    match &mut node.kind {
        NodeKind::Scalar(_) => {}
        NodeKind::Sequence(items) => {
            items.retain(|item| !(removes && is_meant(item)));
            items.iter_mut().for_each(|item| apply(item, change, text));
        }
        NodeKind::Mapping(entries) => {
            entries.retain(|entry| !(removes && (is_meant(&entry.key) || is_meant(&entry.value))));
            for entry in entries {
                apply(&mut entry.key, change, text);
                apply(&mut entry.value, change, text);
            }
        }
    }
}

/// Whether two trees say the same, wherever it stands. Keys are compared by their text.
fn same(one: &Node, other: &Node) -> bool {
    match (&one.kind, &other.kind) {
        (NodeKind::Scalar(one), NodeKind::Scalar(other)) => one == other,
        (NodeKind::Sequence(one), NodeKind::Sequence(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(a, b)| same(a, b))
        }
        (NodeKind::Mapping(one), NodeKind::Mapping(other)) => {
            one.len() == other.len()
                && one
                    .iter()
                    .zip(other)
                    .all(|(a, b)| a.key.text() == b.key.text() && same(&a.value, &b.value))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests;
