//! What a start leaves in memory: whether the cache had its model.

use std::path::Path;

use crate::store::ModelUses;

use super::made::Made;

/// Counts a start of what was planned. Nothing depends on it, so a failure is no more than logged.
pub(super) fn count(made: &Made) {
    let cache = &made.planned.0.cache;
    let (Some(model), Some(was_there)) = (&made.decision.model, cache.was_there()) else {
        return;
    };
    let commit = cache.commit.as_deref().unwrap_or_default();
    let folder = Path::new(&cache.folder);
    let counted = ModelUses::of_this_user().count(folder, model, commit, was_there);
    if let Err(error) = counted {
        tracing::info!(%error, "the use of the model cannot be noted");
    }
}
