//! What `amd-smi` prints, of any version: JSON as a list or below `gpu_data`, indented text, tables, and the boxes of
//! version 26.

mod boxes;
mod text;

use std::collections::BTreeMap;
use std::path::Path;

use super::observation::{Detected, Device, Level, Observation};
use super::tool::{
    Printed, Record, Tool, json_values, location, mib, number, pci_id, printed, records, target,
    unique_id,
};

const SOURCE: &str = "amd-smi";
const TOOL: Tool = Tool {
    name: SOURCE,
    runs: &[
        &["list", "--json"],
        &["static", "--json"],
        &["monitor", "--json"],
        &["process", "--json"],
    ],
};
/// The numbers of GPUs in JSON, and in text.
const NUMBERS: [&str; 2] = ["gpu", "gpu_id"];
/// A table of modes that a GPU could be in is nothing that it is.
const POSSIBLE: [&str; 2] = ["profiles", "resources"];
const MAX_GPUS: usize = 1024;

/// What is said of each GPU, by the tool's own number.
#[derive(Debug, Default)]
pub(super) struct Said {
    gpus: BTreeMap<u32, Record>,
    /// Of the driver.
    driver: Record,
    /// Which runs said something.
    origins: Vec<String>,
}

impl Said {
    fn of(&mut self, gpu: u32) -> Option<&mut Record> {
        if self.gpus.len() >= MAX_GPUS && !self.gpus.contains_key(&gpu) {
            return None;
        }
        Some(self.gpus.entry(gpu).or_default())
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
    for run in runs {
        let before = said.gpus.len();
        let complaint = read(run, &mut said);
        if said.gpus.len() > before || complaint.is_none() && !run.out.trim().is_empty() {
            said.origins.push(run.origin.clone());
        }
        if let Some(why) = run.cut.clone().or(complaint) {
            found.problem(SOURCE, run.origin.as_str(), why);
        }
    }
    let origin = said.origins.join(", ");
    if let Some(version) = said.driver.get(&["driver.version", "amdgpu version"]) {
        found.driver_version(SOURCE, &origin, version);
    }
    if said.gpus.is_empty() {
        return;
    }
    let mut devices: Vec<Device> = said
        .gpus
        .iter()
        .map(|(gpu, record)| device(*gpu, record))
        .collect();
    in_order_of_rocm(&mut devices, &said.gpus);
    let seen = Observation::of_devices(Level::Host, SOURCE, origin, devices);
    found.observations.push(seen);
}

/// Reads one output; what is wrong with it when it says nothing of any GPU.
fn read(run: &Printed, said: &mut Said) -> Option<String> {
    let before: usize = said.gpus.values().map(|record| record.iter().count()).sum();
    let skipped = |key: &str| POSSIBLE.iter().any(|word| key.contains(word));
    // A run that watches prints one record after the other, and the last is how it is.
    let mut latest: BTreeMap<u32, Record> = BTreeMap::new();
    for value in json_values(&run.out) {
        for (gpu, record) in records(&value, &NUMBERS, &skipped) {
            latest.entry(gpu).or_default().renew(record);
        }
    }
    for (gpu, record) in latest {
        if let Some(version) = record.get(&["driver.version"]) {
            said.driver.add("driver.version", version);
        }
        if let Some(all) = said.of(gpu) {
            all.take_in(record);
        }
    }
    text::read(&run.out, said);
    boxes::read(&run.out, said);
    let after: usize = said.gpus.values().map(|record| record.iter().count()).sum();
    (after == before).then(|| complaint(run)).flatten()
}

/// The last line that says what is wrong.
fn complaint(run: &Printed) -> Option<String> {
    let lines = run.out.lines().chain(run.err.lines());
    let worst = lines.filter(|line| line.contains("ERROR") || line.contains("rror:"));
    let first = worst.map(str::trim).next()?;
    let says = first.rsplit("ERROR:").next().unwrap_or(first);
    let says = says.trim_start_matches("root:").trim();
    Some(format!(
        "says: {}",
        says.chars().take(200).collect::<String>()
    ))
}

fn device(gpu: u32, record: &Record) -> Device {
    let chip = record.get(&["hip_uuid", "asic_serial"]).and_then(unique_id);
    let word = |paths: &[&str]| {
        let text = record.get(paths)?;
        // Of a GPU that it does not know it prints the id in place of the name.
        (!text.starts_with("0x")).then(|| text.to_owned())
    };
    Device {
        index: gpu,
        origin: Some(format!("{SOURCE} GPU {gpu}")),
        pci_vendor: record
            .get(&["asic.vendor_id", "vendor_id"])
            .and_then(pci_id),
        pci_id: record
            .get(&["asic.device_id", "device_id"])
            .and_then(pci_id),
        gfx: record.get(&["target_graphics_version"]).and_then(target),
        vram_mib: record
            .get(&["vram.size", "vram_total", "total_vram", "vram_total_mb"])
            .and_then(|text| mib(text, "MB")),
        name: word(&["market_name"]).or_else(|| word(&["product_name", "gpu_name"])),
        unique_id: chip.map(|id| id.to_string()),
        uuid: chip.map(|id| format!("GPU-{id:016x}")),
        drm_render_minor: record
            .get(&["render"])
            .and_then(|text| number(text.strip_prefix("renderD")?)),
        location: record.get(&["bdf", "pci_bdf"]).and_then(location),
        compute_units: record.get(&["num_compute_units"]).and_then(number),
        node: record.get(&["node_id"]).and_then(number),
        gpu_id: record.get(&["kfd_id"]).and_then(number),
        compute_partition: word(&["compute_partition", "accelerator_type"]).map(mode),
        memory_partition: word(&["memory_partition", "memory_partition.current", "memory"])
            .map(mode)
            .filter(|mode| mode.starts_with("NPS")),
        partition_id: record.get(&["partition_id"]).and_then(number),
        used_vram_mib: record
            .get(&["vram_used", "used_vram", "vram_used_mb"])
            .and_then(|text| mib(text, "MB")),
        processes: processes(record),
        ..Device::default()
    }
}

/// The current mode has a star in some tables.
fn mode(text: String) -> String {
    text.trim_end_matches('*').to_ascii_uppercase()
}

/// How many processes are listed; none where no list was printed.
fn processes(record: &Record) -> Option<u32> {
    if !record.has_below("process_list") && !record.has_below("process_info") {
        return None;
    }
    let pids = record
        .iter()
        .filter(|(path, value)| path.ends_with(".pid") && number(value).is_some());
    u32::try_from(pids.count()).ok()
}

/// Numbers the devices as ROCm does, where the tool tells that; else as it does itself.
fn in_order_of_rocm(devices: &mut [Device], records: &BTreeMap<u32, Record>) {
    let told: Option<Vec<u32>> = records
        .values()
        .map(|record| record.get(&["hip_id"]).and_then(number))
        .collect();
    let by_node: Option<Vec<u32>> = devices.iter().map(|device| device.node).collect();
    super::identify::renumber(devices, told.or(by_node));
}
