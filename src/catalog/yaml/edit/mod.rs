//! Changes of a YAML text that leave all other bytes as they are.
//!
//! What a change makes is read again and compared with the tree that is wanted: one that would do anything else, for
//! an alias, a merged map or a style that is not foreseen, is no change at all.

mod addition;
mod removal;
mod style;

use std::collections::HashMap;
use std::ops::Range;

use super::read;
use super::resolve;
use super::tree::{Entry, Node, NodeKind, Scalar};

pub use style::scalar;

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
    /// Behind the entry of this key comes another one, on a line of its own.
    AddAfter {
        /// Its key.
        key: String,
        /// Its value, as YAML on one line.
        value: String,
    },
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

/// A text that may be changed, and where its keys and values are.
pub struct Editor<'t> {
    text: &'t str,
    root: &'t Node,
    /// By ordinal; none for what is in the tree more than once: what an alias or a merge shares.
    spots: HashMap<u32, Option<Spot<'t>>>,
}

impl<'t> Editor<'t> {
    /// For a text and its tree.
    pub fn new(text: &'t str, root: &'t Node) -> Self {
        let mut spots = HashMap::new();
        find_spots(root, &mut spots);
        Editor { text, root, spots }
    }

    /// The splices that are to make these changes, in the order of their places, none overlapping another; none
    /// where it is clear that there are none. Others have to be looked at with [`Editor::holds`].
    pub fn propose(&self, changes: &[Change]) -> Option<Vec<Splice>> {
        let mut all: Vec<Splice> = Vec::new();
        for change in changes {
            let spot = (*self.spots.get(&change.ordinal)?)?;
            all.push(match &change.action {
                Action::Set(new) => style::value(self.text, spot, new, false)?,
                Action::SetBare(new) => style::value(self.text, spot, new, true)?,
                Action::Rename(new) => style::key(self.text, spot, new)?,
                Action::Remove => removal::splice(self.text, spot)?,
                Action::AddAfter { key, value } => addition::splice(self.text, spot, key, value)?,
            });
        }
        all.sort_by_key(|splice| (splice.range.start, splice.range.end));
        let overlap = all.windows(2).any(|pair| match pair {
            [first, second] => overlaps(first, second),
            _ => false,
        });
        let changes_all = all
            .iter()
            .all(|splice| self.text.get(splice.range.clone()) != Some(splice.text.as_str()));
        (!all.is_empty() && !overlap && changes_all).then_some(all)
    }

    /// Whether these splices, in the order of their places, make these changes and no others: what they make is
    /// read again.
    pub fn holds(&self, changes: &[&Change], splices: &[Splice]) -> bool {
        let Some(made) = spliced(self.text, splices) else {
            return false;
        };
        let changes: HashMap<u32, &Change> = changes
            .iter()
            .map(|change| (change.ordinal, *change))
            .collect();
        let mut wanted = self.root.clone();
        apply(&mut wanted, &changes, self.text);
        read(&made).is_ok_and(|made| same(&made, &wanted))
    }
}

/// The splices that make these changes of a text, whose tree is given; none where it is not certain that
/// they make these and no others.
pub fn splices(text: &str, root: &Node, changes: &[Change]) -> Option<Vec<Splice>> {
    let editor = Editor::new(text, root);
    let splices = editor.propose(changes)?;
    let changes: Vec<&Change> = changes.iter().collect();
    editor.holds(&changes, &splices).then_some(splices)
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

fn find_spots<'t>(parent: &'t Node, spots: &mut HashMap<u32, Option<Spot<'t>>>) {
    let mut add = |spot: Spot<'t>| {
        let known = spots.entry(spot.node.ordinal);
        known
            .and_modify(|known| *known = None)
            .or_insert(Some(spot));
    };
    match &parent.kind {
        NodeKind::Scalar(_) => {}
        NodeKind::Sequence(items) => {
            for node in items {
                add(Spot {
                    node,
                    key: None,
                    value: None,
                    parent,
                });
            }
            items.iter().for_each(|item| find_spots(item, spots));
        }
        NodeKind::Mapping(entries) => {
            for entry in entries {
                let value = Spot {
                    node: &entry.value,
                    key: Some(&entry.key),
                    value: None,
                    parent,
                };
                add(value);
                add(Spot {
                    node: &entry.key,
                    value: Some(&entry.value),
                    ..value
                });
            }
            for entry in entries {
                find_spots(&entry.value, spots);
            }
        }
    }
}

/// The tree as changes, by ordinal, want it; places are not kept.
fn apply(node: &mut Node, changes: &HashMap<u32, &Change>, text: &str) {
    if let Some(change) = changes.get(&node.ordinal) {
        match &change.action {
            Action::Set(new) => node.kind = NodeKind::Scalar(style::read_as(text, node, new)),
            Action::SetBare(new) => node.kind = NodeKind::Scalar(resolve::plain(new)),
            Action::Rename(new) => node.kind = NodeKind::Scalar(Scalar::Text(new.clone())),
            Action::Remove | Action::AddAfter { .. } => {}
        }
        return;
    }
    let goes = |node: &Node| {
        let change = changes.get(&node.ordinal);
        change.is_some_and(|change| change.action == Action::Remove)
    };
    match &mut node.kind {
        NodeKind::Scalar(_) => {}
        NodeKind::Sequence(items) => {
            items.retain(|item| !goes(item));
            items.iter_mut().for_each(|item| apply(item, changes, text));
        }
        NodeKind::Mapping(entries) => {
            entries.retain(|entry| !goes(&entry.key) && !goes(&entry.value));
            for entry in entries.iter_mut() {
                apply(&mut entry.key, changes, text);
                apply(&mut entry.value, changes, text);
            }
            *entries = std::mem::take(entries)
                .into_iter()
                .flat_map(|entry| {
                    let change = changes.get(&entry.key.ordinal);
                    let new = change.and_then(|change| added(&change.action));
                    [Some(entry), new].into_iter().flatten()
                })
                .collect();
        }
    }
}

/// The entry that is new.
fn added(action: &Action) -> Option<Entry> {
    let Action::AddAfter { key, value } = action else {
        return None;
    };
    let entry = read(&format!("{key}: {value}\n")).ok()?;
    match entry.kind {
        NodeKind::Mapping(entries) => entries.into_iter().next(),
        _ => None,
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
