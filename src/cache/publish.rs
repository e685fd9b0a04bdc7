//! Making a commit visible: links to its contents all at once, and the reference last.

use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use super::download::is_there;
use super::layout::ModelFolder;
use super::{CacheError, durable, lock};
use crate::hub::{Commit, HubFile, Revision};

/// Links the files of a commit, all of whose contents are there.
pub(super) fn publish(
    folder: &ModelFolder,
    commit: &Commit,
    revision: &Revision,
    files: &[HubFile],
) -> Result<(), CacheError> {
    let blobs = folder.blobs();
    durable::sync_dir(&blobs).map_err(|error| CacheError::io("written", &blobs, error))?;
    let lock = folder.publish_lock();
    let _held = lock::take(&lock, || {}, || true)
        .map_err(|error| CacheError::io("locked", &lock, error))?;
    clear_scratch(folder);
    let snapshot = folder.snapshot(commit);
    let linked = match snapshot.exists() {
        true => add_links(&snapshot, files),
        false => new_snapshot(folder, &snapshot, files),
    };
    linked.map_err(|error| CacheError::io("written", &snapshot, error))?;
    if revision.as_commit().is_none() {
        let reference = folder.reference(revision);
        durable::write(&reference, folder.dir(), commit.as_str().as_bytes())
            .map_err(|error| CacheError::io("written", &reference, error))?;
    }
    Ok(())
}

/// Whether all of that was done before.
pub(super) fn is_published(
    folder: &ModelFolder,
    commit: &Commit,
    revision: &Revision,
    files: &[HubFile],
) -> bool {
    let snapshot = folder.snapshot(commit);
    let is_linked = |file: &HubFile| {
        let link = fs::read_link(snapshot.join(file.path.as_str()));
        link.is_ok_and(|link| link == target(file)) && is_there(&folder.blob(&file.blob), file.size)
    };
    let is_named = || {
        let named = fs::read_to_string(folder.reference(revision));
        revision.as_commit().is_some() || named.is_ok_and(|named| named == commit.as_str())
    };
    is_named() && files.iter().all(is_linked)
}

/// What runs that were killed left behind. Nobody else is writing: the lock is held.
fn clear_scratch(folder: &ModelFolder) {
    for entry in fs::read_dir(folder.dir()).into_iter().flatten().flatten() {
        if entry
            .file_name()
            .to_string_lossy()
            .starts_with(durable::SCRATCH)
        {
            let path = entry.path();
            let _ = fs::remove_dir_all(&path).or_else(|_| fs::remove_file(&path));
        }
    }
}

/// A whole snapshot, which appears at once.
fn new_snapshot(folder: &ModelFolder, snapshot: &Path, files: &[HubFile]) -> io::Result<()> {
    let staging = folder.dir().join(format!("{}snapshot", durable::SCRATCH));
    let filled = fs::create_dir(&staging)
        .and_then(|()| add_links(&staging, files))
        .and_then(|()| fs::create_dir_all(folder.snapshots()))
        .and_then(|()| fs::rename(&staging, snapshot));
    if filled.is_err() {
        let _ = fs::remove_dir_all(&staging);
    }
    filled.and_then(|()| durable::sync_dir(&folder.snapshots()))
}

/// Links that a snapshot lacks, or that lead elsewhere.
fn add_links(snapshot: &Path, files: &[HubFile]) -> io::Result<()> {
    for file in files {
        let link = snapshot.join(file.path.as_str());
        let target = target(file);
        if fs::read_link(&link).is_ok_and(|now| now == target) {
            continue;
        }
        if let Some(dir) = link.parent() {
            fs::create_dir_all(dir)?;
        }
        // By way of another name, so that the old one is replaced at once.
        let scratch = snapshot.join(format!("{}link", durable::SCRATCH));
        let _ = fs::remove_file(&scratch);
        symlink(&target, &scratch)?;
        fs::rename(&scratch, &link)?;
    }
    Ok(())
}

/// The content as seen from its link: two folders up from a snapshot, and one more for each folder in it.
fn target(file: &HubFile) -> PathBuf {
    let up = "../".repeat(2 + file.path.depth());
    PathBuf::from(format!("{up}blobs/{}", file.blob.as_str()))
}
