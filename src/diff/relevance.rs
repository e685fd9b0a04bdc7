//! Which of the files that differ a decision can depend on.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use crate::launch::Selected;
use crate::matrix::{Axes, Question};
use crate::store::{Store, StoreError};

use super::document::Change;
use super::file::{FileChange, FileKind};

/// The changed files, by what they are about.
pub(super) struct Relevance<'f> {
    files: &'f [FileChange],
    by_key: HashMap<(FileKind, &'f str), usize>,
    /// The cards that changed, by the models that they describe.
    cards: HashMap<Arc<str>, BTreeSet<usize>>,
    /// The recipes' key for the blocks of each backend.
    sections: BTreeMap<String, String>,
    pub rules: Vec<usize>,
}

impl<'f> Relevance<'f> {
    pub fn new(
        files: &'f [FileChange],
        axes: &Axes,
        stores: [&Store; 2],
    ) -> Result<Relevance<'f>, StoreError> {
        let by_key: HashMap<(FileKind, &str), usize> = (0..)
            .zip(files)
            .map(|(place, file)| ((file.kind, file.key.as_str()), place))
            .collect();
        let of_kind = |kind| {
            let places = (0..).zip(files).filter(move |(_, file)| file.kind == kind);
            places.map(|(place, _)| place)
        };
        let mut sections = BTreeMap::new();
        let mut cards: HashMap<Arc<str>, BTreeSet<usize>> = HashMap::new();
        for store in stores {
            for backend in store.backends()? {
                sections.insert(backend.backend, backend.recipe_section);
            }
            if of_kind(FileKind::Model).next().is_none() {
                continue;
            }
            for axis in &axes.models {
                let names = store.model_keys(&axis.model)?;
                let changed = names
                    .iter()
                    .filter_map(|name| by_key.get(&(FileKind::Model, name.as_str())));
                cards.entry(axis.model.clone()).or_default().extend(changed);
            }
        }
        let rules = of_kind(FileKind::Rules).collect();
        Ok(Relevance {
            files,
            by_key,
            cards,
            sections,
            rules,
        })
    }

    /// The file of a recipe, if it changed.
    pub fn recipe(&self, id: &str) -> Option<usize> {
        self.by_key.get(&(FileKind::Recipe, id)).copied()
    }

    /// The documents that changed and that a configuration stands on where a question asks for it.
    pub fn about(&self, question: &Question, selected: &Selected) -> BTreeSet<usize> {
        let mut about = BTreeSet::new();
        about.extend(self.recipe(&selected.recipe_id));
        about.extend(
            self.by_key
                .get(&(FileKind::Backend, selected.backend.as_str())),
        );
        for hardware in [question.hardware.as_ref(), selected.hardware.as_str()] {
            let key = hardware.to_lowercase();
            about.extend(self.by_key.get(&(FileKind::Hardware, key.as_str())));
        }
        about.extend(self.cards.get(&question.model).into_iter().flatten());
        about
    }

    /// Those of them that are new or gone.
    pub fn come_or_gone(&self, question: &Question, selected: &Selected) -> BTreeSet<usize> {
        let mut about = self.about(question, selected);
        about.retain(|place| {
            let file = self.files.get(*place);
            file.is_some_and(|file| file.change != Change::Changed)
        });
        about
    }

    /// Those of them in which something changed that the configuration can depend on.
    pub fn decisive(&self, question: &Question, selected: &Selected) -> BTreeSet<usize> {
        let mut about = self.about(question, selected);
        about.retain(|place| {
            let file = self.files.get(*place);
            let has_keys = file.is_some_and(|file| file.keys.is_some());
            !has_keys || self.keys(*place, selected).next().is_some()
        });
        about
    }

    /// The changed keys of a file that a configuration can depend on, by their places.
    pub fn keys(&self, place: usize, selected: &Selected) -> impl Iterator<Item = usize> {
        let file = self.files.get(place);
        let recipe = file.is_some_and(|file| file.kind == FileKind::Recipe);
        let section = self.sections.get(&selected.backend).filter(|_| recipe);
        let keys = file.and_then(|file| file.keys.as_deref());
        (0..)
            .zip(keys.unwrap_or_default())
            .filter(move |(_, key)| match section {
                Some(section) => key.concerns_block(section, selected.gpus),
                None => key.decides(),
            })
            .map(|(place, _)| place)
    }
}
