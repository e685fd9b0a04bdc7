//! Which groups own the device files that ROCm opens.

use std::collections::BTreeSet;
use std::fs::{metadata, read_dir};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;

/// More entries than any machine has in `/dev/dri`.
const MAX_ENTRIES: usize = 1024;

/// The numeric groups of `/dev/kfd` and `/dev/dri/renderD*` below `root`, in order, without the
/// superuser's group 0. Empty when there are no such device files.
///
/// A container resolves names of groups in its own image, so that only numbers are sure to be the
/// groups of this machine.
pub fn device_owner_groups(root: &Path) -> Vec<u32> {
    let render_nodes = read_dir(root.join("dev/dri"))
        .into_iter()
        .flatten()
        .take(MAX_ENTRIES)
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().starts_with("renderD"))
        .map(|entry| entry.path());
    render_nodes
        .chain([root.join("dev/kfd")])
        .filter_map(|path| metadata(path).ok())
        .filter(|file| file.file_type().is_char_device() && file.gid() != 0)
        .map(|file| file.gid())
        .collect::<BTreeSet<u32>>()
        .into_iter()
        .collect()
}
