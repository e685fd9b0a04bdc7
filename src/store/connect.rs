//! Opening the database: where it cannot be written or locked, in memory.

use std::fs;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, MAIN_DB, OpenFlags};

use super::error::is_damage;
use super::origin::Documents;
use super::{Details, Store, StoreError, StoreSpec, fresh, place};

/// Marks a database as a store of this program ("AIMe").
const APPLICATION_ID: i32 = 0x4149_4d65;
/// Memory for pages, in KiB (negative, as SQLite wants it): what a fill of a large catalog has not written yet
/// must not go to the disk before its time.
const CACHE_KIB: i64 = -32 * 1024;
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
    if spec.anew {
        remove(spec, &file)?;
    }
    match on_disk(spec, &file) {
        Ok(store) => Ok(store),
        Err(StoreError::Sqlite(error)) => {
            if is_damage(&error) {
                tracing::info!(store = %file.display(), %error, "the store is damaged and made again");
                remove(spec, &file)?;
                if let Ok(store) = on_disk(spec, &file) {
                    return Ok(store);
                }
            }
            in_memory(spec, format!("{}: {error}", file.display()))
        }
        Err(error) => Err(error),
    }
}

/// Removes a store. A file that somebody named is only removed where it says that it is a store.
fn remove(spec: &StoreSpec, file: &Path) -> Result<(), StoreError> {
    if spec.file.is_some() && !is_ours(file) {
        return Err(StoreError::Foreign {
            path: file.to_owned(),
        });
    }
    for suffix in ["", "-wal", "-shm"] {
        let mut name = file.to_owned().into_os_string();
        name.push(suffix);
        let _ = fs::remove_file(name);
    }
    Ok(())
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
    // In one statement, since another process may be making the store.
    let (application, tables): (i32, i64) = connection.query_row(
        "SELECT application_id, (SELECT count(*) FROM sqlite_master) FROM pragma_application_id",
        [],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    let is_new = application != APPLICATION_ID;
    if is_new {
        if tables > 0 {
            return Err(StoreError::Foreign {
                path: file.to_owned(),
            });
        }
        connection.pragma_update(None, "application_id", APPLICATION_ID)?;
    }
    prepare(&connection)?;
    let mut store = Store {
        connection,
        in_memory: None,
        layers: spec.layers.clone(),
        documents: Documents::default(),
        lender: None,
    };
    fresh::bring_up_to_date(&mut store, spec)?;
    if store.connection.is_readonly(MAIN_DB)? && store.is_packed(Details::All)? {
        // Nobody can write what is asked for.
        let code = rusqlite::ffi::SQLITE_READONLY;
        return Err(rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(code), None).into());
    }
    if is_new {
        // Only now: what goes through the log is written twice. Where another process reads meanwhile, it stays.
        let log = store.connection.pragma_update(None, "journal_mode", "WAL");
        if let Err(error) = log {
            tracing::debug!(%error, "the store keeps its journal");
        }
        // Opens the log, so that a store which is deleted now can still be read.
        fresh::generation(&store.connection)?;
    }
    Ok(store)
}

/// Whether the file begins as SQLite's do; an empty one may become a store.
fn is_sqlite(file: &Path) -> bool {
    head(file).is_some_and(|head| head.is_empty() || head.starts_with(MAGIC))
}

/// Whether the file says that it is a store of this program, or nothing at all.
fn is_ours(file: &Path) -> bool {
    let marked = |head: &[u8]| {
        let mark = head.get(MARK_AT..MARK_AT + 4);
        head.starts_with(MAGIC) && mark == Some(&APPLICATION_ID.to_be_bytes()[..])
    };
    !file.exists() || head(file).is_some_and(|head| head.is_empty() || marked(&head))
}

/// How SQLite's files begin, and where they have the application id.
const MAGIC: &[u8] = b"SQLite format 3\0";
const MARK_AT: usize = 68;

fn head(file: &Path) -> Option<Vec<u8>> {
    use std::io::Read;
    if !fs::metadata(file).ok()?.is_file() {
        return None;
    }
    let mut head = Vec::new();
    let opened = fs::File::open(file).ok()?;
    opened.take(100).read_to_end(&mut head).ok()?;
    Some(head)
}

fn in_memory(spec: &StoreSpec, because: String) -> Result<Store, StoreError> {
    tracing::info!(%because, "the store is in memory");
    let connection = Connection::open_in_memory()?;
    prepare(&connection)?;
    let mut store = Store {
        connection,
        in_memory: Some(because),
        layers: spec.layers.clone(),
        documents: Documents::default(),
        lender: None,
    };
    fresh::bring_up_to_date(&mut store, spec)?;
    Ok(store)
}

pub(super) fn prepare(connection: &Connection) -> Result<(), StoreError> {
    // Nothing here is the only copy: a crash of the machine may cost the last ingest, no more.
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "cache_size", CACHE_KIB)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(())
}
