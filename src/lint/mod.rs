//! What is wrong with a catalog: each tuple of each check of the rules, as a finding with its places.
//!
//! Which findings there are is told by `rules/lint/*.dl`, and how each reads by its doc comment.

mod baseline;
mod finding;
mod fingerprint;
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

use crate::datalog::Tuple;
use crate::policy::{
    Lint, OF_CONTAINERS, OF_MACHINES, OF_REQUESTS, OF_SURROUNDINGS, Policy, PolicyError,
};
use crate::store::{Store, StoreError, ViewError};

use mend::Mender;
use nearest::NearestNames;

/// Checks the catalog of a store, and gives the findings of those of its files that `subject` means.
/// `policy` is one of checks ([`Policy::load_lints`]).
///
/// # Errors
/// The rules cannot be evaluated, or the store cannot be read.
pub fn lint(store: &Store, policy: &Policy, subject: &Subject) -> Result<Findings, PolicyError> {
    let lints = policy.lints();
    let names = lints.iter().filter_map(|lint| lint.nearest.as_ref());
    let names = names.filter_map(|names| policy.program.relation(&names.relation));
    let goals: Vec<_> = lints.iter().map(Lint::relation).chain(names).collect();
    // Nothing is asked, of no machine: a check that looks at either finds nothing.
    let given = [OF_REQUESTS, OF_MACHINES, OF_SURROUNDINGS, OF_CONTAINERS]
        .into_iter()
        .flatten();
    let given: Vec<_> = given
        .filter_map(|name| policy.program.relation(name))
        .collect();
    let model = policy.evaluate_kept(store, &goals, &given)?;
    let started = std::time::Instant::now();
    let files = subject.numbers(store).map_err(ViewError::from)?;
    let mut found = Vec::new();
    let mut mender = Mender::new(store);
    for lint in lints {
        let mut names = NearestNames::new(lint, policy, &model);
        for tuple in model.rows(lint.relation()) {
            let nodes = || {
                lint.places
                    .iter()
                    .filter_map(|(column, _)| tuple.number(*column))
            };
            // A finding without any place is about the catalog as a whole.
            if lint.places.is_empty() && subject.is_whole()
                || nodes().any(|node| files.contains(&Store::node_file(node)))
            {
                let finding = finding(store, policy, lint, &tuple, &mut names);
                mender
                    .note(found.len(), lint, &tuple, &Policy::shown(&tuple))
                    .map_err(ViewError::from)?;
                found.push(finding.map_err(ViewError::from)?);
            }
        }
    }
    for (number, fix) in mender.settle() {
        if let Some(finding) = found.get_mut(number) {
            finding.fix = Some(fix);
        }
    }
    let suppressed = suppress::apply(store, policy, &files, &mut found)?;
    found.sort_by(|a, b| a.order(b));
    tracing::debug!(took = ?started.elapsed(), "findings placed");
    Ok(Findings {
        summary: Summary::of(&found, files.len()),
        findings: found,
        suppressed,
    })
}

fn finding(
    store: &Store,
    policy: &Policy,
    lint: &Lint,
    tuple: &Tuple<'_>,
    names: &mut NearestNames<'_>,
) -> Result<Finding, StoreError> {
    let values = Policy::shown(tuple);
    let mut labels: Vec<Label> = Vec::new();
    for (column, text) in &lint.places {
        let place = match tuple.number(*column) {
            Some(node) => store.node_place(node)?,
            None => None,
        };
        if let Some(place) = place {
            let text = lint.fill(text, &values);
            labels.push(Label { place, text });
        }
    }
    let nearest = names.of(tuple);
    let advice = policy.advise(lint.relation(), tuple);
    let meant = nearest
        .as_ref()
        .map(|name| format!("did you mean `{name}`?"));
    Ok(Finding {
        code: lint.code.clone(),
        name: lint.name.clone(),
        severity: lint.severity,
        message: policy.say(lint.relation(), tuple),
        help: match (advice, meant) {
            (Some(advice), Some(meant)) => Some(format!("{advice}; {meant}")),
            (advice, meant) => advice.or(meant),
        },
        labels,
        nearest,
        fix: None,
    })
}
