//! One model's folder, as it is found: contents, references, and the files of each commit.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use std::time::SystemTime;

use super::folder::{Folder, Kind};
use super::layout::{IN_PARTS, INCOMPLETE, ModelFolder};
use super::listing::Listing;
use super::manifest::Manifest;
use super::scan::{Blob, CachedFile, CachedModel, CachedRevision, Care, FileState, State};
use super::shards;
use crate::hub::Commit;

/// What the hub's own tools and this program put into a model's folder.
const OF_A_MODEL: &[&str] = &["blobs", "refs", "snapshots", "trees", ".aim", ".no_exist"];

/// Looks at a model's folder, which is open.
pub(super) fn look(folder: ModelFolder, opened: &Folder, care: Care) -> CachedModel {
    let Blobs {
        whole: blobs,
        begun: incomplete,
        others,
    } = blobs(opened);
    let mut refs: HashMap<String, Vec<String>> = HashMap::new();
    if let Ok(refs_folder) = opened.below("refs") {
        read_refs(&refs_folder, "", &mut refs);
    }
    let mut commits = BTreeSet::new();
    let mut foreign = Vec::new();
    for (dir, ending) in [("snapshots", ""), (".aim", ".json")] {
        for (name, _) in entries(opened.below(dir).ok().as_ref()) {
            match name.strip_suffix(ending).and_then(Commit::parse) {
                Some(commit) => {
                    commits.insert(commit);
                }
                None if name.starts_with('.') => {}
                None => foreign.push(folder.dir().join(dir).join(name)),
            }
        }
    }
    if care == Care::Close {
        foreign.extend(others.iter().map(|name| folder.blobs().join(name)));
        for (name, _) in entries(Some(opened)) {
            if !OF_A_MODEL.contains(&&*name) && !name.starts_with(super::durable::SCRATCH) {
                foreign.push(folder.dir().join(name));
            }
        }
    }
    let contents = Contents {
        folder: opened,
        path: folder.blobs(),
        blobs: &blobs,
        care,
    };
    let mut revisions: Vec<CachedRevision> = commits
        .into_iter()
        .map(|commit| {
            let refs = refs.remove(commit.as_str()).unwrap_or_default();
            contents.revision(commit, refs)
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

fn entries(folder: Option<&Folder>) -> Vec<(String, Kind)> {
    let entries = folder.map(Folder::entries);
    entries.and_then(Result::ok).unwrap_or_default()
}

/// What is in the folder of contents.
#[derive(Default)]
struct Blobs {
    /// What is complete.
    whole: BTreeMap<String, Blob>,
    /// What is not.
    begun: BTreeMap<String, Blob>,
    /// What is no content: folders, pipes, links to nothing.
    others: Vec<String>,
}

fn blobs(model: &Folder) -> Blobs {
    let mut blobs = Blobs::default();
    let mut whole = Vec::new();
    let folder = model.below("blobs").ok();
    for (name, _) in entries(folder.as_ref()) {
        // Newer tools share contents between models by links, so these are followed.
        let found = folder.as_ref().and_then(|folder| folder.leads_to(&name));
        let Some(found) = found.filter(|found| found.kind == Kind::File) else {
            blobs.others.push(name);
            continue;
        };
        if !name.ends_with(INCOMPLETE) {
            whole.push((name, found.blob));
            continue;
        }
        let size = match name.ends_with(IN_PARTS) {
            // Its length says nothing: it has holes.
            true => found.held.min(found.blob.size),
            false => found.blob.size,
        };
        blobs.begun.insert(name, Blob { size, ..found.blob });
    }
    blobs.whole = whole.into_iter().collect();
    blobs
}

/// The names below a folder of references, by their commits.
fn read_refs(folder: &Folder, prefix: &str, refs: &mut HashMap<String, Vec<String>>) {
    for (name, kind) in entries(Some(folder)) {
        match kind {
            Kind::Folder => {
                if let Ok(below) = folder.below(&name) {
                    read_refs(&below, &format!("{prefix}{name}/"), refs);
                }
            }
            Kind::File => {
                if let Some(Ok(commit)) = folder.read(&name).map(String::from_utf8) {
                    let names = refs.entry(commit.trim().to_owned()).or_default();
                    names.push(format!("{prefix}{name}"));
                    names.sort_unstable();
                }
            }
            Kind::Link | Kind::Other => {}
        }
    }
}

/// The contents of a model, of which its commits are made.
struct Contents<'a> {
    folder: &'a Folder,
    /// Where they are.
    path: std::path::PathBuf,
    blobs: &'a BTreeMap<String, Blob>,
    care: Care,
}

impl Contents<'_> {
    fn revision(&self, commit: Commit, refs: Vec<String>) -> CachedRevision {
        let snapshot = self.folder.below(&format!("snapshots/{commit}")).ok();
        let mut links = Links::default();
        if let Some(snapshot) = &snapshot {
            links.read(snapshot, "");
        }
        links.0.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        let noted = self.folder.read(&format!(".aim/{commit}.json"));
        let manifest = noted.and_then(|bytes| Manifest::parse(&bytes, &commit));
        let is_ours = manifest.is_some();
        let mut asked = None;
        let mut from = None;
        let mut added = None;
        let mut files: Vec<CachedFile> = Vec::new();
        if let Some(manifest) = manifest {
            let since = std::time::Duration::from_secs(manifest.added_at);
            added = SystemTime::UNIX_EPOCH.checked_add(since);
            asked = Some(manifest.revision);
            from = manifest.from;
            for (path, entry) in manifest.files {
                let whole = |found: Option<Blob>| match found {
                    Some(found) if found.size == entry.size => FileState::There,
                    Some(_) => FileState::WrongSize,
                    None => FileState::Missing,
                };
                let state = match links.take(&path) {
                    Some(Link::Plain(found)) => whole(Some(found)),
                    Some(Link::To)
                        if self.care == Care::Close
                            && self.content(snapshot.as_ref(), &path).as_ref()
                                != Some(&entry.blob) =>
                    {
                        FileState::WrongSize
                    }
                    Some(Link::To) => whole(self.blobs.get(&entry.blob).copied()),
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
        let links = links.0.into_iter();
        let mut links = links
            .filter_map(|(path, link)| Some((path, link?)))
            .peekable();
        if links.peek().is_some() {
            let listing = Listing::read(self.folder, &commit);
            for (path, link) in links {
                files.push(self.foreign(snapshot.as_ref(), listing.as_ref(), path, link));
            }
        }
        if !is_ours {
            let read = |path: &str| snapshot.as_ref()?.read(path);
            for path in shards::missing(&files, self.care, read) {
                files.push(CachedFile {
                    path,
                    blob: None,
                    size: 0,
                    state: FileState::Missing,
                });
            }
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
            .filter_map(|file| self.blobs.get(file.blob.as_deref()?));
        let added = added
            .or_else(|| snapshot.as_ref()?.modified())
            .unwrap_or(SystemTime::UNIX_EPOCH);
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

    /// A file that another tool added.
    fn foreign(
        &self,
        snapshot: Option<&Folder>,
        listing: Option<&Listing>,
        path: String,
        link: Link,
    ) -> CachedFile {
        let (blob, found) = match link {
            Link::To => {
                let name = self.content(snapshot, &path);
                let found = name.as_ref().and_then(|name| self.blobs.get(name).copied());
                (name, found)
            }
            Link::Plain(found) => (None, Some(found)),
        };
        let should = listing.and_then(|listing| listing.size(&path, blob.as_deref()?));
        CachedFile {
            state: match found {
                Some(found) if should.is_none_or(|size| size == found.size) => FileState::There,
                Some(_) => FileState::WrongSize,
                None => FileState::Missing,
            },
            size: should.or(found.map(|found| found.size)).unwrap_or(0),
            path,
            blob,
        }
    }

    /// The name of the content that a link of a snapshot leads to, where that is one of the model: two
    /// folders up, and one more for each folder that the link is in, or by its whole path.
    fn content(&self, snapshot: Option<&Folder>, path: &str) -> Option<String> {
        let target = snapshot?.link(path)?;
        let up = 2 + path.matches('/').count();
        let relative = target
            .strip_prefix(&"../".repeat(up))
            .and_then(|rest| rest.strip_prefix("blobs/"));
        let name = match relative {
            Some(name) => name,
            None => Path::new(&target).strip_prefix(&self.path).ok()?.to_str()?,
        };
        (!name.contains('/')).then(|| name.to_owned())
    }
}

/// What stands in a snapshot under a name.
enum Link {
    /// A link.
    To,
    /// The file itself, as other tools put it where links cannot be made.
    Plain(Blob),
}

/// What stands in a snapshot, by path; nothing where it was taken.
#[derive(Default)]
struct Links(Vec<(String, Option<Link>)>);

impl Links {
    fn read(&mut self, folder: &Folder, prefix: &str) {
        for (name, kind) in entries(Some(folder)) {
            let link = match kind {
                Kind::Folder => {
                    if let Ok(below) = folder.below(&name) {
                        self.read(&below, &format!("{prefix}{name}/"));
                    }
                    continue;
                }
                Kind::Link => Link::To,
                Kind::File => match folder.leads_to(&name) {
                    Some(found) => Link::Plain(found.blob),
                    None => continue,
                },
                Kind::Other => continue,
            };
            let path = match prefix {
                "" => name,
                prefix => format!("{prefix}{name}"),
            };
            self.0.push((path, Some(link)));
        }
    }

    /// Takes one, when they are in their order.
    fn take(&mut self, path: &str) -> Option<Link> {
        let place = self
            .0
            .binary_search_by(|(known, _)| known.as_str().cmp(path));
        self.0.get_mut(place.ok()?)?.1.take()
    }
}
