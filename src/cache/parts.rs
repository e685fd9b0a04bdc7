//! A large content that is fetched in parts, several at a time: which bytes of it are there, also after the
//! process was killed.
//!
//! The parts are written where they belong, so that the file has holes until all of it is there. Behind the
//! content's last byte it has a table, `AIM PARTS`, the length of a part, and for each part how many bytes of
//! it are there; a part's count is written after its bytes. Programs that take the length of an incomplete
//! file for what is there do not look at a file of this name.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::CacheError;
use super::hash::Digest;
use super::layout::ModelFolder;
use crate::hub::{BlobId, HubFile};

/// Contents of this size and above are fetched in parts.
pub(super) const LARGE: u64 = 32 << 20;
const SHORTEST: u64 = 16 << 20;
const LONGEST: u64 = 256 << 20;
/// A content has about so many parts.
const PARTS: u64 = 64;

const MAGIC: &[u8; 9] = b"AIM PARTS";
const COUNT: u64 = 8;
/// What is read at once to be hashed.
const PIECE: usize = 1 << 20;
/// Written to the disk together, while more of it comes: so that little is left to write at the end.
const FLUSHED: u64 = 64 << 20;

/// A content's file, and how much of each part is there.
#[derive(Debug)]
pub(super) struct Parts {
    file: File,
    path: PathBuf,
    size: u64,
    /// The bytes of a part; the last one may have fewer.
    length: u64,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    parts: Vec<Part>,
    /// Everything before this byte is there.
    whole_until: u64,
    /// Nothing more comes.
    is_closed: bool,
}

#[derive(Clone, Copy, Debug, Default)]
struct Part {
    /// Bytes from its beginning on that are there.
    done: u64,
    is_taken: bool,
}

/// A part that is being fetched: the next byte, and the one behind its last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Claim {
    number: usize,
    pub at: u64,
    pub end: u64,
}

impl Parts {
    /// Opens what is there of a content, or begins it.
    pub fn open(folder: &ModelFolder, file: &HubFile) -> Result<Parts, CacheError> {
        let path = folder.in_parts(&file.blob);
        let failed = |error| CacheError::io("written", &path, error);
        // What was begun as one stream goes on in parts.
        let before = folder.incomplete(&file.blob);
        if !path.exists() && before.exists() {
            let stream = open(&before).map_err(failed)?;
            let there = stream.metadata().map_err(failed)?.len();
            if there <= file.size {
                let length = length(file.size);
                let table = table(length, &filled(file.size, length, there));
                stream.write_all_at(&table, file.size).map_err(failed)?;
                fs::rename(&before, &path).map_err(failed)?;
            }
        }
        let stream = open(&path).map_err(failed)?;
        let known = read_table(&stream, file.size);
        let is_known = known.is_some();
        let new = || {
            let length = length(file.size);
            (length, filled(file.size, length, 0))
        };
        let (length, done) = known.unwrap_or_else(new);
        let parts = Parts {
            file: stream,
            path: path.clone(),
            size: file.size,
            length,
            state: Mutex::default(),
            changed: Condvar::new(),
        };
        if !is_known {
            parts.file.set_len(0).map_err(failed)?;
            let table = table(length, &done);
            parts.file.write_all_at(&table, file.size).map_err(failed)?;
        }
        parts.set(done);
        Ok(parts)
    }

    fn set(&self, done: Vec<u64>) {
        let mut state = self.state();
        let parts = done.into_iter().map(|done| Part {
            done,
            is_taken: false,
        });
        *state = State {
            parts: parts.collect(),
            ..State::default()
        };
        self.move_on(&mut state);
    }

    /// The bytes of a content that are there in its file of parts.
    pub fn there(path: &Path, size: u64) -> u64 {
        let file = OpenOptions::new().read(true).open(path).ok();
        let table = file.and_then(|file| read_table(&file, size));
        table.map_or(0, |(_, done)| done.iter().sum())
    }

    /// Where the file is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The bytes that are there.
    pub fn done(&self) -> u64 {
        self.state().parts.iter().map(|part| part.done).sum()
    }

    /// The first part that is not all there and that nobody fetches.
    pub fn claim(&self) -> Option<Claim> {
        let mut state = self.state();
        if state.is_closed {
            return None;
        }
        for number in 0..state.parts.len() {
            let (begin, end) = self.range(number);
            let part = state.parts.get_mut(number)?;
            if !part.is_taken && part.done < end - begin {
                part.is_taken = true;
                let at = begin + part.done;
                return Some(Claim { number, at, end });
            }
        }
        None
    }

    /// Gives a part back, whether all of it is there or not.
    pub fn release(&self, claim: Claim) {
        if let Some(part) = self.state().parts.get_mut(claim.number) {
            part.is_taken = false;
        }
        self.changed.notify_all();
    }

