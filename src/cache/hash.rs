//! The names of contents: SHA-256, or git's id of a blob.

use std::fmt::Write as _;

use ring::digest::{Context, SHA1_FOR_LEGACY_USE_ONLY, SHA256};

use crate::hub::BlobId;

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contents_are_named_as_git_and_the_hub_do() {
        let name = |mut digest: Digest| {
            digest.update(b"hel");
            digest.update(b"lo\n");
            digest.finish()
        };
        let git = BlobId::Git("ce013625030ba8dba906f756967f9e9ca394464a".to_owned());
        assert_eq!(name(Digest::like(&git, 6)), git);
        let sha = BlobId::Sha256(
            "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03".to_owned(),
        );
        assert_eq!(name(Digest::like(&sha, 6)), sha);
    }
}
