//! The text of a document as it was when the store read it, parsed again to see where things stand.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use rusqlite::OptionalExtension;

use super::Place;
use crate::catalog::problem::printable;
use crate::catalog::secret;
use crate::catalog::yaml::{self, Node};
use crate::store::ingest::content_hash;
use crate::store::layer::Content;
use crate::store::{Store, StoreError};

/// A document and its tree.
#[derive(Debug)]
pub(super) struct Document {
    file: String,
    embedded: bool,
    /// As it may be shown: secrets and what a terminal obeys are covered, byte by byte.
    text: Arc<str>,
    /// As the file has it.
    raw: Arc<str>,
    /// Where its lines begin, a byte order mark left out.
    lines: Vec<usize>,
    /// Nothing where it is no YAML.
    pub root: Option<Node>,
}

/// The documents that were read, by the number of their file: explanations name the same few again
/// and again.
#[derive(Debug, Default)]
pub(in crate::store) struct Documents(RefCell<HashMap<i64, Option<Arc<Document>>>>);

impl Store {
    /// A file's document; none where its text cannot be read or is not what the store read.
    pub(super) fn origin_document(&self, file: i64) -> Result<Option<Arc<Document>>, StoreError> {
        if let Some(known) = self.documents.0.borrow().get(&file) {
            return Ok(known.clone());
        }
        let document = self.read_document(file)?.map(Arc::new);
        let mut documents = self.documents.0.borrow_mut();
        documents.insert(file, document.clone());
        Ok(document)
    }

    fn read_document(&self, file: i64) -> Result<Option<Document>, StoreError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT layer, name, hash FROM file WHERE id = ?1")?;
        let found: Option<(i64, String, String)> = statement
            .query_row([file], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .optional()?;
        let Some((layer, name, hash)) = found else {
            return Ok(None);
        };
        // By this run's own layers: the store may have been filled from another working directory.
        let layer = usize::try_from(layer).ok();
        let layer = layer.and_then(|layer| self.layers.get(layer));
        let content = layer.and_then(|layer| layer.content(&name));
        let Some(content) = content else {
            return Ok(None);
        };
        let same = content.bytes().ok().filter(|b| content_hash(b) == hash);
        let Some(bytes) = same else {
            return Ok(None);
        };
        let text = match String::from_utf8(bytes.into_owned()) {
            Ok(text) => text,
            // As far as it is text.
            Err(error) => {
                let end = error.utf8_error().valid_up_to();
                let bytes = error.as_bytes().get(..end).unwrap_or_default();
                String::from_utf8_lossy(bytes).into_owned()
            }
        };
        let root = yaml::read(&text).ok();
        let (file, embedded) = match content {
            Content::Embedded(_) => (name, true),
            Content::Disk(path) => (path.display().to_string(), false),
            Content::Text { name, .. } => (name, false),
        };
        let begin = text.len() - text.trim_start_matches('\u{feff}').len();
        let ends = text.match_indices('\n').map(|(at, _)| at + 1);
        let lines = std::iter::once(begin).chain(ends).collect();
        Ok(Some(Document {
            file,
            lines,
            embedded,
            text: printable(&secret::masked(&text)).into(),
            raw: text.into(),
            root,
        }))
    }
}

impl Document {
    /// The path to open; none of a file in the binary.
    pub fn file(&self) -> Option<&str> {
        (!self.embedded).then_some(self.file.as_str())
    }

    pub fn raw_text(&self) -> Arc<str> {
        Arc::clone(&self.raw)
    }

    pub fn raw(&self) -> &str {
        &self.raw
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    /// A stretch of bytes as a place; none where the text has no such stretch.
    pub fn place(&self, span: Range<usize>) -> Option<Place> {
        self.text.get(span.clone())?;
        let line = self
            .lines
            .partition_point(|begin| *begin <= span.start)
            .max(1);
        let begin = self.lines.get(line - 1).copied().unwrap_or(0);
        let before = self.text.get(begin..span.start).unwrap_or_default();
        Some(Place {
            file: self.file.clone(),
            embedded: self.embedded,
            line,
            column: before.chars().count() + 1,
            offset: span.start,
            length: span.len(),
            text: Arc::clone(&self.text),
        })
    }
}
