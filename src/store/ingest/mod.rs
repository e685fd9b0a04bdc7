//! From files to rows: what changed is read and parsed on all cores, then written in order.

mod backend;
mod comment;
mod document;
mod hardware;
mod link;
mod model;
mod progress;
mod recipe;
mod resolve;
mod word;
mod written;

use std::collections::HashMap;

use rayon::prelude::*;
use rusqlite::{Connection, params};
use xxhash_rust::xxh3::xxh3_128;

use self::document::Document;
pub use self::progress::files_read;
use super::layer::Offered;
use super::{StoreError, groups};
use crate::catalog::folder::Stamp;
use crate::catalog::problem::{Problem, Severity};
use crate::catalog::written::Written;
use crate::catalog::yaml::{Comment, comments};

/// Files parsed before their rows are written, which bounds the memory of a large catalog.
const BATCH: usize = 2048;

/// A row of the table `file`.
struct Known {
    id: i64,
    stamp: Stamp,
    hash: String,
    kind: String,
    /// Whether its stamp had come to rest when it was read.
    settled: bool,
}

/// What reading a file gave.
struct Read {
    hash: String,
    /// Nothing where the content is as it was.
    parsed: Option<Parsed>,
}

struct Parsed {
    kind: &'static str,
    document: Option<Document>,
    problems: Vec<Problem>,
    written: Vec<Written>,
    comments: Vec<Comment>,
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
    for batch in changed.chunks(BATCH) {
        let read: Vec<Read> = batch
            .par_iter()
            .map(|(file, before)| read(file, before.as_ref()))
            .collect();
        for ((file, before), read) in batch.iter().zip(read) {
            write(connection, file, before.as_ref(), read, settled_ns)?;
            progress::one_more();
        }
    }
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

/// What tells whether a file's content is as it was.
pub(super) fn content_hash(bytes: &[u8]) -> String {
    format!("{:032x}", xxh3_128(bytes))
}

fn read(file: &Offered, before: Option<&Known>) -> Read {
    let bytes = match file.content.bytes() {
        Ok(bytes) => bytes,
        Err(error) => {
            let problem = Problem::error("unreadable", format!("the file cannot be read: {error}"));
            let kind = file.kind.map_or("recipe", |kind| kind.name());
            let parsed = Parsed {
                kind,
                document: None,
                problems: vec![problem],
                written: Vec::new(),
                comments: Vec::new(),
            };
            return Read {
                hash: String::new(),
                parsed: Some(parsed),
            };
        }
    };
    let hash = content_hash(&bytes);
    let same_kind =
        before.is_some_and(|before| file.kind.is_none_or(|kind| kind.name() == before.kind));
    if same_kind && before.is_some_and(|before| before.hash == hash) {
        return Read { hash, parsed: None };
    }
    let (kind, result, written) = document::parse(&bytes, file.kind, stem(&file.name));
    let (document, problems) = match result {
        Ok((document, problems)) => (Some(document), problems),
        Err(problems) => (None, problems),
    };
    Read {
        hash,
        parsed: Some(Parsed {
            kind: kind.name(),
            document,
            problems,
            written,
            comments: comments(&bytes),
        }),
    }
}

/// A file's name without folders and ending.
fn stem(name: &str) -> &str {
    let file = name.rsplit('/').next().unwrap_or(name);
    file.rsplit_once('.').map_or(file, |(stem, _)| stem)
}

fn write(
    connection: &Connection,
    file: &Offered,
    before: Option<&Known>,
    read: Read,
    settled_ns: i64,
) -> Result<(), StoreError> {
    let settled = file.stamp.latest_ns() < settled_ns;
    let size = i64::try_from(file.stamp.size).unwrap_or(i64::MAX);
    let Some(mut parsed) = read.parsed else {
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
    let problems = at_most(std::mem::take(&mut parsed.problems));
    for (position, problem) in problems.iter().enumerate() {
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
    link::write(connection, id, stem(&file.name), &parsed)?;
    written::write(connection, id, &parsed.written)?;
    comment::write(connection, id, &parsed.comments)?;
    match parsed.document {
        Some(Document::Recipe(recipe)) => recipe::write(connection, id, &recipe),
        Some(Document::Model(model)) => model::write(connection, id, &model),
        Some(Document::Hardware(hardware)) => hardware::write(connection, id, &hardware),
        Some(Document::Backend(backend)) => backend::write(connection, id, &backend),
        None => Ok(()),
    }
}

/// The most problems of one file that are kept: whoever mends so many looks again.
const PROBLEMS: usize = 20;

/// The first problems of a file, errors before warnings where not all fit, and how many there are beside them.
fn at_most(mut problems: Vec<Problem>) -> Vec<Problem> {
    let Some(more) = problems
        .len()
        .checked_sub(PROBLEMS)
        .filter(|more| *more > 0)
    else {
        return problems;
    };
    problems.sort_by_key(|problem| std::cmp::Reverse(problem.severity));
    let cut = problems.get(PROBLEMS).map(|problem| problem.severity);
    problems.truncate(PROBLEMS);
    let message = format!("the file has {more} more problems");
    problems.push(match cut {
        Some(Severity::Error) => Problem::error("more", message),
        _ => Problem::warning("more", message),
    });
    problems
}

/// Names are compared without case.
fn fold(text: &str) -> String {
    text.trim().to_lowercase()
}
