//! Compiled rules, kept beside the facts so that they are not parsed again while nothing changed.

use rusqlite::params;

use super::Store;

/// The most rule sets that are kept; older ones go.
const KEPT: i64 = 16;

impl Store {
    /// The compiled form of the rules with this key.
    pub fn compiled(&self, key: &str) -> Option<Vec<u8>> {
        self.connection
            .prepare_cached("SELECT program FROM compiled WHERE key = ?1")
            .and_then(|mut statement| statement.query_row([key], |row| row.get(0)))
            .ok()
    }

    /// Keeps the compiled form of rules; where that fails they are compiled again the next time.
    pub fn keep_compiled(&self, key: &str, program: &[u8]) {
        let kept = self
            .connection
            .execute("INSERT OR REPLACE INTO compiled(key, program) VALUES (?1, ?2)", params![key, program])
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