    /// Writes the next bytes of a part, which may not reach beyond it.
    pub fn write(&self, claim: &mut Claim, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all_at(bytes, claim.at)?;
        claim.at += bytes.len() as u64;
        let (begin, _) = self.range(claim.number);
        let done = claim.at - begin;
        let place = self.size + MAGIC.len() as u64 + COUNT * (claim.number as u64 + 1);
        self.file.write_all_at(&done.to_le_bytes(), place)?;
        let mut state = self.state();
        if let Some(part) = state.parts.get_mut(claim.number) {
            part.done = done;
        }
        let before = state.whole_until;
        self.move_on(&mut state);
        if state.whole_until > before {
            self.changed.notify_all();
        }
        Ok(())
    }

    /// Whether there is a part that nobody fetches.
    pub fn has_free(&self) -> bool {
        let state = self.state();
        let mut parts = state.parts.iter().enumerate();
        !state.is_closed
            && parts.any(|(number, part)| {
                let (begin, end) = self.range(number);
                !part.is_taken && part.done < end - begin
            })
    }

    /// Whether all of it is there.
    pub fn is_whole(&self) -> bool {
        self.state().whole_until == self.size
    }

    /// Whether nothing more comes.
    pub fn is_closed(&self) -> bool {
        self.state().is_closed
    }

    /// Waits until nobody fetches a part of it.
    pub fn wait_for_others(&self) {
        let mut state = self.state();
        while state.parts.iter().any(|part| part.is_taken) {
            state = wait(&self.changed, state);
        }
    }

    /// Says that nothing more comes.
    pub fn close(&self) {
        self.state().is_closed = true;
        self.changed.notify_all();
    }

    /// Hashes the content from its first byte on while it comes; none where it ends before its last one.
    pub fn hash(&self, mut digest: Digest) -> Option<BlobId> {
        let mut buffer = vec![0; PIECE];
        let mut at = 0;
        while at < self.size {
            let until = self.wait_beyond(at)?;
            while at < until {
                let most = usize::try_from(until - at).unwrap_or(PIECE).min(PIECE);
                let piece = buffer.get_mut(..most)?;
                self.file.read_exact_at(piece, at).ok()?;
                digest.update(piece);
                at += most as u64;
            }
        }
        Some(digest.finish())
    }

    /// Lets the disk have what came while more of it comes. Whether that went well shows in the end.
    pub fn flush(&self) {
        let mut flushed = self.done();
        let mut state = self.state();
        loop {
            if state.is_closed {
                return;
            }
            let done: u64 = state.parts.iter().map(|part| part.done).sum();
            if done >= flushed + FLUSHED {
                drop(state);
                let _ = self.file.sync_data();
                flushed = done;
                state = self.state();
            } else {
                state = wait(&self.changed, state);
            }
        }
    }

    /// Begins anew, since what came is wrong.
    pub fn begin_again(&self) -> Result<(), CacheError> {
        let path = self.path.clone();
        let failed = |error| CacheError::io("written", &path, error);
        let done = filled(self.size, self.length, 0);
        self.file.set_len(0).map_err(failed)?;
        let table = table(self.length, &done);
        self.file.write_all_at(&table, self.size).map_err(failed)?;
        self.set(done);
        Ok(())
    }

    /// Makes it a file of the content alone, on the disk.
    pub fn finish(&self) -> io::Result<()> {
        self.file.set_len(self.size)?;
        self.file.sync_all()
    }

    fn range(&self, number: usize) -> (u64, u64) {
        let begin = self.length * number as u64;
        (begin, self.size.min(begin + self.length))
    }

    fn move_on(&self, state: &mut State) {
        while state.whole_until < self.size {
            let number = usize::try_from(state.whole_until / self.length).unwrap_or(usize::MAX);
            let Some(part) = state.parts.get(number) else {
                return;
            };
            let (begin, end) = self.range(number);
            state.whole_until = begin + part.done;
            if state.whole_until < end {
                return;
            }
        }
    }

    /// Waits until there is more than the bytes before `at`; none where nothing more comes.
    fn wait_beyond(&self, at: u64) -> Option<u64> {
        let mut state = self.state();
        while state.whole_until <= at {
            if state.is_closed {
                return None;
            }
            state = wait(&self.changed, state);
        }
        Some(state.whole_until)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn wait<'s>(changed: &Condvar, state: MutexGuard<'s, State>) -> MutexGuard<'s, State> {
    changed.wait(state).unwrap_or_else(PoisonError::into_inner)
}

/// A file that is no link.
pub(super) fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .custom_flags(rustix::fs::OFlags::NOFOLLOW.bits().cast_signed())
        .open(path)
}

/// How long the parts of a content of this size are.
fn length(size: u64) -> u64 {
    (size / PARTS)
        .next_multiple_of(1 << 20)
        .clamp(SHORTEST, LONGEST)
}

/// For each part how many bytes of it are there, where those before `there` are.
fn filled(size: u64, length: u64, there: u64) -> Vec<u64> {
    let parts = 0..size.div_ceil(length);
    let done = parts.map(|number| {
        let begin = number * length;
        let most = length.min(size - begin);
        there.saturating_sub(begin).min(most)
    });
    done.collect()
}

