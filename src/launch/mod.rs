//! Deciding how to serve a model, and the plan that follows: gather facts, evaluate, shape the answer.

mod answer;
mod argv;
mod blocks;
mod cache;
mod decision;
mod gather;
mod machine;
mod planning;
mod reading;
mod request;
mod tried;

pub use answer::Answer;
pub use argv::{Defaults, EngineCommand, FlagReading, engine_command};
pub use cache::cache_dir;
pub use decision::{Decision, Detail, MachineView, Memory, Outcome, Selected, Tried};
pub use machine::MachineFacts;
pub use planning::{Planned, PlanningError, Wishes, plan};
pub use request::Request;

use crate::policy::{Policy, PolicyError};
use crate::store::{Scope, Store, ViewError};

use reading::Reader;

/// More models than this in one set of requests, and the whole catalog is read at once.
const MODELS_ONE_BY_ONE: usize = 32;

/// Decides requests, each for the machine at the position it names, in one evaluation.
///
/// # Errors
/// The rules cannot be evaluated.
pub fn decide(
    store: &Store,
    policy: &Policy,
    requests: &[(Request, usize)],
    machines: &[MachineFacts],
    detail: Detail,
) -> Result<Vec<Decision>, PolicyError> {
    let reader = Reader::new(policy, detail)?;
    let scope = scope(store, requests)?;
    let model = policy.evaluate(store, &scope, &reader.goals(), |program, facts| {
        gather::add(program, facts, requests, machines)
    })?;
    let started = std::time::Instant::now();
    let decisions = reader.read(&model, requests.len());
    tracing::debug!(took = ?started.elapsed(), "decisions read");
    Ok(decisions)
}

fn scope(store: &Store, requests: &[(Request, usize)]) -> Result<Scope, PolicyError> {
    let mut models: Vec<String> = requests
        .iter()
        .map(|(request, _)| request.model.to_lowercase())
        .collect();
    models.sort_unstable();
    models.dedup();
    if models.len() > MODELS_ONE_BY_ONE {
        return Ok(Scope::Whole);
    }
    let mut keys = Vec::new();
    for model in models {
        keys.extend(store.model_keys(&model).map_err(ViewError::from)?);
    }
    keys.sort_unstable();
    keys.dedup();
    Ok(Scope::Models(keys))
}
