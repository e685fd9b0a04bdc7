//! What belongs to a commit, as far as it is wanted here: written before the first byte is fetched, so
//! that whoever looks can tell a part of a model from all of it.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::layout::ModelFolder;
use super::{CacheError, Plan, durable};
use crate::hub::{BlobId, Commit, FilePath, HubFile};

const FORMAT: u32 = 1;

/// The wanted files of a commit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Manifest {
    format_version: u32,
    pub model: String,
    pub commit: String,
    /// As it was asked for.
    pub revision: String,
    /// The folder that it was imported from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<PathBuf>,
    /// Seconds since 1970.
    pub added_at: u64,
    pub files: BTreeMap<String, Entry>,
}

/// A wanted file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry {
    pub size: u64,
    pub blob: String,
}

impl Manifest {
    pub fn new(plan: &Plan) -> Manifest {
        let entry = |file: &HubFile| {
            let entry = Entry {
                size: file.size,
                blob: file.blob.as_str().to_owned(),
            };
            (file.path.as_str().to_owned(), entry)
        };
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        Manifest {
            format_version: FORMAT,
            model: plan.folder.model.to_string(),
            commit: plan.commit.to_string(),
            revision: plan.revision.to_string(),
            from: plan.from.clone(),
            added_at: now.map_or(0, |now| now.as_secs()),
            files: plan.files.iter().map(entry).collect(),
        }
    }

    /// What is known about a commit; nothing where it was fetched by another tool.
    pub fn read(folder: &ModelFolder, commit: &Commit) -> Option<Manifest> {
        Manifest::parse(&fs::read(folder.manifest(commit)).ok()?, commit)
    }

    /// The same from its bytes.
    pub fn parse(bytes: &[u8], commit: &Commit) -> Option<Manifest> {
        let manifest: Manifest = serde_json::from_slice(bytes).ok()?;
        let is_meant = manifest.format_version == FORMAT
            && manifest.commit == commit.as_str()
            && manifest.files.iter().all(|(path, entry)| {
                FilePath::parse(path).is_ok() && BlobId::parse(&entry.blob).is_some()
            });
        is_meant.then_some(manifest)
    }

    /// Adds the files that were wanted before.
    pub fn with(mut self, before: Option<Manifest>) -> Manifest {
        if let Some(before) = before {
            self.added_at = before.added_at;
            for (path, entry) in before.files {
                self.files.entry(path).or_insert(entry);
            }
        }
        self
    }

    pub fn write(&self, folder: &ModelFolder) -> Result<(), CacheError> {
        let path = folder.manifests().join(format!("{}.json", self.commit));
        let failed = |error| CacheError::io("written", &path, error);
        let bytes = serde_json::to_vec_pretty(self).map_err(|error| failed(error.into()))?;
        fs::create_dir_all(folder.manifests()).map_err(failed)?;
        durable::write(&path, &folder.manifests(), &bytes).map_err(failed)
    }
}
