//! What the sources together tell of a machine's GPUs: whom the rules believe, who agrees, and who does not.

use std::collections::BTreeMap;

use crate::datalog::{Model, RelId, Tuple};
use crate::policy::{Policy, PolicyError};
use crate::store::{Scope, Store};

use super::MachineFacts;
use super::gather;

/// What is known of a machine's GPUs by all sources.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sources {
    /// Whose list of GPUs is taken, and why.
    pub believed: Option<(String, String)>,
    /// What each GPU is, as far as it is known.
    pub gpus: BTreeMap<u32, Gpu>,
    /// Each pair of sources that agree, the believed one first, with the properties in which they do.
    pub agree: BTreeMap<(String, String), Vec<String>>,
    /// What they do not agree in, a sentence each.
    pub contradict: Vec<String>,
}

/// What is known of one GPU.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gpu {
    /// The hardware that it is.
    pub hardware: Option<String>,
    /// Properties with their values and the sources that are believed in them.
    pub values: BTreeMap<String, (String, String)>,
    /// What uses it.
    pub busy: Vec<String>,
}

impl Gpu {
    /// A property's value.
    pub fn value(&self, property: &str) -> Option<&str> {
        self.values.get(property).map(|(value, _)| value.as_str())
    }
}

/// Compares what the sources of a machine tell. `policy` is one of machines
/// ([`Policy::load_machine`]).
///
/// # Errors
/// The rules cannot be evaluated.
pub fn sources(
    store: &Store,
    policy: &Policy,
    machine: &MachineFacts,
) -> Result<Sources, PolicyError> {
    let relation = |name: &'static str| -> Result<RelId, PolicyError> {
        let found = policy.program.relation(name);
        found.ok_or(PolicyError::Missing(name))
    };
    let seen = relation("seen_device")?;
    let believed = relation("sources_believed")?;
    let hardware = relation("device_hardware")?;
    let values = relation("sources_value")?;
    let agree = relation("sources_agree")?;
    let disputes = [relation("sources_count")?, relation("sources_contradict")?];
    let busy = [relation("busy_memory")?, relation("busy_processes")?];
    let mut goals = vec![seen, believed, hardware, values, agree];
    goals.extend(disputes.iter().chain(&busy));
    let none = Scope::Models(Vec::new());
    let model = policy.evaluate(store, &none, &goals, |program, facts| {
        gather::add(program, facts, &[], std::slice::from_ref(machine))
    })?;
    let mut found = Sources::default();
    for tuple in sorted(&model, seen) {
        if let Some(index) = index(&tuple) {
            found.gpus.entry(index).or_default();
        }
    }
    for tuple in sorted(&model, believed) {
        found.believed = Some((text(&tuple, 1), text(&tuple, 2)));
    }
    for tuple in sorted(&model, hardware) {
        if let Some(gpu) = index(&tuple).and_then(|index| found.gpus.get_mut(&index)) {
            gpu.hardware = Some(text(&tuple, 2));
        }
    }
    for tuple in sorted(&model, values) {
        if let Some(gpu) = index(&tuple).and_then(|index| found.gpus.get_mut(&index)) {
            let value = (text(&tuple, 3), text(&tuple, 4));
            gpu.values.entry(text(&tuple, 2)).or_insert(value);
        }
    }
    for tuple in sorted(&model, agree) {
        let pair = (text(&tuple, 3), text(&tuple, 4));
        let properties = found.agree.entry(pair).or_default();
        let property = text(&tuple, 2);
        if !properties.contains(&property) {
            properties.push(property);
        }
    }
    for relation in disputes {
        let said = sorted(&model, relation);
        let said = said.iter().map(|tuple| policy.say(relation, tuple));
        found.contradict.extend(said);
    }
    for relation in busy {
        for tuple in sorted(&model, relation) {
            if let Some(gpu) = index(&tuple).and_then(|index| found.gpus.get_mut(&index)) {
                gpu.busy.push(policy.say(relation, &tuple));
            }
        }
    }
    Ok(found)
}

fn sorted(model: &Model, relation: RelId) -> Vec<Tuple<'_>> {
    let mut tuples: Vec<Tuple<'_>> = model.rows(relation).collect();
    tuples.sort_by(Tuple::compare);
    tuples
}

fn index(tuple: &Tuple<'_>) -> Option<u32> {
    u32::try_from(tuple.number(1)?).ok()
}

fn text(tuple: &Tuple<'_>, column: usize) -> String {
    tuple.symbol(column).unwrap_or_default().to_owned()
}
