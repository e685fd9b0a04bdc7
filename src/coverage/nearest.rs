//! What comes nearest to serving a request that nobody serves.

use crate::launch::{Outcome, Tried};

/// A rejected configuration, and why it is.
#[derive(Clone, Debug, PartialEq, Eq)]
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

/// The rejected configuration with the fewest reasons against it; of several the one whose GPU count is
/// nearest to `gpus`, then the first in the order of the search.
pub fn nearest(tried: &[Tried], gpus: u32) -> Option<Nearest> {
    let tried = tried
        .iter()
        .filter(|tried| tried.outcome == Outcome::Rejected)
        .min_by_key(|tried| (tried.reasons, tried.gpus.abs_diff(gpus)))?;
    Some(Nearest {
        recipe_id: tried.recipe_id.clone(),
        backend: tried.backend.clone(),
        gpus: tried.gpus,
        says: tried.because.clone(),
    })
}
