//! What is in a cache, by its folders alone: no content is read.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rayon::prelude::*;

use super::layout::{INCOMPLETE, ModelFolder};
use super::manifest::Manifest;
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
    /// With another size than it should have.
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

/// Looks at a cache.
///
/// # Errors
/// Its folder cannot be read. One that is not there is empty.
pub fn scan(cache: &Cache) -> Result<Scan, CacheError> {
    let hub = cache.hub();
    let entries = match fs::read_dir(&hub) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Scan::default()),
        entries => entries.map_err(|error| CacheError::io("read", &hub, error))?,
    };
    let mut models = Vec::new();
    let mut foreign = Vec::new();
    for entry in entries.flatten() {
        let name = entry.file_name();
        match name.to_str().and_then(Cache::model_of_folder) {
            // A link out of the cache is not followed.
            Some(model) if entry.file_type().is_ok_and(|kind| kind.is_dir()) => models.push(model),
            _ if OF_THE_HUB.iter().any(|known| name == *known) => {}
            _ => foreign.push(entry.path()),
        }
    }
    models.sort_unstable();
    foreign.sort_unstable();
    let models = models.par_iter().map(|model| look(cache, model)).collect();
    Ok(Scan { models, foreign })
}

/// What the hub's own tools put beside the models.
const OF_THE_HUB: &[&str] = &[".locks", "version.txt", "CACHEDIR.TAG", "blobs"];
const OF_A_MODEL: &[&str] = &["blobs", "refs", "snapshots", "trees", ".aim", ".no_exist"];

impl Scan {
    /// A model.
    pub fn model(&self, id: &ModelId) -> Option<&CachedModel> {
        self.models.iter().find(|model| model.folder.model == *id)
    }
}

impl CachedModel {
    /// Looks at one model's folder; none where there is none.
    pub fn look(cache: &Cache, id: &ModelId) -> Option<CachedModel> {
        let is_there = cache.model(id).dir().is_dir();
        is_there.then(|| look(cache, id))
    }

    /// The bytes on disk.
    pub fn size(&self) -> u64 {
        let all = self.blobs.values().chain(self.incomplete.values());
        all.map(|blob| blob.size).sum()
    }

    /// Contents that no commit of it has, whole or begun.
    pub fn orphans(&self) -> impl Iterator<Item = (&str, Blob)> {
        let files = self.revisions.iter().flat_map(|revision| &revision.files);
        let used: BTreeSet<&str> = files.filter_map(|file| file.blob.as_deref()).collect();
        let all = self.blobs.iter().chain(&self.incomplete);
        all.filter(move |(name, _)| {
            let content = name.strip_suffix(INCOMPLETE).unwrap_or(name);
            !used.contains(content)
        })
        .map(|(name, blob)| (name.as_str(), *blob))
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
        let mut seen = BTreeSet::new();
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
        let mut seen = BTreeSet::new();
        let files = self
            .files
            .iter()
            .filter_map(move |file| match file.blob.as_deref() {
                Some(name) => {
                    let begun = model.incomplete.get(&format!("{name}{INCOMPLETE}"));
                    let blob = model.blobs.get(name).or(begun)?;
                    Some((name, blob.size))
                }
                None => (file.state == FileState::There).then_some((file.path.as_str(), file.size)),
            });
        files.filter(move |(name, _)| seen.insert(*name))
    }

    /// What of it is begun.
    pub fn begun<'a>(&'a self, model: &'a CachedModel) -> impl Iterator<Item = Blob> + 'a {
        let names = self.files.iter().filter_map(|file| file.blob.as_deref());
        names.filter_map(|name| {
            model
                .incomplete
                .get(&format!("{name}{INCOMPLETE}"))
                .copied()
        })
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

fn look(cache: &Cache, id: &ModelId) -> CachedModel {
    let folder = cache.model(id);
    let (blobs, incomplete) = blobs(&folder);
    let mut refs: HashMap<String, Vec<String>> = HashMap::new();
    read_refs(&folder.refs(), "", &mut refs);
    let mut commits = BTreeSet::new();
    let mut foreign = Vec::new();
    for (dir, ending) in [(folder.snapshots(), ""), (folder.manifests(), ".json")] {
        for entry in fs::read_dir(&dir).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            match name.strip_suffix(ending).and_then(Commit::parse) {
                Some(commit) => {
                    commits.insert(commit);
                }
                None if name.starts_with('.') => {}
                None => foreign.push(entry.path()),
            }
        }
    }
    for entry in fs::read_dir(folder.dir()).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if !OF_A_MODEL.contains(&&*name) && !name.starts_with(super::durable::SCRATCH) {
            foreign.push(entry.path());
        }
    }
    let mut revisions: Vec<CachedRevision> = commits
        .into_iter()
        .map(|commit| {
            let refs = refs.remove(commit.as_str()).unwrap_or_default();
            revision(&folder, &blobs, commit, refs)
        })
        .collect();
    revisions.sort_by(|a, b| b.added.cmp(&a.added).then(a.commit.cmp(&b.commit)));
    let dangling = refs
        .into_iter()
        .flat_map(|(commit, names)| names.into_iter().map(move |name| (name, commit.clone())));
    let mut dangling: Vec<(String, String)> = dangling.collect();
    dangling.sort_unstable();
    foreign.sort_unstable();
    CachedModel {
        folder,
        revisions,
        blobs,
        incomplete,
        dangling,
        foreign,
    }
}

type Blobs = BTreeMap<String, Blob>;

