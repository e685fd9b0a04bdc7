//! One model's folder, as it is found: contents, references, and the files of each commit.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::{self, Metadata};
use std::io;
use std::path::Path;
use std::time::SystemTime;

use super::Cache;
use super::layout::{INCOMPLETE, ModelFolder};
use super::manifest::Manifest;
use super::scan::{Blob, CachedFile, CachedModel, CachedRevision, Care, FileState, State};
use crate::hub::{Commit, ModelId};

/// What the hub's own tools and this program put into a model's folder.
const OF_A_MODEL: &[&str] = &["blobs", "refs", "snapshots", "trees", ".aim", ".no_exist"];

pub(super) fn look(cache: &Cache, id: &ModelId, care: Care) -> CachedModel {
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
    if care == Care::Close {
        for entry in fs::read_dir(folder.dir()).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if !OF_A_MODEL.contains(&&*name) && !name.starts_with(super::durable::SCRATCH) {
                foreign.push(entry.path());
            }
        }
    }
    let mut revisions: Vec<CachedRevision> = commits
        .into_iter()
        .map(|commit| {
            let refs = refs.remove(commit.as_str()).unwrap_or_default();
            revision(&folder, &blobs, commit, refs, care)
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
        // Newer tools share contents between models by links.
        let found = match entry.file_type() {
            Ok(kind) if kind.is_symlink() => fs::metadata(entry.path()),
            _ => entry.metadata(),
        };
        let Ok(found) = found else {
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
    care: Care,
) -> CachedRevision {
    let snapshot = folder.snapshot(&commit);
    let mut links = BTreeMap::new();
    read_links(&snapshot, "", &mut links);
    let manifest = Manifest::read(folder, &commit);
    let is_ours = manifest.is_some();
    let asked = manifest.as_ref().map(|manifest| manifest.revision.clone());
    let from = manifest.as_ref().and_then(|manifest| manifest.from.clone());
    let mut added = None;
    let mut files: Vec<CachedFile> = Vec::new();
    if let Some(manifest) = manifest {
        added =
            SystemTime::UNIX_EPOCH.checked_add(std::time::Duration::from_secs(manifest.added_at));
        for (path, entry) in manifest.files {
            let whole = |found: Option<Blob>| match found {
                Some(found) if found.size == entry.size => FileState::There,
                Some(_) => FileState::WrongSize,
                None => FileState::Missing,
            };
            let state = match links.remove(&path) {
                Some(Link::Plain(found)) => whole(Some(found)),
                Some(Link::To)
                    if care == Care::Close
                        && content_name(&snapshot.join(&path)).as_ref() != Some(&entry.blob) =>
                {
                    FileState::WrongSize
                }
                Some(Link::To) => whole(blobs.get(&entry.blob).copied()),
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
        let (name, found) = match link {
            Link::To => {
                let name = content_name(&snapshot.join(&path));
                let found = name.as_ref().and_then(|name| blobs.get(name).copied());
                (name, found)
            }
            Link::Plain(found) => (None, Some(found)),
        };
        files.push(CachedFile {
            path,
            size: found.map_or(0, |found| found.size),
            state: match found {
                Some(_) => FileState::There,
                None => FileState::Missing,
            },
            blob: name,
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
        from,
        files,
        state,
        added,
        is_ours,
    }
}

/// What stands in a snapshot under a name.
enum Link {
    /// A link.
    To,
    /// The file itself, as other tools put it where links cannot be made.
    Plain(Blob),
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
            links.insert(path, Link::To);
        } else if let Ok(found) = entry.metadata() {
            links.insert(path, Link::Plain(blob(&found)));
        }
    }
}

/// The name of the content that a link leads to, where that is one of a model.
fn content_name(link: &Path) -> Option<String> {
    let target = fs::read_link(link).ok()?;
    let dir = target.parent()?.file_name()?;
    let name = target.file_name()?.to_str()?;
    (dir == "blobs").then(|| name.to_owned())
}

/// Weights that are not there, and that a model's own index names or the names of others count.
fn add_missing_shards(snapshot: &Path, files: &mut Vec<CachedFile>) {
    let mut shards = indexed(snapshot, files);
    shards.extend(files.iter().flat_map(|file| counted(&file.path)));
    for shard in shards {
        if !files.iter().any(|file| file.path == shard) {
            files.push(CachedFile {
                path: shard,
                blob: None,
                size: 0,
                state: FileState::Missing,
            });
        }
    }
}

/// The weights that the model's index names.
fn indexed(snapshot: &Path, files: &[CachedFile]) -> BTreeSet<String> {
    const INDEX: &str = "model.safetensors.index.json";
    if !files.iter().any(|file| file.path == INDEX) {
        return BTreeSet::new();
    }
    let index = fs::read(snapshot.join(INDEX)).ok();
    let index: Option<serde_json::Value> =
        index.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    index
        .as_ref()
        .and_then(|index| index.get("weight_map")?.as_object())
        .into_iter()
        .flat_map(|map| map.values())
        .filter_map(|shard| shard.as_str().map(str::to_owned))
        .collect()
}

/// All files of a set, one of which is `model-00002-of-00005.safetensors`; none where the name is not like that.
fn counted(path: &str) -> Vec<String> {
    const MOST: u32 = 10_000;
    let parts = || {
        let (before, count) = path.split_once("-of-")?;
        let digits = count.find(|c: char| !c.is_ascii_digit())?;
        let (count, ending) = count.split_at(digits);
        let (before, number) = before.rsplit_once('-')?;
        let is_number = number.len() == count.len() && number.parse::<u32>().is_ok();
        let count = count
            .parse()
            .ok()
            .filter(|count| is_number && *count <= MOST)?;
        Some((before, number.len(), count, ending))
    };
    let Some((before, width, count, ending)) = parts() else {
        return Vec::new();
    };
    (1..=count)
        .map(|number| format!("{before}-{number:0width$}-of-{count:0width$}{ending}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::counted;

    #[test]
    fn names_with_a_count_name_the_others() {
        let shards = counted("q4/model-00002-of-00003.safetensors");
        let names = |number: u32| format!("q4/model-{number:05}-of-00003.safetensors");
        assert_eq!(shards, (1..=3).map(names).collect::<Vec<_>>());
        for path in [
            "config.json",
            "best-of-breed.txt",
            "a-1-of-00003.bin",
            "a-1-of-3",
            "a-00001-of-99999.bin",
        ] {
            assert_eq!(counted(path), Vec::<String>::new(), "{path}");
        }
    }
}
