//! Why a store cannot be opened or read.

use std::io;
use std::path::PathBuf;

use miette::Diagnostic;
use rusqlite::ErrorCode;
use thiserror::Error;

/// Why a store cannot be opened or read.
#[derive(Debug, Error, Diagnostic)]
pub enum StoreError {
    /// A catalog folder or file cannot be read.
    #[error("cannot read the catalog `{}`", path.display())]
    #[diagnostic(
        code(store::unreadable_catalog),
        help("name a folder that holds `recipes/`, `models/` and the like, or plain recipe files")
    )]
    Catalog {
        /// The folder or file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The file given as a store holds something else.
    #[error("`{}` is not a store of this program", path.display())]
    #[diagnostic(
        code(store::foreign_file),
        help("name a file that does not exist yet; it will be made")
    )]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// SQLite failed.
    #[error("the store failed")]
    #[diagnostic(
        code(store::sqlite),
        help("delete the store; it is made again from the catalog")
    )]
    Sqlite(#[from] rusqlite::Error),
    /// A stored document cannot be read back.
    #[error("the store holds a document that cannot be read")]
    #[diagnostic(
        code(store::document),
        help("delete the store; it is made again from the catalog")
    )]
    Document(#[from] serde_json::Error),
    /// What a stored document says in detail cannot be read back.
    #[error("the store holds details that cannot be read")]
    #[diagnostic(
        code(store::details),
        help("delete the store; it is made again from the catalog")
    )]
    Details(#[from] postcard::Error),
}

impl StoreError {
    /// Whether the store does not hold what was put into it.
    pub fn is_damage(&self) -> bool {
        match self {
            StoreError::Sqlite(error) => is_damage(error),
            StoreError::Document(_) | StoreError::Details(_) => true,
            StoreError::Catalog { .. } | StoreError::Foreign { .. } => false,
        }
    }
}

pub(super) fn is_damage(error: &rusqlite::Error) -> bool {
    use rusqlite::Error;
    match error {
        Error::FromSqlConversionFailure(..)
        | Error::IntegralValueOutOfRange(..)
        | Error::InvalidColumnType(..)
        | Error::Utf8Error(..) => true,
        _ => matches!(
            error.sqlite_error_code(),
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
        ),
    }
}
