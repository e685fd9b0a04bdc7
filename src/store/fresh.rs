//! Whether the store still says what the catalog's files say, at the cost of one `stat` a file.

use std::time::{SystemTime, UNIX_EPOCH};

use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};
use xxhash_rust::xxh3::Xxh3;

use super::layer::{Layer, Offered};
use super::notices::Remarks;
use super::{Store, StoreError, StoreSpec, ingest, place};

const SCHEMA: &str = include_str!("schema.sql");
const WRITTEN: &str = include_str!("written.sql");
const COLUMNS: &str = include_str!("columns.sql");

/// Times of files are as coarse as the clock of the kernel that wrote them, a file system's up to
/// two seconds: a file so young when it was read may change again without showing it.
const RACY_NS: i64 = 2_000_000_000;

/// Fills or refreshes the store, in one transaction, where anything changed.
pub(super) fn bring_up_to_date(store: &mut Store, spec: &StoreSpec) -> Result<(), StoreError> {
    let identity = place::identity(spec);
    let known = meta(&store.connection, "identity")?;
    let same = known.as_deref() == Some(identity.as_str());
    let embedded_only = spec
        .layers
        .iter()
        .all(|layer| matches!(layer, Layer::Embedded(_)));
    if same && (embedded_only || spec.trust) {
        return Ok(());
    }
    let mut offered = Vec::new();
    for (number, layer) in spec.layers.iter().enumerate() {
        layer.offer(number, &mut offered)?;
    }
    let fingerprint = fingerprint(&offered);
    if same && meta(&store.connection, "fingerprint")?.as_deref() == Some(fingerprint.as_str()) {
        return Ok(());
    }
    let transaction = store
        .connection
        .transaction_with_behavior(TransactionBehavior::Immediate)?;
    if meta(&transaction, "identity")?.as_deref() != Some(identity.as_str()) {
        recreate(&transaction)?;
    } else if meta(&transaction, "fingerprint")?.as_deref() == Some(fingerprint.as_str()) {
        // Another process did it while this one waited.
        return Ok(());
    }
    write(&transaction, offered, &identity, &fingerprint)?;
    transaction.commit()?;
    Ok(())
}

/// Makes a store say what its layers offer now, whatever it knows of them.
pub(super) fn refresh(store: &mut Store) -> Result<(), StoreError> {
    let mut offered = Vec::new();
    for (number, layer) in store.layers.iter().enumerate() {
        layer.offer(number, &mut offered)?;
    }
    let transaction = store.connection.transaction()?;
    write(&transaction, offered, "", "")?;
    transaction.commit()?;
    Ok(())
}

fn write(
    transaction: &Connection,
    offered: Vec<Offered>,
    identity: &str,
    fingerprint: &str,
) -> Result<(), StoreError> {
    let started = now_ns();
    ingest::refresh(transaction, offered, started - RACY_NS)?;
    let racy: bool = transaction.query_row(
        "SELECT EXISTS(SELECT 1 FROM file WHERE NOT settled)",
        [],
        |row| row.get(0),
    )?;
    let fingerprint = if racy { "" } else { fingerprint };
    let remarks = serde_json::to_string(&counted(transaction)?)?;
    let generation = started.to_string();
    for (key, value) in [
        ("identity", identity),
        ("fingerprint", fingerprint),
        ("generation", generation.as_str()),
        ("remarks", remarks.as_str()),
    ] {
        transaction.execute(
            "INSERT OR REPLACE INTO meta VALUES (?1, ?2)",
            params![key, value],
        )?;
    }
    Ok(())
}

fn counted(connection: &Connection) -> Result<Remarks, StoreError> {
    let count = |what: &str| {
        let sql = format!("SELECT count({what}");
        connection.query_row(&sql, [], |row| row.get::<_, u32>(0))
    };
    let replaced = |table: &str| count(&format!("*) FROM {table} WHERE current = 0"));
    Ok(Remarks {
        broken: count("DISTINCT file) FROM problem WHERE severity = 'error'")?,
        warnings: count("*) FROM problem WHERE severity <> 'error'")?,
        replaced: replaced("recipe_document")?
            + replaced("model_document")?
            + replaced("hardware_document")?
            + replaced("backend_document")?,
    })
}

/// What there is to say of the catalog's files, counted when they were read: who asks has no time to count.
pub(super) fn remarks(connection: &Connection) -> Result<Remarks, StoreError> {
    let counted = meta(connection, "remarks")?;
    Ok(counted.map_or(Ok(Remarks::default()), |json| serde_json::from_str(&json))?)
}

fn now_ns() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .ok()
        .and_then(|since| i64::try_from(since.as_nanos()).ok())
        .unwrap_or(i64::MAX)
}

/// What names the rows as they are: no other content has had it.
pub(super) fn generation(connection: &Connection) -> Result<String, StoreError> {
    Ok(meta(connection, "generation")?.unwrap_or_default())
}

pub(super) fn meta(connection: &Connection, key: &str) -> Result<Option<String>, StoreError> {
    let found = connection
        .prepare_cached("SELECT value FROM meta WHERE key = ?1")
        .and_then(|mut statement| statement.query_row([key], |row| row.get(0)).optional());
    match found {
        Ok(value) => Ok(value),
        // A new database has no such table yet; damage is not the same.
        Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::Unknown) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn recreate(connection: &Connection) -> Result<(), StoreError> {
    let old: Vec<(String, String)> = connection
        .prepare("SELECT type, name FROM sqlite_master WHERE type IN ('view', 'table') AND name NOT LIKE 'sqlite_%' ORDER BY type DESC")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    connection.execute_batch("PRAGMA defer_foreign_keys = ON")?;
    for (kind, name) in old {
        connection.execute_batch(&format!("DROP {kind} \"{name}\""))?;
    }
    connection.execute_batch(SCHEMA)?;
    make_written_views(connection)?;
    connection.execute_batch(COLUMNS)?;
    Ok(())
}

/// Makes the views that only findings read, which a store does not have by itself.
pub(super) fn make_written_views(connection: &Connection) -> Result<(), StoreError> {
    connection.execute_batch(WRITTEN)?;
    Ok(())
}

fn fingerprint(offered: &[Offered]) -> String {
    let mut hash = Xxh3::new();
    for file in offered {
        hash.update(&(file.layer as u64).to_le_bytes());
        hash.update(file.name.as_bytes());
        hash.update(&[0, file.kind.map_or(0, |kind| kind as u8 + 1)]);
        for part in [file.stamp.modified_ns, file.stamp.changed_ns] {
            hash.update(&part.to_le_bytes());
        }
        hash.update(&file.stamp.size.to_le_bytes());
    }
    format!("{:032x}", hash.digest128())
}
