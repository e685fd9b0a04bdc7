//! From files to rows: what changed is read and parsed on all cores while what was read is written in order.

mod backend;
mod comment;
mod details;
mod document;
mod hardware;
mod link;
mod model;
mod progress;
mod read;
mod recipe;
mod resolve;
mod word;
mod write;
mod written;

use std::collections::HashMap;
use std::sync::mpsc::sync_channel;

use rayon::prelude::*;
use rusqlite::Connection;

pub(super) use self::details::unpack;
pub use self::progress::files_read;
pub(super) use self::read::content_hash;
use self::read::{Read, read};
use self::write::write;
use super::layer::Offered;
use super::{StoreError, groups};
use crate::catalog::folder::Stamp;

/// Files that are read while as many are written, which bounds the memory of a large catalog.
const BATCH: usize = 256;
/// So many batches wait for being written.
const WAITING: usize = 2;

/// A row of the table `file`.
struct Known {
    id: i64,
    stamp: Stamp,
    hash: String,
    kind: String,
    /// Whether its stamp had come to rest when it was read.
    settled: bool,
}

/// Makes the tables say what `offered` says. Files changed since `settled_ns` will be read the next
/// time too, even where their stamp is as it was.
pub(super) fn refresh(
    connection: &Connection,
    offered: Vec<Offered>,
    settled_ns: i64,
) -> Result<(), StoreError> {
    connection.execute("DELETE FROM gathered", [])?;
    let mut known = known_files(connection)?;
    let mut changed = Vec::new();
    for file in offered {
        let before = known.remove(&(file.layer, file.name.clone()));
        let same = before.as_ref().is_some_and(|before| {
            before.stamp == file.stamp
                && before.settled
                && file.kind.is_none_or(|kind| kind.name() == before.kind)
        });
        if !same {
            changed.push((file, before));
        }
    }
    for gone in known.values() {
        groups::forget_neighbours(connection, gone.id)?;
        connection
            .prepare_cached("DELETE FROM file WHERE id = ?1")?
            .execute([gone.id])?;
    }
    progress::begin(changed.len());
    let read_all = |batch: &[(Offered, Option<Known>)]| -> Vec<Result<Read, StoreError>> {
        let files = batch.par_iter();
        files
            .map(|(file, before)| read(file, before.as_ref()))
            .collect()
    };
    let write_all = |batch: &[(Offered, Option<Known>)], read: Vec<Result<Read, StoreError>>| {
        for ((file, before), read) in batch.iter().zip(read) {
            write(connection, file, before.as_ref(), read?, settled_ns)?;
            progress::one_more();
        }
        Ok::<_, StoreError>(())
    };
    if changed.len() <= BATCH {
        write_all(&changed, read_all(&changed))?;
        return resolve::resolve(connection);
    }
    std::thread::scope(|scope| {
        let (done, waiting) = sync_channel(WAITING);
        let batches = changed.chunks(BATCH);
        scope.spawn(move || {
            for batch in batches {
                if done.send((batch, read_all(batch))).is_err() {
                    return;
                }
            }
        });
        // Where writing fails nobody waits any more, and reading ends.
        waiting
            .into_iter()
            .try_for_each(|(batch, read)| write_all(batch, read))
    })?;
    resolve::resolve(connection)
}

fn known_files(connection: &Connection) -> Result<HashMap<(usize, String), Known>, StoreError> {
    let mut statement = connection.prepare(
        "SELECT id, layer, name, size, modified_ns, changed_ns, hash, kind, settled FROM file",
    )?;
    let mut rows = statement.query([])?;
    let mut known = HashMap::new();
    while let Some(row) = rows.next()? {
        let stamp = Stamp {
            size: u64::try_from(row.get::<_, i64>(3)?).unwrap_or(0),
            modified_ns: row.get(4)?,
            changed_ns: row.get(5)?,
        };
        let layer = usize::try_from(row.get::<_, i64>(1)?).unwrap_or(usize::MAX);
        let file = Known {
            id: row.get(0)?,
            stamp,
            hash: row.get(6)?,
            kind: row.get(7)?,
            settled: row.get(8)?,
        };
        known.insert((layer, row.get(2)?), file);
    }
    Ok(known)
}

/// Names are compared without case.
fn fold(text: &str) -> String {
    text.trim().to_lowercase()
}
