//! A catalog's facts, read once, to be taken model by model.

use rustc_hash::FxHashMap;

use crate::datalog::ast::BaseType;
use crate::datalog::{Aside, CompiledProgram, Facts, RelId, Value};
use crate::store::{Cell, Details, Scope, Store, ViewError};

use super::RelationText;
use super::gather::{Asked, asked, read_rows, value};

/// The views' column with the folded name of the model that a row belongs to.
const SCOPE: &str = "scope_key";

/// The facts of a catalog: what belongs to a model apart from the rest.
pub struct Portions {
    /// What belongs to no model.
    shared: Facts,
    by_model: FxHashMap<String, Vec<Aside>>,
}

impl Portions {
    pub(super) fn read(
        (program, texts): (&CompiledProgram, &[RelationText]),
        store: &Store,
        scope: &Scope,
        goals: &[RelId],
        given: &[RelId],
    ) -> Result<Portions, ViewError> {
        let mut portions = Portions {
            shared: Facts::new(program),
            by_model: FxHashMap::default(),
        };
        store.at_one_moment(Some(Details::of(scope)), |_| {
            let views = store.scoped_views()?;
            for relation in asked((program, texts), goals, given) {
                if views.contains(relation.name) {
                    let relation = with_scope(relation);
                    read_rows(store, &views, &relation, scope, |cells| {
                        portions.set_aside(&relation, cells)
                    })?;
                } else {
                    read_rows(store, &views, &relation, scope, |cells| {
                        let values = values(relation.types, cells);
                        values
                            .is_some_and(|tuple| portions.shared.push(relation.id, &tuple).is_ok())
                    })?;
                }
            }
            Ok::<_, ViewError>(())
        })?;
        Ok(portions)
    }

    /// Sets a row aside for its model, which its last cell names; says whether it fits the relation.
    fn set_aside(&mut self, relation: &Asked<'_>, cells: &[Cell<'_>]) -> bool {
        let Some((Cell::Text(model), cells)) = cells.split_last() else {
            return false;
        };
        let Some(tuple) = values(relation.types, cells) else {
            return false;
        };
        if !self.by_model.contains_key(*model) {
            self.by_model.insert((*model).to_owned(), Vec::new());
        }
        let Some(asides) = self.by_model.get_mut(*model) else {
            return false;
        };
        // Relations are read one after the other.
        if asides
            .last()
            .is_none_or(|last| last.relation() != relation.id)
        {
            asides.push(Aside::new(relation.id));
        }
        asides
            .last_mut()
            .is_some_and(|aside| self.shared.set_aside(&tuple, aside).is_ok())
    }

    /// The facts of the models with these folded names, with what belongs to no model.
    pub fn facts(&self, models: &[String]) -> Facts {
        let mut facts = self.shared.clone();
        for aside in models
            .iter()
            .filter_map(|model| self.by_model.get(model))
            .flatten()
        {
            facts.add(aside);
        }
        facts
    }
}

fn with_scope(mut relation: Asked<'_>) -> Asked<'_> {
    relation.columns.push(SCOPE);
    relation
}

fn values<'c>(types: &[BaseType], cells: &[Cell<'c>]) -> Option<Vec<Value<'c>>> {
    let values = types.iter().zip(cells);
    values.map(|(ty, cell)| value(*ty, cell)).collect()
}
