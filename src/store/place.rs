//! Where stores live: one file a catalog, below the user's cache folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use xxhash_rust::xxh3::xxh3_64;

use crate::catalog::embedded;

use super::StoreSpec;

/// The user's cache folder for this program, where the environment names one.
pub fn cache_dir() -> Option<PathBuf> {
    let set = |name| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    let base = set("XDG_CACHE_HOME")
        .filter(|path| path.is_absolute())
        .or_else(|| set("HOME").map(|home| home.join(".cache")))?;
    Some(base.join("aim-engine"))
}

/// The store's file for a catalog.
pub(super) fn file(spec: &StoreSpec) -> Option<PathBuf> {
    if spec.file.is_some() {
        return spec.file.clone();
    }
    let name = format!("store-{:016x}.db", xxh3_64(identity(spec).as_bytes()));
    Some(cache_dir()?.join(name))
}

/// What a store is made from: this build and the layers.
pub(super) fn identity(spec: &StoreSpec) -> String {
    let mut identity = embedded::IDENTITY.to_owned();
    for layer in &spec.layers {
        identity.push('\n');
        identity.push_str(&layer.describe());
    }
    identity
}

/// A store that was not opened for so long is of a build or a catalog that is gone.
const FORGOTTEN: Duration = Duration::from_secs(30 * 24 * 3600);

/// Removes forgotten stores beside `file`; called when a new one is made, so that builds and
/// catalogs that come and go do not fill the cache folder.
pub(super) fn prune(file: &Path) {
    let Some(entries) = file.parent().and_then(|dir| fs::read_dir(dir).ok()) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let old = entry
            .metadata()
            .ok()
            .and_then(|metadata| metadata.modified().ok())
            .and_then(|time| SystemTime::now().duration_since(time).ok())
            .is_some_and(|age| age > FORGOTTEN);
        if name.starts_with("store-") && name.contains(".db") && old {
            tracing::debug!(store = %entry.path().display(), "removing a forgotten store");
            let _ = fs::remove_file(entry.path());
        }
    }
}
