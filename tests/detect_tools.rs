//! What tools printed, on the machines in `fixtures/hosts`: each format is read, and nothing is guessed.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use aim_engine::detect::{
    Deep, Detected, Device, EnvMap, Extent, Level, look, look_deep, parse_host_file,
};
use pretty_assertions::assert_eq;

fn on(machine: &str) -> Detected {
    let root = Path::new("fixtures/hosts").join(machine);
    look(&root, &EnvMap::new(), Extent::Everything)
}

/// The devices that a source lists.
fn by<'d>(detected: &'d Detected, source: &str) -> &'d [Device] {
    let mut seen = detected.observations.iter();
    let seen = seen.find(|seen| seen.source == source);
    seen.and_then(|seen| seen.devices.as_deref())
        .unwrap_or_default()
}

/// `index pci gfx MiB units location used`, with `-` for what is not known.
fn line(device: &Device) -> String {
    let text = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".into());
    let number = |number: Option<u64>| number.map_or_else(|| "-".into(), |n| n.to_string());
    format!(
        "{} {} {} {} {} {} {}",
        device.index,
        text(&device.pci_id),
        text(&device.gfx),
        number(device.vram_mib),
        number(device.compute_units.map(u64::from)),
        text(&device.location),
        number(device.used_vram_mib),
    )
}

fn lines(devices: &[Device]) -> Vec<String> {
    devices.iter().map(line).collect()
}

#[test]
fn every_source_numbers_the_devices_as_the_driver_does() {
    let detected = on("mi300x-2-all-sources");
    assert_eq!(detected.problems, []);
    for (source, first, second) in [
        (
            "kfd",
            "0 74a1 gfx942 196592 304 0000:9d:00.0 283",
            "1 74a1 gfx942 196592 304 0000:1b:00.0 149820",
        ),
        (
            "amd-smi",
            "0 74a1 gfx942 196592 304 0000:9d:00.0 283",
            "1 74a1 gfx942 196592 304 0000:1b:00.0 149820",
        ),
        (
            "rocm-smi",
            "0 74a1 gfx942 196592 - 0000:9d:00.0 283",
            "1 74a1 gfx942 196592 - 0000:1b:00.0 149820",
        ),
        (
            "rocminfo",
            "0 74a1 gfx942 196592 304 - -",
            "1 74a1 gfx942 196592 304 - -",
        ),
        (
            "drm",
            "0 74a1 - 196592 - 0000:9d:00.0 283",
            "1 74a1 - 196592 - 0000:1b:00.0 149820",
        ),
        (
            "pci",
            "0 74a1 - - - 0000:9d:00.0 -",
            "1 74a1 - - - 0000:1b:00.0 -",
        ),
    ] {
        assert_eq!(lines(by(&detected, source)), [first, second], "{source}");
    }
    let processes = |source| {
        let devices = by(&detected, source).iter();
        devices.map(|device| device.processes).collect::<Vec<_>>()
    };
    assert_eq!(processes("amd-smi"), [Some(0), Some(1)]);
    let times: Vec<_> = detected
        .observations
        .iter()
        .map(|seen| seen.time.as_deref())
        .collect();
    assert_eq!(times, vec![Some("2026-05-04T03:02:01Z"); times.len()]);
}

#[test]
fn what_is_printed_is_read_back_by_host_files() {
    for machine in [
        "mi300x-2-all-sources",
        "mi250x-1-tools",
        "mi325x-2-vf-amd-smi",
        "faults",
        "no-driver",
    ] {
        let detected = on(machine);
        let text = serde_json::to_string_pretty(&detected).unwrap();
        assert_eq!(
            parse_host_file("host.json", &text).unwrap(),
            detected,
            "{machine}"
        );
    }
}

#[test]
fn partitions_of_which_a_tool_tells_little() {
    let detected = on("mi300x-1-cpx-rocm-smi");
    let devices = by(&detected, "rocm-smi");
    assert_eq!(devices.len(), 8);
    assert_eq!(line(&devices[0]), "0 74a1 - 196592 - - 283");
    assert_eq!(line(&devices[7]), "7 - - 196592 - - 283");
    assert_eq!(devices[0].compute_partition.as_deref(), Some("CPX"));
    assert_eq!(devices[1].compute_partition, None);
    assert_eq!(devices[7].partition_id, Some(7));
}

#[test]
fn dies_that_a_tool_does_not_tell_apart() {
    let detected = on("mi250x-1-tools");
    assert_eq!(
        lines(by(&detected, "rocm-smi")),
        [
            "0 740c - 65520 - 0000:2f:00.0 10",
            "1 740c - 65520 - 0000:32:00.0 10"
        ]
    );
    // Nothing tells which agent is which card.
    let mut seen = detected.observations.iter();
    let agents = seen.find(|seen| seen.source == "rocminfo").unwrap();
    assert!(agents.own_numbers);
    assert_eq!(agents.level, Level::Container);
    assert_eq!(by(&detected, "rocminfo")[0].compute_units, Some(110));
    assert_eq!(by(&detected, "rocminfo")[0].name, None);
}

