//! Comments in the catalog's files that are addressed to this program.

use super::{FileText, Place};
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
        // Comments come file by file. Of a file its text is enough.
        let mut last: Option<(i64, Option<Place>)> = None;
        while let Some(row) = rows.next()? {
            let file: i64 = row.get(0)?;
            if last.as_ref().is_none_or(|(known, _)| *known != file) {
                last = Some((file, self.first_byte(file)?));
            }
            let first = last.as_ref().and_then(|(_, place)| place.as_ref());
            let (offset, length) = (size(row.get(1)?), size(row.get(2)?));
            if let Some(place) = first.and_then(|first| first.elsewhere(offset, length)) {
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

    /// The place of a file's first byte; none where the file is not there.
    fn first_byte(&self, file: i64) -> Result<Option<Place>, StoreError> {
        let source = self.content_of(file)?;
        Ok(source.map(|(content, name, hash)| {
            let (path, embedded) = content.shown(&name);
            Place {
                file: path,
                embedded,
                line: 1,
                column: 1,
                offset: 0,
                length: 0,
                text: FileText::of(content, hash),
            }
        }))
    }
}
