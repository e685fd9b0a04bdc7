//! Files that commands write: as a whole or not at all.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

/// Writes a new file and the folders above it; one that is there stays, unless it is to be replaced.
///
/// # Errors
/// It cannot be written, or is there.
pub(super) fn write(path: &Path, text: &str, replace: bool) -> io::Result<()> {
    let dir = path
        .parent()
        .filter(|dir| !dir.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    fs::create_dir_all(dir)?;
    let mut file = tempfile::NamedTempFile::new_in(dir)?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    let done = match replace {
        true => file.persist(path),
        false => file.persist_noclobber(path),
    };
    done.map(|_| ()).map_err(|error| error.error)
}

/// Puts a file's new text in its place, as a whole or not at all.
///
/// # Errors
/// It cannot be written, or is not `before` any more; said for people.
pub(super) fn rewrite(path: &Path, before: &str, after: &str) -> Result<(), String> {
    let says = |error: std::io::Error| error.to_string();
    // A link stays one: what it leads to is written.
    let path = path.canonicalize().map_err(says)?;
    let metadata = fs::metadata(&path).map_err(says)?;
    if metadata.permissions().readonly() {
        return Err("it is read-only".to_owned());
    }
    if fs::read(&path).map_err(says)? != before.as_bytes() {
        return Err("it changed while it was checked".to_owned());
    }
    let dir = path.parent().unwrap_or(Path::new("."));
    let mut new = tempfile::NamedTempFile::new_in(dir).map_err(says)?;
    new.write_all(after.as_bytes()).map_err(says)?;
    keep_owner(&metadata, new.path())?;
    // After the owner: a change of that may take bits away.
    let permissions = metadata.permissions();
    new.as_file().set_permissions(permissions).map_err(says)?;
    new.as_file().sync_all().map_err(says)?;
    new.persist(&path)
        .map_err(|error| error.error.to_string())?;
    Ok(())
}

#[cfg(unix)]
fn keep_owner(metadata: &fs::Metadata, new: &Path) -> Result<(), String> {
    use std::os::unix::fs::{MetadataExt, chown};
    if metadata.nlink() > 1 {
        return Err("it has several names (hard links), which would part".to_owned());
    }
    let now = fs::metadata(new).map_err(|error| error.to_string())?;
    if (now.uid(), now.gid()) != (metadata.uid(), metadata.gid()) {
        chown(new, Some(metadata.uid()), Some(metadata.gid()))
            .map_err(|error| format!("its owner cannot be kept: {error}"))?;
    }
    Ok(())
}

#[cfg(not(unix))]
fn keep_owner(_: &fs::Metadata, _: &Path) -> Result<(), String> {
    Ok(())
}
