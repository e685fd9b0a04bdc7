//! Which documents are in force and in which files they stand, to compare two catalogs by.

use rusqlite::params;

use super::{Store, StoreError};
use crate::catalog::kind::Kind;
use crate::catalog::problem::Problem;

/// A document that is in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentFile {
    /// What it describes.
    pub kind: Kind,
    /// What it describes, by name: recipe id, model, hardware, backend.
    pub id: String,
    /// The same as other documents name it, folded where case does not count.
    pub key: String,
    /// Its file, below its catalog.
    pub name: String,
    /// Names the file's content.
    pub hash: String,
    layer: usize,
}

/// A file that holds no document that can be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokenFile {
    /// The file, below its catalog.
    pub name: String,
    /// The first thing that is wrong with it.
    pub says: String,
}

impl Store {
    /// The documents in force, by kind and key.
    ///
    /// # Errors
    /// SQLite fails.
    pub fn documents_in_force(&self) -> Result<Vec<DocumentFile>, StoreError> {
        let mut documents = Vec::new();
        for (kind, table, id, key) in [
            (
                Kind::Hardware,
                "hardware_document",
                "hardware",
                "hardware_key",
            ),
            (Kind::Backend, "backend_document", "backend", "backend"),
            (Kind::Model, "model_document", "model", "model_key"),
            (Kind::Recipe, "recipe_document", "recipe", "recipe"),
        ] {
            let mut statement = self.connection.prepare_cached(&format!(
                "SELECT d.{id}, d.{key}, f.name, f.hash, f.layer FROM {table} d
                 JOIN file f ON f.id = d.file WHERE d.current ORDER BY d.{key}"
            ))?;
            let rows = statement.query_map([], |row| {
                Ok(DocumentFile {
                    kind,
                    id: row.get(0)?,
                    key: row.get(1)?,
                    name: row.get(2)?,
                    hash: row.get(3)?,
                    layer: usize::try_from(row.get::<_, i64>(4)?).unwrap_or(usize::MAX),
                })
            })?;
            for row in rows {
                documents.push(row?);
            }
        }
        Ok(documents)
    }

    /// The bytes of a document's file; none where it cannot be read any more.
    pub fn document_bytes(&self, document: &DocumentFile) -> Option<Vec<u8>> {
        let content = self.layers.get(document.layer)?.content(&document.name)?;
        Some(content.bytes().ok()?.into_owned())
    }

    /// The files with errors, by name.
    ///
    /// # Errors
    /// SQLite fails, or a stored problem cannot be read.
    pub fn broken_files(&self) -> Result<Vec<BrokenFile>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT f.name, p.problem FROM problem p JOIN file f ON f.id = p.file
             WHERE p.severity = ?1 ORDER BY f.name, p.position",
        )?;
        let mut rows = statement.query(params!["error"])?;
        let mut broken: Vec<BrokenFile> = Vec::new();
        while let Some(row) = rows.next()? {
            let name: String = row.get(0)?;
            if broken.last().is_some_and(|last| last.name == name) {
                continue;
            }
            let problem: Problem = serde_json::from_str(&row.get::<_, String>(1)?)?;
            broken.push(BrokenFile {
                name,
                says: problem.message,
            });
        }
        Ok(broken)
    }
}
