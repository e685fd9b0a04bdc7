//! Which files of a folder belong to a catalog, at the cost of one `stat` a file.

use std::collections::VecDeque;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::kind::Kind;

/// A file found in a catalog folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundFile {
    /// Where it is.
    pub path: PathBuf,
    /// The same below the catalog folder, with `/`.
    pub name: String,
    /// What it describes, where the folder tells; else its keys do.
    pub kind: Option<Kind>,
    /// What tells whether it changed.
    pub stamp: Stamp,
}

/// What `stat` says of a file's content: any change of it changes one of these.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Stamp {
    /// Bytes.
    pub size: u64,
    /// Last change of the content, in nanoseconds since 1970.
    pub modified_ns: i64,
    /// Last change of content or attributes, in nanoseconds since 1970; 0 where the system has none.
    pub changed_ns: i64,
}

impl Stamp {
    /// The stamp of a file's metadata.
    pub fn of(metadata: &fs::Metadata) -> Stamp {
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt;
            Stamp {
                size: metadata.len(),
                modified_ns: metadata
                    .mtime()
                    .saturating_mul(1_000_000_000)
                    .saturating_add(metadata.mtime_nsec()),
                changed_ns: metadata
                    .ctime()
                    .saturating_mul(1_000_000_000)
                    .saturating_add(metadata.ctime_nsec()),
            }
        }
        #[cfg(not(unix))]
        {
            let modified_ns = metadata
                .modified()
                .ok()
                .and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok())
                .and_then(|since| i64::try_from(since.as_nanos()).ok())
                .unwrap_or(0);
            Stamp {
                size: metadata.len(),
                modified_ns,
                changed_ns: 0,
            }
        }
    }

    /// When it last changed. A date that somebody gave the file, which may lie in the future, does not
    /// count where the system keeps a time of its own.
    pub fn latest_ns(&self) -> i64 {
        if self.changed_ns == 0 {
            self.modified_ns
        } else {
            self.changed_ns
        }
    }
}

/// What a catalog folder holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Folder {
    /// Documents, by name.
    pub documents: Vec<FoundFile>,
    /// Rule files, by name.
    pub rules: Vec<PathBuf>,
}

/// Looks through `dir`: its `recipes/`, `models/`, `hardware/`, `backends/` and `rules/` (also
/// below `config/`), or, where it has none of these, all YAML files in it.
///
/// # Errors
/// The folder itself, or a folder below it, cannot be read.
pub fn look(dir: &Path) -> io::Result<Folder> {
    let mut folder = Folder::default();
    let mut structured = false;
    for base in [dir.to_path_buf(), dir.join("config")] {
        for kind in Kind::ALL {
            let sub = base.join(kind.folder());
            if sub.is_dir() {
                structured = true;
                folder
                    .documents
                    .extend(Walk::new(dir, Some(kind)).all(&sub)?);
            }
        }
        let rules = base.join("rules");
        if rules.is_dir() {
            structured = true;
            folder.rules.extend(rule_files(&rules)?);
        }
    }
    if !structured {
        folder.documents = Walk::new(dir, None).all(dir)?;
    }
    folder
        .documents
        .sort_unstable_by(|a, b| a.name.cmp(&b.name));
    Ok(folder)
}

/// A file as [`look`] would find it if it were on disk; none where it would not be looked at.
pub fn place(dir: &Path, path: &Path) -> Option<FoundFile> {
    let below = path.strip_prefix(dir).ok()?;
    let parts: Vec<_> = below.iter().map(|part| part.to_string_lossy()).collect();
    let name = parts.join("/");
    let is_yaml = name.ends_with(".yaml") || name.ends_with(".yml");
    let skipped = |part: &str| part.starts_with('.') || part == "templates";
    if !is_yaml || parts.iter().any(|part| skipped(part)) {
        return None;
    }
    let kind = match parts.as_slice() {
        [config, folder, _, ..] if config == "config" => of_folder(folder),
        [folder, _, ..] => of_folder(folder),
        _ => None,
    };
    let structured = [dir.to_path_buf(), dir.join("config")].iter().any(|base| {
        let mut folders = Kind::ALL.iter().map(|kind| kind.folder()).chain(["rules"]);
        folders.any(|folder| base.join(folder).is_dir())
    });
    (kind.is_some() || !structured).then(|| FoundFile {
        path: path.to_owned(),
        name,
        kind,
        stamp: Stamp::default(),
    })
}

