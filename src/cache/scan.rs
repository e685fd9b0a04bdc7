//! What is in a cache, by its folders alone: no content is read.

use std::collections::BTreeMap;
use std::io;
use std::ops::{Add, Bound};
use std::path::PathBuf;
use std::time::SystemTime;

use rayon::prelude::*;
use rustc_hash::FxHashSet;

use super::folder::{Folder, Kind};
use super::layout::{ModelFolder, content_of};
use super::look::look;
use super::{Cache, CacheError};
use crate::hub::{Commit, ModelId};

/// A cache as it is found.
#[derive(Clone, Debug, Default)]
pub struct Scan {
    /// Its models, by id.
    pub models: Vec<CachedModel>,
    /// What is in the hub's folder and no model's: data sets and spaces of other tools among it.
    pub foreign: Vec<PathBuf>,
}

/// A model in the cache.
#[derive(Clone, Debug)]
pub struct CachedModel {
    /// Its folder.
    pub folder: ModelFolder,
    /// Its commits, the last added first.
    pub revisions: Vec<CachedRevision>,
    /// Its contents and their bytes.
    pub blobs: BTreeMap<String, Blob>,
    /// What was begun and is not complete, with its bytes.
    pub incomplete: BTreeMap<String, Blob>,
    /// References to commits that are not there.
    pub dangling: Vec<(String, String)>,
    /// What is in its folder and does not belong there.
    pub foreign: Vec<PathBuf>,
}

/// A content in the cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Blob {
    /// Its bytes.
    pub size: u64,
    /// When it was last written.
    pub modified: SystemTime,
    /// When it was last read, as far as the file system notes it.
    pub accessed: SystemTime,
}

/// A commit of a model in the cache.
#[derive(Clone, Debug)]
pub struct CachedRevision {
    /// The commit.
    pub commit: Commit,
    /// Branches and tags that name it.
    pub refs: Vec<String>,
    /// As it was asked for, where it was added here.
    pub asked: Option<String>,
    /// The folder that it was imported from.
    pub from: Option<PathBuf>,
    /// Its files, by path.
    pub files: Vec<CachedFile>,
    /// Whether they are all there.
    pub state: State,
    /// When it was added.
    pub added: SystemTime,
    /// When one of its files was last read, as far as the file system notes it.
    pub accessed: SystemTime,
    /// Whether it was added here; else by another tool, and what belongs to it is guessed.
    pub is_ours: bool,
}

/// A file of a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CachedFile {
    /// Its path.
    pub path: String,
    /// Its content's name, where it is a link to one.
    pub blob: Option<String>,
    /// Its bytes: as they should be where that is known, else as they are.
    pub size: u64,
    /// Whether it is there.
    pub state: FileState,
}

/// Whether a file is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileState {
    /// With the size that it should have.
    There,
    /// Not, or not all of it.
    Missing,
    /// With another size than it should have, or a link that leads elsewhere.
    WrongSize,
}

/// Whether a commit is complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// All of it is there.
    Complete,
    /// Files are missing.
    Partial,
    /// A file has another size than it should have.
    Corrupt,
}

impl State {
    /// In one word.
    pub fn name(self) -> &'static str {
        match self {
            State::Complete => "complete",
            State::Partial => "partial",
            State::Corrupt => "corrupt",
        }
    }
}

/// How closely to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Care {
    /// Names and sizes, which take no time: a link that was made here is taken to lead where it should,
    /// and what is foreign to a model's folder is not looked for.
    Quick,
    /// Everything but what is in the files.
    Close,
}

/// Looks at a cache.
///
/// # Errors
/// Its folder cannot be read. One that is not there is empty.
pub fn scan(cache: &Cache, care: Care) -> Result<Scan, CacheError> {
    let hub = cache.hub();
    let failed = |error| CacheError::io("read", &hub, error);
    let opened = match Folder::open(&hub) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Scan::default()),
        opened => opened.map_err(failed)?,
    };
    let mut models = Vec::new();
    let mut foreign = Vec::new();
    for (name, kind) in opened.entries().map_err(failed)? {
        match Cache::model_of_folder(&name) {
            // A link out of the cache is not followed.
            Some(model) if kind == Kind::Folder => models.push((model, name)),
            _ if OF_THE_HUB.contains(&&*name) => {}
            _ => foreign.push(hub.join(name)),
        }
    }
    models.sort_unstable();
    foreign.sort_unstable();
    let models = models.par_iter().filter_map(|(model, name)| {
        let folder = opened.below(name).inspect_err(|error| {
            tracing::warn!("{} cannot be read: {error}", hub.join(name).display());
        });
        Some(look(cache.model(model), &folder.ok()?, care))
    });
    let models = models.collect();
    Ok(Scan { models, foreign })
}

/// What the hub's own tools put beside the models.
const OF_THE_HUB: &[&str] = &[".locks", "version.txt", "CACHEDIR.TAG", "blobs"];