/// What is complete in the folder of contents, and what is not.
fn blobs(folder: &ModelFolder) -> (Blobs, Blobs) {
    let (mut whole, mut begun) = (Blobs::new(), Blobs::new());
    for entry in fs::read_dir(folder.blobs()).into_iter().flatten().flatten() {
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        // Through a link: newer tools share contents between models.
        let Ok(found) = fs::metadata(entry.path()) else {
            continue;
        };
        let into = match name.ends_with(INCOMPLETE) {
            true => &mut begun,
            false => &mut whole,
        };
        into.insert(name, blob(&found));
    }
    (whole, begun)
}

fn blob(found: &Metadata) -> Blob {
    let or_never = |time: io::Result<SystemTime>| time.unwrap_or(SystemTime::UNIX_EPOCH);
    Blob {
        size: found.len(),
        modified: or_never(found.modified()),
        accessed: or_never(found.accessed()),
    }
}

/// The names below a folder of references, by their commits.
fn read_refs(dir: &Path, prefix: &str, refs: &mut HashMap<String, Vec<String>>) {
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        let name = format!("{prefix}{name}");
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => read_refs(&entry.path(), &format!("{name}/"), refs),
            Ok(kind) if kind.is_file() => {
                if let Ok(commit) = fs::read_to_string(entry.path()) {
                    let names = refs.entry(commit.trim().to_owned()).or_default();
                    names.push(name);
                    names.sort_unstable();
                }
            }
            _ => {}
        }
    }
}

fn revision(
    folder: &ModelFolder,
    blobs: &Blobs,
    commit: Commit,
    refs: Vec<String>,
) -> CachedRevision {
    let snapshot = folder.snapshot(&commit);
    let mut links = BTreeMap::new();
    read_links(&snapshot, "", &mut links);
    let manifest = Manifest::read(folder, &commit);
    let is_ours = manifest.is_some();
    let asked = manifest.as_ref().map(|manifest| manifest.revision.clone());
    let mut added = None;
    let mut files: Vec<CachedFile> = Vec::new();
    if let Some(manifest) = manifest {
        added =
            SystemTime::UNIX_EPOCH.checked_add(std::time::Duration::from_secs(manifest.added_at));
        for (path, entry) in manifest.files {
            let link = links.remove(&path);
            let state = match link.and_then(|link| link.content(blobs)) {
                Some(found) if found.size == entry.size => FileState::There,
                Some(_) => FileState::WrongSize,
                None => FileState::Missing,
            };
            files.push(CachedFile {
                path,
                blob: Some(entry.blob),
                size: entry.size,
                state,
            });
        }
    }
    // What another tool added, also to a commit that was added here.
    for (path, link) in links {
        let found = link.content(blobs);
        files.push(CachedFile {
            path,
            size: found.map_or(0, |found| found.size),
            state: match found {
                Some(_) => FileState::There,
                None => FileState::Missing,
            },
            blob: link.blob,
        });
    }
    if !is_ours {
        add_missing_shards(&snapshot, &mut files);
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    let state = if files.iter().any(|file| file.state == FileState::WrongSize) {
        State::Corrupt
    } else if files.is_empty() || files.iter().any(|file| file.state == FileState::Missing) {
        State::Partial
    } else {
        State::Complete
    };
    let read = files
        .iter()
        .filter_map(|file| blobs.get(file.blob.as_deref()?));
    let modified = fs::symlink_metadata(&snapshot)
        .and_then(|found| found.modified())
        .ok();
    let added = added.or(modified).unwrap_or(SystemTime::UNIX_EPOCH);
    CachedRevision {
        accessed: read.map(|blob| blob.accessed).max().unwrap_or(added),
        commit,
        refs,
        asked,
        files,
        state,
        added,
        is_ours,
    }
}

/// What stands in a snapshot under a name.
struct Link {
    /// The name of the content, where it is a link to one of the model.
    blob: Option<String>,
    /// The file itself, where it is no link.
    plain: Option<Blob>,
}

impl Link {
    fn content(&self, blobs: &Blobs) -> Option<Blob> {
        self.plain
            .or_else(|| blobs.get(self.blob.as_deref()?).copied())
    }
}

fn read_links(dir: &Path, prefix: &str, links: &mut BTreeMap<String, Link>) {
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        let path = format!("{prefix}{name}");
        let Ok(kind) = entry.file_type() else {
            continue;
        };
        if kind.is_dir() {
            read_links(&entry.path(), &format!("{path}/"), links);
        } else if kind.is_symlink() {
            let target = fs::read_link(entry.path()).ok();
            let is_blob = |target: &PathBuf| {
                target
                    .parent()
                    .and_then(Path::file_name)
                    .is_some_and(|dir| dir == "blobs")
            };
            let name = target
                .filter(is_blob)
                .and_then(|target| target.file_name()?.to_str().map(str::to_owned));
            links.insert(
                path,
                Link {
                    blob: name,
                    plain: None,
                },
            );
        } else {
            // Where links cannot be made, other tools put the file itself.
            let plain = entry.metadata().ok().map(|found| blob(&found));
            links.insert(path, Link { blob: None, plain });
        }
    }
}

/// Weights that a model's own index names and that are not there.
fn add_missing_shards(snapshot: &Path, files: &mut Vec<CachedFile>) {
    const INDEX: &str = "model.safetensors.index.json";
    let has = |files: &[CachedFile], path: &str| files.iter().any(|file| file.path == path);
    if !has(files, INDEX) {
        return;
    }
    let index = fs::read(snapshot.join(INDEX)).ok();
    let index: Option<serde_json::Value> =
        index.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    let shards: BTreeSet<String> = index
        .as_ref()
        .and_then(|index| index.get("weight_map")?.as_object())
        .into_iter()
        .flat_map(|map| map.values())
        .filter_map(|shard| shard.as_str().map(str::to_owned))
        .collect();
    for shard in shards {
        if !has(files, &shard) {
            files.push(CachedFile {
                path: shard,
                blob: None,
                size: 0,
                state: FileState::Missing,
            });
        }
    }
}
