//! Why decisions changed: the files that explain it, and the reasons in sentences.

use std::collections::{BTreeSet, HashMap};

use crate::launch::{Detail, Selected};
use crate::matrix::{Question, answers};
use crate::policy::{Policy, PolicyError};

use super::group::{Found, Kind};
use super::outcome::{Decider, Outcome};
use super::relevance::Relevance;
use super::{Fate, Side};

/// A request that is decided otherwise.
pub(super) struct Changed {
    pub question: Question,
    pub old: Outcome,
    pub new: Outcome,
    pub kind: Kind,
}

/// Finds out why these changed: once for all requests for one model and hardware that changed alike.
pub(super) fn explained(
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
            keys: why.keys.clone(),
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
    keys: BTreeSet<(usize, usize)>,
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
        let causes = causes(change, before, after, rules, relevance);
        let winners = [&change.old.winner, &change.new.winner];
        let keys = |place: &usize| {
            let winners = winners.into_iter().flatten();
            let place = *place;
            winners
                .flat_map(move |winner| relevance.keys(place, winner))
                .map(move |key| (place, key))
                .collect::<Vec<_>>()
        };
        Why {
            keys: causes.iter().flat_map(keys).collect(),
            causes,
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
        sentences.extend(fate.of_the_former(former, change.new.winner.as_deref()));
    }
    if change.kind == Kind::Gained && !before.knows_model && !absent(latter) {
        sentences.push("The catalog did not know the model before.".to_owned());
    } else if let Some((latter, fate)) = latter
        && !moved_up
    {
        sentences.extend(fate.of_the_new(latter, change.old.winner.as_deref()));
    }
    if beaten_by_new && let Some((former, fate)) = former {
        sentences.extend(fate.of_the_former(former, change.new.winner.as_deref()));
    }
    (!sentences.is_empty()).then(|| sentences.join(" "))
}
