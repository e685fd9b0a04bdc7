//! Names the embedded catalog and rules by their content, so that a store made from them is known to be theirs.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;

fn main() {
    let mut hasher = DefaultHasher::new();
    for place in [
        "catalog",
        "rules",
        "src/store",
        "src/catalog",
        "src/datalog",
        "src/policy",
        "Cargo.toml",
    ] {
        println!("cargo:rerun-if-changed={place}");
        add(Path::new(place), &mut hasher);
    }
    println!(
        "cargo:rustc-env=AIM_EMBEDDED_IDENTITY={:016x}",
        hasher.finish()
    );
}

fn add(path: &Path, hasher: &mut DefaultHasher) {
    if path.is_dir() {
        let Ok(entries) = fs::read_dir(path) else {
            return;
        };
        let mut below: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
        below.sort();
        for path in below {
            add(&path, hasher);
        }
    } else if let Ok(bytes) = fs::read(path) {
        path.hash(hasher);
        bytes.hash(hasher);
    }
}
