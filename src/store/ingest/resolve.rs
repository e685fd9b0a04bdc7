//! What depends on several documents at once: which of two with one id is current, and which
//! examined version speaks for a version that recipes name.

use rusqlite::{Connection, params};

use super::super::StoreError;
use crate::catalog::version::{Version, examined_index};

pub(super) fn resolve(connection: &Connection) -> Result<(), StoreError> {
    // The later layer wins; within a layer the first file does, and the other is reported.
    for (table, key) in [
        ("recipe_document", "recipe"),
        ("model_document", "model_key"),
        ("hardware_document", "hardware_key"),
        ("backend_document", "backend"),
    ] {
        connection.execute_batch(&format!(
            "UPDATE {table} SET current = 1 WHERE current = 0;
             UPDATE {table} SET current = 0
             WHERE {key} IN (SELECT {key} FROM {table} GROUP BY {key} HAVING count(*) > 1)
               AND id <> (SELECT o.id FROM {table} o JOIN file f ON f.id = o.file
                          WHERE o.{key} = {table}.{key}
                          ORDER BY f.layer DESC, f.name, o.id LIMIT 1);"
        ))?;
    }
    connection.execute("DELETE FROM version_reading", [])?;
    let mut backends = connection.prepare("SELECT id FROM backend_document WHERE current")?;
    let backends: Vec<i64> = backends
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let mut texts = connection.prepare("SELECT DISTINCT text FROM named_version")?;
    let texts: Vec<String> = texts
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for backend in backends {
        let mut examined =
            connection.prepare("SELECT text FROM examined WHERE backend = ?1 ORDER BY version")?;
        let examined: Vec<Version> = examined
            .query_map([backend], |row| row.get::<_, String>(0))?
            .filter_map(|text| text.ok().as_deref().and_then(Version::parse))
            .collect();
        for text in &texts {
            let index =
                Version::parse(text).and_then(|version| examined_index(&examined, &version));
            if let Some(index) = index.and_then(|index| i64::try_from(index).ok()) {
                connection
                    .prepare_cached("INSERT INTO version_reading VALUES (?1, ?2, ?3)")?
                    .execute(params![backend, text, index])?;
            }
        }
    }
    Ok(())
}
