//! The files in which two catalogs differ.

use std::collections::{BTreeMap, BTreeSet};

use crate::catalog::kind::Kind;
use crate::store::{DocumentFile, Store, StoreError};

use super::document::{Change, KeyChange, in_words, keys};

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum FileKind {
    /// A recipe.
    Recipe,
    /// A model card.
    Model,
    /// Hardware.
    Hardware,
    /// A backend.
    Backend,
    /// Rules.
    Rules,
}

/// A document, or a file of rules, that two catalogs do not have alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileChange {
    /// What it holds.
    pub kind: FileKind,
    /// What it describes, by name; of rules the file.
    pub id: String,
    /// The same as other documents name it.
    pub key: String,
    /// Where it stood, below its catalog.
    pub old: Option<String>,
    /// Where it stands now.
    pub new: Option<String>,
    /// How it differs.
    pub change: Change,
    /// The keys that differ; unknown where it was added or removed, and of rules.
    pub keys: Option<Vec<KeyChange>>,
    /// Why its file cannot be used where the document is gone from one side.
    pub broken: Option<String>,
    /// The file with the same content on the other side, under another name.
    pub twin: Option<String>,
}

/// A file of rules that belongs to a catalog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleFile {
    /// Its name below the catalog.
    pub name: String,
    /// What it says.
    pub text: String,
}

impl FileChange {
    /// The file: where it stands now, or stood.
    pub fn file(&self) -> &str {
        let file = self.new.as_deref().or(self.old.as_deref());
        file.unwrap_or(&self.id)
    }

    /// What became of it, in words: "removed", "changed (hardware: MI300X → MI325X)".
    pub fn says(&self) -> String {
        self.says_of(|_| true)
    }

    /// The same with the changed keys at these places only, where there are any.
    pub fn says_of(&self, of_interest: impl Fn(usize) -> bool) -> String {
        let moved = |word: &str| match &self.twin {
            Some(twin) => format!(" (the same as {word} {twin})"),
            None => String::new(),
        };
        match (self.change, &self.broken) {
            (Change::Added, Some(why)) => format!("can be read now; it could not: {why}"),
            (Change::Added, None) => format!("added{}", moved("the former")),
            (Change::Removed, Some(why)) => format!("cannot be read any more: {why}"),
            (Change::Removed, None) => format!("removed{}", moved("the new")),
            (Change::Changed, _) => match self.keys.as_deref() {
                None => "changed".to_owned(),
                Some([]) => "changed in layout or comments only".to_owned(),
                Some(keys) => {
                    let places = (0..).zip(keys).filter(|(place, _)| of_interest(*place));
                    let named: Vec<&KeyChange> = places.map(|(_, key)| key).collect();
                    let alike = if named.is_empty() {
                        in_words(&keys.iter().collect::<Vec<_>>())
                    } else {
                        in_words(&named)
                    };
                    let more = alike.len().saturating_sub(KEYS);
                    let shown: Vec<String> = alike.into_iter().take(KEYS).collect();
                    let more = if more > 0 {
                        format!("; {more} more")
                    } else {
                        String::new()
                    };
                    format!("changed ({}{more})", shown.join("; "))
                }
            },
        }
    }
}

/// Changed keys that are named of one file.
const KEYS: usize = 4;

/// The documents that differ between two catalogs.
///
/// # Errors
/// SQLite fails.
pub(super) fn documents(old: &Store, new: &Store) -> Result<Vec<FileChange>, StoreError> {
    let by_key = |store: &Store| -> Result<BTreeMap<(FileKind, String), DocumentFile>, StoreError> {
        let documents = store.documents_in_force()?.into_iter();
        Ok(documents
            .map(|document| ((kind(document.kind), document.key.clone()), document))
            .collect())
    };
    let mut before = by_key(old)?;
    let after = by_key(new)?;
    let mut changes = Vec::new();
    let mut added = Vec::new();
    for (key, document) in after {
        match before.remove(&key) {
            None => added.push((key, document)),
            Some(other) if other.hash == document.hash => {}
            Some(other) => {
                let texts = old
                    .document_bytes(&other)
                    .zip(new.document_bytes(&document));
                changes.push(FileChange {
                    kind: key.0,
                    id: document.id,
                    key: key.1,
                    old: Some(other.name),
                    new: Some(document.name),
                    change: Change::Changed,
                    keys: texts.and_then(|(old, new)| keys(&old, &new)),
                    broken: None,
                    twin: None,
                });
            }
        }
    }
    let removed: Vec<_> = before.into_iter().collect();
    let names = |documents: &[((FileKind, String), DocumentFile)]| -> BTreeMap<_, String> {
        let files = documents.iter();
        files
            .map(|((kind, _), document)| ((*kind, document.hash.clone()), document.name.clone()))
            .collect()
    };
    let (gone, come) = (names(&removed), names(&added));
    let broken_before = broken(old)?;
    let broken_after = broken(new)?;
    for (key, document) in removed {
        changes.push(FileChange {
            kind: key.0,
            twin: come.get(&(key.0, document.hash)).cloned(),
            broken: broken_after.get(&document.name).cloned(),
            id: document.id,
            key: key.1,
            old: Some(document.name),
            new: None,
            change: Change::Removed,
            keys: None,
        });
    }
    for (key, document) in added {
        changes.push(FileChange {
            kind: key.0,
            twin: gone.get(&(key.0, document.hash)).cloned(),
            broken: broken_before.get(&document.name).cloned(),
            id: document.id,
            key: key.1,
            old: None,
            new: Some(document.name),
            change: Change::Added,
            keys: None,
        });
    }
    Ok(changes)
}

fn broken(store: &Store) -> Result<BTreeMap<String, String>, StoreError> {
    let files = store.broken_files()?.into_iter();
    Ok(files.map(|file| (file.name, file.says)).collect())
}

/// The files of rules that differ.
pub(super) fn rules(old: &[RuleFile], new: &[RuleFile]) -> Vec<FileChange> {
    let text = |files: &[RuleFile], name: &str| {
        let file = files.iter().find(|file| file.name == name);
        file.map(|file| file.text.clone())
    };
    let names: BTreeSet<&str> = old.iter().chain(new).map(|f| f.name.as_str()).collect();
    let mut changes = Vec::new();
    for name in names {
        let (before, after) = (text(old, name), text(new, name));
        if before == after {
            continue;
        }
        changes.push(FileChange {
            kind: FileKind::Rules,
            id: name.to_owned(),
            key: name.to_owned(),
            change: match (&before, &after) {
                (None, _) => Change::Added,
                (_, None) => Change::Removed,
                _ => Change::Changed,
            },
            old: before.map(|_| name.to_owned()),
            new: after.map(|_| name.to_owned()),
            keys: None,
            broken: None,
            twin: None,
        });
    }
    changes
}

fn kind(kind: Kind) -> FileKind {
    match kind {
        Kind::Recipe => FileKind::Recipe,
        Kind::Model => FileKind::Model,
        Kind::Hardware => FileKind::Hardware,
        Kind::Backend => FileKind::Backend,
    }
}
