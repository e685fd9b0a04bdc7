//! Which files of a folder belong to a catalog, at the cost of one `stat` a file.

use std::collections::HashSet;
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

    /// The later of its two times.
    pub fn latest_ns(&self) -> i64 {
        self.modified_ns.max(self.changed_ns)
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
                let mut walk = Walk::new(dir, Some(kind));
                walk.enter(&sub, 0)?;
                folder.documents.append(&mut walk.found);
            }
        }
        let rules = base.join("rules");
        if rules.is_dir() {
            structured = true;
            folder.rules.extend(rule_files(&rules)?);
        }
    }
    if !structured {
        let mut walk = Walk::new(dir, None);
        walk.enter(dir, 0)?;
        folder.documents = walk.found;
    }
    folder.documents.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(folder)
}

/// The `.dl` files of a folder, by name.
///
/// # Errors
/// The folder cannot be read.
pub fn rule_files(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == "dl") && path.is_file() {
            files.push(path);
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
    links: HashSet<PathBuf>,
}

impl<'a> Walk<'a> {
    fn new(base: &'a Path, kind: Option<Kind>) -> Self {
        Walk {
            base,
            kind,
            found: Vec::new(),
            links: HashSet::new(),
        }
    }

    fn enter(&mut self, dir: &Path, depth: usize) -> io::Result<()> {
        for entry in fs::read_dir(dir)? {
            let entry = entry?;
            let name = entry.file_name();
            let hidden = name.to_string_lossy().starts_with('.');
            if hidden {
                continue;
            }
            let path = entry.path();
            let file_type = entry.file_type()?;
            let is_yaml = path
                .extension()
                .is_some_and(|ending| ending == "yaml" || ending == "yml");
            if file_type.is_dir() {
                if depth < MAX_DEPTH && name != "templates" {
                    self.enter(&path, depth + 1)?;
                }
            } else if file_type.is_symlink() && path.is_dir() {
                // A link to a folder is followed once, so that links in a circle end.
                let target = path.canonicalize()?;
                if depth < MAX_DEPTH && self.links.insert(target) {
                    self.enter(&path, depth + 1)?;
                }
            } else if is_yaml {
                // A file removed since the folder was listed is no error: it is not there.
                match fs::metadata(&path) {
                    Ok(metadata) if metadata.is_file() => self.found.push(FoundFile {
                        name: self.name(&path),
                        kind: self.kind,
                        stamp: Stamp::of(&metadata),
                        path,
                    }),
                    Ok(_) => {}
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(())
    }

    fn name(&self, path: &Path) -> String {
        let below = path.strip_prefix(self.base).unwrap_or(path);
        let parts: Vec<_> = below.iter().map(|part| part.to_string_lossy()).collect();
        parts.join("/")
    }
}
