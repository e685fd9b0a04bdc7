//! Adding a model: which files, whether there is room, fetching them beside each other, publishing.

use std::fs;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use super::download::{Fetch, is_there};
use super::layout::ModelFolder;
use super::manifest::Manifest;
use super::meter::Meter;
use super::parts::{self, Parts};
use super::publish::{is_published, publish};
use super::{Cache, CacheError, lock, space};
use crate::hub::{Commit, Hub, HubFile, ModelId, Revision};

/// Left to others of the disk: a cache that takes the last byte stops them.
pub(super) const SPARE: u64 = 64 << 20;

/// How often one who has nothing to do looks for some part to fetch.
const LOOK: Duration = Duration::from_millis(20);

/// What is to be added.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The folder of its model.
    pub folder: ModelFolder,
    /// The revision that was asked for.
    pub revision: Revision,
    /// The commit that it names.
    pub commit: Commit,
    /// The wanted files.
    pub files: Vec<HubFile>,
    /// The folder that they are in, where they are no hub's.
    pub from: Option<PathBuf>,
}

/// What was added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Added {
    /// The folder with its files.
    pub path: PathBuf,
    /// Bytes of its files.
    pub size: u64,
    /// Bytes that came from the hub.
    pub fetched: u64,
}

/// Plans to add these files of a commit.
///
/// # Errors
/// There is none, or the commit has no files.
pub fn plan(
    cache: &Cache,
    model: &ModelId,
    revision: &Revision,
    commit: &Commit,
    files: Vec<HubFile>,
    offered: usize,
) -> Result<Plan, CacheError> {
    if offered == 0 {
        return Err(CacheError::Empty {
            model: model.to_string(),
            revision: revision.to_string(),
        });
    }
    if files.is_empty() {
        return Err(CacheError::NoFiles {
            model: model.to_string(),
            offered,
        });
    }
    Ok(Plan {
        folder: cache.model(model),
        revision: revision.clone(),
        commit: commit.clone(),
        files,
        from: None,
    })
}

impl Plan {
    /// Bytes of all its files; what two of them share counts once.
    pub fn size(&self) -> u64 {
        self.contents().iter().map(|file| file.size).sum()
    }

    /// Bytes that are not there yet.
    pub fn missing(&self) -> u64 {
        let begun = |file: &HubFile| {
            let begun = fs::metadata(self.folder.incomplete(&file.blob));
            let begun = begun.map_or(0, |found| found.len());
            let in_parts = Parts::there(&self.folder.in_parts(&file.blob), file.size);
            begun.max(in_parts).min(file.size)
        };
        let contents = self.contents();
        let missing = contents
            .iter()
            .filter(|file| !is_there(&self.folder.blob(&file.blob), file.size));
        missing.map(|file| file.size - begun(file)).sum()
    }

    /// What shows how far its download is.
    pub fn meter(&self) -> Meter {
        Meter::of(self.contents())
    }

    pub(super) fn added(&self, fetched: u64) -> Added {
        Added {
            path: self.folder.snapshot(&self.commit),
            size: self.size(),
            fetched,
        }
    }

    /// A file for each content, the largest first.
    pub(super) fn contents(&self) -> Vec<&HubFile> {
        let mut files: Vec<&HubFile> = self.files.iter().collect();
        files.sort_by(|a, b| a.blob.cmp(&b.blob).then(a.path.cmp(&b.path)));
        files.dedup_by(|a, b| a.blob == b.blob);
        files.sort_by(|a, b| b.size.cmp(&a.size).then(a.path.cmp(&b.path)));
        files
    }
}

/// Fetches what is missing, so many files at a time, and publishes the commit.
///
/// # Errors
/// There is no room, the hub does not give a file, or the cache cannot be written; then nothing is
/// published, and what was fetched is kept.
pub fn add(hub: &Hub, plan: &Plan, meter: &Meter, jobs: usize) -> Result<Added, CacheError> {
    let folder = &plan.folder;
    // Nothing has to be written then, and the cache may be one that only others write.
    if is_published(folder, &plan.commit, &plan.revision, &plan.files) {
        return Ok(plan.added(0));
    }
    let _used = prepare(plan)?;
    let stopped = AtomicBool::new(false);
    let fetch = Fetch::new(hub, folder, &plan.commit, &stopped);
    let files = plan.contents();
    let has_large = files.iter().any(|file| file.size >= parts::LARGE);
    let threads = match has_large {
        true => jobs.max(1),
        false => jobs.clamp(1, files.len().max(1)),
    };
    let working = AtomicUsize::new(threads);
    let next = AtomicUsize::new(0);
    let failed: Mutex<Option<CacheError>> = Mutex::new(None);
    let work = || {
        while !stopped.load(Ordering::Relaxed) {
            let place = next.fetch_add(1, Ordering::Relaxed);
            let (Some(file), Some(of_file)) = (files.get(place), meter.files.get(place)) else {
                break;
            };
            if let Err(error) = fetch.file(file, of_file) {
                stopped.store(true, Ordering::Relaxed);
                if let Ok(mut failed) = failed.lock()
                    && failed
                        .as_ref()
                        .is_none_or(|first| matches!(first, CacheError::Stopped))
                {
                    *failed = Some(error);
                }
            }
        }
        working.fetch_sub(1, Ordering::Relaxed);
        while working.load(Ordering::Relaxed) > 0 && !stopped.load(Ordering::Relaxed) {
            if !fetch.help() {
                thread::sleep(LOOK);
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(work);
        }
    });
    if let Ok(Some(error)) = failed.into_inner() {
        return Err(error);
    }
    publish(folder, &plan.commit, &plan.revision, &plan.files)?;
    Ok(plan.added(meter.fetched()))
}

/// Makes the folders, notes what is wanted, and looks whether there is room.
pub(super) fn prepare(plan: &Plan) -> Result<lock::Held, CacheError> {
    let folder = &plan.folder;
    let (needed, free) = (plan.missing(), space::free(folder.dir()));
    if let Ok(free) = free
        && needed > 0
        && needed.saturating_add(SPARE) > free
    {
        return Err(CacheError::NoRoom {
            place: folder.dir().to_owned(),
            free,
            needed,
        });
    }
    let lock = folder.use_lock();
    let held = lock::share(&lock).map_err(|error| CacheError::io("locked", &lock, error))?;
    // Readers take a model without a folder of snapshots for damaged.
    for dir in [folder.blobs(), folder.snapshots()] {
        fs::create_dir_all(&dir).map_err(|error| CacheError::io("written", &dir, error))?;
    }
    Manifest::new(plan)
        .with(Manifest::read(folder, &plan.commit))
        .write(folder)?;
    Ok(held)
}
