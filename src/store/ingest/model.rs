//! Rows of a model card.

use rusqlite::{Connection, params};

use super::super::StoreError;
use super::fold;
use crate::catalog::model::Model;

pub(super) fn write(connection: &Connection, file: i64, model: &Model) -> Result<(), StoreError> {
    let id_text = model.id().unwrap_or_default().trim();
    let id = connection
        .prepare_cached(
            "INSERT INTO model_document(file, model, model_key, readiness, parameters_millions, document)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .insert(params![
            file,
            id_text,
            fold(id_text),
            model.readiness_level.as_deref().map(fold),
            model.parameters_millions(),
            serde_json::to_string(model)?,
        ])?;
    let names = [
        (0, model.huggingface_id.as_deref()),
        (1, model.model_id.as_deref()),
    ]
    .into_iter()
    .filter_map(|(rank, name)| Some((rank, name?)))
    .chain(model.aliases.iter().map(|alias| (2, alias.as_str())));
    for (rank, name) in names {
        connection
            .prepare_cached("INSERT OR IGNORE INTO card_name VALUES (?1, ?2, ?3)")?
            .execute(params![id, rank, fold(name)])?;
    }
    Ok(())
}
