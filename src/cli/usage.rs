//! The model of a start in the cache: held while it starts, and remembered.

use std::path::Path;

use crate::cache::{self, Cache, Held};
use crate::hub::ModelId;
use crate::store::ModelUses;

use super::made::Made;

/// Whether the cache had all of a model when its start was planned; none where nothing is known of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found(Option<bool>);

impl Found {
    pub(super) fn by(made: &Made) -> Found {
        Found(made.planned.0.cache.was_there())
    }

    /// Counts a start of what was planned. Nothing depends on it, so a failure is no more than logged.
    pub(super) fn count(self, made: &Made) {
        let (Some(model), Some(was_there)) = (&made.decision.model, self.0) else {
            return;
        };
        let cache = &made.planned.0.cache;
        let commit = cache.commit.as_deref().unwrap_or_default();
        let folder = Path::new(&cache.folder);
        let counted = ModelUses::of_this_user().count(folder, model, commit, was_there);
        if let Err(error) = counted {
            tracing::info!(%error, "the use of the model cannot be noted");
        }
    }
}

/// Keeps the model of a plan from cleanups, where there is something of it, or will be.
pub(super) fn hold(made: &Made, prefetch: bool) -> Option<Held> {
    let cache = &made.planned.0.cache;
    if cache.commit.is_none() && !prefetch {
        return None;
    }
    let model = ModelId::parse(made.decision.model.as_deref()?).ok()?;
    cache::hold(&Cache::new(&cache.folder), &model)
}
