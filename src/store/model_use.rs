//! What is remembered of models that were launched: how often they were in the cache, and when last. This
//! follows from nothing else, so it is in a file of its own, which no store's renewal touches.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rusqlite::{Connection, OpenFlags, params};

use super::{StoreError, cache_dir};

const BUSY: Duration = Duration::from_secs(5);

/// What is remembered of a revision of a model in a cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ModelUse {
    /// Launches that found it complete.
    pub hits: u64,
    /// Launches that did not.
    pub misses: u64,
    /// The last launch.
    pub last: SystemTime,
}

/// Where it is remembered.
#[derive(Clone, Debug)]
pub struct ModelUses {
    /// None where this user has no place for it.
    file: Option<PathBuf>,
}

impl ModelUses {
    /// In the user's place for it.
    pub fn of_this_user() -> ModelUses {
        ModelUses {
            file: cache_dir().map(|dir| dir.join("state.db")),
        }
    }

    /// In this file.
    pub fn in_file(file: impl Into<PathBuf>) -> ModelUses {
        ModelUses {
            file: Some(file.into()),
        }
    }

    /// Counts a launch of a model of the cache in a folder: `revision` is the one that it found, or empty
    /// where none was there.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn count(
        &self,
        cache: &Path,
        model: &str,
        revision: &str,
        was_there: bool,
    ) -> Result<(), StoreError> {
        let Some(file) = &self.file else {
            return Ok(());
        };
        if let Some(dir) = file.parent() {
            // A failure shows when the file is opened.
            let _ = std::fs::create_dir_all(dir);
        }
        let connection = Connection::open(file)?;
        connection.busy_timeout(BUSY)?;
        connection.execute_batch(
            "CREATE TABLE IF NOT EXISTS model_use (
               cache TEXT NOT NULL, model TEXT NOT NULL, revision TEXT NOT NULL,
               hits INTEGER NOT NULL, misses INTEGER NOT NULL, last INTEGER NOT NULL,
               PRIMARY KEY (cache, model, revision)) STRICT",
        )?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = now.unwrap_or_default().as_secs();
        connection.execute(
            "INSERT INTO model_use VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT DO UPDATE
             SET hits = hits + ?4, misses = misses + ?5, last = max(last, ?6)",
            params![
                cache.to_string_lossy(),
                model,
                revision,
                i64::from(was_there),
                i64::from(!was_there),
                i64::try_from(now).unwrap_or(i64::MAX),
            ],
        )?;
        Ok(())
    }

    /// What is remembered of a cache, by model and revision. A file that cannot be read remembers nothing.
    pub fn of(&self, cache: &Path) -> HashMap<(String, String), ModelUse> {
        let file = self.file.as_ref().filter(|file| file.exists());
        let read = file.map_or_else(|| Ok(HashMap::new()), |file| read(file, cache));
        read.unwrap_or_else(|error| {
            tracing::info!(%error, "the uses of models cannot be read");
            HashMap::new()
        })
    }
}

fn read(file: &Path, cache: &Path) -> Result<HashMap<(String, String), ModelUse>, StoreError> {
    let connection = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    connection.busy_timeout(BUSY)?;
    let known: i64 = connection.query_row(
        "SELECT count(*) FROM sqlite_master WHERE name = 'model_use'",
        [],
        |row| row.get(0),
    )?;
    if known == 0 {
        return Ok(HashMap::new());
    }
    let mut statement = connection
        .prepare("SELECT model, revision, hits, misses, last FROM model_use WHERE cache = ?1")?;
    let whole = |number: i64| u64::try_from(number).unwrap_or_default();
    let rows = statement.query_map([cache.to_string_lossy()], |row| {
        let last = Duration::from_secs(whole(row.get(4)?));
        let used = ModelUse {
            hits: whole(row.get(2)?),
            misses: whole(row.get(3)?),
            last: UNIX_EPOCH.checked_add(last).unwrap_or(UNIX_EPOCH),
        };
        Ok(((row.get(0)?, row.get(1)?), used))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn launches_are_counted_by_cache_model_and_revision() {
        let dir = tempfile::tempdir().unwrap();
        let uses = ModelUses::in_file(dir.path().join("new/state.db"));
        let (cache, other) = (Path::new("/c"), Path::new("/d"));
        assert!(uses.of(cache).is_empty());
        for was_there in [false, true, true] {
            uses.count(cache, "a/b", "r", was_there).unwrap();
        }
        uses.count(other, "a/b", "r", true).unwrap();
        let found = uses.of(cache);
        assert_eq!(found.len(), 1);
        let used = found[&("a/b".to_owned(), "r".to_owned())];
        assert_eq!((used.hits, used.misses), (2, 1));
        assert!(used.last.elapsed().unwrap() < Duration::from_secs(60));
        std::fs::write(dir.path().join("new/state.db"), "no database").unwrap();
        assert!(uses.of(cache).is_empty());
    }
}
