//! Rows of comments to this program.

use rusqlite::{Connection, params};

use super::super::StoreError;
use crate::catalog::yaml::Comment;

pub(super) fn write(
    connection: &Connection,
    file: i64,
    comments: &[Comment],
) -> Result<(), StoreError> {
    let number = |size: usize| i64::try_from(size).unwrap_or(i64::MAX);
    for comment in comments {
        connection
            .prepare_cached("INSERT INTO comment VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?
            .execute(params![
                file,
                number(comment.span.start),
                number(comment.span.len()),
                comment.text,
                number(comment.line),
                comment.is_at_top
            ])?;
    }
    Ok(())
}
