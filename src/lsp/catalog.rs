//! The catalog that a file is part of, with the unsaved texts in place of what the disk has.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::catalog::backend::{self, Backend};
use crate::catalog::kind::Kind;
use crate::catalog::yaml;
use crate::lint::{Files, Findings, Subject, lint};
use crate::policy::{Policy, PolicyError, RuleSources};
use crate::store::{Layer, LooseFile, Store, StoreError, StoreSpec};

use super::Settings;

/// Which catalog a file belongs to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Home {
    /// That of a folder.
    Folder(PathBuf),
    /// A file by itself, judged within the built-in catalog, or the one that was named.
    Alone(String),
}

/// Texts by their paths; of one that is not on disk the name of its document.
pub(super) type Texts = BTreeMap<PathBuf, Arc<[u8]>>;

/// A catalog in memory.
#[derive(Debug)]
pub(super) struct Catalog {
    home: Home,
    stack: Vec<Layer>,
    /// The catalog with the texts as they were last told.
    pub store: Store,
    policy: Policy,
    /// The backends with their flags.
    pub backends: Vec<Backend>,
    /// What is to be said of its rules, once.
    pub complaint: Option<String>,
}

impl Home {
    /// The catalog of a path: the one that was named where it is in it, else that of the nearest folder
    /// above that has recipes or models.
    pub(super) fn of(path: &Path, settings: &Settings) -> Home {
        if let Some(named) = &settings.catalog {
            let named = std::path::absolute(named).unwrap_or_else(|_| named.clone());
            let is_below = settings
                .overlays
                .iter()
                .chain([&named])
                .any(|dir| std::path::absolute(dir).is_ok_and(|dir| path.starts_with(dir)));
            return match is_below {
                true => Home::Folder(named),
                false => Home::Alone(path.display().to_string()),
            };
        }
        let has = |dir: &Path| {
            [Kind::Recipe, Kind::Model]
                .iter()
                .any(|kind| dir.join(kind.folder()).is_dir())
        };
        let above = path.ancestors().skip(1);
        let home = above
            .filter(|dir| has(dir) || has(&dir.join("config")))
            .find(|dir| {
                // A file that only happens to stand above or beside such folders is not in the catalog.
                crate::catalog::folder::place(dir, path).is_some()
            });
        match home {
            // `config/` is part of the folder that it stands in.
            Some(dir) if dir.ends_with("config") => match dir.parent() {
                Some(parent) => Home::Folder(parent.to_owned()),
                None => Home::Folder(dir.to_owned()),
            },
            Some(dir) => Home::Folder(dir.to_owned()),
            None => Home::Alone(path.display().to_string()),
        }
    }
}

impl Catalog {
    pub(super) fn open(home: Home, settings: &Settings) -> Result<Catalog, PolicyError> {
        let folder = match &home {
            Home::Folder(dir) => Some(dir),
            Home::Alone(_) => settings.catalog.as_ref(),
        };
        let absolute = |path: &PathBuf| std::path::absolute(path).unwrap_or_else(|_| path.clone());
        let overlays: Vec<_> = settings.overlays.iter().map(absolute).collect();
        let stack = Layer::stack(folder.map(absolute).as_deref(), &overlays);
        let on_disk = Store::open(&StoreSpec {
            layers: stack.clone(),
            file: settings.store.clone(),
            ..StoreSpec::default()
        })?;
        let mut complaint = None;
        let policy = match policy(&stack, settings, &on_disk) {
            Ok(policy) => policy,
            // With mistakes in the rules of a site the built-in ones still hold.
            Err(error) => {
                complaint = Some(format!("the rules of this catalog are left out: {error}"));
                Policy::load_lints(RuleSources::read(&[], &[])?, &on_disk)?
            }
        };
        let backends = backends(&on_disk)?;
        Ok(Catalog {
            store: on_disk.with_files(Vec::new())?,
            home,
            stack,
            policy,
            backends,
            complaint,
        })
    }

    /// Takes these texts in place of what the disk has.
    pub(super) fn follow(&mut self, texts: &Texts) -> Result<(), StoreError> {
        let mut layers = Vec::new();
        for layer in &self.stack {
            layers.push(match layer {
                Layer::Folder(dir) => {
                    let below = texts.iter().filter(|(path, _)| path.starts_with(dir));
                    let below = below.map(|(path, text)| (path.clone(), Arc::clone(text)));
                    Layer::Unsaved(dir.clone(), below.collect())
                }
                other => other.clone(),
            });
        }
        if let Home::Alone(name) = &self.home {
            let text = texts.get(Path::new(name));
            layers.push(Layer::Loose(
                text.map(|text| LooseFile {
                    name: name.clone(),
                    kind: kind_by_place(name),
                    text: Some(Arc::clone(text)),
                })
                .into_iter()
                .collect(),
            ));
        }
        self.store.follow(layers)
    }

    /// What is wrong with these files.
    pub(super) fn findings(&self, files: Vec<String>) -> Result<Findings, PolicyError> {
        lint(
            &self.store,
            &self.policy,
            &Subject::all(Files::These(files)),
        )
    }

    /// A backend by the key of its blocks.
    pub(super) fn backend_of(&self, section: &str) -> Option<&Backend> {
        self.backends
            .iter()
            .find(|backend| backend.recipe_section == section)
    }
}

/// A file by itself in a folder of cards is one.
pub(super) fn kind_by_place(name: &str) -> Option<Kind> {
    let folders = Path::new(name).parent()?.iter();
    let of = |folder: &std::ffi::OsStr| Kind::ALL.into_iter().find(|kind| folder == kind.folder());
    folders.rev().find_map(of)
}

fn policy(stack: &[Layer], settings: &Settings, store: &Store) -> Result<Policy, PolicyError> {
    let mut files = Vec::new();
    for layer in stack {
        files.extend(layer.rules()?);
    }
    Policy::load_lints(RuleSources::read(&files, &settings.rules)?, store)
}

/// The backends' files: the store has each flag as rows, the files have them as people read them.
fn backends(store: &Store) -> Result<Vec<Backend>, StoreError> {
    let documents = store.documents_in_force()?.into_iter();
    let backends = documents
        .filter(|document| document.kind == Kind::Backend)
        .filter_map(|document| {
            let bytes = store.document_bytes(&document)?;
            let root = yaml::read_bytes(&bytes).ok()?;
            backend::read(&root).ok()
        });
    Ok(backends.collect())
}
