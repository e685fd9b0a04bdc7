//! Taking things out of the cache: references first and contents last, so that nobody finds a name
//! without what it names.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::layout::{IN_PARTS, ModelFolder};
use super::scan::CachedModel;
use super::{Cache, CacheError, durable, lock};
use crate::hub::{Commit, ModelId};

/// What was removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Removed {
    /// Bytes that the disk has back.
    pub freed: u64,
    /// Bytes of the removed revisions that other ones have too, and which stay.
    pub shared: u64,
}

/// Removes commits of a model, and with the last one all of it.
///
/// # Errors
/// Another process writes to the model, or a file cannot be removed.
pub fn remove_revisions(
    cache: &Cache,
    model: &ModelId,
    commits: &[Commit],
) -> Result<Removed, CacheError> {
    let folder = cache.model(model);
    let _held = alone(&folder)?;
    let Some(found) = CachedModel::look(cache, model) else {
        return Ok(Removed::default());
    };
    let (going, staying): (Vec<_>, Vec<_>) = found
        .revisions
        .iter()
        .partition(|revision| commits.contains(&revision.commit));
    let mut used: BTreeSet<&str> = BTreeSet::new();
    for revision in &staying {
        used.extend(
            revision
                .files
                .iter()
                .filter_map(|file| file.blob.as_deref()),
        );
    }
    let mut removed = Removed::default();
    let mut contents = BTreeSet::new();
    for revision in &going {
        for (name, size) in revision.contents(&found) {
            if used.contains(name) {
                removed.shared += size;
            } else {
                contents.insert(name);
            }
        }
        for name in &revision.refs {
            gone(&folder.refs().join(name), false)?;
        }
        let snapshot = folder.snapshot(&revision.commit);
        // By another name first: then it is gone at once.
        let scratch = folder
            .dir()
            .join(format!("{}{}", durable::SCRATCH, revision.commit));
        if fs::rename(&snapshot, &scratch).is_ok() {
            removed.freed += plain_bytes(&scratch);
            gone(&scratch, true)?;
        }
        gone(&folder.manifest(&revision.commit), false)?;
        let listing = folder
            .dir()
            .join("trees")
            .join(format!("{}.json", revision.commit));
        gone(&listing, false)?;
    }
    for name in contents {
        let begun = found.begun_of(name).map(|(name, _)| name.as_str());
        for name in begun.chain([name]) {
            removed.freed += remove_content(&folder.blobs().join(name))?;
        }
    }
    if staying.is_empty() {
        removed.freed += plain_bytes(&folder.blobs());
        gone(folder.dir(), true)?;
    }
    Ok(removed)
}

/// Removes a content that no revision has; says how many bytes it had.
///
/// # Errors
/// Another process writes to the model, or it cannot be removed.
pub fn remove_orphan(cache: &Cache, model: &ModelId, content: &str) -> Result<u64, CacheError> {
    let folder = cache.model(model);
    let _held = alone(&folder)?;
    let still = CachedModel::look(cache, model)
        .is_some_and(|found| found.orphans().any(|(name, _)| name == content));
    match still {
        true => remove_content(&folder.blobs().join(content)),
        false => Ok(0),
    }
}

/// The right to remove from a model: nobody adds to it, here or by another tool.
pub(super) fn alone(folder: &ModelFolder) -> Result<lock::Held, CacheError> {
    let busy = || CacheError::Busy {
        model: folder.model.to_string(),
    };
    let path = folder.use_lock();
    if super::in_use::is_written(folder) {
        return Err(busy());
    }
    lock::try_take(&path)
        .map_err(|error| CacheError::io("locked", &path, error))?
        .ok_or_else(busy)
}

/// Removes a content; says how many bytes the disk has back. Of one that several models share that is none.
pub(super) fn remove_content(path: &Path) -> Result<u64, CacheError> {
    let found = fs::symlink_metadata(path)
        .ok()
        .filter(|found| found.is_file());
    gone(path, false)?;
    const BLOCK: u64 = 512;
    let has_holes = path.to_string_lossy().ends_with(IN_PARTS);
    Ok(found.map_or(0, |found| match has_holes {
        true => found.len().min(found.blocks().saturating_mul(BLOCK)),
        false => found.len(),
    }))
}

/// The bytes of plain files in a folder and those below it.
fn plain_bytes(dir: &Path) -> u64 {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    entries
        .filter_map(|entry| {
            let found = entry.metadata().ok()?;
            Some(match found.is_dir() {
                true => plain_bytes(&entry.path()),
                false if found.is_file() => found.len(),
                false => 0,
            })
        })
        .sum()
}

/// Removes a file or a folder, where it is there. Links in it are not followed.
pub(super) fn gone(path: &Path, is_dir: bool) -> Result<(), CacheError> {
    let result = match is_dir {
        true => fs::remove_dir_all(path),
        false => fs::remove_file(path),
    };
    match result {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(CacheError::io("removed", path, error))
        }
        _ => Ok(()),
    }
}
