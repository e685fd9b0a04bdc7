//! Deciding how to serve a model, and the plan that follows: gather facts, evaluate, shape the answer.

mod answer;
mod argv;
mod blocks;
mod cached;
mod decider;
mod decision;
mod equal;
mod failures;
pub(crate) mod gather;
mod given;
mod in_use;
mod machine;
mod model_cache;
mod planning;
mod portions;
mod reading;
mod request;
mod sources;
mod tried;

pub use crate::cache::cache_dir;
pub use answer::Answer;
pub use argv::{Defaults, EngineCommand, FlagReading, engine_command};
pub(crate) use decider::models_scope;
pub use decision::{
    Cached, Decision, Detail, MachineView, Memory, Obstacle, Outcome, Selected, Tried,
};
pub use failures::{Cause, Ended, causes};
pub(crate) use gather::add as add_facts;
pub use given::{Given, absent_given, given_instead, given_origin};
pub use in_use::{BusyGpu, InUse, in_use};
pub use machine::MachineFacts;
pub use model_cache::{ModelCache, Prefetch};
pub use planning::{Planned, Planner, PlanningError, Wishes, plan};
pub use request::Request;
pub use sources::{Gpu, Sources, sources};

use decider::Decider;
use equal::Equal;

use crate::policy::{Policy, PolicyError};
use crate::store::Store;

/// Decides requests, each for the machine at the position it names. Equal requests are decided once,
/// and many are decided in portions, on all processors; what one is decided to be depends on no other.
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
    let decider = Decider::new(policy, machines, detail)?;
    let equal = Equal::among(requests);
    let decisions = if equal.distinct.len() <= portions::REQUESTS {
        decider.together(store, &equal.distinct)?
    } else {
        portions::decide(store, &decider, &equal.distinct)?
    };
    Ok(equal.spread(decisions))
}
