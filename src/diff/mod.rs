//! Which decisions change between two catalogs, over every request of the matrix, and why.

mod answer;
mod command;
mod document;
mod fate;
mod file;
mod group;
mod outcome;
mod relevance;
mod requests;
mod revision;
mod why;

pub use answer::Answer;
pub use command::PartChange;
pub use document::{Change, KeyChange};
pub use fate::Fate;
pub use file::{FileChange, FileKind, RuleFile};
pub use group::{Group, Kind, Row, Served};
pub use outcome::Outcome;
pub use requests::in_words;
pub use revision::{Revision, RevisionError, path_in_repository, working_tree};

use std::collections::{BTreeSet, HashMap};

use crate::launch::{Decision, Selected};
use crate::matrix::{Axes, Breadth, Question};
use crate::policy::{Policy, PolicyError, RuleSources};
use crate::store::{Store, StoreError, ViewError};

use group::{Found, grouped};
use outcome::Decider;
use relevance::Relevance;
use why::{Changed, explained};

/// One of two catalogs.
#[derive(Clone, Copy, Debug)]
pub struct Side<'s> {
    /// Its documents.
    pub store: &'s Store,
    /// The rules that decide with them.
    pub policy: &'s Policy,
    /// What these were compiled from.
    pub rules: &'s RuleSources,
    /// The files of rules that are the catalog's own.
    pub own_rules: &'s [RuleFile],
}

/// What changes between two catalogs.
#[derive(Clone, Debug)]
pub struct Diff {
    /// How much of each request was varied.
    pub breadth: Breadth,
    /// How many requests were compared.
    pub compared: usize,
    /// Changes by cause.
    pub groups: Vec<Group>,
    /// The files that differ.
    pub files: Vec<FileChange>,
}

/// Decides every request over `axes` by both sides.
///
/// # Errors
/// A store cannot be read, or rules cannot be evaluated.
pub fn compare(
    old: Side<'_>,
    new: Side<'_>,
    axes: &Axes,
    breadth: Breadth,
) -> Result<Diff, PolicyError> {
    let mut files = file::documents(old.store, new.store).map_err(of_store)?;
    files.extend(file::rules(old.own_rules, new.own_rules));
    files.sort_by(|a, b| (a.kind, a.file(), &a.key).cmp(&(b.kind, b.file(), &b.key)));
    let relevance = Relevance::new(&files, axes, [old.store, new.store]).map_err(of_store)?;
    let watched = |selected: &Selected, question: &Question| {
        !relevance.rules.is_empty() || !relevance.about(question, selected).is_empty()
    };

    let mut before = Vec::new();
    let mut decider = Decider::new(old.store, old.policy);
    decider.decide(axes.questions(breadth), watched, |_, outcome| {
        before.push(outcome);
    })?;
    let old_launches = decider.launches;
    let compared = before.len();
    let mut before = before.into_iter();
    let mut changed = Vec::new();
    let mut same: HashMap<outcome::Launch, Vec<(Question, Outcome)>> = HashMap::new();
    let mut decider = Decider::new(new.store, new.policy);
    decider.decide(axes.questions(breadth), watched, |question, outcome| {
        let Some(old) = before.next() else { return };
        if let Some(kind) = Kind::of(&old, &outcome) {
            changed.push(Changed {
                question,
                old,
                new: outcome,
                kind,
            });
        } else if let Some(winner) = &old.winner {
            let launch = (
                winner.clone(),
                question.model.clone(),
                question.hardware.clone(),
            );
            if old_launches.contains_key(&launch) {
                same.entry(launch).or_default().push((question, outcome));
            }
        }
    })?;

    let mut found = explained(old, new, changed, &relevance)?;
    for (launch, requests) in same {
        let (Some(old_launch), Some(new_launch)) =
            (old_launches.get(&launch), decider.launches.get(&launch))
        else {
            continue;
        };
        let plan = |store, (question, decision): &(Question, Decision)| {
            command::planned(store, question, decision, &launch.0).map_err(of_store)
        };
        let plans = (plan(old.store, old_launch)?, plan(new.store, new_launch)?);
        let (Some(old_plan), Some(new_plan)) = plans else {
            continue;
        };
        let parts = command::difference(&old_plan, &new_plan);
        if parts.is_empty() {
            continue;
        }
        for (question, outcome) in requests {
            let mut causes = relevance.decisive(&question, &launch.0);
            if causes.is_empty() {
                causes = relevance.about(&question, &launch.0);
            }
            if causes.is_empty() {
                causes.extend(&relevance.rules);
            }
            let keys = causes
                .iter()
                .flat_map(|place| relevance.keys(*place, &launch.0).map(|key| (*place, key)))
                .collect();
            found.push(Found {
                kind: Kind::Command,
                causes,
                keys,
                command: parts.clone(),
                old: outcome.clone(),
                new: outcome,
                because: None,
                former: None,
                latter: None,
                question,
            });
        }
    }
    // Launches come out of their map in no order.
    found.sort_by(|a, b| a.question.cmp(&b.question));
    Ok(Diff {
        breadth,
        compared,
        groups: grouped(found),
        files,
    })
}

impl Diff {
    /// How many requests something of this kind happened to.
    pub fn count(&self, kind: Kind) -> usize {
        let groups = self.groups.iter().filter(|group| group.kind == kind);
        groups.map(Group::requests).sum()
    }

    /// How many requests are decided otherwise; another command of the same choice does not count.
    pub fn decided_otherwise(&self) -> usize {
        let groups = self.groups.iter();
        let decided = groups.filter(|group| group.kind != Kind::Command);
        decided.map(Group::requests).sum()
    }

    /// The files that explain something, by their places.
    pub fn causes(&self) -> BTreeSet<usize> {
        let causes = self.groups.iter().flat_map(|group| &group.causes);
        causes.copied().collect()
    }

    /// The files that differ without changing anything.
    pub fn without_effect(&self) -> Vec<&FileChange> {
        let causes = self.causes();
        let files = (0..).zip(&self.files);
        files
            .filter(|(place, _)| !causes.contains(place))
            .map(|(_, file)| file)
            .collect()
    }
}

fn of_store(error: StoreError) -> PolicyError {
    ViewError::from(error).into()
}
