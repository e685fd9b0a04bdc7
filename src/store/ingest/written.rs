//! Rows of single values as they are written.

use rusqlite::{Connection, params};

use super::super::StoreError;
use super::word;
use crate::catalog::written::Written;

pub(super) fn write(
    connection: &Connection,
    file: i64,
    values: &[Written<'_>],
) -> Result<(), StoreError> {
    let mut insert = connection
        .prepare_cached("INSERT INTO written VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)")?;
    for (position, value) in (0_i64..).zip(values) {
        insert.execute(params![
            file,
            position,
            value.path,
            value.place,
            value.form.name(),
            value.text,
            word::number(&value.text),
            value.node,
            value.key_node
        ])?;
    }
    Ok(())
}
