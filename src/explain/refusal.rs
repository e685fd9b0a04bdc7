//! The reasons that reject a configuration: what was expected, what was found, and where both come from.

use serde::Serialize;

use crate::datalog::Fact;
use crate::datalog::proof::{Derivation, PremiseKind, Prover, Step};

use super::node::RulePlace;
use super::place::At;
use super::world::World;

/// A condition that fails.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Failed {
    /// The relation that says so.
    pub rule: String,
    /// Its sentence.
    pub says: String,
    /// What would have been right.
    pub expected: Option<String>,
    /// What is there.
    pub found: Option<String>,
    /// Where the two come from.
    pub at: Vec<Sourced>,
    /// Where the rule stands.
    pub rule_at: Option<RulePlace>,
    /// What to do about it.
    pub help: Option<String>,
    /// The conditions of the rule that tell, with their values, and where they stand in its file.
    #[serde(skip)]
    pub conditions: Vec<(RulePlace, String)>,
}

/// A place, and which of the two values comes from it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Sourced {
    /// `expected` or `found`; nothing where the reason names no value.
    pub of: Option<&'static str>,
    /// The place.
    #[serde(flatten)]
    pub at: At,
}

/// A proof may be this deep before values are no longer followed.
const DEEPEST: usize = 64;

pub(super) fn failed(world: &World<'_>, prover: &Prover<'_>, fact: &Fact) -> Failed {
    let speaker = world.speaker();
    let step = prover.step(fact);
    let derived = match &step {
        Some(Step::Derived(derived)) => Some(derived),
        _ => None,
    };
    let mut at: Vec<Sourced> = Vec::new();
    for of in ["expected", "found"] {
        for column in speaker.field_columns(fact.relation, of) {
            let mut places = Vec::new();
            origins_of(world, prover, fact, column, DEEPEST, &mut places);
            for place in places {
                if !at.iter().any(|known| known.at == place) {
                    at.push(Sourced {
                        of: Some(of),
                        at: place,
                    });
                }
            }
        }
    }
    for place in derived
        .into_iter()
        .flat_map(|derived| missing(world, derived))
    {
        if !at.iter().any(|known| known.at == place) {
            at.push(Sourced {
                of: None,
                at: place,
            });
        }
    }
    Failed {
        rule: speaker.name(fact.relation).to_owned(),
        says: speaker.fact(fact),
        expected: speaker.field(fact, "expected"),
        found: speaker.field(fact, "found"),
        at,
        rule_at: derived.map(|derived| world.rule_place(derived.head)),
        help: speaker.field(fact, "help"),
        conditions: derived
            .into_iter()
            .flat_map(|derived| conditions(world, derived))
            .collect(),
    }
}

/// The comparisons and negations of a rule.
fn conditions(world: &World<'_>, derived: &Derivation) -> Vec<(RulePlace, String)> {
    let telling = derived.premises.iter().filter(|premise| {
        matches!(
            premise.kind,
            PremiseKind::Absent(_) | PremiseKind::Test { .. }
        )
    });
    telling
        .map(|premise| (world.rule_place(premise.span), premise.text.clone()))
        .collect()
}

/// The places of the base facts that a rule found missing.
fn missing(world: &World<'_>, derived: &Derivation) -> Vec<At> {
    let absent = derived
        .premises
        .iter()
        .filter_map(|premise| match &premise.kind {
            PremiseKind::Absent(pattern) => Some(pattern),
            _ => None,
        });
    let base = absent.filter(|pattern| {
        let info = world.checked.info(pattern.relation);
        info.is_some_and(|info| info.is_input) && !world.is_given(pattern.relation)
    });
    base.flat_map(|pattern| world.pattern_origins(pattern))
        .collect()
}

/// Where the value of a column comes from: down the proof to the facts it was read from.
fn origins_of(
    world: &World<'_>,
    prover: &Prover<'_>,
    fact: &Fact,
    column: usize,
    deepest: usize,
    places: &mut Vec<At>,
) {
    let Some(left) = deepest.checked_sub(1) else {
        return;
    };
    match prover.step(fact) {
        None => {}
        Some(Step::Given) => places.extend(world.origin(fact, Some(column))),
        Some(Step::Derived(derived)) if derived.premises.is_empty() => {
            places.push(At::Rule(world.rule_place(derived.head)));
        }
        Some(Step::Derived(derived)) => {
            for (premise, column) in derived.sources.get(column).into_iter().flatten() {
                match derived.premises.get(*premise).map(|premise| &premise.kind) {
                    Some(PremiseKind::Fact(fact)) => {
                        origins_of(world, prover, fact, *column, left, places);
                    }
                    Some(PremiseKind::Aggregate { witnesses, .. }) => {
                        for witness in witnesses {
                            let last = witness.values.len().saturating_sub(1);
                            origins_of(world, prover, witness, last, left, places);
                        }
                    }
                    _ => {}
                }
            }
        }
    }
}
