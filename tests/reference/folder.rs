//! Catalogs as folders.

use std::fs;
use std::path::Path;

/// Writes files, by their paths below a folder.
pub fn write(folder: &Path, files: &[(String, String)]) {
    fs::create_dir_all(folder).unwrap();
    for (name, text) in files {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}
