//! Places by number: a node of the base relations is the number of a file and what is meant in it.
//!
//! The lower 24 bits are the ordinal of a key or value, 0 for the document, or a label of one of the
//! file's stored problems; what is above them is the file.

use std::ops::Range;

use rusqlite::OptionalExtension;

use super::{Cell, FileText, Place, path};
use crate::catalog::problem::Problem;
use crate::catalog::yaml::{Node, NodeKind};
use crate::store::{Store, StoreError};

/// Bits of a node below the file's number.
const FILE_SHIFT: u32 = 24;
/// Set where a label of a problem is meant: the problem's position and four bits of the label's.
const OF_PROBLEM: i64 = 1 << 23;
const LABEL_BITS: u32 = 4;

/// Columns that say where a fact stands, the plainest first.
const FACT: &[&str] = &["at", "document"];
/// Columns whose value stands at another column's node.
const BESIDE: &[(&str, &str)] = &[
    ("path", "key_at"),
    ("flag", "at"),
    ("name", "at"),
    ("enabled", "enabled_at"),
    ("shape", "value_at"),
];

impl Store {
    /// The file that a node is in: its number in this store.
    pub fn node_file(node: i64) -> i64 {
        node >> FILE_SHIFT
    }

    /// The bytes of a node of the base relations. Of a list or map its first line; of a document its
    /// first key. A file that cannot be read, or has changed since it was, is its own first byte.
    ///
    /// # Errors
    /// SQLite fails, or a stored problem cannot be read.
    pub fn node_place(&self, node: i64) -> Result<Option<Place>, StoreError> {
        let file = Store::node_file(node);
        let meant = node & ((1 << FILE_SHIFT) - 1);
        let Some(document) = self.origin_document(file)? else {
            return self.file_place(file);
        };
        let span = if meant & OF_PROBLEM == 0 {
            let root = document.root.as_ref();
            let ordinal = u32::try_from(meant).ok();
            let found = root.zip(ordinal);
            found.and_then(|(root, ordinal)| span(root, ordinal, document.text()))
        } else {
            let position = (meant ^ OF_PROBLEM) >> LABEL_BITS;
            let label = usize::try_from(meant & ((1 << LABEL_BITS) - 1)).unwrap_or(0);
            self.problem_label(file, position, label)?
        };
        let place = span.and_then(|span| document.place(span));
        Ok(place.or_else(|| document.place(0..0)))
    }

    /// What a node means: a key or value, or the bytes that a problem names, if it names any.
    pub(super) fn node_meant(
        &self,
        node: i64,
    ) -> Result<Result<u32, Option<Range<usize>>>, StoreError> {
        let meant = node & ((1 << FILE_SHIFT) - 1);
        if meant & OF_PROBLEM == 0 {
            return Ok(u32::try_from(meant).map_err(|_| None));
        }
        let position = (meant ^ OF_PROBLEM) >> LABEL_BITS;
        let label = usize::try_from(meant & ((1 << LABEL_BITS) - 1)).unwrap_or(0);
        Ok(Err(self.problem_label(
            Store::node_file(node),
            position,
            label,
        )?))
    }

    /// The place of a fact that says itself where it stands.
    pub(super) fn place_by_node(
        &self,
        fact: &[(&str, Cell<'_>)],
        column: Option<&str>,
    ) -> Result<Option<Place>, StoreError> {
        let node = |wanted: &str| {
            let found = fact.iter().find(|(name, _)| *name == wanted);
            found.and_then(|(_, cell)| match cell {
                Cell::Integer(node) => Some(*node),
                _ => None,
            })
        };
        let own = column.and_then(|column| {
            let beside = BESIDE.iter().find(|(name, _)| *name == column);
            let is_place = column == "at" || column.ends_with("_at") || column == "also";
            let by = beside.map_or(column, |(_, at)| at);
            (is_place || beside.is_some()).then(|| node(by)).flatten()
        });
        match own.or_else(|| FACT.iter().find_map(|name| node(name))) {
            Some(node) => self.node_place(node),
            None => Ok(None),
        }
    }

    fn problem_label(
        &self,
        file: i64,
        position: i64,
        label: usize,
    ) -> Result<Option<Range<usize>>, StoreError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT problem FROM problem WHERE file = ?1 AND position = ?2")?;
        let stored: Option<String> = statement
            .query_row([file, position], |row| row.get(0))
            .optional()?;
        let Some(stored) = stored else {
            return Ok(None);
        };
        let problem: Problem = serde_json::from_str(&stored)?;
        Ok(problem
            .labels
            .get(label)
            .map(|label| label.start..label.end))
    }

    /// A file without its text.
    fn file_place(&self, file: i64) -> Result<Option<Place>, StoreError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT layer, name FROM file WHERE id = ?1")?;
        let found: Option<(usize, String)> = statement
            .query_row([file], |row| Ok((index(row.get(0)?), row.get(1)?)))
            .optional()?;
        Ok(found.map(|(layer, name)| Place {
            file: match self.layers.get(layer) {
                Some(layer) => layer.path(&name),
                None => name,
            },
            embedded: false,
            line: 1,
            column: 1,
            offset: 0,
            length: 0,
            text: FileText::default(),
        }))
    }
}

fn index(layer: i64) -> usize {
    usize::try_from(layer).unwrap_or(usize::MAX)
}

/// The bytes of the node with this ordinal.
fn span(root: &Node, ordinal: u32, text: &str) -> Option<Range<usize>> {
    if ordinal == root.ordinal {
        let first = root.entries().first();
        return first.map(|entry| entry.key.span.clone());
    }
    let (key, value) = find(root, ordinal)?;
    path::shown(key, value, text, false)
}

/// The node with this ordinal, and the key it stands behind.
fn find(node: &Node, ordinal: u32) -> Option<(Option<&Node>, &Node)> {
    match &node.kind {
        NodeKind::Scalar(_) => None,
        NodeKind::Sequence(items) => items.iter().find_map(|item| match item.ordinal == ordinal {
            true => Some((None, item)),
            false => find(item, ordinal),
        }),
        NodeKind::Mapping(entries) => entries.iter().find_map(|entry| {
            if entry.key.ordinal == ordinal {
                Some((None, &entry.key))
            } else if entry.value.ordinal == ordinal {
                Some((Some(&entry.key), &entry.value))
            } else {
                find(&entry.value, ordinal)
            }
        }),
    }
}
