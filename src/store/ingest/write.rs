//! The rows of a file, what it says in detail packed.

use rusqlite::{Connection, params};

use super::super::layer::Offered;
use super::super::{StoreError, groups};
use super::document::Document;
use super::read::{Read, stem};
use super::{Known, backend, comment, details, hardware, model, recipe};
use crate::catalog::problem::Severity;

pub(super) fn write(
    connection: &Connection,
    file: &Offered,
    before: Option<&Known>,
    read: Read,
    settled_ns: i64,
) -> Result<(), StoreError> {
    let settled = file.stamp.latest_ns() < settled_ns;
    let size = i64::try_from(file.stamp.size).unwrap_or(i64::MAX);
    let Some(parsed) = read.parsed else {
        if let Some(before) = before {
            connection
                .prepare_cached(
                    "UPDATE file SET size = ?2, modified_ns = ?3, changed_ns = ?4, settled = ?5 WHERE id = ?1",
                )?
                .execute(params![
                    before.id,
                    size,
                    file.stamp.modified_ns,
                    file.stamp.changed_ns,
                    settled
                ])?;
        }
        return Ok(());
    };
    if let Some(before) = before {
        groups::forget_neighbours(connection, before.id)?;
        connection
            .prepare_cached("DELETE FROM file WHERE id = ?1")?
            .execute([before.id])?;
    }
    let layer = i64::try_from(file.layer).unwrap_or(i64::MAX);
    let id = connection
        .prepare_cached(
            "INSERT INTO file(layer, name, path, stem, kind, size, modified_ns, changed_ns, hash, settled)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        )?
        .insert(params![
            layer,
            file.name,
            file.path(),
            stem(&file.name),
            parsed.kind,
            size,
            file.stamp.modified_ns,
            file.stamp.changed_ns,
            read.hash,
            settled
        ])?;
    for (position, problem) in parsed.problems.iter().enumerate() {
        let severity = match problem.severity {
            Severity::Warning => "warning",
            Severity::Error => "error",
        };
        connection
            .prepare_cached("INSERT INTO problem VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![
                id,
                i64::try_from(position).unwrap_or(0),
                severity,
                serde_json::to_string(problem)?
            ])?;
    }
    details::write(connection, id, &parsed.details)?;
    comment::write(connection, id, &parsed.comments)?;
    match parsed.document {
        Some(Document::Recipe(recipe)) => recipe::write(connection, id, &recipe, &parsed.versions),
        Some(Document::Model(model)) => model::write(connection, id, &model),
        Some(Document::Hardware(hardware)) => hardware::write(connection, id, &hardware),
        Some(Document::Backend(backend)) => backend::write(connection, id, &backend),
        None => Ok(()),
    }
}
