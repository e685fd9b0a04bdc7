//! What runs made from the store's rows and keep beside them, so that the next run need not.

use rusqlite::params;

use super::Store;

/// Something that is kept: its table and column, and how many of it.
#[derive(Clone, Copy, Debug)]
pub struct Kept {
    table: &'static str,
    column: &'static str,
    most: i64,
}

/// Compiled rules.
pub const COMPILED: Kept = Kept {
    table: "compiled",
    column: "program",
    most: 16,
};
/// Facts gathered from the views. Whatever changes a document empties the table.
pub const GATHERED: Kept = Kept {
    table: "gathered",
    column: "facts",
    most: 256,
};

impl Store {
    /// The bytes that are kept under this key.
    pub fn kept(&self, what: Kept, key: &str) -> Option<Vec<u8>> {
        let Kept { table, column, .. } = what;
        self.connection
            .prepare_cached(&format!("SELECT {column} FROM {table} WHERE key = ?1"))
            .and_then(|mut statement| statement.query_row([key], |row| row.get(0)))
            .ok()
    }

    /// Keeps bytes under a key, in place of the oldest where there are too many. Where that fails
    /// they are made again the next time.
    pub fn keep(&self, what: Kept, key: &str, bytes: &[u8]) {
        let Kept {
            table,
            column,
            most,
        } = what;
        let insert = format!("INSERT OR REPLACE INTO {table}(key, {column}) VALUES (?1, ?2)");
        let prune =
            format!("DELETE FROM {table} WHERE rowid <= (SELECT max(rowid) FROM {table}) - ?1");
        let kept = self
            .connection
            .execute(&insert, params![key, bytes])
            .and_then(|_| self.connection.execute(&prune, [most]));
        if let Err(error) = kept {
            tracing::debug!(%error, table, "not kept");
        }
    }
}
