//! What a program in a container of an engine's image gets: Python's `torch` asked there.

use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use super::observation::{Detected, Device, Fact, Level, Observation};
use super::tool::{Printed, json_values, printed_saved, run_within, target, unique_id};

const SOURCE: &str = "torch";
/// An image that is not there yet is not fetched: that would take minutes.
const LIMIT: Duration = Duration::from_secs(120);
/// Prints what `torch` says of each device; what a version does not have is left out.
const PROGRAM: &str = "\
import json, torch
say = {'torch': torch.__version__, 'hip': torch.version.hip, 'devices': []}
for i in range(torch.cuda.device_count()):
    p = torch.cuda.get_device_properties(i)
    keys = ['name', 'gcnArchName', 'total_memory', 'multi_processor_count',
            'pci_domain_id', 'pci_bus_id', 'pci_device_id']
    say['devices'].append({k: getattr(p, k) for k in keys if hasattr(p, k)})
print(json.dumps(say))
";

/// Where to ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deep {
    /// The container engine's program.
    pub engine: String,
    /// The image, which must be there already.
    pub image: String,
}

/// Adds what `torch` says in a container of the image on this machine.
pub(super) fn ask(deep: &Deep, found: &mut Detected) {
    let name = format!("aim-engine-detect-{}", std::process::id());
    let words = words(deep, &name);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    found.looked_at.push(format!("{SOURCE} in {}", deep.image));
    match run_within(&deep.engine, &words, LIMIT) {
        Some(printed) => {
            if printed.cut.is_some() {
                // Only the engine's client was ended, and the container would go on.
                run_within(&deep.engine, &["rm", "-f", &name], LIMIT);
            }
            let origin = format!("{} run {} python3", deep.engine, deep.image);
            add(&Printed { origin, ..printed }, found);
        }
        None => {
            let why = "is missing".to_owned();
            found.problem(SOURCE, deep.engine.as_str(), why);
        }
    }
}

/// Adds what it has said according to a saved tree.
pub(super) fn observe(root: &Path, found: &mut Detected) {
    if root == Path::new("/") {
        return;
    }
    for printed in printed_saved(root, SOURCE) {
        add(&printed, found);
    }
}

/// The words that start the container, with the devices of the host and nothing else of it.
fn words(deep: &Deep, name: &str) -> Vec<String> {
    let fixed = [
        "run",
        "--rm",
        "--pull=never",
        "--network=none",
        "--device=/dev/kfd",
        "--device=/dev/dri",
        "--group-add=video",
        "--security-opt=seccomp=unconfined",
        "--entrypoint=python3",
    ];
    let variables = super::environment::VARIABLES
        .iter()
        .filter(|name| std::env::var_os(name).is_some())
        .flat_map(|name| ["-e".to_owned(), (*name).to_owned()]);
    let mut words: Vec<String> = fixed.map(str::to_owned).to_vec();
    words.push(format!("--name={name}"));
    words.extend(variables);
    words.extend([deep.image.clone(), "-c".to_owned(), PROGRAM.to_owned()]);
    words
}

/// Adds what one run printed.
pub(super) fn add(printed: &Printed, found: &mut Detected) {
    let said = json_values(&printed.out)
        .into_iter()
        .find(|value| value.get("torch").is_some() && value.get("devices").is_some());
    let Some(said) = said else {
        let lines = printed.err.lines().chain(printed.out.lines());
        let last = lines.map(str::trim).rfind(|line| !line.is_empty());
        let why = printed.cut.clone().or_else(|| {
            Some(format!(
                "says: {}",
                last?.chars().take(200).collect::<String>()
            ))
        });
        if let Some(why) = why {
            found.problem(SOURCE, printed.origin.as_str(), why);
        }
        return;
    };
    for key in ["torch", "hip"] {
        if let Some(version) = said.get(key).and_then(Value::as_str) {
            found.facts.push(Fact {
                level: Level::Runtime,
                source: SOURCE.to_owned(),
                origin: printed.origin.clone(),
                time: None,
                about: key.to_owned(),
                property: "version".to_owned(),
                value: version.into(),
            });
        }
    }
    let listed = said.get("devices").and_then(Value::as_array);
    let listed = listed.map(Vec::as_slice).unwrap_or_default();
    let devices: Vec<Device> = (0..)
        .zip(listed)
        .map(|(index, one)| device(index, one))
        .collect();
    let visible = u32::try_from(devices.len()).ok();
    let mut seen =
        Observation::of_devices(Level::Runtime, SOURCE, printed.origin.as_str(), devices);
    seen.visible = visible;
    found.observations.push(seen);
}

fn device(index: u32, said: &Value) -> Device {
    let text = |key: &str| said.get(key).and_then(Value::as_str);
    let number = |key: &str| said.get(key).and_then(Value::as_u64);
    let place = || {
        let (domain, bus) = (number("pci_domain_id")?, number("pci_bus_id")?);
        let device = number("pci_device_id")?;
        (domain <= 0xffff_ffff && bus <= 0xff && device <= 0x1f)
            .then(|| format!("{domain:04x}:{bus:02x}:{device:02x}.0"))
    };
    let chip = text("uuid").and_then(unique_id);
    Device {
        index,
        origin: Some(format!("torch device {index}")),
        gfx: text("gcnArchName").and_then(target),
        vram_mib: number("total_memory").map(|bytes| bytes >> 20),
        // In containers it may be empty.
        name: text("name")
            .filter(|name| !name.is_empty())
            .map(str::to_owned),
        uuid: chip.map(|id| format!("GPU-{id:016x}")),
        location: place(),
        compute_units: number("multi_processor_count").and_then(|units| u32::try_from(units).ok()),
        ..Device::default()
    }
}
