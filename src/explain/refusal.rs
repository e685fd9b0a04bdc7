//! The reasons that reject a configuration: what was expected, what was found, and where both come from.

use serde::Serialize;

use crate::datalog::ast::{Atom, ExprKind, Literal};
use crate::datalog::proof::{Derivation, Premise, PremiseKind, Prover, Step};
use crate::datalog::{Datum, Fact};

use super::node::RulePlace;
use super::place::At;
use super::proof::names_a_value;
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
    /// The condition that tells, where the rule or one that it rests on has one.
    #[serde(skip)]
    pub telling: Option<Telling>,
}

/// The comparisons and negations of a rule, which tell why it applies.
#[derive(Clone, Debug, PartialEq)]
pub struct Telling {
    /// The relation that the rule derives.
    pub rule: String,
    /// Where they stand, with their values.
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
        .flat_map(|derived| missing(world, prover, derived))
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
        telling: telling(world, prover, fact),
    }
}

/// The nearest rule behind a reason that compares values or finds something missing; what the run
/// merely did not ask for tells nothing.
fn telling(world: &World<'_>, prover: &Prover<'_>, reason: &Fact) -> Option<Telling> {
    let mut facts = vec![reason.clone()];
    for _ in 0..TELLING_DEPTH {
        let mut next = Vec::new();
        for fact in &facts {
            let Some(Step::Derived(derived)) = prover.step(fact) else {
                continue;
            };
            let tells = |premise: &&Premise| match &premise.kind {
                PremiseKind::Absent(pattern) => !world.is_given(pattern.relation),
                PremiseKind::Test { .. } => !names_a_value(&premise.text),
                _ => false,
            };
            let conditions = derived.premises.iter().filter(tells);
            let conditions: Vec<(RulePlace, String)> = conditions
                .map(|premise| (world.rule_place(premise.span), premise.text.clone()))
                .collect();
            if !conditions.is_empty() {
                // A helper is part of the rule that it helps.
                let is_helper = world.speaker().is_helper(fact.relation);
                let rule = if is_helper { reason } else { fact };
                return Some(Telling {
                    rule: world.speaker().name(rule.relation).to_owned(),
                    conditions,
                });
            }
            // What is considered is so for every reason.
            let premises = derived.premises.into_iter().map(|premise| premise.kind);
            next.extend(premises.filter_map(|kind| match kind {
                PremiseKind::Fact(premise) if !is_subject(world, reason, &premise) => Some(premise),
                _ => None,
            }));
        }
        // What speaks of the reason's own values comes before what is true of all.
        let shared = |fact: &Fact| {
            let own = reason
                .values
                .iter()
                .filter(|value| fact.values.contains(value));
            std::cmp::Reverse(own.count())
        };
        next.sort_by_key(shared);
        facts = next;
    }
    None
}

/// So many rules behind a reason its telling condition is looked for.
const TELLING_DEPTH: usize = 3;

/// Whether a premise only names what a reason is about: its first columns and no others.
fn is_subject(world: &World<'_>, reason: &Fact, premise: &Fact) -> bool {
    !world.speaker().is_helper(premise.relation) && reason.values.starts_with(&premise.values)
}

/// The places of the base facts that a rule found missing, itself or through its helpers.
fn missing(world: &World<'_>, prover: &Prover<'_>, derived: &Derivation) -> Vec<At> {
    let mut places = Vec::new();
    for premise in &derived.premises {
        match &premise.kind {
            PremiseKind::Absent(pattern) => {
                let info = world.checked.info(pattern.relation);
                if info.is_some_and(|info| info.is_input) && !world.is_given(pattern.relation) {
                    places.extend(world.pattern_origins(pattern));
                }
            }
            PremiseKind::Fact(fact) if world.speaker().is_helper(fact.relation) => {
                if let Some(Step::Derived(inner)) = prover.step(fact) {
                    places.extend(missing(world, prover, &inner));
                }
            }
            _ => {}
        }
    }
    places
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
            let sources = derived.sources.get(column).map(Vec::as_slice);
            if sources.is_some_and(<[_]>::is_empty) {
                let value = fact.values.get(column);
                let counted = aggregate_of(&derived, value);
                match counted {
                    Some(witnesses) => {
                        let mut counted = Vec::new();
                        for witness in witnesses.iter().take(MOST_COUNTED) {
                            for column in 0..witness.values.len() {
                                origins_of(world, prover, witness, column, left, &mut counted);
                            }
                        }
                        hidden_by(world, prover, &derived, left, &mut counted);
                        // What a machine shows says more than the file by which it was recognised.
                        let is_seen = |at: &At| matches!(at, At::Detected { .. } | At::Flag { .. });
                        if counted.iter().any(is_seen) {
                            counted.retain(is_seen);
                        }
                        places.extend(counted);
                    }
                    // The rule itself states the value.
                    None => places.push(At::Rule(world.rule_place(derived.head))),
                }
            }
            for (premise, column) in sources.into_iter().flatten() {
                if let Some(PremiseKind::Fact(fact)) =
                    derived.premises.get(*premise).map(|premise| &premise.kind)
                {
                    origins_of(world, prover, fact, *column, left, places);
                }
            }
        }
    }
}

/// Of what was counted so many places are enough.
const MOST_COUNTED: usize = 2;

/// What the aggregate of a rule that gives this value was taken over.
fn aggregate_of<'d>(derived: &'d Derivation, value: Option<&Datum>) -> Option<&'d [Fact]> {
    derived
        .premises
        .iter()
        .find_map(|premise| match &premise.kind {
            PremiseKind::Aggregate {
                value: given,
                witnesses,
                ..
            } if Some(given) == value => Some(witnesses.as_slice()),
            _ => None,
        })
}

/// Where that comes from which an aggregate of a rule leaves out: the facts that its negations name.
fn hidden_by(
    world: &World<'_>,
    prover: &Prover<'_>,
    derived: &Derivation,
    deepest: usize,
    places: &mut Vec<At>,
) {
    let rule = world.checked.program.rules.get(derived.rule);
    let body = rule.and_then(|rule| rule.bodies.get(derived.body));
    for atom in body.into_iter().flatten().flat_map(left_out) {
        let Some(relation) = world.checked.relation(&atom.relation.name) else {
            continue;
        };
        for fact in world.facts_of(relation).iter().take(MOST_COUNTED) {
            if let Some(Step::Derived(derived)) = prover.step(fact) {
                let given = derived
                    .premises
                    .iter()
                    .filter_map(|premise| match &premise.kind {
                        PremiseKind::Fact(fact) => Some(fact),
                        _ => None,
                    });
                for fact in given {
                    origins_of(world, prover, fact, fact.values.len(), deepest, places);
                }
            }
        }
    }
}

/// The negated atoms inside the aggregates of a comparison.
fn left_out(literal: &Literal) -> Vec<&Atom> {
    let Literal::Compare { left, right, .. } = literal else {
        return Vec::new();
    };
    let aggregates = [left, right]
        .into_iter()
        .filter_map(|side| match &side.kind {
            ExprKind::Aggregate(aggregate) => Some(aggregate),
            _ => None,
        });
    let literals = aggregates.flat_map(|aggregate| aggregate.bodies.iter().flatten());
    literals
        .filter_map(|literal| match literal {
            Literal::Negative(atom) => Some(atom),
            _ => None,
        })
        .collect()
}