fn table(length: u64, done: &[u64]) -> Vec<u8> {
    let mut table = MAGIC.to_vec();
    table.extend(length.to_le_bytes());
    for count in done {
        table.extend(count.to_le_bytes());
    }
    table
}

/// The length of the parts and the bytes of each, where the file has such a table behind a content of `size`.
fn read_table(file: &File, size: u64) -> Option<(u64, Vec<u64>)> {
    let whole = file.metadata().ok()?.len();
    let number = |at: u64| {
        let mut bytes = [0; 8];
        file.read_exact_at(&mut bytes, at).ok()?;
        Some(u64::from_le_bytes(bytes))
    };
    let mut magic = [0; MAGIC.len()];
    file.read_exact_at(&mut magic, size).ok()?;
    let first = size.checked_add(MAGIC.len() as u64)?;
    let length = number(first).filter(|_| magic == *MAGIC)?;
    if !(SHORTEST..=LONGEST).contains(&length) {
        return None;
    }
    let parts = size.div_ceil(length);
    if whole != first.checked_add(COUNT * (parts + 1))? {
        return None;
    }
    let mut done = Vec::new();
    for part in 0..parts {
        let most = length.min(size - part * length);
        done.push(number(first + COUNT * (part + 1)).filter(|done| *done <= most)?);
    }
    Some((length, done))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::Cache;
    use crate::hub::{FilePath, ModelId};

    fn content(size: u64) -> (tempfile::TempDir, ModelFolder, HubFile) {
        let dir = tempfile::tempdir().unwrap();
        let folder = Cache::new(dir.path()).model(&ModelId::parse("a/b").unwrap());
        fs::create_dir_all(folder.blobs()).unwrap();
        let file = HubFile {
            path: FilePath::parse("model.safetensors").unwrap(),
            size,
            blob: BlobId::Sha256("0".repeat(64)),
        };
        (dir, folder, file)
    }

    #[test]
    fn what_came_is_known_when_it_is_opened_again() {
        let size = 3 * SHORTEST + 5;
        let (_dir, folder, file) = content(size);
        let parts = Parts::open(&folder, &file).unwrap();
        let (mut first, mut second) = (parts.claim().unwrap(), parts.claim().unwrap());
        assert_eq!((first.at, second.at), (0, SHORTEST));
        parts.write(&mut second, b"second").unwrap();
        assert_eq!(parts.done(), 6);
        parts.write(&mut first, b"first").unwrap();
        drop(parts);
        assert_eq!(Parts::there(&folder.in_parts(&file.blob), size), 11);
        let parts = Parts::open(&folder, &file).unwrap();
        let claims: Vec<u64> = std::iter::from_fn(|| parts.claim())
            .map(|claim| claim.at)
            .collect();
        assert_eq!(claims, [5, SHORTEST + 6, 2 * SHORTEST, 3 * SHORTEST]);
        drop(parts);
        // A table that says what cannot be says nothing.
        let path = folder.in_parts(&file.blob);
        let damaged = open(&path).unwrap();
        damaged
            .write_all_at(&u64::MAX.to_le_bytes(), size + 9 + COUNT)
            .unwrap();
        assert_eq!(Parts::there(&path, size), 0);
        assert_eq!(Parts::open(&folder, &file).unwrap().done(), 0);
    }

    #[test]
    fn one_stream_goes_on_in_parts_and_is_hashed_in_order() {
        let bytes: Vec<u8> = (0..2 * SHORTEST + 9).map(|at| (at % 251) as u8).collect();
        let size = bytes.len() as u64;
        let (_dir, folder, file) = content(size);
        fs::write(folder.incomplete(&file.blob), &bytes[..1000]).unwrap();
        let parts = Parts::open(&folder, &file).unwrap();
        assert!(!folder.incomplete(&file.blob).exists());
        assert_eq!(parts.done(), 1000);
        let name = std::thread::scope(|scope| {
            let name = scope.spawn(|| parts.hash(Digest::sha256()));
            let mut claims: Vec<Claim> = std::iter::from_fn(|| parts.claim()).collect();
            claims.reverse();
            for mut claim in claims {
                while claim.at < claim.end {
                    let from = usize::try_from(claim.at).unwrap();
                    let end = usize::try_from(claim.end.min(claim.at + 1_000_000)).unwrap();
                    parts.write(&mut claim, &bytes[from..end]).unwrap();
                }
                parts.release(claim);
            }
            parts.wait_for_others();
            name.join().unwrap()
        });
        let mut wanted = Digest::sha256();
        wanted.update(&bytes);
        assert_eq!(name, Some(wanted.finish()));
        parts.finish().unwrap();
        assert!(fs::read(parts.path()).unwrap() == bytes);
        // Who waits for more than comes is told.
        let (_dir, folder, file) = content(size);
        let parts = Parts::open(&folder, &file).unwrap();
        parts.close();
        assert_eq!(parts.hash(Digest::sha256()), None);
        assert_eq!(parts.claim(), None);
    }
}
