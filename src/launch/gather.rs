//! Requests and machines as base facts.

use crate::datalog::{CompiledProgram, Facts, RelId, Value};
use crate::detect::Level;
use crate::policy::{GIVEN, PolicyError};

use super::{MachineFacts, Request};

/// The relations that are filled here, with tuples or without.
#[derive(Clone, Debug)]
pub(super) struct Given(Vec<(&'static str, RelId)>);

impl Given {
    pub(super) fn of(program: &CompiledProgram) -> Result<Given, PolicyError> {
        let id = |name: &'static str| {
            let id = program.relation(name).ok_or(PolicyError::Missing(name))?;
            Ok((name, id))
        };
        let ids: Result<_, PolicyError> = GIVEN.iter().copied().map(id).collect();
        Ok(Given(ids?))
    }

    pub(super) fn relations(&self) -> Vec<RelId> {
        self.0.iter().map(|(_, id)| *id).collect()
    }

    /// Adds the facts of requests, numbered from 1, and of the machines that they name by position.
    pub(super) fn add(
        &self,
        facts: &mut Facts,
        requests: &[&(Request, usize)],
        machines: &[MachineFacts],
    ) -> Result<(), PolicyError> {
        let mut facts = Adder { given: self, facts };
        for (number, (request, machine)) in (1..).zip(requests) {
            add_request(&mut facts, number, request, index(*machine) + 1)?;
        }
        let mut named: Vec<usize> = requests.iter().map(|(_, machine)| *machine).collect();
        named.sort_unstable();
        named.dedup();
        for place in named {
            if let Some(machine) = machines.get(place) {
                add_machine(&mut facts, index(place) + 1, machine)?;
            }
        }
        Ok(())
    }
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
    given: &'a Given,
    facts: &'a mut Facts,
}

impl Adder<'_> {
    fn push(&mut self, relation: &'static str, tuple: &[Value<'_>]) -> Result<(), PolicyError> {
        let known = self.given.0.iter().find(|(name, _)| *name == relation);
        known
            .and_then(|(_, id)| self.facts.push(*id, tuple).ok())
            .ok_or(PolicyError::Missing(relation))
    }
}
