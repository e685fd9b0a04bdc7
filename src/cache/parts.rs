//! A large content that is fetched in parts, several at a time: which bytes of it are there, also after the
//! process was killed.
//!
//! The parts are written where they belong, so that the file has holes until all of it is there. Behind the
//! content's last byte it has a table, `AIM PARTS`, the length of a part, and for each part how many bytes of
//! it are there; a part's count is written after its bytes. Programs that take the length of an incomplete
//! file for what is there do not look at a file of this name.

use std::collections::VecDeque;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

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
const PIECE: usize = 256 << 10;
/// Pieces that wait to be hashed; what came further ahead is read from the file again.
const WAITING: usize = 4;
/// For how long one that brings the next piece waits for the hash, where this is near.
const PATIENCE: Duration = Duration::from_millis(100);
/// For how long it is remembered that the hash, and not the network, is what is slow.
const MEMORY: Duration = Duration::from_millis(500);
/// How long after another one joined the next one may.
const APART: Duration = Duration::from_millis(200);
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
    /// Everything before this byte is hashed.
    hashed_until: u64,
    /// What came last and comes to be hashed next.
    waiting: VecDeque<Piece>,
    /// Buffers to be filled again.
    empty: Vec<Vec<u8>>,
    /// When a piece had to wait for the hash last.
    held_up: Option<Instant>,
    /// When the last one joined those that fetch.
    joined: Option<Instant>,
    /// Nothing more comes.
    is_closed: bool,
}

#[derive(Clone, Copy, Debug, Default)]
struct Part {
    /// Bytes from its beginning on that are there.
    done: u64,
    is_taken: bool,
}

/// Bytes of the content.
#[derive(Debug)]
struct Piece {
    at: u64,
    bytes: Vec<u8>,
    length: usize,
}

/// What is hashed next.
enum Next {
    Piece(Piece),
    /// What the file has up to this byte.
    InFile(u64),
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

    /// Writes the next bytes of a part, which may not reach beyond it: the first so many of a buffer. Gives
    /// back a buffer to go on with.
    pub fn write(&self, claim: &mut Claim, bytes: Vec<u8>, length: usize) -> io::Result<Vec<u8>> {
        let at = claim.at;
        self.file
            .write_all_at(bytes.get(..length).unwrap_or_default(), at)?;
        claim.at += length as u64;
        let (begin, _) = self.range(claim.number);
        let done = claim.at - begin;
        let place = self.size + MAGIC.len() as u64 + COUNT * (claim.number as u64 + 1);
        self.file.write_all_at(&done.to_le_bytes(), place)?;
        let mut state = self.state();
        if let Some(part) = state.parts.get_mut(claim.number) {
            part.done = done;
        }
        if state.whole_until != at {
            return Ok(bytes);
        }
        self.move_on(&mut state);
        self.changed.notify_all();
        let near = (WAITING * PIECE * 2) as u64;
        if state.waiting.len() >= WAITING && state.hashed_until + near >= at {
            state.held_up = Some(Instant::now());
            let is_full = |state: &mut State| state.waiting.len() >= WAITING && !state.is_closed;
            let waited = self.changed.wait_timeout_while(state, PATIENCE, is_full);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        if state.waiting.len() >= WAITING {
            return Ok(bytes);
        }
        let next = state.empty.pop().unwrap_or_else(|| vec![0; bytes.len()]);
        state.waiting.push_back(Piece { at, bytes, length });
        self.changed.notify_all();
        Ok(next)
    }

    /// Whether one more is of use: there is a part that nobody fetches, and it is not the hash that all wait
    /// for. They join one after the other, to see that.
    pub fn may_join(&self) -> bool {
        let mut state = self.state();
        let is_recent =
            |then: Option<Instant>, most| then.is_some_and(|then| then.elapsed() < most);
        if state.joined.is_none() {
            state.joined = Some(Instant::now());
        }
        let may = !is_recent(state.joined, APART) && self.has_free(&state);
        if !may || is_recent(state.held_up, MEMORY) {
            return false;
        }
        state.joined = Some(Instant::now());
        true
    }

    /// Whether pieces had to wait for the hash of late.
    pub fn is_held_up(&self) -> bool {
        let held_up = self.state().held_up;
        held_up.is_some_and(|then| then.elapsed() < MEMORY)
    }

    fn has_free(&self, state: &State) -> bool {
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

    /// Hashes the content from its first byte on while it comes; none where it ends before its last one, or
    /// cannot be read, and then nothing more need come.
    pub fn hash(&self, digest: Digest) -> Option<BlobId> {
        let name = self.name(digest);
        if name.is_none() {
            self.close();
        }
        name
    }

    fn name(&self, mut digest: Digest) -> Option<BlobId> {
        let mut buffer = vec![0; PIECE];
        let mut at = 0;
        while at < self.size {
            match self.next(at)? {
                Next::Piece(piece) => {
                    digest.update(piece.bytes.get(..piece.length)?);
                    at += piece.length as u64;
                    self.hashed(at, Some(piece.bytes));
                }
                Next::InFile(until) => {
                    let most = usize::try_from(until - at).unwrap_or(PIECE).min(PIECE);
                    let piece = buffer.get_mut(..most)?;
                    self.file.read_exact_at(piece, at).ok()?;
                    digest.update(piece);
                    at += most as u64;
                    self.hashed(at, None);
                }
            }
        }
        Some(digest.finish())
    }

    /// What is hashed next, once it is there; none where nothing more comes.
    fn next(&self, at: u64) -> Option<Next> {
        let mut state = self.state();
        loop {
            match state.waiting.pop_front() {
                Some(piece) if piece.at == at => return Some(Next::Piece(piece)),
                // It was read from the file.
                Some(piece) if piece.at < at => {
                    state.empty.push(piece.bytes);
                    continue;
                }
                Some(piece) => {
                    let until = piece.at;
                    state.waiting.push_front(piece);
                    return Some(Next::InFile(until));
                }
                None if state.whole_until > at => return Some(Next::InFile(state.whole_until)),
                None => {}
            }
            if state.is_closed {
                return None;
            }
            state = wait(&self.changed, state);
        }
    }

    fn hashed(&self, until: u64, buffer: Option<Vec<u8>>) {
        let mut state = self.state();
        state.hashed_until = until;
        state.empty.extend(buffer);
        self.changed.notify_all();
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
        parts.write(&mut second, b"second...".to_vec(), 6).unwrap();
        assert_eq!(parts.done(), 6);
        parts.write(&mut first, b"first".to_vec(), 5).unwrap();
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
                    let piece = bytes[from..end].to_vec();
                    parts.write(&mut claim, piece, end - from).unwrap();
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
