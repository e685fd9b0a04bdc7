//! Reads small text files that something else wrote, with a limit on what is read.

use std::fs::{File, metadata};
use std::io::{self, ErrorKind, Read};
use std::path::Path;

/// The text of a regular file of at most `limit` bytes.
///
/// The kind of file is looked at before it is opened: opening a named pipe would wait for a writer.
///
/// # Errors
/// What is wrong, as the end of a sentence that begins with the path.
pub(super) fn read(path: &Path, limit: u64) -> Result<String, String> {
    let bytes = read_bytes(path, limit)?;
    String::from_utf8(bytes).map_err(|_| "is not UTF-8 text".into())
}

/// The same with a sign in place of what is no UTF-8, as where terminals cut names.
///
/// # Errors
/// As [`read`], but for that.
pub(super) fn read_lossy(path: &Path, limit: u64) -> Result<String, String> {
    let bytes = read_bytes(path, limit)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn read_bytes(path: &Path, limit: u64) -> Result<Vec<u8>, String> {
    let failed = |error: io::Error| reason(&error);
    if !metadata(path).map_err(failed)?.is_file() {
        return Err("is not a regular file".into());
    }
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(limit.saturating_add(1)).read_to_end(&mut bytes))
        .map_err(failed)?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > limit {
        return Err(format!("is longer than {limit} bytes"));
    }
    Ok(bytes)
}

/// An operating system error as the end of a sentence that begins with a path.
pub(super) fn reason(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::NotFound => "does not exist".into(),
        // The KFD answers `EPERM` for a GPU that the device cgroup of a container withholds.
        ErrorKind::PermissionDenied => {
            "may not be read by this process (a container reads only the devices it was given)"
                .into()
        }
        ErrorKind::NotADirectory => "is not a folder".into(),
        _ => {
            let text = error.to_string();
            let text = text.split(" (os error").next().unwrap_or_default();
            format!("cannot be read: {}", text.to_lowercase())
        }
    }
}
