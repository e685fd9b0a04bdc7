//! Where a catalog comes from: layers, of which later ones win.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::catalog::embedded;
use crate::catalog::folder::{self, Folder, Stamp};
use crate::catalog::kind::Kind;
use crate::catalog::yaml::MAX_BYTES;

use super::StoreError;

/// One source of documents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Layer {
    /// Documents of these kinds inside the binary.
    Embedded(Vec<Kind>),
    /// A catalog folder.
    Folder(PathBuf),
    /// A catalog folder in which some files, by their paths, have another text than on disk.
    Unsaved(PathBuf, BTreeMap<PathBuf, Arc<[u8]>>),
    /// A single recipe file.
    File(PathBuf),
    /// Files that belong to no folder.
    Loose(Vec<LooseFile>),
    /// Another layer, in which some files, by the paths they are shown with, have other texts.
    Edited(Box<Layer>, Arc<Texts>),
}

/// Texts of files, by the paths they are shown with.
pub type Texts = BTreeMap<String, Arc<[u8]>>;

/// A file by itself: on disk, or a text that is in none (yet).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LooseFile {
    /// How it is shown, and without a text of its own also opened.
    pub name: String,
    /// What it describes; its keys tell when not given.
    pub kind: Option<Kind>,
    /// Its text, where that is not what the disk has.
    pub text: Option<Arc<[u8]>>,
}

/// A document that a layer offers.
#[derive(Clone, Debug)]
pub(super) struct Offered {
    /// Number of the layer.
    pub layer: usize,
    /// Name below the layer.
    pub name: String,
    pub kind: Option<Kind>,
    pub stamp: Stamp,
    pub content: Content,
}

#[derive(Clone, Debug)]
pub(super) enum Content {
    Embedded(&'static [u8]),
    Disk(PathBuf),
    Text { name: String, bytes: Arc<[u8]> },
}

impl Layer {
    /// The layers of a command line: a catalog folder takes the place of the embedded recipes and
    /// models, an overlay adds to whatever is there.
    pub fn stack(catalog: Option<&Path>, overlays: &[PathBuf]) -> Vec<Layer> {
        let mut layers = match catalog {
            None => vec![Layer::Embedded(Kind::ALL.to_vec())],
            Some(dir) => vec![
                Layer::Embedded(vec![Kind::Hardware, Kind::Backend]),
                Layer::Folder(dir.to_owned()),
            ],
        };
        layers.extend(overlays.iter().cloned().map(Layer::Folder));
        layers
    }

    /// What names this layer in a store.
    pub(super) fn describe(&self) -> String {
        let absolute = |path: &Path| {
            std::path::absolute(path)
                .unwrap_or_else(|_| path.to_owned())
                .display()
                .to_string()
        };
        match self {
            Layer::Embedded(kinds) => {
                let kinds: Vec<_> = kinds.iter().map(|kind| kind.name()).collect();
                format!("embedded {}", kinds.join(" "))
            }
            Layer::Folder(path) | Layer::Unsaved(path, _) => format!("folder {}", absolute(path)),
            Layer::File(path) => format!("file {}", absolute(path)),
            Layer::Loose(files) => {
                let names: Vec<_> = files.iter().map(|file| file.name.as_str()).collect();
                format!("loose {}", names.join(" "))
            }
            Layer::Edited(below, _) => format!("edited {}", below.describe()),
        }
    }

    /// The rule files of this layer.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn rules(&self) -> Result<Vec<PathBuf>, StoreError> {
        let dir = match self {
            Layer::Folder(dir) | Layer::Unsaved(dir, _) => dir,
            Layer::Edited(below, _) => return below.rules(),
            _ => return Ok(Vec::new()),
        };
        let mut rules = Vec::new();
        for sub in [dir.join("rules"), dir.join("config").join("rules")] {
            if sub.is_dir() {
                let files = folder::rule_files(&sub).map_err(|source| StoreError::Catalog {
                    path: sub.clone(),
                    source,
                })?;
                rules.extend(files);
            }
        }
        Ok(rules)
    }

    /// The content of a document of this layer, by its name.
    pub(super) fn content(&self, name: &str) -> Option<Content> {
        match self {
            Layer::Embedded(_) => embedded::read(name).map(Content::Embedded),
            Layer::Folder(dir) => Some(Content::Disk(dir.join(name))),
            Layer::Unsaved(dir, texts) => {
                let path = dir.join(name);
                Some(match texts.get(&path) {
                    Some(text) => unsaved(&path, text),
                    None => Content::Disk(path),
                })
            }
            Layer::File(path) => Some(Content::Disk(path.clone())),
            Layer::Loose(files) => files
                .iter()
                .find(|file| file.name == name)
                .map(LooseFile::content),
            Layer::Edited(below, texts) => {
                let content = below.content(name)?;
                Some(edited(&below.path(name), texts).unwrap_or(content))
            }
        }
    }

    /// The path of a document of this layer as it is shown, by its name.
    pub(super) fn path(&self, name: &str) -> String {
        match self.content(name) {
            Some(Content::Disk(path)) => path.display().to_string(),
            Some(Content::Text { name, .. }) => name,
            _ => name.to_owned(),
        }
    }

