//! A model from a folder: its files are named by their contents, and become the cache's by a copy that
//! shares the disk where the file system can, else by a hard link, else by a copy of the bytes.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

use super::add::{Added, Plan, prepare};
use super::download::is_there;
use super::hash::Digest;
use super::layout::{Cache, ModelFolder};
use super::meter::{FileMeter, Step};
use super::publish::publish;
use super::{CacheError, Meter, lock};
use crate::hub::{BlobId, Commit, FilePath, HubFile, ModelId, Revision};

const PIECE: usize = 1 << 20;
/// The hub keeps files as large ones from this size on, and such names wherever they are small.
const LARGE: u64 = 10 << 20;
const LARGE_NAMES: [&str; 4] = [".safetensors", ".bin", ".gguf", ".pt"];

/// The files of a folder, without their contents' names, which take a reading of all of them.
///
/// # Errors
/// The folder cannot be read, or there is a link in it.
pub fn folder_files(dir: &Path) -> Result<Vec<HubFile>, CacheError> {
    let mut files = Vec::new();
    if !fs::symlink_metadata(dir).is_ok_and(|found| found.is_dir()) {
        return Err(CacheError::NoFolder {
            path: dir.to_owned(),
        });
    }
    walk(dir, "", &mut files)?;
    files.sort_by(|a: &HubFile, b| a.path.cmp(&b.path));
    Ok(files)
}

fn walk(dir: &Path, prefix: &str, files: &mut Vec<HubFile>) -> Result<(), CacheError> {
    let failed = |error| CacheError::io("read", dir, error);
    for entry in fs::read_dir(dir).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name();
        let path = format!("{prefix}{}", name.to_string_lossy());
        let kind = entry.file_type().map_err(failed)?;
        if kind.is_dir() {
            // What version control and the hub's own tools keep beside a model's files.
            if ![".git", ".cache"].iter().any(|skipped| name == *skipped) {
                walk(&entry.path(), &format!("{path}/"), files)?;
            }
            continue;
        }
        if !kind.is_file() {
            return Err(CacheError::NotPlain { path: entry.path() });
        }
        files.push(HubFile {
            path: FilePath::parse(&path)?,
            size: entry.metadata().map_err(failed)?.len(),
            // Named when it is read.
            blob: BlobId::Git(String::new()),
        });
    }
    Ok(())
}

/// Plans to add files of a folder, of as many that it offers. This reads them all, since their contents name
/// them. Without a commit the names of all of them make one.
///
/// # Errors
/// A file cannot be read, or there is none.
pub fn plan_import(
    cache: &Cache,
    model: &ModelId,
    revision: &Revision,
    dir: &Path,
    files: Vec<HubFile>,
    (offered, meter): (usize, &Meter),
) -> Result<Plan, CacheError> {
    let mut named = Vec::new();
    for (file, of_file) in files.into_iter().zip(&meter.files) {
        let path = dir.join(file.path.as_str());
        let (size, blob) = name(&path, file.path.as_str(), of_file)
            .map_err(|error| CacheError::io("read", &path, error))?;
        named.push(HubFile { size, blob, ..file });
    }
    let mut all = String::new();
    for file in &named {
        all.push_str(&format!("{} {}\n", file.blob.as_str(), file.path));
    }
    let mut digest = Digest::git(all.len() as u64);
    digest.update(all.as_bytes());
    let made = Commit::parse(digest.finish().as_str());
    let commit = revision.as_commit().or(made).ok_or(CacheError::Stopped)?;
    let mut plan = super::plan(cache, model, revision, &commit, named, offered)?;
    plan.from = std::path::absolute(dir).ok();
    Ok(plan)
}

fn name(path: &Path, name: &str, meter: &FileMeter) -> io::Result<(u64, BlobId)> {
    let mut file = File::open(path)?;
    let size = file.metadata()?.len();
    let is_large = size >= LARGE || LARGE_NAMES.iter().any(|ending| name.ends_with(ending));
    let mut digest = match is_large {
        true => Digest::sha256(),
        false => Digest::git(size),
    };
    let mut buffer = vec![0; PIECE];
    let mut at = 0;
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            meter.is(Step::Done);
            return Ok((size, digest.finish()));
        }
        digest.update(&buffer[..read]);
        at += read as u64;
        meter.is(Step::Checking);
        meter.came(read as u64);
        meter.set_done(at);
    }
}

/// Puts the planned files of a folder into the cache and publishes them.
///
/// # Errors
/// There is no room, or the cache cannot be written; then nothing is published.
pub fn import(plan: &Plan, dir: &Path, meter: &Meter) -> Result<Added, CacheError> {
    let folder = &plan.folder;
    let _used = prepare(plan)?;
    for (file, of_file) in plan.contents().into_iter().zip(&meter.files) {
        of_file.is(Step::Fetching);
        take(folder, file, &dir.join(file.path.as_str()))?;
        of_file.set_done(file.size);
        of_file.is(Step::Done);
    }
    publish(folder, &plan.commit, &plan.revision, &plan.files)?;
    Ok(plan.added(0))
}

fn take(folder: &ModelFolder, file: &HubFile, from: &Path) -> Result<(), CacheError> {
    let blob = folder.blob(&file.blob);
    let path = folder.blob_lock(&file.blob);
    let _held = lock::take(&path, || {}, || true)
        .map_err(|error| CacheError::io("locked", &path, error))?;
    if is_there(&blob, file.size) {
        return Ok(());
    }
    let scratch = folder.incomplete(&file.blob);
    let failed = |error| CacheError::io("written", &scratch, error);
    match fs::remove_file(&scratch) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
        _ => {}
    }
    if !shared(from, &scratch) && fs::hard_link(from, &scratch).is_err() {
        copy(from, &scratch).map_err(failed)?;
    }
    let size = fs::metadata(&scratch).map_err(failed)?.len();
    if size != file.size {
        let _ = fs::remove_file(&scratch);
        return Err(CacheError::Changed {
            path: PathBuf::from(from),
        });
    }
    fs::rename(&scratch, &blob).map_err(|error| CacheError::io("written", &blob, error))?;
    // What was fetched of it is no use any more.
    let _ = fs::remove_file(folder.in_parts(&file.blob));
    Ok(())
}

/// A copy that shares the disk's blocks, where the file system can; says whether.
fn shared(from: &Path, to: &Path) -> bool {
    let cloned = File::open(from).and_then(|source| {
        let target = File::create_new(to)?;
        rustix::fs::ioctl_ficlone(target.as_fd(), source.as_fd())?;
        Ok(())
    });
    if cloned.is_err() {
        let _ = fs::remove_file(to);
    }
    cloned.is_ok()
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let mut source = File::open(from)?;
    let mut target = File::create_new(to)?;
    io::copy(&mut source, &mut target)?;
    target.flush()?;
    target.sync_all()
}
