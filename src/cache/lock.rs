//! Locks between processes: `flock` on a file, as `huggingface_hub` takes them. Where the file system has
//! none, nothing is locked.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::thread;
use std::time::Duration;

const STEP: Duration = Duration::from_millis(50);

/// A lock that is held until this is dropped, or the process ends.
#[derive(Debug)]
pub struct Held {
    file: File,
    /// Whether others would notice; not where the file system has no locks.
    pub(super) is_known_to_others: bool,
}

impl Held {
    fn new(file: File, is_known_to_others: bool) -> Held {
        Held {
            file,
            is_known_to_others,
        }
    }

    /// Holds it also when this process becomes another program, until that ends.
    ///
    /// # Errors
    /// The system does not let it.
    pub fn keep_across_exec(self) -> io::Result<()> {
        rustix::io::fcntl_setfd(&self.file, rustix::io::FdFlags::empty())?;
        // The number stays open without its owner.
        let _ = std::os::fd::IntoRawFd::into_raw_fd(self.file);
        Ok(())
    }
}

/// Takes a lock; `waiting` is called once where another holds it, and `go_on` says whether to wait on.
/// None when it says no.
pub(super) fn take(
    path: &Path,
    waiting: impl FnOnce(),
    go_on: impl Fn() -> bool,
) -> io::Result<Option<Held>> {
    let file = open(path)?;
    let mut waiting = Some(waiting);
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(Some(Held::new(file, true))),
            Err(TryLockError::WouldBlock) => {
                if let Some(waiting) = waiting.take() {
                    waiting();
                }
                if !go_on() {
                    return Ok(None);
                }
                thread::sleep(STEP);
            }
            // Then two may fetch the same content. They write the same bytes to the same places, and
            // what is wrong in the end is not published.
            Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {
                return Ok(Some(Held::new(file, false)));
            }
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
}

/// Takes a lock that many may hold together, once nobody holds it alone.
pub(super) fn share(path: &Path) -> io::Result<Held> {
    let file = open(path)?;
    match file.lock_shared() {
        Ok(()) => Ok(Held::new(file, true)),
        Err(error) if error.kind() == io::ErrorKind::Unsupported => Ok(Held::new(file, false)),
        Err(error) => Err(error),
    }
}

/// The same of a lock's file that may be one that only others write.
pub(super) fn share_of_others(path: &Path) -> io::Result<Held> {
    share(path).or_else(|error| {
        let file = File::open(path).map_err(|_| error)?;
        file.lock_shared()?;
        Ok(Held::new(file, true))
    })
}

/// Takes a lock; none where another holds it.
pub(super) fn try_take(path: &Path) -> io::Result<Option<Held>> {
    take(path, || {}, || false)
}

/// Whether another process holds the lock, in whichever way.
pub(super) fn is_held(path: &Path) -> bool {
    // A pipe would be waited for.
    let at_once = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    let mut options = OpenOptions::new();
    let Ok(file) = options.read(true).custom_flags(at_once).open(path) else {
        return false;
    };
    matches!(file.try_lock(), Err(TryLockError::WouldBlock))
}

fn open(path: &Path) -> io::Result<File> {
    if let Some(dir) = path.parent() {
        fs::create_dir_all(dir)?;
    }
    // Others of the group may wait for it too.
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o664)
        .open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_held_by_one_alone_or_shared_by_many() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a/b.lock");
        assert!(!is_held(&path));
        let held = try_take(&path).unwrap();
        assert!(held.is_some() && is_held(&path));
        assert!(try_take(&path).unwrap().is_none());
        drop(held);
        let (first, second) = (share(&path).unwrap(), share(&path).unwrap());
        assert!(try_take(&path).unwrap().is_none());
        drop((first, second));
        assert!(!is_held(&path));
    }
}
