//! What findings follow from: the facts from outside at the ends of their proofs.

use crate::datalog::Fact;
use crate::explain::{Asked, At, Node, Rules, Status, Wanted, World, prove_each};
use crate::launch::{MachineFacts, Request};
use crate::policy::{PolicyError, RuleSources};
use crate::store::Store;

use super::{Evidence, Finding};

/// Proofs are few steps deep.
const DEPTH: usize = 12;
/// More facts than this tell a reader nothing.
const MOST: usize = 8;

/// Adds to each finding, which stands beside its relation and its tuple, what it follows from.
pub(super) fn add(
    store: &Store,
    rules: &RuleSources,
    (request, machine): (Option<&Request>, &MachineFacts),
    found: &mut [(Finding, String, Fact)],
) -> Result<(), PolicyError> {
    let rules = Rules::open(store, rules.clone())?;
    let asked = Asked {
        request: request.cloned().unwrap_or_default(),
        machine: machine.clone(),
        model_by: request.map_or_else(String::new, |request| request.model.clone()),
        gpus_by: None,
    };
    let world = World::new(store, rules, Some(asked), &[], Wanted::Machine)?;
    for (finding, name, fact) in found {
        // The rules are compiled anew, and their relations have other numbers.
        let Some(relation) = world.checked.relation(name) else {
            continue;
        };
        let fact = Fact {
            relation,
            values: fact.values.clone(),
        };
        for proof in prove_each(&world, &[fact], DEPTH) {
            collect(&proof, &mut finding.evidence);
        }
    }
    Ok(())
}

fn collect(node: &Node, evidence: &mut Vec<Evidence>) {
    // What is there in place of what is not says nothing for it.
    if node.status == Status::Absent {
        return;
    }
    for at in &node.at {
        if let At::Detected {
            level,
            source,
            origin,
            says,
            ..
        } = at
        {
            let one = Evidence {
                level: level.clone(),
                source: source.clone(),
                origin: origin.clone(),
                says: says.clone(),
            };
            if evidence.len() < MOST && !evidence.contains(&one) {
                evidence.push(one);
            }
        }
    }
    for premise in &node.premises {
        collect(premise, evidence);
    }
}
