//! What runs made from the store's rows and keep beside them, so that the next run need not.

use rusqlite::params;
use xxhash_rust::xxh3::xxh3_128;

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
        let (bytes, written): (Vec<u8>, String) = self
            .connection
            .prepare_cached(&format!(
                "SELECT {column}, hash FROM {table} WHERE key = ?1"
            ))
            .and_then(|mut statement| {
                statement.query_row([key], |row| Ok((row.get(0)?, row.get(1)?)))
            })
            .ok()?;
        // SQLite does not notice every damage, and what is kept is used as it is.
        (hash(&bytes) == written).then_some(bytes)
    }

    /// Keeps bytes under a key, in place of the oldest where there are too many. Where that fails
    /// they are made again the next time.
    pub fn keep(&self, what: Kept, key: &str, bytes: &[u8]) {
        self.keep_in_one(what, [(key, bytes)].into_iter());
    }

    /// The same for several, which are written at once.
    pub fn keep_all(&self, what: Kept, all: &[(String, Vec<u8>)]) {
        if !all.is_empty() {
            let all = all.iter();
            self.keep_in_one(
                what,
                all.map(|(key, bytes)| (key.as_str(), bytes.as_slice())),
            );
        }
    }

    fn keep_in_one<'a>(&self, what: Kept, all: impl Iterator<Item = (&'a str, &'a [u8])>) {
        let Kept {
            table,
            column,
            most,
        } = what;
        let insert =
            format!("INSERT OR REPLACE INTO {table}(key, {column}, hash) VALUES (?1, ?2, ?3)");
        let prune =
            format!("DELETE FROM {table} WHERE rowid <= (SELECT max(rowid) FROM {table}) - ?1");
        let write = || {
            let writing = self.connection.unchecked_transaction()?;
            for (key, bytes) in all {
                writing.execute(&insert, params![key, bytes, hash(bytes)])?;
            }
            writing.execute(&prune, [most])?;
            writing.commit()
        };
        if let Err(error) = write() {
            tracing::debug!(%error, table, "not kept");
        }
    }
}

fn hash(bytes: &[u8]) -> String {
    format!("{:032x}", xxh3_128(bytes))
}
