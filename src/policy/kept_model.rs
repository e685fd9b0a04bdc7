//! What follows from the catalog alone, kept in the store until any document changes.

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_128;

use crate::datalog::{Facts, Model, Options, RelId, Value};
use crate::store::{GATHERED, Scope, Store, is_lent};

use super::gather::Column;
use super::{Policy, PolicyError};

/// More tuples than this are made again: reading them would take as long.
const MOST_KEPT: usize = 100_000;

/// A goal of which nothing is derived: a model with it has what was pushed.
const NOTHING: RelId = RelId(u32::MAX);

/// Tuples of each goal, in the order of the goals.
#[derive(Serialize, Deserialize)]
struct Tuples<'a>(#[serde(borrow)] Vec<Vec<Vec<Column<'a>>>>);

impl Policy {
    /// The tuples of `goals` over the whole catalog, where nothing is asked and the relations that are
    /// `given` are empty: from the store where nothing changed since they were derived.
    ///
    /// # Errors
    /// As [`evaluate`](Self::evaluate) fails.
    pub fn evaluate_kept(
        &self,
        store: &Store,
        goals: &[RelId],
        given: &[RelId],
    ) -> Result<Model, PolicyError> {
        let generation = store.at_one_moment(None, |generation| {
            Ok::<_, PolicyError>(generation.to_owned())
        })?;
        // What is lent may be otherwise the next time, whatever the catalog is.
        let inputs = self.program.inputs(goals);
        let lent = inputs.iter().any(|id| is_lent(self.program.name(*id)));
        let key = self.rules().key().filter(|_| !lent).map(|rules| {
            let key = format!("{rules} {generation} {goals:?}");
            format!("model {:032x}", xxh3_128(key.as_bytes()))
        });
        let kept = key.as_ref().and_then(|key| store.kept(GATHERED, key));
        if let Some(facts) = kept.and_then(|bytes| self.kept_facts(goals, &bytes)) {
            return self.complete(facts, &[NOTHING], &Options::default());
        }
        let model = self.evaluate(store, &Scope::Whole, goals, |_, _| Ok(given.to_vec()))?;
        let count: usize = goals.iter().map(|goal| model.len(*goal)).sum();
        if let Some(key) = key.filter(|_| count <= MOST_KEPT)
            && let Ok(bytes) = postcard::to_stdvec(&tuples(&model, goals))
        {
            store.keep(GATHERED, &key, &bytes);
        }
        Ok(model)
    }

    fn kept_facts(&self, goals: &[RelId], bytes: &[u8]) -> Option<Facts> {
        let Tuples(kept) = postcard::from_bytes(bytes).ok()?;
        let mut facts = Facts::new(&self.program);
        for (goal, rows) in goals.iter().zip(&kept) {
            for row in rows {
                let values: Vec<Value<'_>> = row.iter().map(Column::value).collect();
                facts.push(*goal, &values).ok()?;
            }
        }
        (kept.len() == goals.len()).then_some(facts)
    }
}

fn tuples<'m>(model: &'m Model, goals: &[RelId]) -> Tuples<'m> {
    let of = |goal: &RelId| {
        let rows = model.rows(*goal);
        rows.map(|tuple| tuple.values().map(Column::of).collect())
            .collect()
    };
    Tuples(goals.iter().map(of).collect())
}
