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

use crate::launch::{Decision, Detail, Selected};
use crate::matrix::{Axes, Breadth, Question, answers};
use crate::policy::{Policy, PolicyError, RuleSources};
use crate::store::{Store, StoreError, ViewError};

use group::{Found, grouped};
use outcome::Decider;
use relevance::Relevance;

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

/// A request that is decided otherwise.
struct Changed {
    question: Question,
    old: Outcome,
    new: Outcome,
    kind: Kind,
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
            found.push(Found {
                kind: Kind::Command,
                causes,
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

/// Finds out why these changed: once for all requests for one model and hardware that changed alike.
fn explained(
    old: Side<'_>,
    new: Side<'_>,
    changed: Vec<Changed>,
    relevance: &Relevance<'_>,
) -> Result<Vec<Found>, PolicyError> {
    let mut places = HashMap::new();
    let mut alike: Vec<usize> = Vec::with_capacity(changed.len());
    let mut asked: Vec<&Changed> = Vec::new();
    for change in &changed {
        let question = &change.question;
        let key = (
            &question.model,
            &question.hardware,
            &change.old,
            &change.new,
        );
        let place = *places.entry(key).or_insert(asked.len());
        if place == asked.len() {
            asked.push(change);
        }
        alike.push(place);
    }
    let before = searched(old, &asked, |change| &change.new)?;
    let after = searched(new, &asked, |change| &change.old)?;
    let rules = if relevance.rules.is_empty() {
        vec![ByRules::default(); asked.len()]
    } else {
        by_rules(old, new, &asked)?
    };
    let whys: Vec<Why> = asked
        .iter()
        .zip(before.iter().zip(&after))
        .zip(rules)
        .map(|((change, (before, after)), rules)| Why::of(change, before, after, rules, relevance))
        .collect();
    let found = changed.iter().zip(alike).filter_map(|(change, place)| {
        let why = whys.get(place)?;
        Some(Found {
            kind: change.kind,
            causes: why.causes.clone(),
            command: Vec::new(),
            old: change.old.clone(),
            new: change.new.clone(),
            because: why.because.clone(),
            former: why.former.clone(),
            latter: why.latter.clone(),
            question: change.question.clone(),
        })
    });
    Ok(found.collect())
}

/// What one side says of a request.
struct Searched {
    /// What became there of the other side's choice.
    fate: Option<Fate>,
    /// In what its own choice differs from what was asked for.
    differs: Vec<String>,
    /// Whether it knows the model.
    knows_model: bool,
}

fn searched(
    side: Side<'_>,
    asked: &[&Changed],
    other: impl Fn(&Changed) -> &Outcome,
) -> Result<Vec<Searched>, PolicyError> {
    let mut searched = Vec::with_capacity(asked.len());
    let mut rest = asked.iter();
    let questions = asked.iter().map(|change| change.question.clone());
    answers(
        side.store,
        side.policy,
        questions,
        Detail::Search,
        |_, decision| {
            let winner = rest.next().and_then(|change| other(change).winner.as_ref());
            let fate = winner.map(|winner| Fate::of(winner, &decision, side.store));
            searched.push(Searched {
                fate: fate.transpose()?,
                differs: decision.differs,
                knows_model: decision.model.is_some(),
            });
            Ok::<(), PolicyError>(())
        },
    )?;
    Ok(searched)
}

/// What of a change is due to rules.
#[derive(Clone, Copy, Debug, Default)]
struct ByRules {
    /// With the other side's rules one of the sides would decide otherwise.
    matter: bool,
    /// With the rules exchanged each would decide as the other.
    suffice: bool,
}

/// Decides with each side's documents and the other's rules.
fn by_rules(old: Side<'_>, new: Side<'_>, asked: &[&Changed]) -> Result<Vec<ByRules>, PolicyError> {
    let crossed = |documents: Side<'_>, rules: Side<'_>| {
        let policy = Policy::compile(rules.rules.clone(), documents.store)?;
        let mut outcomes = Vec::with_capacity(asked.len());
        let questions = asked.iter().map(|change| change.question.clone());
        Decider::new(documents.store, &policy).decide(
            questions,
            |_, _| false,
            |_, outcome| outcomes.push(outcome),
        )?;
        Ok::<_, PolicyError>(outcomes)
    };
    let new_rules = crossed(old, new)?;
    let old_rules = crossed(new, old)?;
    let outcomes = new_rules.into_iter().zip(old_rules);
    Ok(asked
        .iter()
        .zip(outcomes)
        .map(|(change, (new_rules, old_rules))| ByRules {
            matter: new_rules != change.old || old_rules != change.new,
            suffice: new_rules == change.new && old_rules == change.old,
        })
        .collect())
}

/// Why a decision changed.
struct Why {
    causes: BTreeSet<usize>,
    because: Option<String>,
    former: Option<(String, Vec<String>)>,
    latter: Option<(String, Vec<String>)>,
}

impl Why {
    fn of(
        change: &Changed,
        before: &Searched,
        after: &Searched,
        rules: ByRules,
        relevance: &Relevance<'_>,
    ) -> Why {
        let summed = |fate: &Fate| (fate.name().to_owned(), fate.relations().to_vec());
        Why {
            causes: causes(change, before, after, rules, relevance),
            because: because(change, before, after),
            former: after.fate.as_ref().map(summed),
            latter: before.fate.as_ref().map(summed),
        }
    }
}

/// The files that explain a change.
fn causes(
    change: &Changed,
    before: &Searched,
    after: &Searched,
    rules: ByRules,
    relevance: &Relevance<'_>,
) -> BTreeSet<usize> {
    let (former, latter) = (change.old.winner.as_deref(), change.new.winner.as_deref());
    if rules.suffice {
        return relevance.rules.iter().copied().collect();
    }
    // What is not there needs no other explanation.
    let mut causes = BTreeSet::new();
    for (winner, fate) in [(former, &after.fate), (latter, &before.fate)] {
        if let (Some(winner), Some(fate)) = (winner, fate)
            && fate.is_absent()
        {
            causes.extend(relevance.recipe(&winner.recipe_id));
            // A card or hardware that came with it.
            causes.extend(relevance.come_or_gone(&change.question, winner));
        }
    }
    let winners: Vec<_> = [former, latter].into_iter().flatten().collect();
    if causes.is_empty() {
        let decisive = winners.iter();
        causes = decisive
            .flat_map(|winner| relevance.decisive(&change.question, winner))
            .collect();
    }
    if rules.matter {
        causes.extend(&relevance.rules);
    }
    if causes.is_empty() {
        let about = winners.iter();
        causes = about
            .flat_map(|winner| relevance.about(&change.question, winner))
            .collect();
    }
    causes
}

/// The same in sentences.
fn because(change: &Changed, before: &Searched, after: &Searched) -> Option<String> {
    if change.kind == Kind::Exactness {
        let differs = if change.new.exact { before } else { after };
        let when = if change.new.exact { "Before" } else { "Now" };
        return (!differs.differs.is_empty()).then(|| {
            format!(
                "{when} it differs from what was asked for: {}.",
                differs.differs.join(", ")
            )
        });
    }
    let former = change.old.winner.as_deref().zip(after.fate.as_ref());
    let latter = change.new.winner.as_deref().zip(before.fate.as_ref());
    // What was next in the order moves up: that says nothing.
    let moved_up = former.is_some_and(|(_, fate)| !matches!(fate, Fate::After { .. }))
        && latter.is_some_and(|(_, fate)| matches!(fate, Fate::After { .. }));
    let beaten_by_new = latter.is_some_and(|(_, fate)| !matches!(fate, Fate::After { .. }))
        && former.is_some_and(|(_, fate)| matches!(fate, Fate::After { .. }));
    let absent =
        |found: Option<(&Selected, &Fate)>| found.is_some_and(|(_, fate)| fate.is_absent());
    let mut sentences = Vec::new();
    if change.kind == Kind::Lost && !after.knows_model && !absent(former) {
        sentences.push("The catalog does not know the model any more.".to_owned());
    } else if let Some((former, fate)) = former
        && !beaten_by_new
    {
        sentences.extend(fate.of_the_former(former));
    }
    if change.kind == Kind::Gained && !before.knows_model && !absent(latter) {
        sentences.push("The catalog did not know the model before.".to_owned());
    } else if let Some((latter, fate)) = latter
        && !moved_up
    {
        sentences.extend(fate.of_the_new(latter));
    }
    if beaten_by_new && let Some((former, fate)) = former {
        sentences.extend(fate.of_the_former(former));
    }
    (!sentences.is_empty()).then(|| sentences.join(" "))
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
