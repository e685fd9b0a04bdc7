//! Compiled rules, kept beside the facts so that they are not parsed again while nothing changed.

use rusqlite::params;
use xxhash_rust::xxh3::xxh3_128;

use super::Store;

/// The most rule sets that are kept; older ones go.
const KEPT: i64 = 16;

impl Store {
    /// The compiled form of the rules with this key.
    pub fn compiled(&self, key: &str) -> Option<Vec<u8>> {
        let (program, kept): (Vec<u8>, String) = self
            .connection
            .prepare_cached("SELECT program, hash FROM compiled WHERE key = ?1")
            .and_then(|mut statement| {
                statement.query_row([key], |row| Ok((row.get(0)?, row.get(1)?)))
            })
            .ok()?;
        // SQLite does not notice every damage, and a program is used as it is.
        (hash(&program) == kept).then_some(program)
    }

    /// Keeps the compiled form of rules; where that fails they are compiled again the next time.
    pub fn keep_compiled(&self, key: &str, program: &[u8]) {
        let kept = self
            .connection
            .execute("INSERT OR REPLACE INTO compiled(key, program, hash) VALUES (?1, ?2, ?3)", params![key, program, hash(program)])
            .and_then(|_| {
                self.connection.execute(
                    "DELETE FROM compiled WHERE rowid NOT IN (SELECT rowid FROM compiled ORDER BY rowid DESC LIMIT ?1)",
                    [KEPT],
                )
            });
        if let Err(error) = kept {
            tracing::debug!(%error, "the compiled rules are not kept");
        }
    }
}

fn hash(program: &[u8]) -> String {
    format!("{:032x}", xxh3_128(program))
}