fn of_folder(name: &str) -> Option<Kind> {
    Kind::ALL.into_iter().find(|kind| kind.folder() == name)
}

/// The `.dl` files of a folder and of the folders in it, by name.
///
/// # Errors
/// The folder cannot be read.
pub fn rule_files(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        let is_rules = |path: &Path| path.extension().is_some_and(|ending| ending == "dl");
        if is_rules(&path) && path.is_file() {
            files.push(path);
        } else if path.is_dir() {
            let below = fs::read_dir(&path)?.flatten().map(|entry| entry.path());
            files.extend(below.filter(|path| is_rules(path) && path.is_file()));
        }
    }
    files.sort();
    Ok(files)
}

/// Folders below one another at most; deeper ones are a mistake or a trap.
const MAX_DEPTH: usize = 16;

struct Walk<'a> {
    base: &'a Path,
    kind: Option<Kind>,
    found: Vec<FoundFile>,
    /// Links to folders, which are followed last.
    links: VecDeque<(PathBuf, usize)>,
}

impl<'a> Walk<'a> {
    fn new(base: &'a Path, kind: Option<Kind>) -> Self {
        Walk {
            base,
            kind,
            found: Vec::new(),
            links: VecDeque::new(),
        }
    }

    /// The files below `dir`. A link to a folder is followed unless it leads to where this has been,
    /// or to what the catalog itself stands in: links in a circle end, and no file is found twice.
    fn all(mut self, dir: &Path) -> io::Result<Vec<FoundFile>> {
        let below = self.below(dir);
        self.enter(dir, &below, 0)?;
        if self.links.is_empty() {
            return Ok(self.found);
        }
        let base = self.base.canonicalize()?;
        let mut been = vec![dir.canonicalize()?];
        while let Some((link, depth)) = self.links.pop_front() {
            let target = link.canonicalize()?;
            let known = been.iter().any(|dir| target.starts_with(dir));
            if !known && !base.starts_with(&target) {
                been.push(target);
                let below = self.below(&link);
                self.enter(&link, &below, depth)?;
            }
        }
        Ok(self.found)
    }

    /// Finds the files of `dir`, whose name below the catalog folder is `below`.
    fn enter(&mut self, dir: &Path, below: &str, depth: usize) -> io::Result<()> {
        for entry in fs::read_dir(dir)? {
            let entry = entry?;
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if name.starts_with('.') {
                continue;
            }
            let path = entry.path();
            let file_type = entry.file_type()?;
            let is_yaml = name.ends_with(".yaml") || name.ends_with(".yml");
            let name = if below.is_empty() {
                name.into_owned()
            } else {
                format!("{below}/{name}")
            };
            if file_type.is_dir() {
                if depth < MAX_DEPTH
                    && !path.ends_with("templates")
                    && self.enter(&path, &name, depth + 1).is_err()
                {
                    // A folder that cannot be listed costs what is in it, and reading it tells.
                    self.found.push(FoundFile {
                        name,
                        kind: self.kind,
                        stamp: Stamp::default(),
                        path,
                    });
                }
            } else if file_type.is_symlink() && path.is_dir() {
                if depth < MAX_DEPTH {
                    self.links.push_back((path, depth + 1));
                }
            } else if is_yaml {
                // Of a file that is no link the folder's handle tells, without its path being looked up.
                let metadata = if file_type.is_file() {
                    entry.metadata()
                } else {
                    fs::metadata(&path)
                };
                let stamp = match metadata {
                    Ok(metadata) => Stamp::of(&metadata),
                    // Removed since the folder was listed: it is not there.
                    Err(_) if fs::symlink_metadata(&path).is_err() => continue,
                    // A link to nowhere: reading it will tell.
                    Err(_) => Stamp::default(),
                };
                self.found.push(FoundFile {
                    name,
                    kind: self.kind,
                    stamp,
                    path,
                });
            }
        }
        Ok(())
    }

    /// A path below the catalog folder, with `/`.
    fn below(&self, path: &Path) -> String {
        let below = path.strip_prefix(self.base).unwrap_or(path);
        let parts: Vec<_> = below.iter().map(|part| part.to_string_lossy()).collect();
        parts.join("/")
    }
}
