//! The kernel's view: the topology that the KFD (the compute part of the `amdgpu` driver) shows in
//! sysfs, one numbered folder a node, CPUs and GPUs alike.

mod decode;
mod properties;
mod usage;

use std::fs::read_dir;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::bounded_file;
use super::observation::{Detected, Device, Level, Observation};
use properties::Properties;

/// The nodes' folder, below the root.
const NODES: &str = "sys/class/kfd/kfd/topology/nodes";
const SOURCE: &str = "kfd";
/// Eight GPUs of eight partitions are 64 nodes; this leaves room and still ends.
const MAX_NODES: usize = 1024;
const MAX_BANKS: usize = 64;
/// Kinds of memory that are the device's own: public and private frame buffer (`HSA_HEAPTYPE` of the
/// kernel's `kfd_topology.h`).
const FRAME_BUFFERS: [u32; 2] = [1, 2];

/// Adds the GPU nodes below `root`, with what is in use of each where `usage` is wanted. No topology is no
/// observation, an empty one is zero devices.
pub(super) fn observe(root: &Path, usage: bool, found: &mut Detected) {
    let nodes = root.join(NODES);
    let origin = nodes.display().to_string();
    found.looked_at.push(origin.clone());
    if !nodes.exists() {
        return;
    }
    let numbers = match numbered_entries(&nodes, MAX_NODES) {
        Ok(numbers) => numbers,
        Err(why) => return found.problem(SOURCE, origin, why),
    };
    if numbers.len() > MAX_NODES {
        let why = format!("has more than {MAX_NODES} nodes: the others were not read");
        found.problem(SOURCE, origin.as_str(), why);
    }
    let mut devices = Vec::new();
    for number in numbers.into_iter().take(MAX_NODES) {
        let node = nodes.join(number.to_string());
        if let Some(mut device) = gpu(root, &node, found) {
            device.node = Some(number);
            if usage {
                device.gpu_id = word(&node.join("gpu_id")).filter(|id| *id != 0);
                device.used_vram_mib = usage::used_mib(&node);
            }
            // ROCm numbers the GPUs that it may use in the order of their nodes.
            device.index = u32::try_from(devices.len()).unwrap_or(u32::MAX);
            devices.push(device);
        }
    }
    if usage {
        usage::count_processes(root, &mut devices);
    }
    let seen = Observation::of_devices(Level::Host, SOURCE, origin, devices);
    found.observations.push(seen);
}

/// A file of properties; none when it cannot be read (a problem says so).
fn properties(path: PathBuf, found: &mut Detected) -> Option<Properties> {
    let shown = path.display().to_string();
    Properties::read(path)
        .map_err(|why| found.problem(SOURCE, shown, why))
        .ok()
}

/// The device of a node; none for a CPU, and for a node that cannot be read (a problem says so).
fn gpu(root: &Path, node: &Path, found: &mut Detected) -> Option<Device> {
    let properties = properties(node.join("properties"), found)?;
    let mut facts = Facts {
        properties: &properties,
        found,
    };
    if facts.required::<u64>("simd_count")? == 0 {
        return None;
    }
    let unique_id = facts.number::<u64>("unique_id").filter(|id| *id != 0);
    let render_minor = facts
        .number::<u32>("drm_render_minor")
        .filter(|minor| *minor != 0);
    Some(Device {
        index: 0,
        origin: Some(node.display().to_string()),
        pci_vendor: facts.number("vendor_id").map(|id: u16| format!("{id:04x}")),
        pci_id: facts.number("device_id").map(|id: u16| format!("{id:04x}")),
        gfx: facts.gfx(),
        vram_mib: vram_mib(node, &mut facts),
        name: render_minor.and_then(|minor| product_name(root, minor)),
        unique_id: unique_id.map(|id| id.to_string()),
        uuid: unique_id.and_then(decode::uuid),
        drm_render_minor: render_minor,
        location: facts
            .number("location_id")
            .map(|id| decode::location(facts.number("domain").unwrap_or(0), id)),
        compute_units: facts.compute_units(),
        xcc_count: facts.number("num_xcc"),
        cpu_cores: facts.number("cpu_cores_count"),
        ..Device::default()
    })
}

