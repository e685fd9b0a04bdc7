//! Opening the database: where it cannot be written or locked, in memory.

use std::fs;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::{Store, StoreError, StoreSpec, fresh, place};

/// Marks a database as a store of this program ("AIMe").
const APPLICATION_ID: i64 = 0x4149_4d65;
/// How long to wait for another process that fills the same store.
const BUSY: Duration = Duration::from_secs(30);

pub(super) fn open(spec: &StoreSpec) -> Result<Store, StoreError> {
    let started = std::time::Instant::now();
    let store = find(spec);
    tracing::debug!(took = ?started.elapsed(), "store opened");
    store
}

fn find(spec: &StoreSpec) -> Result<Store, StoreError> {
    let Some(file) = place::file(spec) else {
        return in_memory(spec, "neither HOME nor XDG_CACHE_HOME is set".to_owned());
    };
    match on_disk(spec, &file) {
        Ok(store) => Ok(store),
        Err(StoreError::Sqlite(error)) => {
            if is_damaged(&error) {
                tracing::warn!(store = %file.display(), %error, "the store is damaged and made again");
                for suffix in ["", "-wal", "-shm"] {
                    let mut name = file.clone().into_os_string();
                    name.push(suffix);
                    let _ = fs::remove_file(name);
                }
                if let Ok(store) = on_disk(spec, &file) {
                    return Ok(store);
                }
            }
            in_memory(spec, format!("{}: {error}", file.display()))
        }
        Err(error) => Err(error),
    }
}

fn is_damaged(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
    )
}

fn on_disk(spec: &StoreSpec, file: &Path) -> Result<Store, StoreError> {
    let known = file.exists();
    if !known {
        if let Some(dir) = file.parent() {
            // A failure shows when the database is opened, and then the store is in memory.
            let _ = fs::create_dir_all(dir);
        }
        if spec.file.is_none() {
            place::prune(file);
        }
    } else if spec.file.is_some() && !is_sqlite(file) {
        return Err(StoreError::Foreign {
            path: file.to_owned(),
        });
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags)?;
    connection.busy_timeout(BUSY)?;
    let application: i64 = connection.query_row("PRAGMA application_id", [], |row| row.get(0))?;
    if application != APPLICATION_ID {
        let tables: i64 =
            connection.query_row("SELECT count(*) FROM sqlite_master", [], |row| row.get(0))?;
        if tables > 0 {
            return Err(StoreError::Foreign {
                path: file.to_owned(),
            });
        }
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "application_id", APPLICATION_ID)?;
    }
    prepare(&connection)?;
    let mut store = Store {
        connection,
        in_memory: None,
    };
    fresh::bring_up_to_date(&mut store, spec)?;
    Ok(store)
}

/// Whether the file begins as SQLite's do; an empty one may become a store.
fn is_sqlite(file: &Path) -> bool {
    use std::io::Read;
    let mut head = Vec::new();
    let read = fs::File::open(file).and_then(|file| file.take(16).read_to_end(&mut head));
    read.is_ok() && (head.is_empty() || head.starts_with(b"SQLite format 3"))
}

fn in_memory(spec: &StoreSpec, because: String) -> Result<Store, StoreError> {
    tracing::info!(%because, "the store is in memory");
    let connection = Connection::open_in_memory()?;
    prepare(&connection)?;
    let mut store = Store {
        connection,
        in_memory: Some(because),
    };
    fresh::bring_up_to_date(&mut store, spec)?;
    Ok(store)
}

fn prepare(connection: &Connection) -> Result<(), StoreError> {
    // Nothing here is the only copy: a crash of the machine may cost the last ingest, no more.
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(())
}
