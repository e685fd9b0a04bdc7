//! Writing so that a crash leaves the old file or the new one, and never half of one.

use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Writes a file by way of another one in `scratch`, a folder of the same file system.
pub(super) fn write(path: &Path, scratch: &Path, bytes: &[u8]) -> io::Result<()> {
    let dir = path.parent().unwrap_or(scratch);
    fs::create_dir_all(dir)?;
    let mut file = tempfile::Builder::new()
        .prefix(SCRATCH)
        // As any new file: what the user's mask leaves of it.
        .permissions(Permissions::from_mode(0o666))
        .tempfile_in(scratch)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    sync_dir(dir)
}

/// How the names of files begin that are being written.
pub(super) const SCRATCH: &str = ".aim-writing-";

/// Makes what a folder lists last.
pub(super) fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}
