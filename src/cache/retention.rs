//! What of a cache stays and what goes, as the rules say, each with the reasons.

use crate::datalog::{RelId, Value};
use crate::hub::{Commit, ModelId};
use crate::policy::{Policy, PolicyError};
use crate::store::{Scope, Store};

/// What the rules say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Retention {
    /// Revisions that go.
    pub going: Vec<Fate>,
    /// Revisions that stay.
    pub staying: Vec<Fate>,
    /// Contents that go since no revision has them.
    pub orphans: Vec<Orphan>,
}

/// A revision and why it stays or goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fate {
    /// Its model.
    pub model: ModelId,
    /// Its commit.
    pub commit: Commit,
    /// Why, as sentences.
    pub because: Vec<String>,
}

/// A content that goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Orphan {
    /// Its model.
    pub model: ModelId,
    /// Its name.
    pub content: String,
    /// Why, as a sentence.
    pub because: String,
}

const GOES: &str = "cache_goes";
const ORPHANS: &str = "cache_orphan_goes";
const KEPT: &str = "cache_kept_";
const REMOVED: &str = "cache_removed_";

/// Asks the rules about the cache that the store was lent.
///
/// # Errors
/// The rules cannot be evaluated.
pub fn retention(store: &Store, policy: &Policy) -> Result<Retention, PolicyError> {
    let named = |name: &'static str| {
        policy
            .program
            .relation(name)
            .ok_or(PolicyError::Missing(name))
    };
    let (goes, orphans) = (named(GOES)?, named(ORPHANS)?);
    let of_family = |prefix| {
        let family = policy.relations_named(prefix).into_iter();
        family.map(|(id, _)| id).collect::<Vec<RelId>>()
    };
    let (kept, removed) = (of_family(KEPT), of_family(REMOVED));
    let goals: Vec<RelId> = [goes, orphans]
        .into_iter()
        .chain(kept.clone())
        .chain(removed.clone())
        .collect();
    let model = policy.evaluate(store, &Scope::Whole, &goals, |_, _| Ok(Vec::new()))?;
    let said = |relations: &[RelId]| {
        let mut said: Vec<Fate> = Vec::new();
        for relation in relations {
            for tuple in model.sorted(*relation) {
                let values: Vec<Value<'_>> = tuple.values().collect();
                let Some((model, commit)) = revision(&values) else {
                    continue;
                };
                let sentence = policy.say(*relation, &tuple);
                match said
                    .iter_mut()
                    .find(|fate| fate.model == model && fate.commit == commit)
                {
                    Some(fate) => fate.because.push(sentence),
                    None => said.push(Fate {
                        model,
                        commit,
                        because: vec![sentence],
                    }),
                }
            }
        }
        said
    };
    let mut retention = Retention::default();
    let gone: Vec<(ModelId, Commit)> = model
        .sorted(goes)
        .iter()
        .filter_map(|tuple| revision(&tuple.values().collect::<Vec<_>>()))
        .collect();
    let goes = |fate: &Fate| {
        gone.iter()
            .any(|(model, commit)| fate.model == *model && fate.commit == *commit)
    };
    retention.going = said(&removed).into_iter().filter(goes).collect();
    retention.staying = said(&kept).into_iter().filter(|fate| !goes(fate)).collect();
    for fates in [&mut retention.going, &mut retention.staying] {
        fates.sort_by(|a, b| (&a.model, &a.commit).cmp(&(&b.model, &b.commit)));
    }
    for tuple in model.sorted(orphans) {
        let values: Vec<Value<'_>> = tuple.values().collect();
        if let [Value::Symbol(model), Value::Symbol(content), ..] = values[..]
            && let Ok(model) = ModelId::parse(model)
        {
            retention.orphans.push(Orphan {
                model,
                content: content.to_owned(),
                because: policy.say(orphans, &tuple),
            });
        }
    }
    Ok(retention)
}

/// The revision that a tuple begins with.
fn revision(values: &[Value<'_>]) -> Option<(ModelId, Commit)> {
    match values {
        [Value::Symbol(model), Value::Symbol(commit), ..] => {
            Some((ModelId::parse(model).ok()?, Commit::parse(commit)?))
        }
        _ => None,
    }
}
