//! A catalog whose files are being edited: in memory, and made again whenever a text changes.

use std::path::PathBuf;

use rusqlite::OptionalExtension;

use super::origin::Documents;
use super::{Layer, Store, StoreError, fresh};
use crate::catalog::kind::Kind;

impl Store {
    /// Makes a copy ([`Store::with_files`]) say what these layers offer now. A layer in the place of
    /// another one keeps what it says alike.
    ///
    /// # Errors
    /// A layer cannot be read, or SQLite fails.
    pub fn follow(&mut self, layers: Vec<Layer>) -> Result<(), StoreError> {
        self.layers = layers;
        self.documents = Documents::default();
        fresh::refresh(self)
    }

    /// The file of a model's card or of a GPU, where it is one on disk.
    ///
    /// # Errors
    /// SQLite fails.
    pub fn file_of(&self, kind: Kind, name: &str) -> Result<Option<PathBuf>, StoreError> {
        let sql = match kind {
            Kind::Model => {
                "SELECT f.layer, f.name FROM card_name n JOIN model_document d ON d.id = n.model
                 JOIN file f ON f.id = d.file
                 WHERE n.name = ?1 AND d.current ORDER BY n.rank, d.model_key LIMIT 1"
            }
            Kind::Hardware => {
                "SELECT f.layer, f.name FROM hardware_document d JOIN file f ON f.id = d.file
                 WHERE d.hardware_key = ?1 AND d.current LIMIT 1"
            }
            Kind::Recipe => {
                "SELECT layer, name FROM file WHERE kind = 'recipe' AND lower(stem) = ?1
                 ORDER BY layer DESC, name LIMIT 1"
            }
            Kind::Backend => return Ok(None),
        };
        let mut statement = self.connection.prepare_cached(sql)?;
        let found: Option<(i64, String)> = statement
            .query_row([name.trim().to_lowercase()], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
            .optional()?;
        let path = found.and_then(|(layer, name)| {
            let layer = self.layers.get(usize::try_from(layer).ok()?)?;
            (!matches!(layer, Layer::Embedded(_))).then(|| PathBuf::from(layer.path(&name)))
        });
        Ok(path)
    }
}
