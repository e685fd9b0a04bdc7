//! One content: fetched from where it was left, hashed on the way, and put in its place when it is right.
//! A large one is fetched in parts, by all who have nothing else to do.

use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::hash::Digest;
use super::layout::ModelFolder;
use super::meter::{FileMeter, Step};
use super::parts::{self, Parts};
use super::together::Job;
use super::{CacheError, lock};
use crate::hub::{Commit, Hub, HubError, HubFile};

/// What is read at once.
pub(super) const PIECE: usize = 256 << 10;
/// How often a content is fetched from its beginning before it is given up.
const TRIES: usize = 2;

/// From where and whereto files are fetched.
pub(super) struct Fetch<'a> {
    pub hub: &'a Hub,
    pub folder: &'a ModelFolder,
    pub commit: &'a Commit,
    /// Set when it is of no use any more.
    pub stopped: &'a AtomicBool,
    /// Large contents on their way.
    jobs: Mutex<Vec<Arc<Job<'a>>>>,
}

impl<'a> Fetch<'a> {
    pub fn new(
        hub: &'a Hub,
        folder: &'a ModelFolder,
        commit: &'a Commit,
        stopped: &'a AtomicBool,
    ) -> Fetch<'a> {
        Fetch {
            hub,
            folder,
            commit,
            stopped,
            jobs: Mutex::default(),
        }
    }

    /// Makes sure that a file's content is there.
    pub fn file(&self, file: &'a HubFile, meter: &'a FileMeter) -> Result<(), CacheError> {
        let blob = self.folder.blob(&file.blob);
        if is_there(&blob, file.size) {
            meter.set_done(file.size);
            meter.is(Step::Done);
            return Ok(());
        }
        let lock = self.folder.blob_lock(&file.blob);
        let held = lock::take(&lock, || meter.is(Step::Elsewhere), || !self.is_stopped())
            .map_err(|error| CacheError::io("locked", &lock, error))?;
        let Some(held) = held else {
            return Err(CacheError::Stopped);
        };
        // While this one waited, another process may have fetched it.
        if !is_there(&blob, file.size) {
            // Two that know nothing of each other would spoil the table of a file in parts.
            match file.size >= parts::LARGE && held.is_known_to_others {
                true => self.in_parts(file, meter)?,
                false => self.at_once(file, meter)?,
            }
        }
        meter.set_done(file.size);
        meter.is(Step::Done);
        Ok(())
    }

    /// Fetches parts of a content that another thread began; says whether there was one.
    pub fn help(&self) -> bool {
        let job = self.jobs().iter().find(|job| job.wants_help()).cloned();
        job.is_some_and(|job| job.help(self.hub, self.stopped))
    }

    /// A large content, in parts.
    fn in_parts(&self, file: &'a HubFile, meter: &'a FileMeter) -> Result<(), CacheError> {
        let parts = Parts::open(self.folder, file)?;
        let model = &self.folder.model;
        let job = Arc::new(Job::new(model, self.commit, file, meter, parts));
        let mut tries = 0;
        loop {
            // What was fetched before counts as no try: it may be older than this file.
            tries += usize::from(job.parts.done() == 0);
            let offer = || self.jobs().push(job.clone());
            let found = job.fetch(self.hub, self.stopped, &offer);
            self.jobs().retain(|other| !Arc::ptr_eq(other, &job));
            if found? {
                break;
            }
            if tries >= TRIES {
                let _ = fs::remove_file(job.parts.path());
                return Err(wrong(file));
            }
            tracing::info!(path = %file.path, "the content is wrong and fetched again");
            job.begin_again()?;
        }
        let path = job.parts.path();
        let finished = job.parts.finish();
        finished.map_err(|error| CacheError::io("written", path, error))?;
        self.put(path, file)
    }

    /// A content as one stream.
    fn at_once(&self, file: &HubFile, meter: &FileMeter) -> Result<(), CacheError> {
        let path = self.folder.incomplete(&file.blob);
        let failed = |doing| {
            let path = &path;
            move |error| CacheError::io(doing, path, error)
        };
        let incomplete = parts::open(&path).map_err(failed("written"))?;
        let mut from = incomplete.metadata().map_err(failed("read"))?.len();
        let mut tries = 0;
        loop {
            if from > file.size {
                from = 0;
            }
            // What was fetched before counts as no try: it may be older than this file.
            tries += usize::from(from == 0);
            let found = self.content(file, &incomplete, &path, from, meter)?;
            if found {
                break;
            }
            incomplete.set_len(0).map_err(failed("written"))?;
            if tries >= TRIES {
                let _ = fs::remove_file(&path);
                return Err(wrong(file));
            }
            tracing::info!(path = %file.path, "the content is wrong and fetched again");
            from = 0;
        }
        incomplete.set_len(file.size).map_err(failed("written"))?;
        incomplete.sync_all().map_err(failed("written"))?;
        self.put(&path, file)
    }

    /// Puts a content in its place, whole and right as it is.
    fn put(&self, path: &Path, file: &HubFile) -> Result<(), CacheError> {
        let blob = self.folder.blob(&file.blob);
        fs::rename(path, &blob).map_err(|error| CacheError::io("written", &blob, error))
    }

    /// Fetches what follows `from`; says whether the whole is what it should be.
    fn content(
        &self,
        file: &HubFile,
        incomplete: &File,
        path: &Path,
        from: u64,
        meter: &FileMeter,
    ) -> Result<bool, CacheError> {
        let new = || Digest::like(&file.blob, file.size);
        let mut digest = new();
        let mut at = 0;
        let mut buffer = vec![0; PIECE];
        meter.is(Step::Checking);
        while at < from {
            self.check_stopped()?;
            let most = usize::try_from(from - at).unwrap_or(PIECE).min(PIECE);
            let read = incomplete
                .read_at(&mut buffer[..most], at)
                .map_err(|error| CacheError::io("read", path, error))?;
            if read == 0 {
                break;
            }
            digest.update(&buffer[..read]);
            at += read as u64;
            meter.set_done(at);
        }
        meter.is(Step::Fetching);
        let mut tries = self.hub.tries();
        while at < file.size {
            self.check_stopped()?;
            let opened = self
                .hub
                .open(&self.folder.model, self.commit, &file.path, at);
            let mut stream = match opened {
                Ok(stream) => stream,
                Err(HubError::Refused { status: 416, .. }) => return Ok(false),
                Err(error) => {
                    tries.wait(error)?;
                    continue;
                }
            };
            if stream.total.is_some_and(|total| total != file.size) || stream.from > at {
                return Ok(false);
            }
            if stream.from < at {
                // The host gives whole files only.
                digest = new();
                at = stream.from;
            }
            let began = at;
            let error = loop {
                self.check_stopped()?;
                let read = match stream.read(&mut buffer) {
                    Ok(0) => break stream.broken(),
                    Ok(read) => read,
                    Err(error) => {
                        tracing::debug!(%error, path = %file.path, "the connection broke");
                        break stream.broken();
                    }
                };
                if at + read as u64 > file.size {
                    return Ok(false);
                }
                incomplete
                    .write_all_at(&buffer[..read], at)
                    .map_err(|error| CacheError::io("written", path, error))?;
                digest.update(&buffer[..read]);
                at += read as u64;
                meter.came(read as u64);
                meter.set_done(at);
                if at == file.size {
                    break stream.broken();
                }
            };
            if at < file.size {
                if at > began {
                    tries.begin_again();
                }
                tries.wait(error)?;
            }
        }
        Ok(digest.finish() == file.blob)
    }

    fn jobs(&self) -> MutexGuard<'_, Vec<Arc<Job<'a>>>> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    fn check_stopped(&self) -> Result<(), CacheError> {
        match self.is_stopped() {
            true => Err(CacheError::Stopped),
            false => Ok(()),
        }
    }
}

fn wrong(file: &HubFile) -> CacheError {
    CacheError::Wrong {
        path: file.path.to_string(),
    }
}

/// Whether a content is there with its whole size.
pub(super) fn is_there(blob: &Path, size: u64) -> bool {
    fs::metadata(blob).is_ok_and(|found| found.is_file() && found.len() == size)
}
