//! What a file says in detail, and what it shares with others. It is kept packed, since a decision asks for the details of
//! few files and writing the rows of all takes several times as long as reading them.

use std::collections::BTreeSet;

use rayon::prelude::*;
use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use super::super::StoreError;
use super::{link, recipe, written};
use crate::catalog::recipe::Section;
use crate::catalog::written::Written;

/// Files unpacked before their rows are written, which bounds the memory of a large catalog.
const AT_A_TIME: usize = 1024;

#[derive(Serialize)]
struct Pack<'a> {
    tokens: &'a BTreeSet<i64>,
    sections: &'a [Section],
    written: &'a [Written<'a>],
}

#[derive(Deserialize)]
struct Unpacked {
    tokens: BTreeSet<i64>,
    sections: Vec<Section>,
    written: Vec<Written<'static>>,
}

/// Bytes that most documents' details fit in.
const MOSTLY: usize = 4096;

/// The details of a document as bytes.
pub(super) fn pack(
    tokens: &BTreeSet<i64>,
    sections: &[Section],
    written: &[Written<'_>],
) -> Result<Vec<u8>, StoreError> {
    let pack = Pack {
        tokens,
        sections,
        written,
    };
    let bytes = postcard::to_extend(&pack, Vec::with_capacity(MOSTLY))?;
    let mut packed = lz4_flex::compress_prepend_size(&bytes);
    packed.extend(xxh3_64(&packed).to_le_bytes());
    Ok(packed)
}

pub(super) fn write(connection: &Connection, file: i64, details: &[u8]) -> Result<(), StoreError> {
    connection
        .prepare_cached("INSERT INTO packed VALUES (?1, ?2)")?
        .execute(params![file, details])?;
    Ok(())
}

/// What was packed; SQLite does not notice every damage.
fn unpacked(packed: &[u8]) -> Result<Unpacked, postcard::Error> {
    const DAMAGED: postcard::Error = postcard::Error::DeserializeBadEncoding;
    let (bytes, hash) = packed.split_last_chunk().ok_or(DAMAGED)?;
    if xxh3_64(bytes) != u64::from_le_bytes(*hash) {
        return Err(DAMAGED);
    }
    let bytes = lz4_flex::decompress_size_prepended(bytes).map_err(|_| DAMAGED)?;
    postcard::from_bytes(&bytes)
}

/// Writes the rows of the details of these files.
pub(in crate::store) fn unpack(connection: &Connection, files: &[i64]) -> Result<(), StoreError> {
    let mut rows = recipe::Rows::of(connection)?;
    let mut recipe = connection.prepare("SELECT id FROM recipe_document WHERE file = ?1")?;
    let mut packed = connection.prepare("SELECT details FROM packed WHERE file = ?1")?;
    let mut gone = connection.prepare("DELETE FROM packed WHERE file = ?1")?;
    for files in files.chunks(AT_A_TIME) {
        let mut read: Vec<(i64, Vec<u8>)> = Vec::with_capacity(files.len());
        for &file in files {
            read.push((file, packed.query_row([file], |row| row.get(0))?));
        }
        let unpacked: Vec<Result<(i64, Unpacked), postcard::Error>> = read
            .into_par_iter()
            .map(|(file, bytes)| Ok((file, unpacked(&bytes)?)))
            .collect();
        for details in unpacked {
            let (file, details) = details?;
            let Unpacked {
                tokens,
                sections,
                written,
            } = details;
            link::write(connection, file, &tokens)?;
            written::write(connection, file, &written)?;
            if !sections.is_empty() {
                let id = recipe.query_row([file], |row| row.get(0))?;
                rows.write(id, &sections)?;
            }
            gone.execute([file])?;
        }
    }
    Ok(())
}
