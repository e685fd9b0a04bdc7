//! Rows of a backend file: versions become their positions in its list.

use rusqlite::{Connection, params};

use super::super::StoreError;
use crate::catalog::backend::{Backend, FlagPeriod};
use crate::catalog::version::{Version, examined_index};

/// A flag that is still there has this as its end.
const STILL: i64 = 1_000_000;

pub(super) fn write(
    connection: &Connection,
    file: i64,
    backend: &Backend,
) -> Result<(), StoreError> {
    let mut document = backend.clone();
    document.flags.clear();
    let id = connection
        .prepare_cached(
            "INSERT INTO backend_document(file, backend, section, underscores, dotted_json,
               tensor_parallel_flag, memory_share_flag, max_model_len_flag, kv_cache_dtype_flag, document)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        )?
        .insert(params![
            file,
            super::fold(&backend.backend),
            backend.recipe_section,
            backend.underscores,
            backend.dotted_json,
            backend.tensor_parallel_flag,
            backend.memory_share.flag,
            backend.max_model_len_flag,
            backend.kv_cache_dtype_flag,
            serde_json::to_string(&document)?,
        ])?;
    let examined = backend.examined();
    for (place, image) in backend.images.iter().enumerate() {
        connection
            .prepare_cached("INSERT INTO image VALUES (?1, ?2, ?3, ?4, ?5)")?
            .execute(params![
                id,
                position(place),
                image.gfx.as_deref().unwrap_or_default(),
                image.image,
                read_version(&examined, &image.version).unwrap_or(0),
            ])?;
    }
    for (index, version) in examined.iter().enumerate() {
        let share = backend
            .memory_share
            .defaults
            .iter()
            .rev()
            .find(|entry| Version::parse(&entry.since).is_some_and(|since| since <= *version))
            .or(backend.memory_share.defaults.first())
            .map_or(1.0, |entry| entry.share);
        connection
            .prepare_cached("INSERT INTO examined VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![id, position(index), version.to_string(), share])?;
    }
    for (flag, periods) in &backend.flags {
        for period in periods.all() {
            write_period(connection, id, flag, period, &examined)?;
        }
    }
    for (name, flag) in &backend.misnamed {
        write_misnamed(connection, id, name, flag)?;
    }
    connection.execute(
        "INSERT OR IGNORE INTO meaning
           SELECT backend, name, flag FROM (
             SELECT backend, name, flag, max(since) FROM flag_name WHERE backend = ?1 GROUP BY name)
           UNION ALL SELECT backend, name, flag FROM misnamed WHERE backend = ?1",
        [id],
    )?;
    Ok(())
}

fn write_period(
    connection: &Connection,
    backend: i64,
    flag: &str,
    period: &FlagPeriod,
    examined: &[Version],
) -> Result<(), StoreError> {
    let since = read_version(examined, &period.since).unwrap_or(0);
    let until = match &period.until {
        Some(until) => read_version(examined, until).unwrap_or(STILL),
        None => STILL,
    };
    // Several values behind one mention need no repetition.
    let takes = period.values.as_deref().unwrap_or("one");
    let repeats = period.repeatable && takes == "one";
    let deprecated = period.deprecated_since.as_deref();
    let deprecated = deprecated.and_then(|version| read_version(examined, version));
    let insert = |name: &str, since: i64, kind: &str| -> Result<(), StoreError> {
        connection
            .prepare_cached(
                "INSERT OR IGNORE INTO flag_name VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            )?
            .execute(params![
                backend, name, since, until, flag, kind, repeats, takes, deprecated
            ])?;
        Ok(())
    };
    insert(flag, since, &period.kind)?;
    for alias in &period.aliases {
        insert(alias, since, &period.kind)?;
    }
    // The form that switches a flag off takes no value, whatever its flag takes.
    let negation_since = match &period.negation_since {
        Some(version) => read_version(examined, version).unwrap_or(since).max(since),
        None => since,
    };
    for negation in period.negation.iter().chain(&period.negation_aliases) {
        insert(negation, negation_since, "negation")?;
    }
    for choice in &period.choices {
        connection
            .prepare_cached("INSERT OR IGNORE INTO choice VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![backend, flag, since, choice.0])?;
    }
    if let Some(renamed) = &period.renamed_to {
        write_misnamed(connection, backend, flag, renamed)?;
    }
    Ok(())
}

fn write_misnamed(
    connection: &Connection,
    backend: i64,
    name: &str,
    flag: &str,
) -> Result<(), StoreError> {
    connection
        .prepare_cached("INSERT OR IGNORE INTO misnamed VALUES (?1, ?2, ?3)")?
        .execute(params![backend, name, flag])?;
    Ok(())
}

fn read_version(examined: &[Version], text: &str) -> Option<i64> {
    Version::parse(text)
        .and_then(|version| examined_index(examined, &version))
        .map(position)
}

fn position(index: usize) -> i64 {
    i64::try_from(index).unwrap_or(STILL)
}
