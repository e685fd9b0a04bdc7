//! What `rocm-smi` prints, of any version: JSON by `card0`, lines that begin `GPU[0]`, tables, lines with commas.

mod tables;

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use super::observation::{Detected, Device, Level, Observation};
use super::tool::{
    Printed, Record, Tool, flattened, json_values, location, mib, number, pci_id, printed, target,
    unique_id,
};

const SOURCE: &str = "rocm-smi";
const TOOL: Tool = Tool {
    name: SOURCE,
    runs: &[&[
        "--showid",
        "--showuniqueid",
        "--showbus",
        "--showproductname",
        "--showmeminfo",
        "vram",
        "--showdriverversion",
        "--json",
    ]],
};
const MAX_GPUS: usize = 1024;

/// What is said of each GPU, by the tool's own number.
#[derive(Debug, Default)]
pub(super) struct Said {
    gpus: BTreeMap<u32, Record>,
    system: Record,
}

impl Said {
    fn add(&mut self, gpu: u32, key: &str, value: &str) {
        if self.gpus.len() < MAX_GPUS || self.gpus.contains_key(&gpu) {
            let key = key.trim().trim_end_matches(':');
            self.gpus.entry(gpu).or_default().add(key, value);
        }
    }
}

/// Adds what the tool says on this machine, or has said according to a saved tree.
pub(super) fn observe(root: &Path, found: &mut Detected) {
    found.looked_at.push(SOURCE.to_owned());
    add(&printed(root, &TOOL), found);
}

/// Adds what runs of the tool printed.
pub(super) fn add(runs: &[Printed], found: &mut Detected) {
    let mut said = Said::default();
    let mut origins = Vec::new();
    for run in runs {
        let before: usize = said.gpus.values().map(|record| record.iter().count()).sum();
        json(&run.out, &mut said);
        lines(&run.out, &mut said);
        tables::read(&run.out, &mut said);
        let after: usize = said.gpus.values().map(|record| record.iter().count()).sum();
        if after > before {
            origins.push(run.origin.clone());
        }
        let complaint = (after == before).then(|| complaint(run)).flatten();
        if let Some(why) = run.cut.clone().or(complaint) {
            found.problem(SOURCE, run.origin.as_str(), why);
        }
    }
    let origin = origins.join(", ");
    if let Some(version) = said.system.get(&["driver version"]) {
        found.driver_version(SOURCE, &origin, version);
    }
    if said.gpus.is_empty() {
        return;
    }
    let records = said.gpus.iter();
    let mut devices: Vec<Device> = records.map(|(gpu, record)| device(*gpu, record)).collect();
    let by_node = devices.iter().map(|device| device.node).collect();
    super::identify::renumber(&mut devices, by_node);
    let seen = Observation::of_devices(Level::Host, SOURCE, origin, devices);
    found.observations.push(seen);
}

/// `{"card0": {"Device ID": "0x74a1"}, "system": {"Driver version": "6.16.13"}}`.
fn json(text: &str, said: &mut Said) {
    for value in json_values(text) {
        let Value::Object(members) = value else {
            continue;
        };
        for (key, value) in &members {
            let Value::Object(inside) = value else {
                continue;
            };
            let record = flattened(inside);
            if key == "system" {
                said.system.take_in(record);
            } else if let Some(gpu) = key.strip_prefix("card").and_then(number) {
                record
                    .iter()
                    .for_each(|(key, value)| said.add(gpu, key, value));
            }
        }
    }
}

/// `GPU[0]          : Card Series:          AMD Instinct MI300X`, and lines with commas.
fn lines(text: &str, said: &mut Said) {
    let mut names: Option<Vec<&str>> = None;
    for line in text.lines() {
        let line = line.trim();
        if let Some((gpu, rest)) = line
            .strip_prefix("GPU[")
            .and_then(|rest| rest.split_once(']'))
            && let Some((key, value)) = rest.trim_start().strip_prefix(':').and_then(|rest| {
                rest.trim()
                    .split_once(": ")
                    .or(rest.trim().split_once(":\t"))
            })
            && let Some(gpu) = number(gpu)
        {
            said.add(gpu, key, value);
        } else if line.starts_with("device,") {
            names = Some(line.split(',').collect());
        } else if let Some(names) = &names
            && let Some(gpu) = line
                .strip_prefix("card")
                .and_then(|rest| number(rest.split(',').next()?))
        {
            let cells: Vec<&str> = line.split(',').collect();
            // A name with a comma in it moves all that follows.
            if cells.len() == names.len() {
                let pairs = names.iter().zip(&cells).skip(1);
                pairs.for_each(|(name, cell)| said.add(gpu, name, cell));
            }
        } else if let Some((_, version)) = line.split_once("Driver version:") {
            said.system.add("driver version", version);
        }
    }
}

fn complaint(run: &Printed) -> Option<String> {
    let lines = run.out.lines().chain(run.err.lines()).map(str::trim);
    let says = |line: &&str| line.contains("ERROR") || line.contains("No AMD GPUs");
    let worst = lines.filter(|line| !line.is_empty()).find(says)?;
    let worst = worst
        .trim_start_matches("ERROR:")
        .trim_start_matches("WARNING:")
        .trim_start_matches("root:");
    Some(format!(
        "says: {}",
        worst.trim().chars().take(200).collect::<String>()
    ))
}

fn device(gpu: u32, record: &Record) -> Device {
    let chip = record.get(&["unique id"]).and_then(unique_id);
    let name = record.get(&["device name", "card series", "card name"]);
    Device {
        index: gpu,
        origin: Some(format!("{SOURCE} GPU[{gpu}]")),
        pci_id: device_id(record),
        gfx: record.get(&["gfx version"]).and_then(target),
        vram_mib: record
            .get(&["vram total memory (b)"])
            .and_then(|text| mib(text, "B")),
        name: name
            .filter(|name| !name.starts_with("0x"))
            .map(str::to_owned),
        unique_id: chip.map(|id| id.to_string()),
        uuid: chip.map(|id| format!("GPU-{id:016x}")),
        location: record.get(&["pci bus"]).and_then(location),
        node: record.get(&["node id"]).and_then(number),
        gpu_id: record.get(&["guid"]).and_then(number),
        compute_partition: record
            .get(&["compute partition"])
            .map(str::to_ascii_uppercase),
        memory_partition: record
            .get(&["memory partition"])
            .map(str::to_ascii_uppercase),
        partition_id: record.get(&["partition id"]).and_then(number),
        used_vram_mib: record
            .get(&["vram total used memory (b)"])
            .and_then(|text| mib(text, "B")),
        ..Device::default()
    }
}

/// The device's id. `Card model` was the id of the board's maker for it, and is the device's only in versions that
/// print the other one, too.
fn device_id(record: &Record) -> Option<String> {
    let told = record.get(&["device id", "gpu id"]).and_then(pci_id);
    told.or_else(|| {
        record.get(&["subsystem id"])?;
        record.get(&["card model"]).and_then(pci_id)
    })
}
