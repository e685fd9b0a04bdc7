//! Machines: named by flags, or seen with some of their GPUs hidden.

use aim_engine::detect::{Detected, Device, Level, Observation};
use aim_engine::launch::MachineFacts;

use super::reference::documents::Request;
use super::reference::random::Random;

/// PCI id, compute units and MiB of hardware that no other is taken for.
const KNOWN: &[(&str, &str, u32, u64)] = &[
    ("MI210", "740f", 104, 65_536),
    ("MI300X", "74a1", 304, 196_608),
    ("MI308X", "74a2", 80, 196_608),
    ("MI325X", "74a5", 304, 262_144),
    ("MI350X", "75a0", 256, 294_912),
];

/// The machine of a request: as many usable GPUs as it says, and perhaps hidden ones beside them.
pub fn drawn(random: &mut Random, request: &Request) -> MachineFacts {
    let named = MachineFacts::named(&request.hardware, Some(request.available_gpus));
    let known = KNOWN.iter().find(|known| known.0 == request.hardware);
    let Some((_, pci_id, units, vram_mib)) = known.filter(|_| random.chance(40)) else {
        return named;
    };
    let usable = request.available_gpus;
    let hidden = *random.pick(&[0, 1, 4, 8]);
    let devices = (0..usable + hidden).map(|index| Device {
        index,
        pci_id: Some((*pci_id).to_owned()),
        compute_units: Some(*units),
        vram_mib: Some(*vram_mib),
        ..Device::default()
    });
    let mut observations = vec![Observation {
        level: Level::Host,
        source: "kfd".into(),
        origin: "/sys/class/kfd/kfd/topology/nodes".into(),
        devices: Some(devices.collect()),
        visible: None,
        indices: None,
        time: None,
        own_numbers: false,
    }];
    if hidden > 0 {
        let which = random.chance(70);
        observations.push(Observation {
            level: Level::Runtime,
            source: "environment".into(),
            origin: "HIP_VISIBLE_DEVICES".into(),
            devices: None,
            visible: Some(usable),
            indices: which.then(|| (hidden..usable + hidden).collect()),
            time: None,
            own_numbers: false,
        });
    }
    MachineFacts {
        detected: Some(Detected {
            observations,
            ..Detected::default()
        }),
        source: "a file".into(),
        ..MachineFacts::default()
    }
}

/// The machine without what hides its GPUs.
pub fn all_visible(machine: &mut MachineFacts) {
    if let Some(detected) = &mut machine.detected {
        detected
            .observations
            .retain(|seen| seen.level == Level::Host);
    }
}
