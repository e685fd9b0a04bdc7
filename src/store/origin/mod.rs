//! Where the catalog says what a base fact says: file, line and column.
//!
//! Nothing of it is stored. An explanation names few facts, and their files are parsed again when it
//! asks; what is looked for in which document is in [`table`], how a path is followed in [`path`].

mod comments;
mod document;
mod editable;
mod file_text;
mod node;
mod path;
mod table;

use rusqlite::types::{ToSqlOutput, Value, ValueRef};
use rusqlite::{Row, ToSql};

use super::{Cell, Details, Store, StoreError};
use path::Words;
use table::Source;

pub use comments::FileComment;
pub(super) use document::Documents;
pub use document::{ReadDocuments, Unread};
pub use editable::Editable;
pub use file_text::FileText;

/// A stretch of a catalog's file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file as it is shown: below the embedded catalog, else the path to open.
    pub file: String,
    /// Whether the file is part of the binary.
    pub embedded: bool,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// First byte.
    pub offset: usize,
    /// Bytes.
    pub length: usize,
    /// The file's text.
    pub text: FileText,
}

impl Place {
    /// The text at this place.
    pub fn underlined(&self) -> &str {
        let end = self.offset.saturating_add(self.length);
        self.text.get(self.offset..end).unwrap_or_default()
    }

    /// Other bytes of the same file; none where its text has no such bytes.
    pub fn elsewhere(&self, offset: usize, length: usize) -> Option<Place> {
        self.text.get(offset..offset.checked_add(length)?)?;
        let before = self.text.get(..offset)?;
        let before = before.strip_prefix('\u{feff}').unwrap_or(before);
        let line = before.rsplit('\n').next().unwrap_or_default();
        Some(Place {
            line: before.matches('\n').count() + 1,
            column: line.chars().count() + 1,
            offset,
            length,
            ..self.clone()
        })
    }

    /// Line and column, both from 1, of what stands behind it.
    pub fn end(&self) -> (usize, usize) {
        let text = self.underlined();
        match text.rsplit_once('\n') {
            Some((before, last)) => (
                self.line + before.matches('\n').count() + 1,
                last.chars().count() + 1,
            ),
            None => (self.line, self.column + text.chars().count()),
        }
    }
}

impl Store {
    /// The place of a fact of a base relation, its values by the names of the view's columns; of one column's value where
    /// the file has one of its own. A fact that is not there has the place where it would be, or the nearest one; a
    /// value that is not known is left out or [`Cell::Null`].
    ///
    /// None where no file of the catalog is about it, or where the file has changed since it was read.
    ///
    /// # Errors
    /// SQLite fails.
    pub fn place_of(
        &self,
        relation: &str,
        fact: &[(&str, Cell<'_>)],
        column: Option<&str>,
    ) -> Result<Option<Place>, StoreError> {
        let recipe = fact.iter().find(|(name, _)| *name == "recipe");
        if let Some((_, Cell::Text(recipe))) = recipe {
            self.unpack(Details::OfRecipe(recipe))?;
        }
        let Some(sources) = table::sources(relation) else {
            return self.place_by_node(fact, column);
        };
        for source in sources {
            let Some((file, words)) = self.origin_file(source, fact)? else {
                continue;
            };
            let Some(document) = self.origin_document(file)? else {
                return Ok(None);
            };
            let Some(root) = &document.root else {
                return Ok(None);
            };
            let column = column.and_then(|column| source.column(column));
            let paths = [column, Some(source.fact), Some(source.held_by.name)];
            let find = |path| path::find(root, document.text(), path, &words);
            let span = paths.into_iter().flatten().find_map(find);
            let first = || root.entries().first();
            let span = span.or_else(|| first().map(|entry| entry.key.span.clone()));
            return Ok(span.and_then(|span| document.place(span)));
        }
        Ok(None)
    }

    /// The file that holds a fact, and the words for the paths in it.
    fn origin_file(
        &self,
        source: &Source,
        fact: &[(&str, Cell<'_>)],
    ) -> Result<Option<(i64, Words)>, StoreError> {
        let mut statement = self.connection.prepare_cached(source.held_by.question)?;
        for index in 1..=statement.parameter_count() {
            let name = statement.parameter_name(index).unwrap_or_default();
            let column = name.trim_start_matches(':');
            let value = fact.iter().find(|(name, _)| *name == column);
            statement.raw_bind_parameter(index, value.map_or(Cell::Null, |(_, cell)| *cell))?;
        }
        let columns: Vec<String> = statement.column_names().map(str::to_owned).collect();
        let mut rows = statement.raw_query();
        let Some(row) = rows.next()? else {
            return Ok(None);
        };
        // What the question says of a word comes before what the fact does.
        let mut words = Words::new();
        for (index, column) in columns.iter().enumerate().skip(1) {
            words.extend(word(row, index)?.map(|word| (column.clone(), word)));
        }
        for (column, cell) in fact {
            words.extend(text(*cell).map(|text| ((*column).to_owned(), text)));
        }
        Ok(Some((row.get(0)?, words)))
    }
}

fn word(row: &Row<'_>, index: usize) -> Result<Option<String>, rusqlite::Error> {
    Ok(match row.get::<_, Value>(index)? {
        Value::Text(text) => Some(text),
        Value::Integer(number) => Some(number.to_string()),
        _ => None,
    })
}

/// A value as a word of a path; no path asks for real numbers.
fn text(cell: Cell<'_>) -> Option<String> {
    match cell {
        Cell::Text(text) => Some(text.to_owned()),
        Cell::Integer(number) => Some(number.to_string()),
        Cell::Real(_) | Cell::Null => None,
    }
}

impl ToSql for Cell<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Cell::Text(text) => ValueRef::Text(text.as_bytes()),
            Cell::Integer(number) => ValueRef::Integer(*number),
            Cell::Real(number) => ValueRef::Real(*number),
            Cell::Null => ValueRef::Null,
        }))
    }
}
