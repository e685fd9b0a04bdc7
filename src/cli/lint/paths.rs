//! What the paths of a command line are: catalog folders, files by themselves, a text on stdin.

use std::io::Read;
use std::path::{Path, PathBuf};

use crate::catalog::kind::Kind;
use crate::catalog::yaml::MAX_BYTES;
use crate::cli::args::CatalogArgs;
use crate::cli::failure::{Exit, Failure};
use crate::lint::{Files, Subject};
use crate::store::LooseFile;

use super::LintArgs;

/// How a text on stdin is called.
pub(super) const STDIN: &str = "<stdin>";

/// What is checked, and within what.
pub(super) struct Paths {
    /// The catalog.
    pub(super) catalog: CatalogArgs,
    /// Files that are not in it.
    pub(super) files: Vec<LooseFile>,
    /// Whose findings are wanted.
    pub(super) subject: Subject,
}

pub(super) fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

impl Paths {
    pub(super) fn read(args: &LintArgs) -> Result<Paths, Failure> {
        let mut catalog = args.catalog.clone();
        let mut paths = Vec::new();
        for path in &args.paths {
            if !path.is_dir() {
                paths.push(path);
            } else if catalog.catalog.is_none() {
                catalog.catalog = Some(path.clone());
            } else {
                catalog.overlay.push(path.clone());
            }
        }
        let is_folder = paths.len() < args.paths.len();
        let folders: Vec<&PathBuf> = catalog.catalog.iter().chain(&catalog.overlay).collect();
        let (mut files, mut shown) = (Vec::new(), Vec::new());
        let mut seen = Vec::new();
        for path in paths {
            // One file by two of its names is not two files with one id.
            let same = path.canonicalize().unwrap_or_else(|_| path.clone());
            if seen.contains(&same) {
                continue;
            }
            seen.push(same);
            let name = match within(path, &folders) {
                Some(known) => known,
                None => {
                    let file = file(path, args.models)?;
                    let name = file.name.clone();
                    files.push(file);
                    name
                }
            };
            shown.push(name);
        }
        let wanted = match (shown.is_empty() || is_folder, folders.is_empty()) {
            (false, _) => Files::These(shown),
            (true, false) => Files::Folders,
            (true, true) => Files::Embedded,
        };
        Ok(Paths {
            catalog,
            files,
            subject: Subject {
                files: wanted,
                kind: args.models.then_some(Kind::Model),
            },
        })
    }
}

fn file(path: &Path, models: bool) -> Result<LooseFile, Failure> {
    let kind = models.then_some(Kind::Model);
    if is_stdin(path) {
        let mut text = Vec::new();
        std::io::stdin()
            .take(MAX_BYTES as u64 + 1)
            .read_to_end(&mut text)?;
        return Ok(LooseFile {
            name: STDIN.to_owned(),
            kind,
            text: Some(text.into()),
        });
    }
    if let Err(error) = std::fs::metadata(path) {
        return Err(Failure::say(
            Exit::Usage,
            "lint::no-such-path",
            format!("cannot read `{}`: {error}", path.display()),
            "name a catalog folder, a recipe or model card, or `-` for one on stdin",
        ));
    }
    Ok(LooseFile {
        name: path.display().to_string(),
        kind,
        text: None,
    })
}

/// How a file is shown that one of the folders has.
fn within(path: &Path, folders: &[&PathBuf]) -> Option<String> {
    let file = path.canonicalize().ok()?;
    folders.iter().rev().find_map(|folder| {
        let below = file.strip_prefix(folder.canonicalize().ok()?).ok()?;
        Some(folder.join(below).display().to_string())
    })
}
