//! Requests and machines as base facts.

use crate::datalog::{CompiledProgram, Facts, RelId, Value};
use crate::detect::Level;
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
    for (number, (request, machine)) in (1..).zip(requests) {
        add_request(&mut facts, number, request, index(*machine) + 1)?;
    }
    for (number, machine) in (1..).zip(machines) {
        add_machine(&mut facts, number, machine)?;
    }
    OF_REQUESTS
        .iter()
        .chain(OF_MACHINES)
        .copied()
        .map(|relation| facts.id(relation))
        .collect()
}

fn add_request(
    facts: &mut Adder<'_>,
    number: i64,
    request: &Request,
    machine: i64,
) -> Result<(), PolicyError> {
    use Value::{Number, Symbol};
    let name = request.model.to_lowercase();
    facts.push("request", &[Number(number), Symbol(&name), Number(machine)])?;
    if let Some(gpus) = request.gpus {
        facts.push("asked_gpus", &[Number(number), Number(i64::from(gpus))])?;
    }
    for (relation, asked) in [
        ("asked_precision", &request.precision),
        ("asked_backend", &request.backend),
        ("asked_metric", &request.metric),
        ("asked_recipe", &request.recipe),
    ] {
        if let Some(text) = asked {
            facts.push(relation, &[Number(number), Symbol(text)])?;
        }
    }
    if request.strict {
        facts.push("strict", &[Number(number)])?;
    }
    if request.allow_unknown_flags {
        facts.push("allow_unknown_flags", &[Number(number)])?;
    }
    Ok(())
}

fn add_machine(
    facts: &mut Adder<'_>,
    number: i64,
    machine: &MachineFacts,
) -> Result<(), PolicyError> {
    use Value::{Number, Symbol};
    if let Some(hardware) = &machine.hardware {
        facts.push("declared_hardware", &[Number(number), Symbol(hardware)])?;
    }
    if let Some(gpus) = machine.gpus {
        facts.push("declared_gpus", &[Number(number), Number(i64::from(gpus))])?;
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
        facts.push("seen_device", &values)?;
    }
    for seen in machine.limits() {
        let level = match seen.level {
            Level::Host => "host",
            Level::Container => "container",
            Level::Runtime => "runtime",
        };
        match (&seen.indices, seen.visible) {
            (Some(indices), _) => {
                facts.push("limited", &[Number(number), Symbol(level)])?;
                for place in indices {
                    facts.push(
                        "listed",
                        &[Number(number), Symbol(level), Number(i64::from(*place))],
                    )?;
                }
            }
            (None, Some(visible)) => {
                facts.push(
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
