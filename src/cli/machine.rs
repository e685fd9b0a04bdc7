//! Which machine to decide for.

use std::path::Path;

use crate::catalog::typed::nearest;
use crate::detect::{self, Extent};
use crate::launch::{Decision, MachineFacts};
use crate::store::Store;

use super::args::MachineArgs;
use super::failure::{Exit, Failure};

const NAME_IT: &str = "name the machine with `--hardware NAME --available-gpus N`, or give facts saved elsewhere with `--host FILE`";

/// The machine that the flags name, else the one that is detected.
pub fn machine(
    args: &MachineArgs,
    asked_gpus: Option<u32>,
    store: &Store,
) -> Result<MachineFacts, Failure> {
    machine_to(Extent::Devices, args, asked_gpus, store)
}

/// The same, looked at to an extent.
pub fn machine_to(
    extent: Extent,
    args: &MachineArgs,
    asked_gpus: Option<u32>,
    store: &Store,
) -> Result<MachineFacts, Failure> {
    if let Some(hardware) = &args.hardware {
        return named(hardware, args.available_gpus, asked_gpus, store);
    }
    let (detected, source) = if let Some(file) = &args.host {
        let detected =
            detect::read_host_file(file).map_err(|error| Failure::new(Exit::Usage, error))?;
        (detected, file.display().to_string())
    } else {
        let root = args.root.as_deref().unwrap_or(Path::new("/"));
        let env = detect::variables(root);
        let source = if args.root.is_some() {
            root.display().to_string()
        } else {
            "this machine".to_owned()
        };
        (detect::look(root, &env, extent), source)
    };
    let looked_at = detected.looked_at.clone();
    let machine = MachineFacts {
        gpus: args.available_gpus,
        detected: Some(detected),
        here: args.host.is_none() && args.root.is_none(),
        source,
        ..MachineFacts::default()
    };
    if machine.is_empty() {
        let looked = if looked_at.is_empty() {
            String::new()
        } else {
            format!("looked at {}\n", looked_at.join(", "))
        };
        return Err(Failure::say(
            Exit::Environment,
            "detect::nothing_found",
            format!("no AMD GPU was found on {}", machine.source),
            format!("{looked}{NAME_IT}"),
        ));
    }
    for problem in machine
        .detected
        .iter()
        .flat_map(|detected| &detected.problems)
    {
        super::output::line("warning", &format!("{}: {}", problem.origin, problem.says));
    }
    Ok(machine)
}

/// A machine named by flags; its name in the catalog's spelling.
pub fn named(
    hardware: &str,
    available_gpus: Option<u32>,
    asked_gpus: Option<u32>,
    store: &Store,
) -> Result<MachineFacts, Failure> {
    let name = hardware_name(hardware, store)?;
    let Some(gpus) = available_gpus.or(asked_gpus) else {
        return Err(Failure::say(
            Exit::Usage,
            "cli::available_gpus",
            format!("how many {name} the machine has is not said"),
            "add `--available-gpus N`",
        ));
    };
    Ok(MachineFacts {
        gpus_as_asked: available_gpus.is_none(),
        ..MachineFacts::named(&name, Some(gpus))
    })
}

/// The catalog's spelling of a hardware name.
pub fn hardware_name(hardware: &str, store: &Store) -> Result<String, Failure> {
    if let Some(name) = store.hardware_name(hardware)? {
        return Ok(name);
    }
    let names = store.hardware_names()?;
    let near = nearest(&hardware.to_uppercase(), names.iter().map(String::as_str));
    let help = match near {
        Some(near) => format!("did you mean `{near}`? Known: {}", names.join(", ")),
        None => format!("known: {}", names.join(", ")),
    };
    Err(Failure::say(
        Exit::No,
        "catalog::unknown_hardware",
        format!("unknown hardware `{hardware}`"),
        help,
    ))
}

/// A machine whose GPUs are all unknown is no machine to decide for.
pub fn check_known(machine: &MachineFacts, decision: &Decision) -> Result<(), Failure> {
    if decision.machine.hardware.is_some() {
        return Ok(());
    }
    let devices = machine
        .detected
        .as_ref()
        .and_then(|detected| detected.devices())
        .unwrap_or_default();
    let mut ids: Vec<&str> = devices
        .iter()
        .filter_map(|device| device.pci_id.as_deref())
        .collect();
    ids.sort_unstable();
    ids.dedup();
    Err(Failure::say(
        Exit::Environment,
        "detect::unknown_hardware",
        format!(
            "no hardware file knows the GPUs of {} (PCI ids {})",
            machine.source,
            ids.join(", ")
        ),
        NAME_IT,
    ))
}
