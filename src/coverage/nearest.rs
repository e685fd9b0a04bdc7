//! What comes nearest to serving a request that nobody serves.

use serde::Serialize;

use crate::launch::{Outcome, Tried};

/// A rejected configuration, and why it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Nearest {
    /// The recipe.
    pub recipe_id: String,
    /// The backend.
    pub backend: String,
    /// GPUs.
    pub gpus: u32,
    /// Why it is rejected, in a sentence or several.
    pub says: String,
}

/// The rejected configuration with the fewest reasons against it, the first of several in the order of the
/// search; of its recipe's blocks with as few, the one whose GPU count is nearest to `gpus`.
pub fn nearest(tried: &[Tried], gpus: u32) -> Option<Nearest> {
    let rejected = || {
        tried
            .iter()
            .filter(|tried| tried.outcome == Outcome::Rejected)
    };
    let first = rejected().min_by_key(|tried| tried.reasons)?;
    let nearest = rejected()
        .filter(|tried| {
            (tried.reasons, &tried.recipe_id, &tried.backend)
                == (first.reasons, &first.recipe_id, &first.backend)
        })
        .min_by_key(|tried| tried.gpus.abs_diff(gpus))?;
    Some(Nearest {
        recipe_id: nearest.recipe_id.clone(),
        backend: nearest.backend.clone(),
        gpus: nearest.gpus,
        says: nearest.because.clone(),
    })
}
