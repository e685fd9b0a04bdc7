//! What an engine needs of a model, for whoever fetches it for one.

use crate::cache::{self, Cache, Patterns, Plan};
use crate::cli::failure::Failure;
use crate::cli::session::Session;
use crate::hub::{Hub, ModelId, Revision};
use crate::policy::Policy;

/// The files of a revision that the rules do not leave out.
///
/// What the rules see of the cache is no longer in the session then.
pub(in crate::cli) fn wanted(
    session: &mut Session,
    hub: &Hub,
    cache: &Cache,
    (model, revision): (&ModelId, &Revision),
) -> Result<Plan, Failure> {
    let commit = hub.info(model, revision)?.commit;
    let offered = hub.files(model, &commit)?;
    let number = offered.len();
    let policy = Policy::load_cache(session.rule_sources()?, &session.store)?;
    let patterns = Patterns::default();
    let choice = cache::choose(&mut session.store, &policy, offered, &patterns)?;
    let files = choice.wanted;
    Ok(cache::plan(cache, model, revision, &commit, files, number)?)
}
