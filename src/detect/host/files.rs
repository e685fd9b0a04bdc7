//! The device files that ROCm opens: whether they are there, whose they are, and whether this process may open them.

use std::fs::{OpenOptions, metadata, read_dir};
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::note;
use super::session::group_name;
use crate::detect::observation::{Detected, Level};

const SOURCE: &str = "files";
const KFD: &str = "/dev/kfd";
const DRI: &str = "/dev/dri";
const MAX_ENTRIES: usize = 1024;

/// Adds what there is of them below `root`.
pub(super) fn observe(root: &Path, found: &mut Detected) {
    // A saved tree without the folder says nothing of what was in it.
    if !root.join("dev").exists() {
        return;
    }
    let kfd = root.join("dev/kfd");
    let dri = root.join("dev/dri");
    let place = (Level::Container, SOURCE);
    let shown = kfd.display().to_string();
    note(found, place, &shown, (KFD, "state"), state(root, &kfd));
    if let Ok(file) = metadata(&kfd) {
        let group = group_name(root, file.gid());
        note(found, place, &shown, (KFD, "group"), group);
    }
    let nodes = render_nodes(&dri);
    let shown = dri.display().to_string();
    let count = |paths: &[PathBuf]| i64::try_from(paths.len()).unwrap_or(i64::MAX);
    note(found, place, &shown, (DRI, "render_nodes"), count(&nodes));
    let denied: Vec<PathBuf> = nodes
        .into_iter()
        .filter(|node| state(root, node) == "denied")
        .collect();
    note(found, place, &shown, (DRI, "denied"), count(&denied));
}

/// `absent`, `denied`, `open`; of a saved tree only whether it is there, which counts as open.
fn state(root: &Path, path: &Path) -> &'static str {
    if !path.exists() {
        return "absent";
    }
    if root != Path::new("/") {
        return "open";
    }
    match OpenOptions::new().read(true).write(true).open(path) {
        Ok(_) => "open",
        Err(error) if error.kind() == ErrorKind::PermissionDenied => "denied",
        Err(_) => "failing",
    }
}

fn render_nodes(folder: &Path) -> Vec<PathBuf> {
    let entries = read_dir(folder).into_iter().flatten().flatten();
    let named = entries
        .take(MAX_ENTRIES)
        .filter(|entry| entry.file_name().to_string_lossy().starts_with("renderD"));
    named.map(|entry| entry.path()).collect()
}
