//! A catalog with some files more, in memory: the store on disk stays as it is.

use std::sync::Arc;

use rusqlite::Connection;
use rusqlite::backup::Backup;

use super::layer::{Layer, LooseFile, Texts};
use super::origin::Documents;
use super::{Store, StoreError, connect, fresh};

/// Pages copied at a time; there is nobody to wait for, so all of them.
const ALL_PAGES: std::ffi::c_int = std::ffi::c_int::MAX;

impl Store {
    /// The same catalog with these files as a further layer, in which they replace what has their ids.
    ///
    /// # Errors
    /// A file cannot be read, or SQLite fails.
    pub fn with_files(&self, files: Vec<LooseFile>) -> Result<Store, StoreError> {
        let mut layers = self.layers.clone();
        layers.push(Layer::Loose(files));
        self.copy(layers)
    }

    /// The same catalog with other texts in some of its files, by the paths they are shown with.
    ///
    /// # Errors
    /// A file cannot be read, or SQLite fails.
    pub fn with_texts(&self, texts: Texts) -> Result<Store, StoreError> {
        let texts = Arc::new(texts);
        let layers = self.layers.iter().map(|layer| match layer {
            Layer::Embedded(_) => layer.clone(),
            other => Layer::Edited(Box::new(other.clone()), Arc::clone(&texts)),
        });
        self.copy(layers.collect())
    }

    fn copy(&self, layers: Vec<Layer>) -> Result<Store, StoreError> {
        let mut connection = Connection::open_in_memory()?;
        Backup::new(&self.connection, &mut connection)?.run_to_completion(
            ALL_PAGES,
            std::time::Duration::ZERO,
            None,
        )?;
        connect::prepare(&connection)?;
        let mut store = Store {
            connection,
            in_memory: self.in_memory.clone(),
            layers,
            documents: Documents::default(),
            lender: self.lender.clone(),
        };
        fresh::refresh(&mut store)?;
        Ok(store)
    }
}
