//! What the environment says is measured.

use std::env;
use std::path::PathBuf;

use aim_engine::store::{Layer, Store, StoreSpec};
use tempfile::TempDir;

pub fn seed() -> u64 {
    let seed = env::var("BENCH_SEED");
    seed.map_or(1, |seed| {
        seed.parse().expect("BENCH_SEED is a whole number")
    })
}

/// The embedded catalog, or the folder that `BENCH_CATALOG` names. The store lives as long as its folder.
pub fn store() -> (TempDir, Store) {
    let catalog = env::var_os("BENCH_CATALOG").map(PathBuf::from);
    let folder = tempfile::tempdir().expect("a folder for the store");
    let store = Store::open(&StoreSpec {
        layers: Layer::stack(catalog.as_deref(), &[]),
        file: Some(folder.path().join("store.db")),
        ..StoreSpec::default()
    });
    (folder, store.expect("the catalog can be read"))
}

/// The rule file that `BENCH_PROGRAM` names, if it is set.
pub fn programs() -> Vec<String> {
    env::var("BENCH_PROGRAM").into_iter().collect()
}

/// The folder of its facts, which `BENCH_FACTS` names.
pub fn facts() -> PathBuf {
    let facts = env::var_os("BENCH_FACTS");
    facts.expect("BENCH_FACTS names a folder").into()
}
