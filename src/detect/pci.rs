//! GPUs on the bus, whether or not a driver has them.

use std::fs::{read_dir, read_link};
use std::path::Path;

use super::bounded_file;
use super::observation::{Detected, Device, Fact, Level, ON_THE_BUS, Observation};
use super::tool::{location, pci_id};

const FOLDER: &str = "sys/bus/pci/devices";
const VENDOR: &str = "1002";
/// Displays, and accelerators that process.
const CLASSES: [&str; 2] = ["0x03", "0x12"];
const MAX_ENTRIES: usize = 16_384;

/// Adds the GPUs on the bus below `root`, and which driver has each.
pub(super) fn observe(root: &Path, found: &mut Detected) {
    let folder = root.join(FOLDER);
    let origin = folder.display().to_string();
    found.looked_at.push(origin.clone());
    let Ok(entries) = read_dir(&folder) else {
        return;
    };
    let mut places: Vec<String> = entries
        .take(MAX_ENTRIES)
        .flatten()
        .filter_map(|entry| location(entry.file_name().to_str()?))
        .collect();
    places.sort();
    let mut devices = Vec::new();
    for place in places {
        let path = folder.join(&place);
        let word = |name: &str| bounded_file::read(&path.join(name), 4096).ok();
        let is = |name: &str, wanted: &dyn Fn(&str) -> bool| {
            word(name).is_some_and(|text| wanted(text.trim()))
        };
        let ours = is("vendor", &|text| pci_id(text).as_deref() == Some(VENDOR));
        if !ours
            || !is("class", &|class| {
                CLASSES.iter().any(|begin| class.starts_with(begin))
            })
        {
            continue;
        }
        let driver = read_link(path.join("driver")).ok();
        let driver = driver
            .as_deref()
            .and_then(|link| link.file_name()?.to_str())
            .unwrap_or("none");
        found.facts.push(Fact {
            level: Level::Host,
            source: ON_THE_BUS.to_owned(),
            origin: path.join("driver").display().to_string(),
            time: None,
            about: place.clone(),
            property: "driver".to_owned(),
            value: driver.into(),
        });
        devices.push(Device {
            index: u32::try_from(devices.len()).unwrap_or(u32::MAX),
            origin: Some(path.display().to_string()),
            pci_vendor: Some(VENDOR.to_owned()),
            pci_id: word("device").as_deref().and_then(pci_id),
            location: Some(place),
            ..Device::default()
        });
    }
    if !devices.is_empty() {
        let seen = Observation::of_devices(Level::Host, ON_THE_BUS, origin, devices);
        found.observations.push(seen);
    }
}