/// The properties of one node, with somewhere to say what is wrong in them.
struct Facts<'a> {
    properties: &'a Properties,
    found: &'a mut Detected,
}

impl Facts<'_> {
    fn problem(&mut self, says: String) {
        let origin = self.properties.path().display().to_string();
        self.found.problem(SOURCE, origin, says);
    }

    fn number<N: FromStr>(&mut self, key: &str) -> Option<N> {
        self.properties.number(key).unwrap_or_else(|why| {
            self.problem(why);
            None
        })
    }

    fn required<N: FromStr>(&mut self, key: &str) -> Option<N> {
        if !self.properties.has(key) {
            self.problem(format!("has no `{key}`"));
        }
        self.number(key)
    }

    fn gfx(&mut self) -> Option<String> {
        let version = self.number("gfx_target_version").filter(|v| *v != 0)?;
        let name = decode::gfx(version);
        if name.is_none() {
            self.problem(format!(
                "`gfx_target_version` is {version}, which names no target"
            ));
        }
        name
    }

    fn compute_units(&mut self) -> Option<u32> {
        let simds: u32 = self.number("simd_count")?;
        simds.checked_div(self.number("simd_per_cu")?)
    }
}

/// The device's own memory. The banks are right also for a partition, where tools show the whole GPU's
/// memory; drivers before them had `local_mem_size`. None when a bank cannot be read, since the sum of
/// the others would be a figure of nothing.
fn vram_mib(node: &Path, facts: &mut Facts<'_>) -> Option<u64> {
    let folder = node.join("mem_banks");
    let sizes = if folder.exists() {
        frame_buffers(&folder, facts.found)?
    } else {
        Vec::new()
    };
    let bytes = if sizes.is_empty() {
        facts.number("local_mem_size").filter(|size| *size != 0)?
    } else {
        sizes.into_iter().fold(0, u64::saturating_add)
    };
    Some(bytes >> 20)
}

/// The sizes in bytes of the banks that are the device's own; none when one of the banks is unreadable.
fn frame_buffers(folder: &Path, found: &mut Detected) -> Option<Vec<u64>> {
    let banks = match numbered_entries(folder, MAX_BANKS) {
        Ok(banks) => banks,
        Err(why) => {
            found.problem(SOURCE, folder.display().to_string(), why);
            return None;
        }
    };
    let mut sizes = Vec::new();
    for bank in banks.into_iter().take(MAX_BANKS) {
        let path = folder.join(bank.to_string()).join("properties");
        let properties = properties(path, found)?;
        let mut facts = Facts {
            properties: &properties,
            found,
        };
        if FRAME_BUFFERS.contains(&facts.required("heap_type")?) {
            sizes.push(facts.required("size_in_bytes")?);
        }
    }
    Some(sizes)
}

/// What `amdgpu` reads from the board's own memory; many boards have none.
fn product_name(root: &Path, render_minor: u32) -> Option<String> {
    let path = format!("sys/class/drm/renderD{render_minor}/device/product_name");
    let text = bounded_file::read(&root.join(path), 4096).ok()?;
    let name = text.trim();
    (!name.is_empty()).then(|| name.to_owned())
}

/// The number in a file of one word; none where there is none.
fn word<N: FromStr>(path: &Path) -> Option<N> {
    bounded_file::read(path, 4096).ok()?.trim().parse().ok()
}

/// The entries of a folder that are numbers, in order; one more than `limit` when there are more.
fn numbered_entries(folder: &Path, limit: usize) -> Result<Vec<u32>, String> {
    let entries = read_dir(folder).map_err(|error| bounded_file::reason(&error))?;
    let mut numbers: Vec<u32> = entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .take(limit.saturating_add(1))
        .collect();
    numbers.sort_unstable();
    numbers.dedup();
    Ok(numbers)
}
