//! The text of a document as it was when the store read it, parsed again to see where things stand.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use rusqlite::OptionalExtension;

use super::{FileText, Place, file_text};
use crate::catalog::problem::printable;
use crate::catalog::secret;
use crate::catalog::yaml::{self, Node};
use crate::store::layer::Content;
use crate::store::{Store, StoreError};

/// A document and its tree.
#[derive(Debug)]
pub(super) struct Document {
    file: String,
    embedded: bool,
    /// As it may be shown: secrets and what a terminal obeys are covered, byte by byte.
    text: FileText,
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

    /// Where the documents of files are read from, on any thread.
    ///
    /// # Errors
    /// SQLite fails.
    pub fn unread(&self, files: &[i64]) -> Result<Unread, StoreError> {
        let sources = files
            .iter()
            .map(|file| Ok::<_, StoreError>((*file, self.content_of(*file)?)));
        Ok(Unread(sources.collect::<Result<_, _>>()?))
    }

    /// Takes documents that were read, since they will be asked for.
    pub fn take_read(&self, read: ReadDocuments) {
        self.documents.0.borrow_mut().extend(read.0);
    }

    /// Forgets the documents that were read.
    pub fn forget_documents(&self) {
        self.documents.0.borrow_mut().clear();
    }

    fn read_document(&self, file: i64) -> Result<Option<Document>, StoreError> {
        let source = self.content_of(file)?;
        Ok(source.and_then(|(content, name, hash)| read(&content, &name, &hash)))
    }

    /// Where a file's text stands, its name below its layer, and the hash of what the store read.
    pub(super) fn content_of(
        &self,
        file: i64,
    ) -> Result<Option<(Content, String, String)>, StoreError> {
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
        Ok(content.map(|content| (content, name, hash)))
    }
}

/// Where the documents of some files are read from.
#[derive(Debug)]
pub struct Unread(HashMap<i64, Option<(Content, String, String)>>);

/// Documents that were read.
#[derive(Debug, Default)]
pub struct ReadDocuments(Vec<(i64, Option<Arc<Document>>)>);

impl Unread {
    /// Reads the documents of those of the files that are known here.
    pub fn read(&self, files: impl IntoIterator<Item = i64>) -> ReadDocuments {
        let read = files.into_iter().filter_map(|file| {
            let source = self.0.get(&file)?.clone();
            let document = source.and_then(|(content, name, hash)| read(&content, &name, &hash));
            Some((file, document.map(Arc::new)))
        });
        ReadDocuments(read.collect())
    }
}

fn read(content: &Content, name: &str, hash: &str) -> Option<Document> {
    let text = file_text::read(content, hash)?;
    let root = yaml::read(&text).ok();
    let (file, embedded) = content.shown(name);
    let begin = text.len() - text.trim_start_matches('\u{feff}').len();
    let ends = text.match_indices('\n').map(|(at, _)| at + 1);
    let lines = std::iter::once(begin).chain(ends).collect();
    let shown: Arc<str> = printable(&secret::masked(&text)).into();
    Some(Document {
        file,
        lines,
        embedded,
        text: shown.into(),
        raw: text.into(),
        root,
    })
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
            text: self.text.clone(),
        })
    }
}
