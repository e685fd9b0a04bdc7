//! Which catalogs a comparison is of: folders, the built-in one, or what a git revision has.

use std::path::{Path, PathBuf};

use crate::cli::args::CatalogArgs;
use crate::cli::failure::{Exit, Failure};
use crate::cli::output;
use crate::cli::session::Session;
use crate::diff::{Revision, RevisionError, RuleFile, Side, path_in_repository, working_tree};
use crate::policy::{Policy, RuleSources};
use crate::store::Layer;

/// The name of the catalog inside the program.
const BUILTIN: &str = "builtin";

/// A catalog as it is named.
#[derive(Clone, Debug)]
enum Named {
    Builtin,
    Folder(PathBuf),
    /// `REV:PATH`.
    InRevision(String, String),
    /// `REV`: of the folder that the other side, or a flag, names.
    Revision(String),
}

impl Named {
    fn new(text: &str) -> Named {
        if text == BUILTIN {
            return Named::Builtin;
        }
        if Path::new(text).is_dir() {
            return Named::Folder(PathBuf::from(text));
        }
        match text.split_once(':') {
            Some((revision, path)) => Named::InRevision(revision.to_owned(), path.to_owned()),
            None => Named::Revision(text.to_owned()),
        }
    }

    fn folder(&self) -> Option<&Path> {
        match self {
            Named::Folder(folder) => Some(folder),
            _ => None,
        }
    }
}

/// Where a catalog is, and what people call it.
pub(super) struct Catalog {
    pub name: String,
    folder: Option<PathBuf>,
    /// Kept until the end: it takes its folder with it.
    revision: Option<Revision>,
}

/// Finds both catalogs of the command line; `default` is the folder that is meant where none is named.
pub(super) fn catalogs(
    before: &str,
    after: Option<&str>,
    default: &Path,
) -> Result<[Catalog; 2], Failure> {
    let old = Named::new(before);
    let new = match (after, &old) {
        (Some(after), _) => Named::new(after),
        (None, Named::InRevision(_, path)) => Named::Folder(in_working_tree(path, before)?),
        (None, _) => Named::Folder(default.to_owned()),
    };
    Ok([
        Catalog::of(&old, &new, default)?,
        Catalog::of(&new, &old, default)?,
    ])
}

/// The folder of the working tree that `REV:PATH` is about.
fn in_working_tree(path: &str, asked: &str) -> Result<PathBuf, Failure> {
    let here = Path::new(".");
    if path == "." || path.starts_with("./") || path.starts_with("../") {
        return Ok(PathBuf::from(path));
    }
    let top = working_tree(here, asked)?;
    let folder = top.join(path);
    // Said as the user would where that is as short.
    let from_here = std::env::current_dir()
        .ok()
        .and_then(|dir| dir.canonicalize().ok());
    let below = from_here.and_then(|dir| folder.strip_prefix(dir).ok().map(Path::to_owned));
    Ok(below
        .filter(|below| !below.as_os_str().is_empty())
        .unwrap_or(folder))
}

impl Catalog {
    fn of(named: &Named, other: &Named, default: &Path) -> Result<Catalog, Failure> {
        let (revision, path, from) = match (named, other) {
            (Named::Builtin, _) => {
                return Ok(Catalog {
                    name: BUILTIN.to_owned(),
                    folder: None,
                    revision: None,
                });
            }
            (Named::Folder(folder), _) => return Catalog::in_folder(folder),
            (Named::InRevision(revision, path), _) => (revision, path.clone(), PathBuf::from(".")),
            (Named::Revision(revision), Named::InRevision(_, path)) => {
                (revision, path.clone(), PathBuf::from("."))
            }
            (Named::Revision(revision), other) => {
                let folder = other.folder().unwrap_or(default);
                if !folder.is_dir() {
                    return Err(no_folder(folder, Some(revision)));
                }
                let path = path_in_repository(folder, revision)?;
                (revision, path, folder.to_owned())
            }
        };
        let name = format!("{revision}:{}", path.trim_end_matches('/'));
        let taken = Revision::take_out(&from, revision, &path)?;
        let folder = taken.folder();
        let copy = folder.display().to_string();
        let below = if name.ends_with(':') {
            name.clone()
        } else {
            format!("{name}/")
        };
        output::show_copy(format!("{copy}/"), below);
        output::show_copy(copy, name.clone());
        if taken.left_out > 0 {
            output::line(
                "note",
                &format!(
                    "links and submodules of `{name}` are left out: {}",
                    taken.left_out
                ),
            );
        }
        Ok(Catalog {
            name,
            folder: Some(folder),
            revision: Some(taken),
        })
    }

    fn in_folder(folder: &Path) -> Result<Catalog, Failure> {
        if !folder.is_dir() {
            return Err(no_folder(folder, None));
        }
        Ok(Catalog {
            name: folder.display().to_string(),
            folder: Some(folder.to_owned()),
            revision: None,
        })
    }

    /// The catalog's flags for it alone.
    fn args(&self, shared: &CatalogArgs) -> CatalogArgs {
        CatalogArgs {
            catalog: self.folder.clone(),
            store: self.revision.as_ref().map(Revision::store),
            ..shared.clone()
        }
    }

    /// The files of rules of its own.
    fn own_rules(&self) -> Result<Vec<RuleFile>, Failure> {
        let Some(folder) = &self.folder else {
            return Ok(Vec::new());
        };
        let mut files = Vec::new();
        for path in Layer::Folder(folder.clone()).rules()? {
            let below = path.strip_prefix(folder).unwrap_or(&path);
            files.push(RuleFile {
                name: below.display().to_string(),
                text: std::fs::read_to_string(&path)?,
            });
        }
        Ok(files)
    }
}

/// An open catalog.
pub(super) struct Opened {
    pub session: Session,
    pub policy: Policy,
    rules: RuleSources,
    own_rules: Vec<RuleFile>,
}

impl Opened {
    /// Opens a catalog; what is wrong with its files is said unless `silent`.
    pub fn new(catalog: &Catalog, shared: &CatalogArgs, silent: bool) -> Result<Opened, Failure> {
        let session = Session::open_silently(&catalog.args(shared), None)?;
        if !silent {
            session.say_problems()?;
            session.say_notices(false)?;
        }
        let rules = session.rule_sources()?;
        Ok(Opened {
            policy: Policy::load(rules.clone(), &session.store)?,
            own_rules: catalog.own_rules()?,
            rules,
            session,
        })
    }

    pub fn side(&self) -> Side<'_> {
        Side {
            store: &self.session.store,
            policy: &self.policy,
            rules: &self.rules,
            own_rules: &self.own_rules,
        }
    }
}

fn no_folder(folder: &Path, of: Option<&str>) -> Failure {
    let folder = folder.display();
    let message = match of {
        Some(revision) => format!("there is no folder `{folder}` to compare `{revision}` by"),
        None => format!("there is no catalog folder `{folder}`"),
    };
    Failure::say(
        Exit::Usage,
        "diff::no_catalog",
        message,
        "name it as the second catalog or with `--catalog DIR`; a revision's is named REV:PATH",
    )
}

impl From<RevisionError> for Failure {
    fn from(error: RevisionError) -> Self {
        let exit = if error.is_of_the_environment() {
            Exit::Environment
        } else {
            Exit::Usage
        };
        Failure::new(exit, error)
    }
}
