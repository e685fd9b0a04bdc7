//! The store: SQLite as a cache of the catalog's YAML, and the base relations of the rules as views.
//!
//! It is never the only copy of anything: delete it at any time and the next run makes it again.

mod axes;
mod connect;
mod copy;
mod details;
mod documents;
mod edited;
mod error;
mod facts;
mod fresh;
mod groups;
mod ingest;
mod kept;
mod layer;
mod lent;
mod lookup;
mod model_use;
mod notices;
mod origin;
mod place;

pub use details::Details;
pub use documents::{BrokenFile, DocumentFile};
pub use error::StoreError;
pub use facts::{Cell, Scope, ScopedViews, ViewError, read_relation};
pub use groups::Judged;
pub use ingest::files_read;
pub use kept::{COMPILED, GATHERED, Kept};
pub use layer::{Layer, LooseFile, Texts};
pub use lent::{Lender, LentCell, is_lent, lent_relations};
pub use lookup::{BlockDetails, ConfigurationSummary, RecipeName, RecipeSummary, StoredArgument};
pub use model_use::{ModelUse, ModelUses};
pub use notices::{CatalogFile, FileProblem, Notice, Remarks};
pub use origin::{Editable, FileComment, FileText, Place, ReadDocuments, Unread};
pub use place::cache_dir;

use std::path::PathBuf;

use rusqlite::Connection;

/// A catalog in the store, up to date when it was opened.
#[derive(Debug)]
pub struct Store {
    connection: Connection,
    /// Why the store is in memory, where it is.
    in_memory: Option<String>,
    /// Where its files are.
    layers: Vec<Layer>,
    /// The files that places were looked up in.
    documents: origin::Documents,
    /// Who has the rows that no catalog holds.
    lender: Option<std::sync::Arc<dyn Lender>>,
}

/// What to open.
#[derive(Clone, Debug, Default)]
pub struct StoreSpec {
    /// Where the catalog comes from, later layers winning.
    pub layers: Vec<Layer>,
    /// The store's file; a place in the user's cache folder when not given.
    pub file: Option<PathBuf>,
    /// Take the store as it is where there is one, without a look at the catalog's files.
    pub trust: bool,
    /// Make the store again, whatever it holds.
    pub anew: bool,
}

impl Store {
    /// Opens the store for a catalog and brings it up to date.
    ///
    /// # Errors
    /// A layer's folder cannot be read, or a file given as the store is something else.
    pub fn open(spec: &StoreSpec) -> Result<Store, StoreError> {
        connect::open(spec)
    }

    /// Reads all that `read` reads at one moment, whatever other processes write meanwhile, these details
    /// included. It is given what names the store's content at that moment.
    ///
    /// # Errors
    /// SQLite fails, or `read` does.
    pub fn at_one_moment<T, E: From<StoreError>>(
        &self,
        details: Option<Details<'_>>,
        read: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<T, E> {
        let begin = || self.connection.unchecked_transaction();
        let mut moment = begin().map_err(StoreError::from)?;
        if let Some(details) = details {
            // Another process may read changed files between the two.
            while self.is_packed(details)? {
                drop(moment);
                self.unpack(details)?;
                moment = begin().map_err(StoreError::from)?;
            }
        }
        let generation = fresh::generation(&moment)?;
        let result = read(&generation);
        // Views that were made on the way, which are this connection's own, stay.
        moment.commit().map_err(StoreError::from)?;
        result
    }

    /// Why the store is in memory only, where it is.
    pub fn in_memory_because(&self) -> Option<&str> {
        self.in_memory.as_deref()
    }
}
