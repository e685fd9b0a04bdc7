//! One launch at a time chooses its GPUs and its port, until its container is there.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use miette::Diagnostic;
use thiserror::Error;

use super::state_dir;

const STEP: Duration = Duration::from_millis(50);

/// A lock, held until it is dropped. Its file goes with it.
#[derive(Debug)]
pub struct Lock {
    path: PathBuf,
    file: File,
}

/// Why there is no lock.
#[derive(Debug, Error, Diagnostic)]
pub enum LockError {
    /// Another launch has it.
    #[error("another launch has been choosing its GPUs for {seconds} s")]
    #[diagnostic(
        code(launch::locked),
        help("try again; `aim-engine status` shows what runs")
    )]
    Held {
        /// How long it was waited for.
        seconds: u64,
    },
    /// Whoever waited has had enough.
    #[error("interrupted")]
    #[diagnostic(code(launch::interrupted))]
    Interrupted,
}

/// What happens while the lock is waited for.
pub trait Waiting {
    /// It is held by another launch; called once.
    fn begins(&mut self);
    /// Whether to go on waiting.
    fn goes_on(&mut self) -> bool;
}

impl Lock {
    /// Takes the lock, waiting for it at most so long; none where there is no place for its file: then
    /// nothing keeps two launches apart.
    ///
    /// # Errors
    /// Another launch has it for longer than that.
    pub fn take(limit: Duration, waiting: &mut impl Waiting) -> Result<Option<Lock>, LockError> {
        let Some(dir) = state_dir() else {
            return Ok(None);
        };
        let _ = std::fs::create_dir_all(&dir);
        Lock::take_at(&dir.join("launch.lock"), limit, waiting)
    }

    fn take_at(
        path: &Path,
        limit: Duration,
        waiting: &mut impl Waiting,
    ) -> Result<Option<Lock>, LockError> {
        let started = Instant::now();
        let mut told = false;
        loop {
            let mut open = OpenOptions::new();
            let opened = open.create(true).truncate(false).write(true).open(path);
            let file = match opened {
                Ok(file) => file,
                Err(error) => {
                    tracing::info!(path = %path.display(), %error, "there is no lock");
                    return Ok(None);
                }
            };
            match file.try_lock() {
                Ok(()) if is_at(&file, path) => {
                    let path = path.to_owned();
                    return Ok(Some(Lock { path, file }));
                }
                // Its holder has removed it meanwhile: what was locked is a file without a name.
                Ok(()) => continue,
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(error)) => {
                    tracing::info!(path = %path.display(), %error, "there is no lock");
                    return Ok(None);
                }
            }
            if !told {
                waiting.begins();
                told = true;
            }
            if !waiting.goes_on() {
                return Err(LockError::Interrupted);
            }
            if started.elapsed() > limit {
                let seconds = limit.as_secs();
                return Err(LockError::Held { seconds });
            }
            std::thread::sleep(STEP);
        }
    }
}

/// Whether the path still leads to this file.
fn is_at(file: &File, path: &Path) -> bool {
    let (Ok(held), Ok(there)) = (file.metadata(), std::fs::metadata(path)) else {
        return false;
    };
    (held.dev(), held.ino()) == (there.dev(), there.ino())
}

impl Drop for Lock {
    fn drop(&mut self) {
        // While it is still held, so that nobody else's file is removed.
        let _ = std::fs::remove_file(&self.path);
        let _ = self.file.unlock();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Impatient(u32);

    impl Waiting for Impatient {
        fn begins(&mut self) {
            self.0 += 1;
        }

        fn goes_on(&mut self) -> bool {
            false
        }
    }

    #[test]
    fn a_lock_is_held_by_one_and_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        let mut nobody = Impatient(0);
        let held = Lock::take_at(&path, Duration::ZERO, &mut nobody).unwrap();
        assert!(held.is_some());
        let second = Lock::take_at(&path, Duration::ZERO, &mut nobody);
        assert!(matches!(second, Err(LockError::Interrupted)));
        assert_eq!(nobody.0, 1);
        drop(held);
        assert!(!path.exists());
        let free = Lock::take_at(&path, Duration::ZERO, &mut nobody).unwrap();
        assert!(free.is_some());
    }

    #[test]
    fn many_take_it_one_after_the_other() {
        struct Patient;
        impl Waiting for Patient {
            fn begins(&mut self) {}
            fn goes_on(&mut self) -> bool {
                true
            }
        }
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        let inside = std::sync::atomic::AtomicU32::new(0);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..20 {
                        let limit = Duration::from_secs(60);
                        let held = Lock::take_at(&path, limit, &mut Patient).unwrap();
                        assert!(held.is_some());
                        let order = std::sync::atomic::Ordering::SeqCst;
                        assert_eq!(inside.fetch_add(1, order), 0);
                        inside.fetch_sub(1, order);
                    }
                });
            }
        });
        assert!(!path.exists());
    }
}
