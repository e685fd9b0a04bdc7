//! Checks that speak of one group of files at a time: they are evaluated group by group, with what all groups share
//! evaluated once.

use std::sync::{Arc, PoisonError};

use rustc_hash::FxHashMap;
use xxhash_rust::xxh3::Xxh3;

use crate::datalog::{self, Checked, Extent, Facts, Model, Options, RelId, RelationInfo, Value};
use crate::store::{Cell, Scope, Store, StoreError, ViewError};

use super::gather::{Asked, asked, read_rows, value};
use super::{Lint, Policy, PolicyError};

/// Changes with the form of what is kept of judgements.
const FORM: &[u8] = b"1";

/// From what the relations of a program are derived, and so what can be evaluated group by group.
pub(super) fn extents(checked: &Checked, store: &Store) -> Result<Vec<Extent>, StoreError> {
    let keys: FxHashMap<(String, String), u32> = store
        .key_columns()?
        .into_iter()
        .map(|(view, column, kind)| ((view, column), kind))
        .collect();
    let kind = |info: &RelationInfo, column: usize| {
        let column = info.columns.get(column)?;
        let key = (info.name.clone(), column.name.clone());
        keys.get(&key).copied()
    };
    Ok(datalog::extents(checked, kind))
}

/// What is the same for all groups of files: facts, what follows from them, and what names the facts.
#[derive(Debug)]
pub struct Shared {
    facts: Facts,
    known: Vec<RelId>,
    /// Equal for equal facts, rules and files that all others are judged by.
    pub key: String,
}

impl Policy {
    /// What names the rules; none where they include files that nothing tells of.
    pub fn key(&self) -> Option<String> {
        self.rules().key()
    }

    /// The checks that speak of one group of files at a time.
    pub fn apart_lints(&self) -> impl Iterator<Item = &Lint> {
        self.lints().iter().filter(|lint| self.is_apart(lint))
    }

    /// Whether a check speaks of one group of files at a time.
    pub fn is_apart(&self, lint: &Lint) -> bool {
        let extent = self.extents.get(lint.relation().index());
        matches!(extent, Some(Extent::Keyed(_))) && !lint.places.is_empty()
    }

    /// Whether a relation is the same in all groups.
    pub fn is_shared(&self, relation: RelId) -> bool {
        self.extents.get(relation.index()) == Some(&Extent::Shared)
    }

    fn apart_goals(&self) -> Vec<RelId> {
        self.apart_lints().map(Lint::relation).collect()
    }

    /// Gathers and derives what all groups share, but for the relations that are `given`.
    ///
    /// # Errors
    /// A view does not fit its relation, or a rule meets a value that it cannot compute with.
    pub fn shared(&self, store: &Store, given: &[RelId]) -> Result<Arc<Shared>, PolicyError> {
        let goals = self.apart_goals();
        let mut hash = Xxh3::new();
        hash.update(FORM);
        hash.update(self.rules().key().unwrap_or_default().as_bytes());
        for file in store.reference_content().map_err(ViewError::from)? {
            hash.update(file.as_bytes());
            hash.update(&[0]);
        }
        let mut facts = Facts::new(&self.program);
        let views = store.scoped_views().map_err(ViewError::from)?;
        for relation in self.inputs(&goals, given) {
            if !self.is_shared(relation.id) {
                continue;
            }
            hash.update(relation.name.as_bytes());
            let mut rows = 0_u64;
            read_rows(store, &views, &relation, &Scope::Whole, |cells| {
                // Rows come in an order of their own.
                rows = rows.wrapping_add(row_hash(cells));
                push(&mut facts, &relation, cells)
            })?;
            hash.update(&rows.to_le_bytes());
        }
        let key = format!("{:032x}", hash.digest128());
        // Who looks again and again, as an editor does, has changed none of it.
        let mut last = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(shared) = last.as_ref().filter(|shared| shared.key == key) {
            return Ok(Arc::clone(shared));
        }
        let wanted = self.program.wanted_relations(&goals);
        let known: Vec<RelId> = wanted
            .into_iter()
            .filter(|id| self.is_shared(*id))
            .collect();
        let facts = match known.is_empty() {
            true => facts,
            false => {
                let model = self.complete(facts, &known, &Options::default())?;
                Facts::of(&self.program, &model, &known)
            }
        };
        let shared = Arc::new(Shared { facts, known, key });
        *last = Some(Arc::clone(&shared));
        Ok(shared)
    }

    /// What all groups share with the facts of the files that are chosen in the store.
    ///
    /// # Errors
    /// A view does not fit its relation.
    pub fn chosen_facts(
        &self,
        store: &Store,
        shared: &Shared,
        given: &[RelId],
    ) -> Result<Facts, PolicyError> {
        let mut facts = shared.facts.clone();
        let views = store.scoped_views().map_err(ViewError::from)?;
        for relation in self.inputs(&self.apart_goals(), given) {
            if !self.is_shared(relation.id) {
                let sought = self.sought.iter().find(|(id, ..)| *id == relation.id);
                let sought = sought.and_then(|(_, column, texts)| {
                    let column = relation.columns.get(*column)?;
                    Some(((*column).to_owned(), texts.clone()))
                });
                let scope = Scope::Chosen(sought);
                read_rows(store, &views, &relation, &scope, |cells| {
                    push(&mut facts, &relation, cells)
                })?;
            }
        }
        Ok(facts)
    }

    /// Evaluates the checks that speak of one group at a time over facts of [`chosen_facts`](Self::chosen_facts).
    ///
    /// # Errors
    /// A rule meets a value that it cannot compute with.
    pub fn complete_apart(&self, facts: Facts, shared: &Shared) -> Result<Model, PolicyError> {
        let goals = self.apart_goals();
        let options = Options::default();
        let model = datalog::evaluate_with(&self.program, facts, &shared.known, &goals, &options);
        model.map_err(|error| self.failed(error))
    }

    fn inputs(&self, goals: &[RelId], given: &[RelId]) -> Vec<Asked<'_>> {
        asked((&self.program, self.texts()), goals, given)
    }
}

fn push(facts: &mut Facts, relation: &Asked<'_>, cells: &[Cell<'_>]) -> bool {
    let values = relation.types.iter().zip(cells);
    let values: Option<Vec<Value<'_>>> = values.map(|(ty, cell)| value(*ty, cell)).collect();
    values.is_some_and(|tuple| facts.push(relation.id, &tuple).is_ok())
}

fn row_hash(cells: &[Cell<'_>]) -> u64 {
    let mut hash = Xxh3::new();
    for cell in cells {
        match cell {
            Cell::Text(text) => {
                hash.update(&[0]);
                hash.update(&(text.len() as u64).to_le_bytes());
                hash.update(text.as_bytes());
            }
            Cell::Integer(number) => {
                hash.update(&[1]);
                hash.update(&number.to_le_bytes());
            }
            Cell::Real(number) => {
                hash.update(&[2]);
                hash.update(&number.to_bits().to_le_bytes());
            }
            Cell::Null => hash.update(&[3]),
        }
    }
    hash.digest()
}
