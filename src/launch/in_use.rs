//! Which GPUs of a machine are usable, and which of those nothing uses.

use crate::datalog::{Model, RelId};
use crate::policy::{Policy, PolicyError};
use crate::store::{Scope, Store};

use super::MachineFacts;
use super::gather;

/// The usable GPUs of a machine, by the host's numbers (as `MachineView::gpu_ids` has them), in order.
///
/// What is in use is only known of a machine that was looked at with [`Extent::Usage`] or more; of another one
/// nothing is in use.
///
/// [`Extent::Usage`]: crate::detect::Extent::Usage
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InUse {
    /// Nothing uses them.
    pub idle: Vec<u32>,
    /// Something does.
    pub busy: Vec<BusyGpu>,
}

/// A usable GPU that something uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BusyGpu {
    /// The host's number of it.
    pub index: u32,
    /// What uses it, a sentence of the rules for each reason.
    pub says: Vec<String>,
}

/// The number of the one machine that is looked at.
const MACHINE: i64 = 1;
const REASONS: [&str; 2] = ["busy_memory", "busy_processes"];

/// Tells by the rules which GPUs are in use.
///
/// # Errors
/// The rules cannot be evaluated.
pub fn in_use(
    store: &Store,
    policy: &Policy,
    machine: &MachineFacts,
) -> Result<InUse, PolicyError> {
    let relation = |name: &'static str| -> Result<RelId, PolicyError> {
        let found = policy.program.relation(name);
        found.ok_or(PolicyError::Missing(name))
    };
    let (usable, idle) = (relation("usable_device")?, relation("idle_gpu")?);
    let reasons = [relation(REASONS[0])?, relation(REASONS[1])?];
    let goals = [usable, idle, reasons[0], reasons[1]];
    let none = Scope::Models(Vec::new());
    let model = policy.evaluate(store, &none, &goals, |program, facts| {
        gather::add(program, facts, &[], std::slice::from_ref(machine))
    })?;
    let idle = numbers(&model, idle);
    let busy = numbers(&model, usable)
        .into_iter()
        .filter(|index| !idle.contains(index));
    let says = |index: u32| {
        let about = |tuple: &crate::datalog::Tuple<'_>| tuple.number(1) == Some(i64::from(index));
        let said = reasons.iter().flat_map(|reason| {
            let tuples = model.rows(*reason).filter(about);
            tuples.map(|tuple| policy.say(*reason, &tuple))
        });
        said.collect::<Vec<String>>()
    };
    Ok(InUse {
        busy: busy
            .map(|index| BusyGpu {
                index,
                says: says(index),
            })
            .collect(),
        idle: idle.clone(),
    })
}

/// The GPUs of the machine in a relation, in order.
fn numbers(model: &Model, relation: RelId) -> Vec<u32> {
    let of_machine = model
        .rows(relation)
        .filter(|tuple| tuple.number(0) == Some(MACHINE));
    let mut numbers: Vec<u32> = of_machine
        .filter_map(|tuple| u32::try_from(tuple.number(1)?).ok())
        .collect();
    numbers.sort_unstable();
    numbers
}
