//! How far reading a catalog has come, for whoever waits for it.

use std::sync::atomic::{AtomicUsize, Ordering};

static DONE: AtomicUsize = AtomicUsize::new(0);
static ALL: AtomicUsize = AtomicUsize::new(0);

pub(super) fn begin(files: usize) {
    DONE.store(0, Ordering::Relaxed);
    ALL.store(files, Ordering::Relaxed);
}

pub(super) fn one_more() {
    DONE.fetch_add(1, Ordering::Relaxed);
}

/// Of the files that this process reads into a store: how many are done, and all of them.
pub fn files_read() -> (usize, usize) {
    (DONE.load(Ordering::Relaxed), ALL.load(Ordering::Relaxed))
}
