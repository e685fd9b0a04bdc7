//! The kernel: its GPU driver, and settings that serving engines depend on.

use std::fs::read_dir;
use std::path::Path;

use rustix::fs::statvfs;

use super::note;
use crate::detect::bounded_file;
use crate::detect::observation::{Detected, Level};

const SOURCE: &str = "kernel";
const MODULE: &str = "sys/module/amdgpu";
const SHARED: &str = "/dev/shm";
const MAX_BYTES: u64 = 1024 * 1024;
const MAX_ENTRIES: usize = 4096;

/// Adds what the kernel tells below `root`.
pub(super) fn observe(root: &Path, found: &mut Detected) {
    if root.join("sys/module").exists() {
        module(root, found);
    }
    let place = (Level::Host, SOURCE);
    let word = |path: &str| {
        let text = bounded_file::read(&root.join(path), MAX_BYTES).ok()?;
        Some((
            text.trim().to_owned(),
            root.join(path).display().to_string(),
        ))
    };
    if let Some((release, shown)) = word("proc/sys/kernel/osrelease") {
        note(found, place, &shown, ("kernel", "release"), release);
    }
    if let Some((text, shown)) = word("proc/sys/kernel/numa_balancing")
        && let Ok(value) = text.parse::<i64>()
    {
        note(found, place, &shown, ("numa_balancing", "value"), value);
    }
    if let Ok(units) = read_dir(root.join("sys/class/iommu")) {
        let count = units.take(MAX_ENTRIES).flatten().count();
        let shown = root.join("sys/class/iommu").display().to_string();
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        note(found, place, &shown, ("iommu", "units"), count);
    }
    if let Some((line, shown)) = word("proc/cmdline") {
        let mode = line
            .split_whitespace()
            .find_map(|word| word.strip_prefix("iommu="));
        note(
            found,
            place,
            &shown,
            ("iommu", "mode"),
            mode.unwrap_or("default"),
        );
    }
    shared_memory(root, found);
}

fn module(root: &Path, found: &mut Detected) {
    let place = (Level::Host, SOURCE);
    let path = root.join(MODULE);
    let shown = path.display().to_string();
    let loaded = if path.exists() { "yes" } else { "no" };
    note(found, place, &shown, ("amdgpu", "loaded"), loaded);
    // Only the driver that is installed beside the kernel has a version of its own.
    let file = path.join("version");
    if let Ok(version) = bounded_file::read(&file, MAX_BYTES) {
        let shown = file.display().to_string();
        note(found, place, &shown, ("amdgpu", "version"), version.trim());
    }
}

/// How large the file system for shared memory is: as it is mounted, else as it is.
fn shared_memory(root: &Path, found: &mut Detected) {
    let mounts = root.join("proc/self/mounts");
    let text = bounded_file::read_lossy(&mounts, MAX_BYTES).unwrap_or_default();
    let options = text.lines().find_map(|line| {
        let mut fields = line.split(' ');
        let at = fields.nth(1)?;
        (at == SHARED).then(|| fields.nth(1).unwrap_or_default())
    });
    let named = options.and_then(|options| {
        let size = options
            .split(',')
            .find_map(|option| option.strip_prefix("size="))?;
        Some(size.strip_suffix('k')?.parse::<i64>().ok()? >> 10)
    });
    let place = (Level::Container, SOURCE);
    if let Some(mib) = named {
        let shown = mounts.display().to_string();
        note(found, place, &shown, (SHARED, "size_mib"), mib);
    } else if root == Path::new("/")
        && let Ok(size) = statvfs(SHARED)
    {
        let bytes = size.f_blocks.saturating_mul(size.f_frsize);
        let mib = i64::try_from(bytes >> 20).unwrap_or(i64::MAX);
        note(found, place, SHARED, (SHARED, "size_mib"), mib);
    }
}
