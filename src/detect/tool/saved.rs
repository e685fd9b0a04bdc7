//! What tools have printed according to a saved tree: one file a run in its folder `commands`.
//!
//! `commands/amd-smi_static_--json.stdout` is what `amd-smi static --json` printed, with `.stderr` beside it where
//! there is some. Which tool printed a file is told by its text, and only where that does not tell, by its name.

use std::fs::read_dir;
use std::path::{Path, PathBuf};

use super::{Printed, sniff};
use crate::detect::bounded_file;

const FOLDER: &str = "commands";
const MAX_BYTES: u64 = 4 * 1024 * 1024;
const MAX_FILES: usize = 256;
/// How files end that hold no output.
const ASIDE: [&str; 3] = ["stderr", "rc", "md"];

/// What the runs of a tool have printed, in the order of the files' names.
pub(super) fn all(root: &Path, tool: &str) -> Vec<Printed> {
    let printed = files(root).into_iter().filter_map(|path| {
        let printed = read(&path)?;
        let named = || path.file_name()?.to_str()?.strip_prefix(tool);
        let is_named = || named().is_some_and(|rest| !rest.starts_with(char::is_alphanumeric));
        match sniff::printer(&printed.out) {
            Some(printer) => printer == tool,
            None => is_named(),
        }
        .then_some(printed)
    });
    let mut printed: Vec<Printed> = printed.collect();
    printed.sort_by(|a, b| a.origin.cmp(&b.origin));
    printed
}

/// What one command has printed.
pub(super) fn one(root: &Path, program: &str, words: &[&str]) -> Option<Printed> {
    let name = [&[program], words].concat().join("_").replace('/', "_");
    let path = root.join(FOLDER).join(name);
    let with = |extension: &str| PathBuf::from(format!("{}.{extension}", path.display()));
    read(&with("stdout")).or_else(|| {
        // A command that failed may have printed nothing else.
        let err = bounded_file::read(&with("stderr"), MAX_BYTES).ok()?;
        Some(Printed {
            origin: with("stderr").display().to_string(),
            err,
            ..Printed::default()
        })
    })
}

fn files(root: &Path) -> Vec<PathBuf> {
    let entries = read_dir(root.join(FOLDER)).into_iter().flatten().flatten();
    let paths = entries.take(MAX_FILES).map(|entry| entry.path());
    let is_aside = |path: &PathBuf| {
        let extension = path.extension().and_then(|extension| extension.to_str());
        extension.is_some_and(|extension| ASIDE.contains(&extension))
    };
    paths.filter(|path| !is_aside(path)).collect()
}

fn read(path: &Path) -> Option<Printed> {
    let origin = path.display().to_string();
    match bounded_file::read_lossy(path, MAX_BYTES) {
        Ok(out) => Some(Printed {
            origin,
            out,
            err: bounded_file::read_lossy(&path.with_extension("stderr"), MAX_BYTES)
                .unwrap_or_default(),
            cut: None,
        }),
        Err(_) if !path.exists() => None,
        Err(why) => Some(Printed {
            origin,
            cut: Some(why),
            ..Printed::default()
        }),
    }
}
