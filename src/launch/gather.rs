//! Requests and machines as base facts.

use crate::datalog::{CompiledProgram, Facts, RelId, Value};
use crate::policy::{OF_MACHINES, OF_REQUESTS, PolicyError};

use super::{MachineFacts, Request};

/// Adds the facts of requests, numbered from 1, and of machines, numbered from 1; each request
/// names its machine by position. Gives back the relations that are filled here, with tuples or without.
pub(crate) fn add(
    program: &CompiledProgram,
    facts: &mut Facts,
    requests: &[(Request, usize)],
    machines: &[MachineFacts],
) -> Result<Vec<RelId>, PolicyError> {
    let mut facts = Adder { program, facts };
    let mut push = |relation, tuple: &[Value<'_>]| facts.push(relation, tuple);
    for (number, (request, machine)) in (1..).zip(requests) {
        of_request(number, request, index(*machine) + 1, &mut push)?;
    }
    for (number, machine) in (1..).zip(machines) {
        of_machine(number, machine, &mut push)?;
    }
    OF_REQUESTS
        .iter()
        .chain(OF_MACHINES)
        .copied()
        .map(|relation| facts.id(relation))
        .collect()
}

/// Takes a fact: its relation and its values.
type Push<'a, E> = dyn FnMut(&'static str, &[Value<'_>]) -> Result<(), E> + 'a;

/// Gives each fact of a request to `push`.
pub(super) fn of_request<E>(
    number: i64,
    request: &Request,
    machine: i64,
    push: &mut Push<'_, E>,
) -> Result<(), E> {
    use Value::{Number, Symbol};
    let name = request.model.to_lowercase();
    push("request", &[Number(number), Symbol(&name), Number(machine)])?;
    if let Some(gpus) = request.gpus {
        push("asked_gpus", &[Number(number), Number(i64::from(gpus))])?;
    }
    for (relation, asked) in [
        ("asked_precision", &request.precision),
        ("asked_backend", &request.backend),
        ("asked_metric", &request.metric),
        ("asked_recipe", &request.recipe),
    ] {
        if let Some(text) = asked {
            push(relation, &[Number(number), Symbol(text)])?;
        }
    }
    if request.strict {
        push("strict", &[Number(number)])?;
    }
    if request.allow_unknown_flags {
        push("allow_unknown_flags", &[Number(number)])?;
    }
    Ok(())
}

/// Gives each fact of a machine to `push`.
pub(super) fn of_machine<E>(
    number: i64,
    machine: &MachineFacts,
    push: &mut Push<'_, E>,
) -> Result<(), E> {
    use Value::{Number, Symbol};
    if let Some(hardware) = &machine.hardware {
        push("declared_hardware", &[Number(number), Symbol(hardware)])?;
    }
    if let Some(gpus) = machine.gpus {
        push("declared_gpus", &[Number(number), Number(i64::from(gpus))])?;
    }
    let devices = machine
        .detected
        .as_ref()
        .and_then(|detected| detected.devices())
        .unwrap_or_default();
    for device in devices {
        let units = device.compute_units.map_or(0, i64::from);
        let vram = device
            .vram_mib
            .and_then(|mib| i64::try_from(mib).ok())
            .unwrap_or(0);
        let pci = device.pci_id.as_deref().unwrap_or_default();
        let values = [
            Number(number),
            Number(i64::from(device.index)),
            Symbol(pci),
            Number(units),
            Number(vram),
        ];
        push("seen_device", &values)?;
    }
    for seen in machine.limits() {
        let level = seen.level.name();
        match (&seen.indices, seen.visible) {
            (Some(indices), _) => {
                push("limited", &[Number(number), Symbol(level)])?;
                for place in indices {
                    push(
                        "listed",
                        &[Number(number), Symbol(level), Number(i64::from(*place))],
                    )?;
                }
            }
            (None, Some(visible)) => {
                push(
                    "counted",
                    &[Number(number), Symbol(level), Number(i64::from(visible))],
                )?;
            }
            (None, None) => {}
        }
    }
    Ok(())
}

fn index(place: usize) -> i64 {
    i64::try_from(place).unwrap_or(i64::MAX)
}

struct Adder<'a> {
    program: &'a CompiledProgram,
    facts: &'a mut Facts,
}

impl Adder<'_> {
    fn id(&self, relation: &'static str) -> Result<RelId, PolicyError> {
        self.program
            .relation(relation)
            .ok_or(PolicyError::Missing(relation))
    }

    fn push(&mut self, relation: &'static str, tuple: &[Value<'_>]) -> Result<(), PolicyError> {
        let id = self.id(relation)?;
        self.facts
            .push(id, tuple)
            .map_err(|_| PolicyError::Missing(relation))
    }
}
