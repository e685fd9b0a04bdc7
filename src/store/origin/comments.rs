//! Comments in the catalog's files that are addressed to this program.

use super::Place;
use crate::store::{Store, StoreError};

/// A comment of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileComment {
    /// The file's number.
    pub file: i64,
    /// The comment's bytes.
    pub place: Place,
    /// What stands behind `aim-engine:`.
    pub text: String,
    /// The line that it is about.
    pub line: usize,
    /// Whether nothing but comments stands before it.
    pub is_at_top: bool,
}

impl Store {
    /// All of them, file by file; but for files that changed since they were read.
    ///
    /// # Errors
    /// SQLite fails.
    pub fn comments(&self) -> Result<Vec<FileComment>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT file, offset, length, text, line, is_at_top FROM comment ORDER BY file, offset",
        )?;
        let mut rows = statement.query([])?;
        let mut comments = Vec::new();
        let size = |number: i64| usize::try_from(number).unwrap_or(0);
        while let Some(row) = rows.next()? {
            let (file, offset) = (row.get(0)?, size(row.get(1)?));
            let span = offset..offset + size(row.get(2)?);
            let document = self.origin_document(file)?;
            if let Some(place) = document.and_then(|document| document.place(span)) {
                comments.push(FileComment {
                    file,
                    place,
                    text: row.get(3)?,
                    line: size(row.get(4)?),
                    is_at_top: row.get(5)?,
                });
            }
        }
        Ok(comments)
    }
}
