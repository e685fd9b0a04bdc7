//! Nodes of the base relations as what may be edited: the text as its file has it, and what is meant in it.

use std::ops::Range;
use std::sync::Arc;

use super::document::Document;
use crate::catalog::yaml::{Node, NodeKind};
use crate::store::{Store, StoreError};

/// A key or value in the text of a file that is not part of the binary.
#[derive(Clone, Debug)]
pub struct Editable {
    document: Arc<Document>,
    file: String,
    ordinal: u32,
}

impl Editable {
    /// The file, as it is shown and opened.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// Its text; may hold secrets.
    pub fn text(&self) -> &str {
        self.document.raw()
    }

    /// The tree of the text.
    pub fn root(&self) -> Option<&Node> {
        self.document.root.as_ref()
    }

    /// Number of the key or value.
    pub fn ordinal(&self) -> u32 {
        self.ordinal
    }

    /// What is written there as it may be shown; none where it holds a secret.
    pub fn shown(&self) -> Option<&str> {
        let node = self.root()?.find(self.ordinal)?;
        let shown = self.document.text().get(node.span.clone())?;
        let is_shown = self.text().get(node.span.clone())? == shown;
        is_shown.then(|| node.text().unwrap_or(shown))
    }
}

impl Store {
    /// The text of a file as it is on disk or was given, by its number; none where it is in the binary, is no text
    /// or has changed since it was read. May hold secrets.
    ///
    /// # Errors
    /// SQLite fails.
    pub fn text_of(&self, file: i64) -> Result<Option<Arc<str>>, StoreError> {
        let document = self.origin_document(file)?;
        Ok(document.and_then(|document| {
            document.file()?;
            document.root.as_ref()?;
            Some(document.raw_text())
        }))
    }

    /// What a node means in its file; none where it is in the binary, cannot be read, is no YAML or
    /// has changed since it was read.
    ///
    /// # Errors
    /// SQLite fails, or a stored problem cannot be read.
    pub fn editable(&self, node: i64) -> Result<Option<Editable>, StoreError> {
        let Some(document) = self.origin_document(Store::node_file(node))? else {
            return Ok(None);
        };
        let (Some(file), Some(root)) = (document.file(), &document.root) else {
            return Ok(None);
        };
        let ordinal = match self.node_meant(node)? {
            Ok(ordinal) => Some(ordinal),
            Err(span) => span.and_then(|span| with_span(root, &span)),
        };
        Ok(ordinal.map(|ordinal| Editable {
            file: file.to_owned(),
            ordinal,
            document: Arc::clone(&document),
        }))
    }
}

/// The key or value with these bytes.
fn with_span(node: &Node, span: &Range<usize>) -> Option<u32> {
    if node.span == *span {
        return Some(node.ordinal);
    }
    match &node.kind {
        NodeKind::Scalar(_) => None,
        NodeKind::Sequence(items) => items.iter().find_map(|item| with_span(item, span)),
        NodeKind::Mapping(entries) => entries
            .iter()
            .flat_map(|entry| [&entry.key, &entry.value])
            .find_map(|node| with_span(node, span)),
    }
}
