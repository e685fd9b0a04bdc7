//! What `rocminfo` prints: what a program of this session can open. It counts agents, of which CPUs are some.

use std::path::Path;

use super::observation::{Detected, Device, Level, Observation};
use super::tool::{
    Printed, Record, Tool, location, mib, number, pci_id, printed, target, unique_id,
};

const SOURCE: &str = "rocminfo";
const TOOL: Tool = Tool {
    name: SOURCE,
    runs: &[&[]],
};
const MAX_AGENTS: usize = 1024;
/// What it says instead of agents.
const COMPLAINTS: [&str; 4] = [
    "module is NOT loaded",
    "Unable to open /dev/kfd",
    "is not member of",
    "failed",
];

/// Adds what the tool says on this machine, or has said according to a saved tree.
pub(super) fn observe(root: &Path, found: &mut Detected) {
    found.looked_at.push(SOURCE.to_owned());
    add(&printed(root, &TOOL), found);
}

/// Adds what runs of the tool printed.
pub(super) fn add(runs: &[Printed], found: &mut Detected) {
    for run in runs {
        let complaints: Vec<&str> = run
            .out
            .lines()
            .chain(run.err.lines())
            .map(str::trim)
            .filter(|line| COMPLAINTS.iter().any(|complaint| line.contains(complaint)))
            .take(4)
            .collect();
        if let Some(why) = &run.cut {
            found.problem(SOURCE, run.origin.as_str(), why.clone());
        } else if !complaints.is_empty() {
            let says = format!("says: {}", complaints.join("; "));
            found.problem(SOURCE, run.origin.as_str(), says);
        }
        if !run.out.contains("HSA Agents") {
            continue;
        }
        let mut devices: Vec<Device> = agents(&run.out).iter().filter_map(device).collect();
        for (index, device) in (0..).zip(&mut devices) {
            device.index = index;
        }
        let seen = Observation::of_devices(Level::Container, SOURCE, run.origin.as_str(), devices);
        found.observations.push(seen);
    }
}

/// What is said of each agent. Of its memory pools and instruction sets only the first one counts, which a key that
/// is there once keeps.
fn agents(text: &str) -> Vec<Record> {
    let mut agents: Vec<Record> = Vec::new();
    let mut is_memory = false;
    for line in text.lines().map(str::trim) {
        let begins = line
            .strip_prefix("Agent ")
            .and_then(|rest| number(rest.split_whitespace().next()?));
        if begins.is_some() {
            if agents.len() == MAX_AGENTS {
                break;
            }
            agents.push(Record::default());
            continue;
        }
        let Some(agent) = agents.last_mut() else {
            continue;
        };
        let Some((key, value)) = line.split_once(':') else {
            continue;
        };
        match key.trim() {
            "Segment" => is_memory = value.contains("GLOBAL") && value.contains("COARSE"),
            "Size" if is_memory => agent.add("memory", value.split('(').next().unwrap_or_default()),
            // Short forms have the pool in one line.
            pool if pool.starts_with("Pool ") && value.contains("COARSE GRAINED") => {
                let size = value.rsplit("GRAINED").next().unwrap_or_default();
                agent.add("memory", size);
            }
            key => agent.add(key, value),
        }
    }
    agents
}

fn device(agent: &Record) -> Option<Device> {
    if agent.get(&["device type"])? != "GPU" {
        return None;
    }
    let chip = agent.get(&["uuid"]).and_then(unique_id);
    Some(Device {
        origin: Some(SOURCE.to_owned()),
        pci_id: agent.get(&["chip id"]).and_then(pci_id),
        gfx: agent.get(&["name"]).and_then(target),
        vram_mib: agent.get(&["memory"]).and_then(|text| mib(text, "KB")),
        name: agent.get(&["marketing name"]).map(str::to_owned),
        unique_id: chip.map(|id| id.to_string()),
        uuid: chip.map(|id| format!("GPU-{id:016x}")),
        location: agent.get(&["bdf"]).and_then(location),
        compute_units: agent.get(&["compute unit"]).and_then(number),
        node: agent.get(&["internal node id", "node"]).and_then(number),
        ..Device::default()
    })
}