impl Scan {
    /// A model.
    pub fn model(&self, id: &ModelId) -> Option<&CachedModel> {
        self.models.iter().find(|model| model.folder.model == *id)
    }
}

impl CachedModel {
    /// Looks closely at one model's folder; none where there is none.
    pub fn look(cache: &Cache, id: &ModelId) -> Option<CachedModel> {
        let folder = cache.model(id);
        let opened = Folder::open(folder.dir()).ok()?;
        Some(look(folder, &opened, Care::Close))
    }

    /// The bytes on disk.
    pub fn size(&self) -> u64 {
        let all = self.blobs.values().chain(self.incomplete.values());
        all.map(|blob| blob.size).sum()
    }

    /// Contents that no commit of it has, whole or begun.
    pub fn orphans(&self) -> impl Iterator<Item = (&str, Blob)> {
        let files = self.revisions.iter().flat_map(|revision| &revision.files);
        let used: FxHashSet<&str> = files.filter_map(|file| file.blob.as_deref()).collect();
        let all = self.blobs.iter().chain(&self.incomplete);
        all.filter(move |(name, _)| !used.contains(content_of(name)))
            .map(|(name, blob)| (name.as_str(), *blob))
    }

    /// What is begun of a content: the names of its files.
    pub(super) fn begun_of<'a>(
        &'a self,
        content: &'a str,
    ) -> impl Iterator<Item = (&'a String, &'a Blob)> {
        let from = (Bound::Included(content), Bound::Unbounded);
        let from = self.incomplete.range::<str, _>(from);
        from.take_while(move |(name, _)| name.starts_with(content))
            .filter(move |(name, _)| content_of(name) == content)
    }

    /// The commit that a branch, a tag or a commit's own hash names.
    pub fn named(&self, revision: &str) -> Option<&CachedRevision> {
        self.revisions.iter().find(|known| {
            known.commit.as_str() == revision || known.refs.iter().any(|name| name == revision)
        })
    }

    /// A commit of it.
    pub fn revision(&self, commit: &Commit) -> Option<&CachedRevision> {
        self.revisions
            .iter()
            .find(|revision| revision.commit == *commit)
    }
}

impl CachedRevision {
    /// The bytes of its files, as far as they are there; what two of its files share counts once.
    pub fn size(&self) -> u64 {
        let mut seen = FxHashSet::default();
        let there = self
            .files
            .iter()
            .filter(|file| file.state == FileState::There);
        let own = there.filter(|file| file.blob.as_deref().is_none_or(|blob| seen.insert(blob)));
        own.map(|file| file.size).sum()
    }

    /// What it takes of the disk: the names of contents, whole and begun ones, and files that are no
    /// links, each once with its bytes.
    pub fn contents<'a>(
        &'a self,
        model: &'a CachedModel,
    ) -> impl Iterator<Item = (&'a str, u64)> + 'a {
        let mut seen = FxHashSet::default();
        let files = self
            .files
            .iter()
            .filter_map(move |file| match file.blob.as_deref() {
                Some(name) => {
                    let whole = model.blobs.get(name).map(|blob| blob.size);
                    let begun = || {
                        model
                            .begun_of(name)
                            .map(|(_, blob)| blob.size)
                            .reduce(Add::add)
                    };
                    Some((name, whole.or_else(begun)?))
                }
                None => (file.state == FileState::There).then_some((file.path.as_str(), file.size)),
            });
        files.filter(move |(name, _)| seen.insert(*name))
    }

    /// What of it is begun.
    pub fn begun<'a>(&'a self, model: &'a CachedModel) -> impl Iterator<Item = Blob> + 'a {
        let names = self.files.iter().filter_map(|file| file.blob.as_deref());
        names.flat_map(|name| model.begun_of(name).map(|(_, blob)| *blob))
    }

    /// The bytes of its files that are not there, less what of them is begun; none where that is not
    /// known, since another tool added it.
    pub fn missing_bytes(&self, model: &CachedModel) -> Option<u64> {
        if !self.is_ours {
            return None;
        }
        let mut seen = FxHashSet::default();
        let missing = self
            .files
            .iter()
            .filter(|file| file.state != FileState::There)
            .filter_map(|file| Some((file.blob.as_deref()?, file.size)))
            .filter(|(blob, _)| seen.insert(*blob));
        let left = missing.map(|(blob, size)| {
            // Of several files of one content the longest is gone on with.
            let begun = model.begun_of(blob).map(|(_, begun)| begun.size);
            size - begun.max().unwrap_or(0).min(size)
        });
        Some(left.sum())
    }

    /// How many of its files are not there.
    pub fn missing(&self) -> usize {
        let missing = self
            .files
            .iter()
            .filter(|file| file.state != FileState::There);
        missing.count()
    }
}
