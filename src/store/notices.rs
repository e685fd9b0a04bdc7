//! What the store knows to be wrong with the catalog, beside its answers.

use serde::{Deserialize, Serialize};

use super::{FileText, Layer, Store, StoreError, fresh};
use crate::catalog::problem::Problem;

/// A problem and the file that has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileProblem {
    /// Path to show and to open.
    pub path: String,
    /// Whether the file is part of the binary.
    pub embedded: bool,
    /// What is wrong.
    pub problem: Problem,
}

/// A document whose place another one takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// What both are: `recipe`, `model`, `hardware` or `backend`.
    pub kind: &'static str,
    /// The id that both have.
    pub id: String,
    /// The file that counts.
    pub used: String,
    /// The file that does not.
    pub unused: String,
    /// Whether they stand in the same layer, which is a mistake; else one overlays the other.
    pub same_layer: bool,
}

/// How much there is to say of the catalog's files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remarks {
    /// Files with errors.
    pub broken: u32,
    /// Warnings about files.
    pub warnings: u32,
    /// Documents that another one takes the place of.
    pub replaced: u32,
}

/// A file of the catalog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CatalogFile {
    /// Its number in this store.
    pub number: i64,
    /// What it is: `recipe`, `model`, `hardware` or `backend`.
    pub kind: String,
    /// Path to show and to open.
    pub path: String,
    /// Whether the file is part of the binary.
    pub embedded: bool,
    /// Its text.
    pub text: FileText,
}

impl Store {
    /// All files of the catalog.
    ///
    /// # Errors
    /// SQLite fails.
    pub fn files(&self) -> Result<Vec<CatalogFile>, StoreError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT id, name, layer, kind, hash FROM file")?;
        let mut rows = statement.query([])?;
        let mut files = Vec::new();
        while let Some(row) = rows.next()? {
            let layer = usize::try_from(row.get::<_, i64>(2)?).ok();
            let layer = layer.and_then(|layer| self.layers.get(layer));
            let name: String = row.get(1)?;
            let hash: String = row.get(4)?;
            let text = match layer.and_then(|layer| layer.content(&name)) {
                Some(content) => FileText::of(content, hash),
                None => FileText::default(),
            };
            files.push(CatalogFile {
                number: row.get(0)?,
                kind: row.get(3)?,
                path: layer.map_or_else(|| name.clone(), |layer| layer.path(&name)),
                embedded: matches!(layer, Some(Layer::Embedded(_))),
                text,
            });
        }
        Ok(files)
    }

    /// How much there is to say of the catalog's files.
    ///
    /// # Errors
    /// SQLite fails.
    pub fn remarks(&self) -> Result<Remarks, StoreError> {
        fresh::remarks(&self.connection)
    }

    /// The problems of files, errors only unless `all`, in the order of their files.
    ///
    /// # Errors
    /// SQLite fails, or a stored problem cannot be read.
    pub fn problems(&self, all: bool) -> Result<Vec<FileProblem>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT f.path, f.changed_ns = 0 AND f.modified_ns = 0, p.problem
             FROM problem p JOIN file f ON f.id = p.file
             WHERE ?1 OR p.severity = 'error' ORDER BY f.layer, f.name, p.position",
        )?;
        let mut rows = statement.query([all])?;
        let mut problems = Vec::new();
        while let Some(row) = rows.next()? {
            problems.push(FileProblem {
                path: row.get(0)?,
                embedded: row.get(1)?,
                problem: serde_json::from_str(&row.get::<_, String>(2)?)?,
            });
        }
        Ok(problems)
    }

    /// The documents that another one takes the place of, by kind and file.
    ///
    /// # Errors
    /// SQLite fails.
    pub fn notices(&self) -> Result<Vec<Notice>, StoreError> {
        let mut notices = Vec::new();
        for (kind, table, key) in [
            ("recipe", "recipe_document", "recipe"),
            ("model", "model_document", "model"),
            ("hardware", "hardware_document", "hardware"),
            ("backend", "backend_document", "backend"),
        ] {
            let folded = match kind {
                "model" => "model_key",
                "hardware" => "hardware_key",
                _ => key,
            };
            let mut statement = self.connection.prepare_cached(&format!(
                "SELECT l.{key}, wf.path, lf.path, wf.layer = lf.layer
                 FROM {table} l JOIN file lf ON lf.id = l.file
                 JOIN {table} w ON w.{folded} = l.{folded} AND w.current JOIN file wf ON wf.id = w.file
                 WHERE l.current = 0 ORDER BY lf.layer, lf.name"
            ))?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                notices.push(Notice {
                    kind,
                    id: row.get(0)?,
                    used: row.get(1)?,
                    unused: row.get(2)?,
                    same_layer: row.get(3)?,
                });
            }
        }
        Ok(notices)
    }
}
