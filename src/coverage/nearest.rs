//! What comes nearest to serving a request that nobody serves.

use crate::launch::{Outcome, Tried};

/// The rejected configuration with the fewest reasons against it; of several the one whose GPU count is
/// nearest to `gpus`, then the first in the order of the search.
pub(super) fn nearest(tried: &[Tried], gpus: u32) -> Option<&Tried> {
    tried
        .iter()
        .filter(|tried| tried.outcome == Outcome::Rejected)
        .min_by_key(|tried| (tried.reasons, tried.gpus.abs_diff(gpus)))
}
