//! The catalog inside the binary, so that it works from an empty folder.

use include_dir::{Dir, include_dir};

use super::kind::Kind;

static CATALOG: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/catalog");

/// Changes whenever the embedded catalog, the built-in rules or the store's schema do.
pub const IDENTITY: &str = env!("AIM_EMBEDDED_IDENTITY");

/// A file of the embedded catalog.
#[derive(Clone, Copy, Debug)]
pub struct EmbeddedFile {
    /// Its path below `catalog/`, such as `recipes/qwen3-32b-mi300x-bf16.yaml`.
    pub path: &'static str,
    /// What it describes.
    pub kind: Kind,
    /// Its bytes.
    pub bytes: &'static [u8],
}

/// The files of one kind, by path.
pub fn files(kind: Kind) -> Vec<EmbeddedFile> {
    let mut files = Vec::new();
    if let Some(dir) = CATALOG.get_dir(kind.folder()) {
        collect(dir, kind, &mut files);
    }
    files.sort_by_key(|file| file.path);
    files
}

/// A template for new files, `recipe.yaml` or `model.yaml`.
pub fn template(name: &str) -> Option<&'static str> {
    CATALOG
        .get_file(format!("templates/{name}"))
        .and_then(|file| file.contents_utf8())
}

/// The bytes of a file of the embedded catalog.
pub fn read(path: &str) -> Option<&'static [u8]> {
    CATALOG.get_file(path).map(|file| file.contents())
}

fn collect(dir: &'static Dir<'static>, kind: Kind, files: &mut Vec<EmbeddedFile>) {
    for file in dir.files() {
        if let Some(path) = file.path().to_str() {
            files.push(EmbeddedFile {
                path,
                kind,
                bytes: file.contents(),
            });
        }
    }
    for sub in dir.dirs() {
        collect(sub, kind, files);
    }
}