    /// Adds the documents of this layer, number `layer`, to `offered`.
    pub(super) fn offer(&self, layer: usize, offered: &mut Vec<Offered>) -> Result<(), StoreError> {
        let unreadable = |path: &Path| {
            let path = path.to_owned();
            move |source: io::Error| StoreError::Catalog { path, source }
        };
        match self {
            Layer::Embedded(kinds) => {
                for file in kinds.iter().flat_map(|kind| embedded::files(*kind)) {
                    offered.push(Offered {
                        layer,
                        name: file.path.to_owned(),
                        kind: Some(file.kind),
                        stamp: Stamp {
                            size: file.bytes.len() as u64,
                            ..Stamp::default()
                        },
                        content: Content::Embedded(file.bytes),
                    });
                }
            }
            Layer::Folder(dir) => {
                let Folder { documents, .. } = folder::look(dir).map_err(unreadable(dir))?;
                offered.extend(documents.into_iter().map(|file| Offered {
                    layer,
                    name: file.name,
                    kind: file.kind,
                    stamp: file.stamp,
                    content: Content::Disk(file.path),
                }));
            }
            Layer::Unsaved(dir, texts) => {
                let mut files = folder::look(dir).map_err(unreadable(dir))?.documents;
                let new = texts
                    .keys()
                    .filter(|path| !files.iter().any(|file| file.path == **path))
                    .filter_map(|path| folder::place(dir, path));
                files.extend(new.collect::<Vec<_>>());
                offered.extend(files.into_iter().map(|file| {
                    let text = texts.get(&file.path);
                    Offered {
                        layer,
                        name: file.name,
                        kind: file.kind,
                        stamp: text.map_or(file.stamp, |_| UNSETTLED),
                        content: match text {
                            Some(text) => unsaved(&file.path, text),
                            None => Content::Disk(file.path),
                        },
                    }
                }));
            }
            Layer::File(path) => {
                let metadata = std::fs::metadata(path).map_err(unreadable(path))?;
                offered.push(Offered {
                    layer,
                    name: path.display().to_string(),
                    kind: Some(Kind::Recipe),
                    stamp: Stamp::of(&metadata),
                    content: Content::Disk(path.clone()),
                });
            }
            Layer::Loose(files) => {
                for file in files {
                    let path = Path::new(&file.name);
                    let stamp = match &file.text {
                        Some(_) => UNSETTLED,
                        None => Stamp::of(&std::fs::metadata(path).map_err(unreadable(path))?),
                    };
                    offered.push(Offered {
                        layer,
                        name: file.name.clone(),
                        kind: file.kind,
                        stamp,
                        content: file.content(),
                    });
                }
            }
            Layer::Edited(below, texts) => {
                let first = offered.len();
                below.offer(layer, offered)?;
                for file in offered.iter_mut().skip(first) {
                    if let Some(content) = edited(&file.path(), texts) {
                        // No file's dates: it is read.
                        file.stamp = Stamp::default();
                        file.content = content;
                    }
                }
            }
        }
        Ok(())
    }
}

fn edited(path: &str, texts: &Texts) -> Option<Content> {
    let bytes = Arc::clone(texts.get(path)?);
    let name = path.to_owned();
    Some(Content::Text { name, bytes })
}

impl LooseFile {
    fn content(&self) -> Content {
        match &self.text {
            Some(text) => Content::Text {
                name: self.name.clone(),
                bytes: Arc::clone(text),
            },
            None => Content::Disk(PathBuf::from(&self.name)),
        }
    }
}

impl Offered {
    /// Path to show and to open.
    pub(super) fn path(&self) -> String {
        match &self.content {
            Content::Embedded(_) => self.name.clone(),
            Content::Disk(path) => path.display().to_string(),
            Content::Text { name, .. } => name.clone(),
        }
    }
}

impl Content {
    /// The file of the name below its layer as it is shown, and whether it is in the binary.
    pub(super) fn shown(&self, name: &str) -> (String, bool) {
        match self {
            Content::Embedded(_) => (name.to_owned(), true),
            Content::Disk(path) => (path.display().to_string(), false),
            Content::Text { name, .. } => (name.clone(), false),
        }
    }

    pub(super) fn bytes(&self) -> io::Result<std::borrow::Cow<'static, [u8]>> {
        match self {
            Content::Embedded(bytes) => Ok(std::borrow::Cow::Borrowed(bytes)),
            Content::Disk(path) => read_file(path).map(std::borrow::Cow::Owned),
            Content::Text { bytes, .. } => Ok(std::borrow::Cow::Owned(bytes.to_vec())),
        }
    }
}

/// The stamp of a text that may change without one: it is looked at every time.
const UNSETTLED: Stamp = Stamp {
    size: 0,
    modified_ns: i64::MAX,
    changed_ns: 0,
};

fn unsaved(path: &Path, text: &Arc<[u8]>) -> Content {
    Content::Text {
        name: path.display().to_string(),
        bytes: Arc::clone(text),
    }
}

/// The bytes of a file, of a large one as many as show that it is too large. A pipe or a socket, which
/// might never end, is refused unopened.
fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    let metadata = std::fs::metadata(path)?;
    if !metadata.is_file() {
        return Err(io::Error::other("it is no regular file"));
    }
    // With room for one byte more, the end is found without another look.
    let size = usize::try_from(metadata.len()).unwrap_or(MAX_BYTES);
    let mut bytes = Vec::with_capacity(size.min(MAX_BYTES) + 1);
    File::open(path)?
        .take(MAX_BYTES as u64 + 1)
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}
