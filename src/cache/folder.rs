//! A folder by its descriptor: what is in it is looked up without walking the whole path again, since a
//! cache has tens of thousands of names to look at.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::time::{Duration, SystemTime};

use rustix::buffer::spare_capacity;
use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, RawDir, Stat};

use super::scan::Blob;

/// Room for the entries that the system gives at once.
const ENTRIES: usize = 16 << 10;
const PIECE: usize = 8 << 10;
/// Behind an entry of which the system says this there is no other one, and it need not be asked again.
const LAST: u64 = i64::MAX.cast_unsigned();
/// So many entries most folders have at most.
const USUAL: usize = 32;

/// A folder that is open.
pub(super) struct Folder(OwnedFd);

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Folder,
    File,
    Link,
    /// A pipe, a socket, a device.
    Other,
}

/// What a file is, apart from its content.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    pub kind: Kind,
    pub blob: Blob,
    /// Bytes that the disk holds for it, which are fewer than its size where it has holes.
    pub held: u64,
}

impl Folder {
    pub fn open(path: &Path) -> io::Result<Folder> {
        Ok(Folder(opened(CWD, path)?))
    }

    /// A folder in this one.
    pub fn below(&self, name: &str) -> io::Result<Folder> {
        Ok(Folder(opened(&self.0, name)?))
    }

    /// What is in it. Names that are no UTF-8 are not this program's, nor those of the hub's own tools.
    pub fn entries(&self) -> io::Result<Vec<(String, Kind)>> {
        let mut buffer: Vec<u8> = Vec::with_capacity(ENTRIES);
        let mut entries = Vec::with_capacity(USUAL);
        let mut dir = RawDir::new(self.0.as_fd(), buffer.spare_capacity_mut());
        let mut is_last = false;
        while !(is_last && dir.is_buffer_empty()) {
            let Some(entry) = dir.next() else {
                break;
            };
            let entry = entry?;
            is_last = entry.next_entry_cookie() == LAST;
            let Ok(name) = entry.file_name().to_str() else {
                continue;
            };
            if name == "." || name == ".." {
                continue;
            }
            let kind = match entry.file_type() {
                // Some file systems do not say it here.
                FileType::Unknown => match self.found(name, AtFlags::SYMLINK_NOFOLLOW) {
                    Some(found) => found.kind,
                    None => continue,
                },
                known => Kind::of(known),
            };
            entries.push((name.to_owned(), kind));
        }
        Ok(entries)
    }

    /// What a path below it leads to, links followed.
    pub fn leads_to(&self, path: &str) -> Option<Found> {
        self.found(path, AtFlags::empty())
    }

    /// When it was last written itself: when a name in it last came or went.
    pub fn modified(&self) -> Option<SystemTime> {
        Some(Found::of(&rustix::fs::fstat(&self.0).ok()?).blob.modified)
    }

    /// Where the link of this path leads, as it says it.
    pub fn link(&self, path: &str) -> Option<String> {
        let target = rustix::fs::readlinkat(&self.0, path, Vec::new()).ok()?;
        target.into_string().ok()
    }

    /// A small file.
    pub fn read(&self, path: &str) -> Option<Vec<u8>> {
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let file = rustix::fs::openat(&self.0, path, flags, Mode::empty()).ok()?;
        let mut bytes = Vec::with_capacity(PIECE);
        loop {
            rustix::io::read(&file, spare_capacity(&mut bytes)).ok()?;
            // Of a file less is read than there is room for at its end only.
            if bytes.len() < bytes.capacity() {
                return Some(bytes);
            }
            bytes.reserve(bytes.len());
        }
    }

    fn found(&self, path: &str, flags: AtFlags) -> Option<Found> {
        Some(Found::of(&rustix::fs::statat(&self.0, path, flags).ok()?))
    }
}

fn opened(at: impl AsFd, path: impl rustix::path::Arg) -> io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    Ok(rustix::fs::openat(at, path, flags, Mode::empty())?)
}

impl Kind {
    fn of(kind: FileType) -> Kind {
        match kind {
            FileType::Directory => Kind::Folder,
            FileType::RegularFile => Kind::File,
            FileType::Symlink => Kind::Link,
            _ => Kind::Other,
        }
    }
}

impl Found {
    fn of(stat: &Stat) -> Found {
        const BLOCK: u64 = 512;
        let size = u64::try_from(stat.st_size).unwrap_or_default();
        let blocks = u64::try_from(stat.st_blocks).unwrap_or_default();
        let time = |seconds: i64, nanos: u64| {
            let since = Duration::new(
                u64::try_from(seconds).unwrap_or_default(),
                u32::try_from(nanos).unwrap_or_default(),
            );
            let time = SystemTime::UNIX_EPOCH.checked_add(since);
            time.unwrap_or(SystemTime::UNIX_EPOCH)
        };
        Found {
            kind: Kind::of(FileType::from_raw_mode(stat.st_mode)),
            blob: Blob {
                size,
                modified: time(stat.st_mtime, stat.st_mtime_nsec),
                accessed: time(stat.st_atime, stat.st_atime_nsec),
            },
            held: blocks.saturating_mul(BLOCK),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn what_is_in_a_folder_is_found() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        fs::create_dir(at("folder")).unwrap();
        fs::write(at("folder/file"), "content").unwrap();
        symlink("folder/file", at("link")).unwrap();
        symlink("nowhere", at("broken")).unwrap();
        let folder = Folder::open(dir.path()).unwrap();
        let mut entries = folder.entries().unwrap();
        entries.sort_by(|a, b| a.0.cmp(&b.0));
        let named = |name: &str, kind| (name.to_owned(), kind);
        let wanted = [
            named("broken", Kind::Link),
            named("folder", Kind::Folder),
            named("link", Kind::Link),
        ];
        assert_eq!(entries, wanted);
        assert_eq!(folder.link("link").as_deref(), Some("folder/file"));
        assert!(folder.leads_to("broken").is_none());
        let found = folder.leads_to("link").unwrap();
        assert_eq!((found.kind, found.blob.size), (Kind::File, 7));
        let passed = found.blob.modified.elapsed().unwrap_or_default();
        assert!(passed < Duration::from_secs(3600));
        let below = folder.below("folder").unwrap();
        assert_eq!(below.read("file").as_deref(), Some(&b"content"[..]));
        assert!(below.read("none").is_none());
        assert!(folder.below("link").is_err());
        let long = vec![b'x'; 3 * PIECE];
        fs::write(at("long"), &long).unwrap();
        assert_eq!(folder.read("long"), Some(long));
        let many: Vec<String> = (0..2000).map(|number| format!("name-{number}")).collect();
        for name in &many {
            fs::write(at("folder").join(name), "").unwrap();
        }
        assert_eq!(
            folder.below("folder").unwrap().entries().unwrap().len(),
            2001
        );
    }
}
