//! What an engine needs of a model, for whoever fetches it for one.

use crate::cache::{self, Cache, Patterns, Plan};
use crate::cli::failure::Failure;
use crate::cli::session::Session;
use crate::hub::{Commit, HubFile, ModelId, Revision};
use crate::policy::Policy;

/// The files of a revision that the rules do not leave out, of those that the hub has of its commit.
///
/// What the rules see of the cache is no longer in the session then.
pub(in crate::cli) fn wanted(
    session: &mut Session,
    cache: &Cache,
    (model, revision): (&ModelId, &Revision),
    (commit, offered): (&Commit, Vec<HubFile>),
) -> Result<Plan, Failure> {
    let number = offered.len();
    let policy = Policy::load_cache(session.rule_sources()?, &session.store)?;
    let patterns = Patterns::default();
    let choice = cache::choose(&mut session.store, &policy, offered, &patterns)?;
    let files = choice.wanted;
    Ok(cache::plan(cache, model, revision, commit, files, number)?)
}
