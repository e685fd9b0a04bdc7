//! Requests and machines as base facts.

use std::borrow::Cow;

use crate::datalog::{CompiledProgram, Facts, RelId, Value};
use crate::detect::{Detected, Device, FactValue};
use crate::policy::{OF_CONTAINERS, OF_MACHINES, OF_REQUESTS, OF_SURROUNDINGS, PolicyError};

use super::{MachineFacts, Request};

/// Adds the facts of requests, numbered from 1, and of machines, numbered from 1; each request
/// names its machine by position. Gives back the relations that are filled here, with tuples or without.
pub(crate) fn add(
    program: &CompiledProgram,
    facts: &mut Facts,
    requests: &[(Request, usize)],
    machines: &[MachineFacts],
) -> Result<Vec<RelId>, PolicyError> {
    let filled = Filled::of(program)?;
    for (number, (request, machine)) in (1..).zip(requests) {
        filled.add_request(number, request, *machine, facts)?;
    }
    for (place, machine) in machines.iter().enumerate() {
        filled.add_machine(place, machine, facts)?;
    }
    Ok(filled.relations())
}

/// The relations that are filled here, with tuples or without.
#[derive(Clone, Debug)]
pub(super) struct Filled(Vec<(&'static str, RelId)>);

impl Filled {
    pub(super) fn of(program: &CompiledProgram) -> Result<Filled, PolicyError> {
        let id = |name: &'static str| {
            let id = program.relation(name).ok_or(PolicyError::Missing(name))?;
            Ok((name, id))
        };
        let ids: Result<Vec<_>, PolicyError> = OF_REQUESTS
            .iter()
            .chain(OF_MACHINES)
            .copied()
            .map(id)
            .collect();
        let mut ids = ids?;
        // Decisions do not look at them.
        let others = OF_SURROUNDINGS.iter().chain(OF_CONTAINERS).copied();
        ids.extend(others.filter_map(|name| Some((name, program.relation(name)?))));
        Ok(Filled(ids))
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
        for (number, (request, machine)) in (1..).zip(requests) {
            self.add_request(number, request, *machine, facts)?;
        }
        let mut named: Vec<usize> = requests.iter().map(|(_, machine)| *machine).collect();
        named.sort_unstable();
        named.dedup();
        for place in named {
            if let Some(machine) = machines.get(place) {
                self.add_machine(place, machine, facts)?;
            }
        }
        Ok(())
    }

    fn add_request(
        &self,
        number: i64,
        request: &Request,
        machine: usize,
        facts: &mut Facts,
    ) -> Result<(), PolicyError> {
        of_request(number, request, index(machine) + 1, &mut |name, tuple| {
            self.push(name, tuple, facts)
        })
    }

    fn add_machine(
        &self,
        place: usize,
        machine: &MachineFacts,
        facts: &mut Facts,
    ) -> Result<(), PolicyError> {
        let number = index(place) + 1;
        let mut push = |name: &'static str, tuple: &[Value<'_>]| self.push(name, tuple, facts);
        of_machine(number, machine, &mut push)?;
        if self.has(OF_SURROUNDINGS) {
            of_surroundings(number, machine, &mut push)?;
        }
        Ok(())
    }

    fn has(&self, relations: &[&str]) -> bool {
        self.0.iter().any(|(name, _)| relations.contains(name))
    }

    fn push(
        &self,
        relation: &'static str,
        tuple: &[Value<'_>],
        facts: &mut Facts,
    ) -> Result<(), PolicyError> {
        let known = self.0.iter().find(|(name, _)| *name == relation);
        known
            .and_then(|(_, id)| facts.push(*id, tuple).ok())
            .ok_or(PolicyError::Missing(relation))
    }
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
    for seen in machine.listings() {
        let count = seen.devices.iter().flatten().count();
        let values = [Number(number), Symbol(&seen.source), Number(index(count))];
        push("source_gpus", &values)?;
        for device in seen.devices.iter().flatten() {
            of_device(number, &seen.source, device, push)?;
        }
    }
    for seen in machine.listings_of_alike() {
        let devices = machine.detected.as_ref().and_then(Detected::devices);
        let numbers = devices
            .unwrap_or_default()
            .iter()
            .map(|device| device.index);
        for (device, index) in seen.devices.iter().flatten().zip(numbers) {
            let values = identity(number, &seen.source, index, device);
            push("source_device", &values)?;
        }
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

/// Gives each fact of what is around a machine's GPUs to `push`.
pub(super) fn of_surroundings<E>(
    number: i64,
    machine: &MachineFacts,
    push: &mut Push<'_, E>,
) -> Result<(), E> {
    use Value::{Number, Symbol};
    for fact in machine.facts() {
        let (relation, value) = match &fact.value {
            FactValue::Number(value) => ("host_figure", Number(*value)),
            FactValue::Text(value) => ("host_property", Symbol(value)),
        };
        let values = [
            Number(number),
            Symbol(fact.level.name()),
            Symbol(&fact.source),
            Symbol(&fact.about),
            Symbol(&fact.property),
            value,
        ];
        push(relation, &values)?;
    }
    Ok(())
}

/// Gives each fact that a source tells of a device to `push`.
fn of_device<E>(
    machine: i64,
    source: &str,
    device: &Device,
    push: &mut Push<'_, E>,
) -> Result<(), E> {
    use Value::{Number, Symbol};
    let index = Number(i64::from(device.index));
    let values = identity(machine, source, device.index, device);
    push("source_device", &values)?;
    for (property, value) in properties(device) {
        if let Some(value) = value {
            let values = [
                Number(machine),
                Symbol(source),
                index,
                Symbol(property),
                Symbol(&value),
            ];
            push("gpu_property", &values)?;
        }
    }
    for (property, value) in figures(device) {
        if let Some(value) = value.and_then(|value| i64::try_from(value).ok()) {
            let values = [
                Number(machine),
                Symbol(source),
                index,
                Symbol(property),
                Number(value),
            ];
            push("gpu_figure", &values)?;
        }
    }
    Ok(())
}

/// What kind of device a source shows under a number.
fn identity<'d>(machine: i64, source: &'d str, index: u32, device: &'d Device) -> [Value<'d>; 6] {
    use Value::{Number, Symbol};
    let vram = device.vram_mib.and_then(|mib| i64::try_from(mib).ok());
    [
        Number(machine),
        Symbol(source),
        Number(i64::from(index)),
        Symbol(device.pci_id.as_deref().unwrap_or_default()),
        Number(device.compute_units.map_or(0, i64::from)),
        Number(vram.unwrap_or(0)),
    ]
}

/// What rules may ask of a device beside its PCI id, compute units and memory: words.
pub(super) fn properties(device: &Device) -> [(&'static str, Option<Cow<'_, str>>); 7] {
    fn as_is(text: &Option<String>) -> Option<Cow<'_, str>> {
        text.as_deref().map(Cow::Borrowed)
    }
    let product = device.name.as_ref().map(|name| name.trim().to_lowercase());
    [
        ("gfx", as_is(&device.gfx)),
        ("name", as_is(&device.name)),
        ("product", product.map(Cow::Owned)),
        ("location", as_is(&device.location)),
        ("uuid", as_is(&device.uuid)),
        ("compute_partition", as_is(&device.compute_partition)),
        ("memory_partition", as_is(&device.memory_partition)),
    ]
}

/// And numbers.
pub(super) fn figures(device: &Device) -> [(&'static str, Option<u64>); 2] {
    [
        ("used_vram_mib", device.used_vram_mib),
        ("processes", device.processes.map(u64::from)),
    ]
}

fn index(place: usize) -> i64 {
    i64::try_from(place).unwrap_or(i64::MAX)
}
