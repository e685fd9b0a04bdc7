//! Which folders and files there are, as `huggingface_hub` has them:
//!
//! ```text
//! hub/models--ORG--NAME/blobs/HASH             the files' contents
//! hub/models--ORG--NAME/snapshots/COMMIT/PATH  links to them, by their names
//! hub/models--ORG--NAME/refs/main              the commit that a branch named last
//! hub/.locks/models--ORG--NAME/HASH.lock       held while a content is fetched
//! ```
//!
//! Beside these there is `.aim/COMMIT.json` of each model: what belongs to the commit.

use std::path::{Path, PathBuf};

use super::place::hub_of;
use crate::hub::{BlobId, Commit, ModelId, Revision};

const PREFIX: &str = "models--";
/// What is being fetched ends so.
pub(super) const INCOMPLETE: &str = ".incomplete";
/// What is being fetched in parts: the file has holes.
pub(super) const IN_PARTS: &str = ".parts.incomplete";

/// A cache folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cache {
    root: PathBuf,
    hub: PathBuf,
}

/// The folder of a model in a cache.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelFolder {
    /// The model.
    pub model: ModelId,
    dir: PathBuf,
    locks: PathBuf,
}

impl Cache {
    /// The cache in a folder, which need not be there.
    pub fn new(root: impl Into<PathBuf>) -> Cache {
        let root = root.into();
        let hub = hub_of(&root);
        Cache { root, hub }
    }

    /// Its folder; `HF_HOME` of who reads it.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The folder of all models: `hub` in its folder, or that itself where `HF_HUB_CACHE` names it.
    pub fn hub(&self) -> PathBuf {
        self.hub.clone()
    }

    /// The folder of a model.
    pub fn model(&self, model: &ModelId) -> ModelFolder {
        let name = format!("{PREFIX}{}", model.as_str().replace('/', "--"));
        ModelFolder {
            model: model.clone(),
            dir: self.hub().join(&name),
            locks: self.hub().join(".locks").join(&name),
        }
    }

    /// The model whose folder has this name.
    pub fn model_of_folder(name: &str) -> Option<ModelId> {
        let id = name.strip_prefix(PREFIX)?.replace("--", "/");
        ModelId::parse(&id).ok()
    }

    /// The list of models beside the hub's folder; none where there is no place of its own for it, since in
    /// the hub's folder other tools would take it for a damaged model.
    pub fn index(&self) -> Option<PathBuf> {
        (self.hub != self.root).then(|| self.root.join("cache_index.json"))
    }
}

impl ModelFolder {
    /// The folder itself.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The folder of contents.
    pub fn blobs(&self) -> PathBuf {
        self.dir.join("blobs")
    }

    /// A content.
    pub fn blob(&self, blob: &BlobId) -> PathBuf {
        self.blobs().join(blob.as_str())
    }

    /// A content that is being fetched.
    pub fn incomplete(&self, blob: &BlobId) -> PathBuf {
        self.blobs().join(format!("{}{INCOMPLETE}", blob.as_str()))
    }

    /// A content that is being fetched in parts.
    pub fn in_parts(&self, blob: &BlobId) -> PathBuf {
        self.blobs().join(format!("{}{IN_PARTS}", blob.as_str()))
    }

    /// The folder of all snapshots.
    pub fn snapshots(&self) -> PathBuf {
        self.dir.join("snapshots")
    }

    /// The folder of a commit's files.
    pub fn snapshot(&self, commit: &Commit) -> PathBuf {
        self.snapshots().join(commit.as_str())
    }

    /// The folder of references.
    pub fn refs(&self) -> PathBuf {
        self.dir.join("refs")
    }

    /// The file with the commit that a revision names.
    pub fn reference(&self, revision: &Revision) -> PathBuf {
        self.refs().join(revision.as_str())
    }

    /// The folder of what is known about commits.
    pub fn manifests(&self) -> PathBuf {
        self.dir.join(".aim")
    }

    /// What belongs to a commit.
    pub fn manifest(&self, commit: &Commit) -> PathBuf {
        self.manifests().join(format!("{commit}.json"))
    }

    /// The folder of locks.
    pub fn locks(&self) -> &Path {
        &self.locks
    }

    /// Held while a content is fetched, by every program that fetches.
    pub fn blob_lock(&self, blob: &BlobId) -> PathBuf {
        self.locks.join(format!("{}.lock", blob.as_str()))
    }

    /// Held by many while they add to the model, and by one alone that removes from it.
    pub fn use_lock(&self) -> PathBuf {
        self.locks.join("aim-use.lock")
    }

    /// Held while a commit is published.
    pub fn publish_lock(&self) -> PathBuf {
        self.locks.join("aim-publish.lock")
    }
}

/// The content that an incomplete file is of. Tools put a name of their own before the ending.
pub(super) fn content_of(name: &str) -> &str {
    match name.strip_suffix(INCOMPLETE) {
        Some(rest) => rest.split_once('.').map_or(rest, |(content, _)| content),
        None => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_begun_is_of_a_content_whoever_began_it() {
        for name in [
            "ab12",
            "ab12.incomplete",
            "ab12.parts.incomplete",
            "ab12.0f3c99aa.incomplete",
        ] {
            assert_eq!(content_of(name), "ab12");
        }
        assert_eq!(content_of("ab12.lock"), "ab12.lock");
    }

    #[test]
    fn folders_are_named_as_the_hubs_own_tools_do() {
        let cache = Cache::new("/c");
        for (id, name) in [
            ("gpt2", "models--gpt2"),
            ("Qwen/Qwen3-32B", "models--Qwen--Qwen3-32B"),
        ] {
            let model = ModelId::parse(id).unwrap();
            assert_eq!(cache.model(&model).dir(), Path::new("/c/hub").join(name));
            assert_eq!(Cache::model_of_folder(name), Some(model));
        }
        for name in [
            "datasets--a--b",
            "models--",
            "models--..--x",
            "models--a--b--c",
            "x",
        ] {
            assert_eq!(Cache::model_of_folder(name), None, "{name}");
        }
    }
}
