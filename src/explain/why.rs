//! Why a decision is as it is: what was chosen, what it beat, and the proof.

use serde::Serialize;

use crate::datalog::Datum;
use crate::policy::PolicyError;

use super::beaten::{after, criterion};
use super::configuration::Configuration;
use super::node::Node;
use super::proof::Teller;
use super::refusal::{Failed, failed};
use super::why_not::search_order;
use super::world::{World, facts_in};

/// The answer about a decision.
#[derive(Clone, Debug, Serialize)]
pub struct Why {
    /// The sentence that matters most.
    pub says: String,
    /// What was chosen.
    pub selected: Configuration,
    /// In what it differs from what was asked for.
    pub differs: Vec<String>,
    /// What it beat, the nearest rival first.
    pub beats: Vec<Beaten>,
    /// Why the first of those came after it, with the places to point at.
    #[serde(skip)]
    pub next: Option<Failed>,
    /// How many configurations were rejected.
    pub rejected: usize,
    /// The proof.
    pub proof: Node,
}

/// An eligible configuration that came after the chosen one.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Beaten {
    /// Which.
    #[serde(flatten)]
    pub configuration: Configuration,
    /// The criterion of the order at which it was left behind.
    pub criterion: String,
    /// By how much.
    pub says: String,
}

/// Why request 1 is decided as it is, with the proof to so many levels; nothing when nothing was chosen.
///
/// # Errors
/// The rules lack a relation that is read here.
pub fn why(world: &World<'_>, depth: usize) -> Result<Option<Why>, PolicyError> {
    let chosen = facts_in(&world.model, world.relation("chosen")?, &[Datum::Number(1)]);
    let Some((fact, selected)) = chosen
        .first()
        .and_then(|fact| Some((fact, Configuration::of(fact)?)))
    else {
        return Ok(None);
    };
    let mut beats = Vec::new();
    let mut rejected = 0;
    let eligible = world.facts_of(world.relation("eligible")?);
    let eligible: Vec<Configuration> = eligible.iter().filter_map(Configuration::of).collect();
    for configuration in search_order(world)? {
        if configuration == selected {
            continue;
        }
        match criterion(world, &world.model, &configuration) {
            Some((criterion, says)) if eligible.contains(&configuration) => {
                beats.push(Beaten {
                    configuration,
                    criterion,
                    says,
                });
            }
            _ => rejected += 1,
        }
    }
    let differs: Vec<String> = world
        .family("differs_in_")
        .into_iter()
        .flat_map(|relation| facts_in(&world.model, relation, &[Datum::Number(1)]))
        .map(|fact| world.speaker().fact(&fact).trim_end_matches('.').to_owned())
        .collect();
    let mut teller = Teller::new(world, depth);
    let proof = teller.prove(fact, 0);
    let next = beats
        .first()
        .and_then(|next| after(world, &world.model, &next.configuration));
    let next = next.map(|fact| failed(world, teller.prover(), &fact));
    Ok(Some(Why {
        says: sentence(&selected, &differs, &beats, rejected),
        selected,
        differs,
        beats,
        next,
        rejected,
        proof,
    }))
}

fn sentence(
    selected: &Configuration,
    differs: &[String],
    beats: &[Beaten],
    rejected: usize,
) -> String {
    let mut says = match beats {
        [] if rejected == 0 => format!("{}, is chosen: there is no other.", selected.says()),
        [] => format!(
            "{}, is chosen: it is the only configuration that can serve the request ({rejected} rejected).",
            selected.says()
        ),
        [next, ..] => format!(
            "{}, is chosen: of the {} that can serve the request it comes first. The next is {}: {}",
            selected.says(),
            beats.len() + 1,
            next.configuration.says(),
            next.says
        ),
    };
    if !differs.is_empty() {
        says.push_str(&format!(
            " It is not exactly what was asked for: {}.",
            differs.join(", ")
        ));
    }
    says
}
