//! Deciding a set of requests in one evaluation.

use std::time::Instant;

use crate::datalog::{Facts, Options, RelId};
use crate::policy::{Policy, PolicyError, Portions};
use crate::store::{Scope, Store};

use super::gather::Filled;
use super::reading::Reader;
use super::{Decision, Detail, MachineFacts, Request};

/// More models than this, and the facts of the whole catalog are read: SQLite bounds how many names a statement
/// takes.
const MOST_MODELS: usize = 4096;
/// More models than this in one evaluation, and the same where the catalog is small: what is read of all of it is
/// kept from one run to the next.
const FEW_MODELS: usize = 32;
/// A catalog of at most so many recipes is small.
const FEW_RECIPES: usize = 1024;

/// What every evaluation needs beside its requests and the catalog's facts.
pub(super) struct Decider<'a> {
    policy: &'a Policy,
    machines: &'a [MachineFacts],
    reader: Reader<'a>,
    goals: Vec<RelId>,
    filled: Filled,
}

impl<'a> Decider<'a> {
    pub(super) fn new(
        policy: &'a Policy,
        machines: &'a [MachineFacts],
        detail: Detail,
    ) -> Result<Decider<'a>, PolicyError> {
        let reader = Reader::new(policy, detail)?;
        Ok(Decider {
            policy,
            machines,
            goals: reader.goals(),
            reader,
            filled: Filled::of(&policy.program)?,
        })
    }

    /// Decides requests over the facts of their models.
    pub(super) fn together(
        &self,
        store: &Store,
        requests: &[&(Request, usize)],
    ) -> Result<Vec<Decision>, PolicyError> {
        let scope = scope(store, requests, true)?;
        let model = self
            .policy
            .evaluate(store, &scope, &self.goals, |_, facts| {
                self.filled.add(facts, requests, self.machines)?;
                Ok(self.filled.relations())
            })?;
        Ok(self.read(&model, requests.len()))
    }

    /// The facts of the requests' models, for portions of the requests.
    pub(super) fn portions(
        &self,
        store: &Store,
        requests: &[&(Request, usize)],
    ) -> Result<Portions, PolicyError> {
        let scope = scope(store, requests, false)?;
        self.policy
            .portions(store, &scope, &self.goals, &self.filled.relations())
    }

    /// Decides a portion of the requests over the facts of its models.
    pub(super) fn portion(
        &self,
        mut facts: Facts,
        requests: &[&(Request, usize)],
    ) -> Result<Vec<Decision>, PolicyError> {
        self.filled.add(&mut facts, requests, self.machines)?;
        let model = self
            .policy
            .complete(facts, &self.goals, &Options::default())?;
        Ok(self.read(&model, requests.len()))
    }

    fn read(&self, model: &crate::datalog::Model, count: usize) -> Vec<Decision> {
        let started = Instant::now();
        let decisions = self.reader.read(model, count);
        tracing::debug!(took = ?started.elapsed(), "decisions read");
        decisions
    }
}

/// The models of requests, unless they are too many; `kept` when the facts of all may be there already.
fn scope(store: &Store, requests: &[&(Request, usize)], kept: bool) -> Result<Scope, PolicyError> {
    let mut named: Vec<&str> = requests
        .iter()
        .map(|(request, _)| request.model.as_str())
        .collect();
    named.sort_unstable();
    named.dedup();
    let mut models: Vec<String> = named.into_iter().map(str::to_lowercase).collect();
    models.sort_unstable();
    models.dedup();
    let all = models.len() > MOST_MODELS
        || (kept && models.len() > FEW_MODELS && store.recipe_count()? <= FEW_RECIPES);
    if all {
        return Ok(Scope::Whole);
    }
    Ok(Scope::Models(model_keys(store, &models)?))
}

/// The folded names under which rows of these models may stand.
pub(super) fn model_keys(store: &Store, models: &[String]) -> Result<Vec<String>, PolicyError> {
    let mut keys = Vec::new();
    for model in models {
        keys.extend(store.model_keys(model)?);
    }
    keys.sort_unstable();
    keys.dedup();
    Ok(keys)
}

/// The facts of one model, by any of its names.
///
/// # Errors
/// The store cannot be read.
pub fn models_scope(store: &Store, model: &str) -> Result<Scope, PolicyError> {
    let models = [model.to_lowercase()];
    Ok(Scope::Models(model_keys(store, &models)?))
}