#[test]
fn one_tool_in_all_its_forms() {
    let detected = on("mi325x-2-vf-amd-smi");
    let devices = by(&detected, "amd-smi");
    // ROCm's numbers, and not the tool's own.
    assert_eq!(
        lines(devices),
        [
            "0 74b9 gfx942 262128 304 0000:8b:00.0 231000",
            "1 74b9 gfx942 262128 304 0000:83:00.0 283"
        ]
    );
    assert_eq!(devices[0].origin.as_deref(), Some("amd-smi GPU 1"));
    let mode = |device: &Device| device.compute_partition.clone();
    // The modes that it could be in are not the one that it is in.
    assert_eq!(mode(&devices[0]), None);
    assert_eq!(mode(&devices[1]).as_deref(), Some("SPX"));
    assert_eq!(devices[1].uuid.as_deref(), Some("GPU-9f44000000000eb0"));
    assert_eq!(devices[1].drm_render_minor, Some(185));

    let boxes = on("mi355x-2-boxes");
    let devices = by(&boxes, "amd-smi");
    assert_eq!(
        lines(devices),
        [
            "0 - - 294896 - 0000:75:00.0 250000",
            "1 - - 294896 - 0000:0d:00.0 283"
        ]
    );
    assert_eq!(devices[0].name.as_deref(), Some("AMD Instinct MI355X"));
    assert_eq!(
        (devices[0].processes, devices[1].processes),
        (Some(1), Some(0))
    );
}

#[test]
fn tools_that_find_nothing_say_why() {
    let detected = on("mi300x-2-no-driver");
    assert_eq!(detected.devices(), None);
    assert_eq!(by(&detected, "pci").len(), 2);
    let says: Vec<&str> = detected
        .problems
        .iter()
        .map(|problem| problem.says.as_str())
        .collect();
    assert_eq!(
        says,
        [
            "says: Unable to detect any GPU devices, check amdgpu version and module status",
            "says: Driver not initialized (amdgpu not found in modules)",
            "says: ROCk module is NOT loaded, possibly no GPU devices",
        ]
    );
}

#[test]
fn a_gpu_that_nobody_knows_passes_through() {
    let detected = on("unknown-and-igpu");
    assert_eq!(
        lines(by(&detected, "rocm-smi")),
        [
            "0 7fff gfx1300 393216 - 0000:03:00.0 1",
            "1 1114 gfx1152 4096 - 0000:c3:00.0 3906"
        ]
    );
}

#[test]
fn a_decision_needs_no_tool_where_the_driver_answers() {
    let root = Path::new("fixtures/hosts/mi300x-2-all-sources");
    let sources = |extent| {
        let detected = look(root, &EnvMap::new(), extent);
        let seen = detected.observations.into_iter();
        seen.map(|seen| seen.source).collect::<Vec<_>>()
    };
    assert_eq!(sources(Extent::Devices), ["kfd"]);
    assert_eq!(sources(Extent::Usage), ["kfd"]);
    assert_eq!(sources(Extent::Everything).len(), 6);
}

/// A program that prints a text.
fn script(folder: &Path, name: &str, prints: &str) -> String {
    let path = folder.join(name);
    fs::write(&path, format!("#!/bin/sh\ncat <<'END'\n{prints}\nEND\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path.display().to_string()
}

#[test]
fn torch_is_asked_in_a_container() {
    let dir = tempfile::tempdir().unwrap();
    let said = "warning: something\n{\"torch\": \"2.10.0\", \"hip\": \"7.2.1\", \"devices\": [{\"name\": \"\", \"gcnArchName\": \"gfx942:sramecc+:xnack-\", \"total_memory\": 206141652992, \"multi_processor_count\": 304, \"pci_domain_id\": 0, \"pci_bus_id\": 157, \"pci_device_id\": 0}]}";
    let deep = Deep {
        engine: script(dir.path(), "engine", said),
        image: "registry.example/engine:1".to_owned(),
    };
    let detected = look_deep(&EnvMap::new(), &deep);
    let mut seen = detected.observations.iter();
    let seen = seen.find(|seen| seen.source == "torch").unwrap();
    assert_eq!((seen.level, seen.visible), (Level::Runtime, Some(1)));
    let devices = seen.devices.as_deref().unwrap();
    assert_eq!(line(&devices[0]), "0 - gfx942 196592 304 0000:9d:00.0 -");
    assert!(detected.facts.iter().any(|fact| fact.about == "hip"));

    let missing = Deep {
        engine: dir.path().join("none").display().to_string(),
        ..deep
    };
    let detected = look_deep(&EnvMap::new(), &missing);
    assert!(
        detected
            .problems
            .iter()
            .any(|problem| problem.source == "torch")
    );
}

#[test]
fn tools_on_the_path_are_run_where_the_driver_has_no_list() {
    if Path::new("/sys/class/kfd").exists() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let json = "ERROR:root:no CPU\n[{\"gpu\": 0, \"asic\": {\"device_id\": \"0x74a5\", \"num_compute_units\": 304}, \"bus\": {\"bdf\": \"0000:05:00.0\"}, \"vram\": {\"size\": {\"value\": 262128, \"unit\": \"MB\"}}}]";
    script(dir.path(), "amd-smi", json);
    let path = format!("{}:/usr/bin:/bin", dir.path().display());
    let output = Command::new(env!("CARGO_BIN_EXE_aim-engine"))
        .args(["generate", "Qwen/Qwen3-8B", "1", "--format", "json"])
        .env("PATH", path)
        .env("XDG_CACHE_HOME", dir.path())
        .env("XDG_STATE_HOME", dir.path())
        .output()
        .unwrap();
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answer["machine"]["hardware"], "MI325X", "{answer:#}");
}
