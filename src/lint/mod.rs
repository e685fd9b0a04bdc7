//! What is wrong with a catalog: each tuple of each check of the rules, as a finding with its places.
//!
//! Which findings there are is told by `rules/lint/*.dl`, and how each reads by its doc comment.

mod baseline;
mod finding;
mod fingerprint;
mod judge;
mod kept;
mod mend;
mod mended;
mod nearest;
mod selection;
mod subject;
mod suppress;

pub use baseline::{Baseline, LeftOut};
pub use finding::{Edit, Finding, Findings, Fix, Label, Summary, Suppressed};
pub use fingerprint::numbered;
pub use mended::{Mended, MendedFile, Refused, mend};
pub use selection::{Selection, UnknownCheck, nearest_check};
pub use subject::{Files, Subject};

use crate::datalog::RelId;
use crate::policy::{
    Lint, OF_CONTAINERS, OF_MACHINES, OF_REQUESTS, OF_SURROUNDINGS, Policy, PolicyError,
};
use crate::store::{Store, ViewError};

use kept::{Kept, ShownFiles};
use nearest::Nearest;

/// Checks the catalog of a store, and gives the findings of those of its files that `subject` means.
/// `policy` is one of checks ([`Policy::load_lints`]).
///
/// # Errors
/// The rules cannot be evaluated, or the store cannot be read.
pub fn lint(store: &Store, policy: &Policy, subject: &Subject) -> Result<Findings, PolicyError> {
    let given = given(policy);
    let mut kept = judge::apart(store, policy, &given)?;
    let lints = (0..).zip(policy.lints());
    let whole: Vec<(u32, &Lint)> = lints.filter(|(_, lint)| !policy.is_apart(lint)).collect();
    let goals: Vec<RelId> = whole.iter().map(|(_, lint)| lint.relation()).collect();
    let model = policy.evaluate_kept(store, &goals, &given)?;
    let started = std::time::Instant::now();
    kept.extend(judge::findings(store, policy, &whole, &model).map_err(ViewError::from)?);
    let catalog = store.files().map_err(ViewError::from)?;
    let files = subject.numbers(&catalog);
    let is_meant = |kept: &Kept| match kept.labels.is_empty() {
        // A finding without any place is about the catalog as a whole.
        true => subject.is_whole(),
        false => kept.labels.iter().any(|label| files.contains(&label.file)),
    };
    let shown = ShownFiles::new(catalog);
    let mut names = Nearest::new(store, policy);
    let meant = kept.into_iter().flat_map(|(_, kept)| kept).filter(is_meant);
    let mut found: Vec<Finding> = meant
        .filter_map(|kept| kept.told(policy, &shown, &mut names))
        .collect();
    names.finish()?;
    // Suppressed ones stay in the order of the others.
    found.sort_by(Finding::order);
    let suppressed = suppress::apply(store, policy, &files, &mut found)?;
    found.sort_by(Finding::order);
    tracing::debug!(took = ?started.elapsed(), "findings placed");
    Ok(Findings {
        summary: Summary::of(&found, files.len()),
        findings: found,
        suppressed,
    })
}

/// Nothing is asked, of no machine: a check that looks at either finds nothing.
fn given(policy: &Policy) -> Vec<RelId> {
    [OF_REQUESTS, OF_MACHINES, OF_SURROUNDINGS, OF_CONTAINERS]
        .into_iter()
        .flatten()
        .filter_map(|name| policy.program.relation(name))
        .collect()
}
