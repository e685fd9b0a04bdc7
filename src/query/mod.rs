//! Questions of people to the rules: what they are about, and their answers.

mod answer;

pub use answer::Answer;

use crate::datalog::Model;
use crate::launch::{MachineFacts, Request, add_facts};
use crate::policy::{PolicyError, Question};
use crate::store::{Scope, Store, ViewError};

/// What questions are about: requests, each with the position of its machine, and machines.
#[derive(Clone, Debug, Default)]
pub struct About {
    /// The requests.
    pub requests: Vec<(Request, usize)>,
    /// The machines.
    pub machines: Vec<MachineFacts>,
    /// The only models whose recipes and cards there are, by any of their names; all when there are none.
    pub models: Vec<String>,
}

/// Evaluates a question.
///
/// # Errors
/// A rule meets a value that it cannot compute with, or the store fails.
pub fn evaluate(store: &Store, question: &Question, about: &About) -> Result<Model, PolicyError> {
    let scope = scope(store, &about.models)?;
    question.evaluate(store, &scope, |program, facts| {
        add_facts(program, facts, &about.requests, &about.machines)
    })
}

fn scope(store: &Store, models: &[String]) -> Result<Scope, PolicyError> {
    if models.is_empty() {
        return Ok(Scope::Whole);
    }
    let mut keys = Vec::new();
    for model in models {
        keys.extend(store.model_keys(model).map_err(ViewError::from)?);
    }
    keys.sort_unstable();
    keys.dedup();
    Ok(Scope::Models(keys))
}
