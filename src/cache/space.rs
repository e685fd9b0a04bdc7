//! How much room there is on a disk.

use std::io;
use std::path::Path;

/// The bytes that may be written to the file system of a path; of a path that is not there that of the
/// folder that it would be below.
pub(super) fn free(path: &Path) -> io::Result<u64> {
    let there = path.ancestors().find(|path| path.exists());
    let stat = rustix::fs::statvfs(there.unwrap_or(Path::new(".")))?;
    Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
}
