//! What another tool noted of a commit: newer versions of the hub's own Python tools keep the list of its
//! files, with their sizes and the names of their contents, in `trees/COMMIT.json`.

use std::collections::HashMap;

use serde::Deserialize;

use super::folder::Folder;
use crate::hub::Commit;

const FORMAT: u32 = 1;

/// The files of a commit.
#[derive(Deserialize)]
pub(super) struct Listing {
    format_version: u32,
    files: HashMap<String, Listed>,
}

#[derive(Deserialize)]
struct Listed {
    size: u64,
    blob_id: String,
    lfs_sha256: Option<String>,
    lfs_size: Option<u64>,
}

impl Listing {
    /// What is noted in a model's folder; nothing where it is not, or not in a form that is known.
    pub fn read(folder: &Folder, commit: &Commit) -> Option<Listing> {
        let bytes = folder.read(&format!("trees/{commit}.json"))?;
        let listing: Listing = serde_json::from_slice(&bytes).ok()?;
        (listing.format_version == FORMAT).then_some(listing)
    }

    /// The size that a file should have, where the content is the one that is noted.
    pub fn size(&self, path: &str, blob: &str) -> Option<u64> {
        let listed = self.files.get(path)?;
        match &listed.lfs_sha256 {
            Some(name) => (name == blob).then_some(listed.lfs_size.unwrap_or(listed.size)),
            None => (listed.blob_id == blob).then_some(listed.size),
        }
    }
}
