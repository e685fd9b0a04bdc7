//! The last log of a container that did not come up: the container is gone, and its log says why.

use std::io::Write;
use std::path::PathBuf;

use super::state_dir;

fn file(name: &str) -> Option<PathBuf> {
    // A container's name has no `/`, and one from the command line may.
    let is_plain = !name.is_empty() && !name.contains('/') && !name.starts_with('.');
    is_plain.then(|| Some(state_dir()?.join("logs").join(format!("{name}.log"))))?
}

/// Keeps the log of a container under its name, in place of an earlier one. Gives back where.
pub fn keep_log<'l>(name: &str, lines: impl Iterator<Item = &'l str>) -> Option<PathBuf> {
    let path = file(name)?;
    let dir = path.parent()?;
    std::fs::create_dir_all(dir).ok()?;
    let mut written = tempfile::NamedTempFile::new_in(dir).ok()?;
    for line in lines {
        writeln!(written, "{line}").ok()?;
    }
    written.persist(&path).ok()?;
    Some(path)
}

/// The log that was kept under a name.
pub fn kept_log(name: &str) -> Option<String> {
    let bytes = std::fs::read(file(name)?).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}
