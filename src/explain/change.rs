//! What would change a decision: proposals that rules make, each evaluated before it is shown.

use rayon::prelude::*;
use serde::Serialize;

use crate::datalog::ast::Decl;
use crate::datalog::difference::{DocFact, WITH, WITHOUT};
use crate::datalog::{Datum, Fact, Model, Pattern, Value};
use crate::policy::PolicyError;

use super::beaten::BeatenBy;
use super::configuration::Configuration;
use super::world::{Difference, World, facts_in};

/// How many changes one after the other are tried where no single one will do.
const MOST_STEPS: usize = 4;
/// The columns of a proposal that say which configuration it is for: request, recipe, backend, gpus.
const KEY_COLUMNS: usize = 4;
/// How many proposals for one configuration are evaluated.
const MOST_PROPOSALS: usize = 64;

/// A change under which a configuration becomes eligible, or wins.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Change {
    /// What to do.
    pub says: String,
    /// What is different then.
    pub change: serde_json::Map<String, serde_json::Value>,
    /// Whether the configuration is eligible then.
    pub eligible: bool,
    /// Whether it is the chosen one then.
    pub wins: bool,
    /// What is chosen in its place, where it is eligible and does not win.
    pub beaten_by: Option<BeatenBy>,
    /// How many things change.
    pub steps: usize,
}

/// What a rule proposes.
#[derive(Clone, Debug, PartialEq)]
pub struct Proposal {
    says: String,
    key: String,
    value: serde_json::Value,
    difference: Difference,
}

/// What became of a configuration.
struct Fate {
    rejections: usize,
    eligible: bool,
    wins: bool,
    beaten_by: Option<BeatenBy>,
}

/// The changes for a configuration, those that make it win first, then in the order of the rules.
pub(super) fn changes(
    world: &World<'_>,
    configuration: &Configuration,
) -> Result<Vec<Change>, PolicyError> {
    let now = fate(world, &world.model, configuration);
    if now.wins {
        return Ok(Vec::new());
    }
    let proposals = proposals(world, &world.model, configuration);
    let tried = tried(world, configuration, &[], &proposals)?;
    let mut changes: Vec<Change> = Vec::new();
    for (proposal, (_, fate)) in proposals.iter().zip(&tried) {
        let helps = if now.eligible {
            fate.wins
        } else {
            fate.eligible
        };
        if helps {
            changes.push(change(std::slice::from_ref(proposal), fate));
        }
    }
    if changes.is_empty() && !now.eligible {
        changes.extend(several(world, configuration, &proposals, tried)?);
    }
    changes.sort_by_key(|change| !change.wins);
    Ok(changes)
}

/// Where one change is not enough: step by step the one that leaves fewest reasons.
fn several(
    world: &World<'_>,
    configuration: &Configuration,
    proposals: &[Proposal],
    tried: Vec<(Model, Fate)>,
) -> Result<Option<Change>, PolicyError> {
    let mut taken: Vec<Proposal> = Vec::new();
    let mut left = fate(world, &world.model, configuration).rejections;
    let mut proposals = proposals.to_vec();
    let mut tried_now = tried;
    while taken.len() < MOST_STEPS {
        let best = proposals
            .iter()
            .zip(tried_now)
            .min_by_key(|(_, (_, fate))| (!fate.eligible, !fate.wins, fate.rejections));
        let Some((proposal, (model, fate))) = best else {
            return Ok(None);
        };
        if !fate.eligible && fate.rejections >= left {
            return Ok(None);
        }
        left = fate.rejections;
        taken.push(proposal.clone());
        if fate.eligible {
            return Ok(Some(change(&taken, &fate)));
        }
        proposals = self::proposals(world, &model, configuration);
        tried_now = self::tried(world, configuration, &taken, &proposals)?;
    }
    Ok(None)
}

fn change(proposals: &[Proposal], fate: &Fate) -> Change {
    let says: Vec<String> = proposals
        .iter()
        .enumerate()
        .map(|(at, proposal)| {
            let text = proposal.says.trim_end_matches('.');
            if at == 0 {
                text.to_owned()
            } else {
                lower_first(text)
            }
        })
        .collect();
    let mut change = serde_json::Map::new();
    for Proposal { key, value, .. } in proposals {
        let value = match change.remove(key) {
            None => value.clone(),
            // Several changes of one kind.
            Some(serde_json::Value::Array(mut values)) => {
                values.push(value.clone());
                values.into()
            }
            Some(first) => vec![first, value.clone()].into(),
        };
        change.insert(key.clone(), value);
    }
    Change {
        says: format!("{}.", says.join(", and ")),
        change,
        eligible: fate.eligible,
        wins: fate.wins,
        beaten_by: fate.beaten_by.clone(),
        steps: proposals.len(),
    }
}

