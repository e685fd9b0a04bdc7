//! Boards as the display driver's part of sysfs shows them: one render node each, with what their memory holds.

use std::fs::{read_dir, read_link};
use std::path::Path;

use super::bounded_file;
use super::observation::{Detected, Device, Level, Observation};
use super::tool::{location, pci_id};

const SOURCE: &str = "drm";
const FOLDER: &str = "sys/class/drm";
const VENDOR: &str = "1002";
const MAX_ENTRIES: usize = 4096;
const MAX_BYTES: u64 = 64 * 1024;

/// Adds the boards below `root`.
pub(super) fn observe(root: &Path, found: &mut Detected) {
    let folder = root.join(FOLDER);
    let origin = folder.display().to_string();
    found.looked_at.push(origin.clone());
    let Ok(entries) = read_dir(&folder) else {
        return;
    };
    let mut minors: Vec<u32> = entries
        .take(MAX_ENTRIES)
        .flatten()
        .filter_map(|entry| {
            entry
                .file_name()
                .to_str()?
                .strip_prefix("renderD")?
                .parse()
                .ok()
        })
        .collect();
    minors.sort_unstable();
    let mut devices: Vec<Device> = minors
        .into_iter()
        .filter_map(|minor| board(&folder, minor))
        .collect();
    if devices.is_empty() {
        return;
    }
    for (index, device) in (0..).zip(&mut devices) {
        device.index = index;
    }
    let seen = Observation::of_devices(Level::Host, SOURCE, origin, devices);
    found.observations.push(seen);
}

/// The board of a render node; none where it is another maker's, or a partition's, which has no ids of its own.
fn board(folder: &Path, minor: u32) -> Option<Device> {
    let device = folder.join(format!("renderD{minor}/device"));
    let word = |name: &str| {
        let text = bounded_file::read(&device.join(name), MAX_BYTES).ok()?;
        let text = text.trim();
        (!text.is_empty()).then(|| text.to_owned())
    };
    let vendor = pci_id(&word("vendor")?).filter(|vendor| vendor == VENDOR)?;
    let bytes = |name: &str| Some(word(name)?.parse::<u64>().ok()? >> 20);
    let chip = word("unique_id")
        .and_then(|text| u64::from_str_radix(&text, 16).ok())
        .filter(|id| *id != 0);
    let in_uevent = || {
        let text = word("uevent")?;
        let mut lines = text.lines();
        lines.find_map(|line| location(line.strip_prefix("PCI_SLOT_NAME=")?))
    };
    let linked = || location(read_link(&device).ok()?.file_name()?.to_str()?);
    Some(Device {
        origin: Some(device.display().to_string()),
        pci_vendor: Some(vendor),
        pci_id: word("device").as_deref().and_then(pci_id),
        vram_mib: bytes("mem_info_vram_total"),
        used_vram_mib: bytes("mem_info_vram_used"),
        name: word("product_name"),
        unique_id: chip.map(|id| id.to_string()),
        uuid: chip.map(|id| format!("GPU-{id:016x}")),
        drm_render_minor: Some(minor),
        location: in_uevent().or_else(linked),
        compute_partition: word("current_compute_partition"),
        memory_partition: word("current_memory_partition"),
        ..Device::default()
    })
}
