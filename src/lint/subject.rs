//! Which files a check is about.

use std::collections::HashSet;

use crate::catalog::kind::Kind;
use crate::store::CatalogFile;

/// Whose findings are wanted. They are judged within the whole catalog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// The files.
    pub files: Files,
    /// Only those of this kind; all when not given.
    pub kind: Option<Kind>,
}

/// Which files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Files {
    /// Those of the catalog that is part of the binary.
    Embedded,
    /// All others.
    Folders,
    /// These, by the paths they are shown with.
    These(Vec<String>),
}

impl Subject {
    /// All files of a kind of place.
    pub fn all(files: Files) -> Subject {
        Subject { files, kind: None }
    }

    /// Whether a catalog is meant, and not single files of it.
    pub(super) fn is_whole(&self) -> bool {
        !matches!(self.files, Files::These(_)) && self.kind.is_none()
    }

    /// The numbers of the files in a store.
    pub(super) fn numbers(&self, files: &[CatalogFile]) -> HashSet<i64> {
        let files = files.iter();
        let meant = files.filter(|file| {
            let is_kind = self.kind.is_none_or(|kind| kind.name() == file.kind);
            is_kind
                && match &self.files {
                    Files::Embedded => file.embedded,
                    Files::Folders => !file.embedded,
                    Files::These(paths) => !file.embedded && paths.contains(&file.path),
                }
        });
        meant.map(|file| file.number).collect()
    }
}