fn lower_first(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters
        .next()
        .map(|first| first.to_lowercase().to_string());
    first.unwrap_or_default() + characters.as_str()
}

/// Each proposal on top of those taken, evaluated.
fn tried(
    world: &World<'_>,
    configuration: &Configuration,
    taken: &[Proposal],
    proposals: &[Proposal],
) -> Result<Vec<(Model, Fate)>, PolicyError> {
    let base = &world.base;
    let models = proposals.par_iter().map(|proposal| {
        let all = taken.iter().chain([proposal]);
        base.with_changes(all.map(|proposal| &proposal.difference))
    });
    let models: Vec<Model> = models.collect::<Result<_, _>>()?;
    let fated = |model| {
        let fate = fate(world, &model, configuration);
        (model, fate)
    };
    Ok(models.into_iter().map(fated).collect())
}

/// What the rules propose for a configuration.
fn proposals(world: &World<'_>, model: &Model, configuration: &Configuration) -> Vec<Proposal> {
    let mut proposals: Vec<Proposal> = Vec::new();
    for relation in world.family(super::world::CHANGES) {
        for fact in facts_in(model, relation, &configuration.key()) {
            let proposal = proposal(world, &fact);
            let known = |other: &Proposal| other.difference == proposal.difference;
            if !proposals.iter().any(known) && proposals.len() < MOST_PROPOSALS {
                proposals.push(proposal);
            }
        }
    }
    proposals
}

fn proposal(world: &World<'_>, fact: &Fact) -> Proposal {
    let speaker = world.speaker();
    let mut difference = Difference::default();
    let mut value = serde_json::Value::Bool(true);
    if let Some(decl) = speaker.decl(fact.relation) {
        let values: Vec<Value<'_>> = fact.values.iter().map(Datum::value).collect();
        for field in decl.doc.iter().flat_map(|doc| &doc.fields) {
            let adds = match field.key.name.as_str() {
                WITH => true,
                WITHOUT => false,
                _ => continue,
            };
            let Ok(read) = DocFact::read(field, decl) else {
                continue;
            };
            let Some((relation, values)) = read.of(&world.checked, &values) else {
                continue;
            };
            let values: Vec<Option<Datum>> = values
                .into_iter()
                .map(|value| value.map(Datum::from))
                .collect();
            if adds {
                let values = values.into_iter().flatten().collect();
                difference.with.push(Fact { relation, values });
            } else {
                difference.without.push(Pattern { relation, values });
            }
        }
        value = new_values(decl, fact);
    }
    let name = speaker.name(fact.relation);
    Proposal {
        says: speaker.fact(fact),
        key: name
            .strip_prefix(super::world::CHANGES)
            .unwrap_or(name)
            .to_owned(),
        value,
        difference,
    }
}

/// What its sentence says beside the configuration: the value of `to` alone, or several by their names.
fn new_values(decl: &Decl, fact: &Fact) -> serde_json::Value {
    let sentence = decl.doc.iter().flat_map(|doc| doc.sentence.columns());
    let said: Vec<&str> = sentence.map(|name| name.name.as_str()).collect();
    let columns = decl.columns.iter().map(|column| column.name.name.as_str());
    let mut values: Vec<(&str, &Datum)> = columns.zip(&fact.values).skip(KEY_COLUMNS).collect();
    values.retain(|(name, _)| said.contains(name) || *name == "to");
    match values.as_slice() {
        [] => serde_json::Value::Bool(true),
        [("to", to)] => json(to),
        several => several
            .iter()
            .map(|(name, value)| ((*name).to_owned(), json(value)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
    }
}

fn json(value: &Datum) -> serde_json::Value {
    match value {
        Datum::Symbol(text) => text.as_str().into(),
        Datum::Number(number) => (*number).into(),
        Datum::Float(number) => (*number).into(),
    }
}

fn fate(world: &World<'_>, model: &Model, configuration: &Configuration) -> Fate {
    let key = configuration.key();
    let holds = |name: &str| {
        let relation = world.checked.relation(name);
        relation.is_some_and(|relation| !facts_in(model, relation, &key).is_empty())
    };
    let families = ["rejected_", "not_considered_"]
        .into_iter()
        .flat_map(|f| world.family(f));
    let rejections = families
        .map(|relation| facts_in(model, relation, &key).len())
        .sum();
    let (eligible, wins) = (holds("eligible"), holds("chosen"));
    Fate {
        rejections,
        eligible,
        wins,
        beaten_by: (eligible && !wins)
            .then(|| BeatenBy::find(world, model, configuration))
            .flatten(),
    }
}
