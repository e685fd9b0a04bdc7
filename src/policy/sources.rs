//! Which rule files make up the policy: a site's file with the name of a built-in one replaces it,
//! others add to them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use include_dir::{Dir, include_dir};

use crate::catalog::folder;
use crate::datalog::ast::FileId;
use crate::datalog::source::Sources;
use crate::datalog::{FromDisk, Loader};

use super::PolicyError;

static RULES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/rules");

/// The built-in file that includes all others.
const MAIN: &str = "main.dl";
/// How built-in files are named in messages, so that nobody takes them for files of theirs.
pub(super) const BUILTIN: &str = "builtin/";

/// The text of a built-in file by its name, such as `preference.dl`.
pub fn read_builtin(name: &str) -> Option<&'static str> {
    RULES.get_file(name).and_then(|file| file.contents_utf8())
}

/// The names of the built-in files, such as `preference.dl` and `lint/flags.dl`.
pub fn builtin_names() -> Vec<&'static str> {
    let mut names = Vec::new();
    collect(&RULES, &mut names);
    names.sort_unstable();
    names
}

fn collect(dir: &'static Dir<'static>, names: &mut Vec<&'static str>) {
    names.extend(dir.files().filter_map(|file| file.path().to_str()));
    dir.dirs().for_each(|below| collect(below, names));
}

/// The built-in file that a site's file takes the place of: one of its name, in a folder of its folder's name.
fn replaces(path: &Path) -> Option<&'static str> {
    let mut builtin = builtin_names().into_iter();
    builtin.find(|name| {
        let name = Path::new(name);
        match name
            .parent()
            .is_some_and(|folder| folder.as_os_str().is_empty())
        {
            true => path.file_name() == name.file_name(),
            false => path.ends_with(name),
        }
    })
}

/// The rule files of a policy, read.
#[derive(Clone, Debug, Default)]
pub struct RuleSources {
    /// Site files by path, in the order in which they were named.
    site: Vec<(String, String)>,
}

impl RuleSources {
    /// The files of catalogs, then those of the command line: files, or folders of them.
    ///
    /// # Errors
    /// A file or folder cannot be read.
    pub fn read(catalog_files: &[PathBuf], named: &[PathBuf]) -> Result<RuleSources, PolicyError> {
        let mut paths: Vec<PathBuf> = catalog_files.to_vec();
        for path in named {
            if path.is_dir() {
                paths.extend(folder::rule_files(path).map_err(|source| unreadable(path, source))?);
            } else {
                paths.push(path.clone());
            }
        }
        let mut site = Vec::new();
        for path in paths {
            let text =
                std::fs::read_to_string(&path).map_err(|source| unreadable(&path, source))?;
            let name = path.display().to_string();
            if !site.iter().any(|(known, _)| *known == name) {
                site.push((name, text));
            }
        }
        Ok(RuleSources { site })
    }

    /// Whether these are the built-in rules alone.
    pub fn is_builtin_only(&self) -> bool {
        self.site.is_empty()
    }

    /// What names these rules: equal for equal files with equal texts. Files that they include are
    /// not in it, so rules that include any have none.
    pub fn key(&self) -> Option<String> {
        if self.site.iter().any(|(_, text)| text.contains(".include")) {
            return None;
        }
        let mut hash = xxhash_rust::xxh3::Xxh3::new();
        for (name, text) in &self.site {
            for part in [name, text] {
                hash.update(&(part.len() as u64).to_le_bytes());
                hash.update(part.as_bytes());
            }
        }
        Some(format!("{:032x}", hash.digest128()))
    }

    /// Puts the files to parse into `sources`, and gives the loader for what they include.
    pub fn into_sources(self, sources: &mut Sources) -> (Vec<FileId>, SiteLoader) {
        let mut replaced = BTreeMap::new();
        let mut files = Vec::new();
        let mut added = Vec::new();
        for (path, text) in self.site {
            match replaces(Path::new(&path)) {
                Some(name) => {
                    replaced.insert(name.to_owned(), (path, text));
                }
                None => added.push((path, text)),
            }
        }
        let mut loader = SiteLoader { replaced };
        let main = loader.resolve("", &format!("{BUILTIN}{MAIN}"));
        if let Ok(text) = loader.load(&main) {
            files.push(sources.add(main, text));
        }
        for (path, text) in added {
            files.push(sources.add(path, text));
        }
        (files, loader)
    }
}

fn unreadable(path: &Path, source: std::io::Error) -> PolicyError {
    PolicyError::Unreadable {
        path: path.to_owned(),
        source,
    }
}

/// Finds included files: a site's in place of the built-in one, the built-in one, or one on disk.
#[derive(Clone, Debug)]
pub struct SiteLoader {
    replaced: BTreeMap<String, (String, String)>,
}

impl Loader for SiteLoader {
    fn resolve(&self, including: &str, name: &str) -> String {
        let resolved = FromDisk.resolve(including, name);
        let own = resolved
            .strip_prefix(BUILTIN)
            .and_then(|name| self.replaced.get(name));
        match own {
            Some((path, _)) => path.clone(),
            None => resolved,
        }
    }

    fn load(&mut self, name: &str) -> Result<String, String> {
        if let Some(builtin) = name.strip_prefix(BUILTIN) {
            return read_builtin(builtin)
                .map(str::to_owned)
                .ok_or_else(|| "there is no built-in file of that name".to_owned());
        }
        match self.replaced.values().find(|(path, _)| path == name) {
            Some((_, text)) => Ok(text.clone()),
            None => FromDisk.load(name),
        }
    }
}
