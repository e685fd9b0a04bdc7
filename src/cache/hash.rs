//! The names of contents: SHA-256, or git's id of a blob.

use std::fmt::Write as _;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

use ring::digest::{Context, SHA1_FOR_LEGACY_USE_ONLY, SHA256};

use crate::hub::BlobId;

/// Smaller contents are not worth a thread.
const SMALL: u64 = 4 << 20;
/// Pieces that wait to be hashed.
const WAITING: usize = 4;

/// A hash of the kind that a content is named by.
pub(super) struct Digest {
    context: Context,
    is_git: bool,
}

impl Digest {
    /// Of a content of this size, named in the same way as `like`.
    pub fn like(like: &BlobId, size: u64) -> Digest {
        match like {
            BlobId::Sha256(_) => Digest::sha256(),
            BlobId::Git(_) => Digest::git(size),
        }
    }

    pub fn sha256() -> Digest {
        Digest {
            context: Context::new(&SHA256),
            is_git: false,
        }
    }

    pub fn git(size: u64) -> Digest {
        let mut context = Context::new(&SHA1_FOR_LEGACY_USE_ONLY);
        context.update(format!("blob {size}\0").as_bytes());
        Digest {
            context,
            is_git: true,
        }
    }

    pub fn update(&mut self, bytes: &[u8]) {
        self.context.update(bytes);
    }

    pub fn finish(self) -> BlobId {
        let mut id = String::new();
        for byte in self.context.finish().as_ref() {
            let _ = write!(id, "{byte:02x}");
        }
        match self.is_git {
            true => BlobId::Git(id),
            false => BlobId::Sha256(id),
        }
    }
}

/// Hashes beside the thread that gives the bytes, where there are many of them.
pub(super) enum Hasher {
    Here(Digest),
    Beside {
        pieces: SyncSender<(Vec<u8>, usize)>,
        /// Buffers to be filled again.
        back: Receiver<Vec<u8>>,
        thread: JoinHandle<Digest>,
    },
}

impl Hasher {
    pub fn new(mut digest: Digest, size: u64) -> Hasher {
        if size < SMALL {
            return Hasher::Here(digest);
        }
        let (pieces, waiting) = sync_channel::<(Vec<u8>, usize)>(WAITING);
        let (emptied, back) = sync_channel(WAITING + 2);
        let thread = thread::spawn(move || {
            while let Ok((piece, length)) = waiting.recv() {
                digest.update(&piece[..length]);
                let _ = emptied.try_send(piece);
            }
            digest
        });
        Hasher::Beside {
            pieces,
            back,
            thread,
        }
    }

    /// Takes the first so many bytes of a buffer, and gives back one to go on with.
    pub fn update(&mut self, buffer: Vec<u8>, length: usize) -> Vec<u8> {
        match self {
            Hasher::Here(digest) => {
                digest.update(&buffer[..length]);
                buffer
            }
            Hasher::Beside { pieces, back, .. } => {
                let size = buffer.len();
                let _ = pieces.send((buffer, length));
                back.try_recv().unwrap_or_else(|_| vec![0; size])
            }
        }
    }

    /// The name; none where the thread is gone.
    pub fn finish(self) -> Option<BlobId> {
        match self {
            Hasher::Here(digest) => Some(digest.finish()),
            Hasher::Beside { pieces, thread, .. } => {
                drop(pieces);
                Some(thread.join().ok()?.finish())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contents_are_named_as_git_and_the_hub_do() {
        let name = |digest: Digest, size| {
            let mut hasher = Hasher::new(digest, size);
            let buffer = hasher.update(b"hel..".to_vec(), 3);
            assert_eq!(buffer.len(), 5);
            hasher.update(b"lo\n".to_vec(), 3);
            hasher.finish().unwrap()
        };
        let git = BlobId::Git("ce013625030ba8dba906f756967f9e9ca394464a".to_owned());
        assert_eq!(name(Digest::like(&git, 6), 6), git);
        let sha = BlobId::Sha256(
            "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03".to_owned(),
        );
        assert_eq!(name(Digest::like(&sha, 6), 6), sha);
        assert_eq!(name(Digest::sha256(), SMALL), sha);
    }
}
