//! How far a download is, for whoever shows it.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

use crate::hub::HubFile;

/// What is done with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Nothing yet.
    Waiting,
    /// Another process fetches it.
    Elsewhere,
    /// What was fetched before is read again.
    Checking,
    /// It is fetched.
    Fetching,
    /// It is there.
    Done,
}

/// The files of a download.
#[derive(Debug, Default)]
pub struct Meter {
    /// Each file.
    pub files: Vec<FileMeter>,
}

/// A file of a download.
#[derive(Debug)]
pub struct FileMeter {
    /// Its name.
    pub path: String,
    /// Its size in bytes.
    pub size: u64,
    done: AtomicU64,
    fetched: AtomicU64,
    step: AtomicU8,
}

impl FileMeter {
    pub(super) fn new(path: &str, size: u64) -> FileMeter {
        FileMeter {
            path: path.to_owned(),
            size,
            done: AtomicU64::new(0),
            fetched: AtomicU64::new(0),
            step: AtomicU8::new(Step::Waiting as u8),
        }
    }

    /// The bytes of it that are there.
    pub fn done(&self) -> u64 {
        self.done.load(Ordering::Relaxed)
    }

    /// The bytes that came from the hub.
    pub fn fetched(&self) -> u64 {
        self.fetched.load(Ordering::Relaxed)
    }

    /// What is done with it.
    pub fn step(&self) -> Step {
        let now = self.step.load(Ordering::Relaxed);
        let steps = [Step::Elsewhere, Step::Checking, Step::Fetching, Step::Done];
        steps
            .into_iter()
            .find(|step| *step as u8 == now)
            .unwrap_or(Step::Waiting)
    }

    pub(super) fn set_done(&self, bytes: u64) {
        self.done.store(bytes, Ordering::Relaxed);
    }

    pub(super) fn came(&self, bytes: u64) {
        self.fetched.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(super) fn is(&self, step: Step) {
        self.step.store(step as u8, Ordering::Relaxed);
    }
}

impl Meter {
    /// One for these files, in their order.
    pub fn of<'a>(files: impl IntoIterator<Item = &'a HubFile>) -> Meter {
        let files = files.into_iter();
        Meter {
            files: files
                .map(|file| FileMeter::new(file.path.as_str(), file.size))
                .collect(),
        }
    }

    /// The bytes of all files.
    pub fn size(&self) -> u64 {
        self.files.iter().map(|file| file.size).sum()
    }

    /// The bytes that are there.
    pub fn done(&self) -> u64 {
        self.files.iter().map(FileMeter::done).sum()
    }

    /// The bytes that came from the hub.
    pub fn fetched(&self) -> u64 {
        self.files.iter().map(FileMeter::fetched).sum()
    }
}
