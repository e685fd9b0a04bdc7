//! Detection from the kernel driver's topology, on the machines in `fixtures/hosts`.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use aim_engine::detect::{Detected, Device, EnvMap, Level, detect};
use pretty_assertions::assert_eq;

fn fixture(name: &str) -> PathBuf {
    Path::new("fixtures/hosts").join(name)
}

fn on(name: &str) -> Detected {
    detect(&fixture(name), &EnvMap::new())
}

fn facts(device: &Device) -> (u32, &str, &str, u64) {
    (
        device.index,
        device.pci_id.as_deref().unwrap_or("-"),
        device.gfx.as_deref().unwrap_or("-"),
        device.vram_mib.unwrap_or(0),
    )
}

#[test]
fn each_machine_has_its_devices() {
    for (name, count, pci_id, gfx, vram_mib) in [
        ("mi300x-8", 8, "74a1", "gfx942", 196_592),
        ("mi300x-1-cpx", 8, "74a1", "gfx942", 24_574),
        ("mi308x-8", 8, "74a2", "gfx942", 196_592),
        ("mi210-4", 4, "740f", "gfx90a", 65_520),
        ("mi250-2-boards", 4, "740c", "gfx90a", 65_520),
        ("mi355x-8", 8, "75a3", "gfx950", 294_896),
    ] {
        let detected = on(name);
        assert_eq!(detected.problems, [], "{name}");
        assert_eq!(detected.host.as_deref(), Some(name));
        assert_eq!(detected.count(Level::Host), Some(count), "{name}");
        let devices = detected.devices().unwrap();
        for (index, device) in (0..).zip(devices) {
            assert_eq!(facts(device), (index, pci_id, gfx, vram_mib), "{name}");
        }
    }
}

#[test]
fn one_device_in_full() {
    let detected = on("mi300x-8");
    let devices = detected.devices().unwrap();
    let expected = Device {
        index: 1,
        origin: Some("fixtures/hosts/mi300x-8/sys/class/kfd/kfd/topology/nodes/3".into()),
        pci_vendor: Some("1002".into()),
        pci_id: Some("74a1".into()),
        gfx: Some("gfx942".into()),
        vram_mib: Some(196_592),
        name: Some("AMD Instinct MI300X OAM".into()),
        unique_id: Some("10088063165309915416".into()),
        uuid: Some("GPU-8c00000000001118".into()),
        drm_render_minor: Some(136),
        location: Some("0000:22:00.0".into()),
        compute_units: Some(304),
        xcc_count: Some(8),
        cpu_cores: Some(0),
        node: Some(3),
        ..Device::default()
    };
    assert_eq!(devices[1], expected);
}

#[test]
fn partitions_are_devices_that_share_their_unique_id() {
    let detected = on("mi300x-1-cpx");
    let devices = detected.devices().unwrap();
    let ids: BTreeSet<_> = devices.iter().map(|device| &device.unique_id).collect();
    assert_eq!(ids.len(), 1);
    let last = devices.last().unwrap();
    assert_eq!(last.location.as_deref(), Some("0000:0c:00.7"));
    assert_eq!((last.compute_units, last.xcc_count), (Some(38), Some(1)));
}

#[test]
fn unlike_devices_are_told_apart_and_none_is_left_out() {
    let detected = on("mixed-mi300x-mi210");
    let devices = detected.devices().unwrap();
    let ids: Vec<_> = devices.iter().map(|device| facts(device).1).collect();
    assert_eq!(ids, ["74a1", "740f", "74a1", "74a1"]);

    let detected = on("mi210-and-igpu");
    let devices = detected.devices().unwrap();
    assert_eq!(facts(&devices[1]), (1, "164e", "gfx1036", 512));
    assert_eq!(
        (&devices[1].uuid, devices[1].compute_units),
        (&None, Some(2))
    );
}

#[test]
fn no_gpu_is_zero_devices_and_no_driver_is_no_observation() {
    let cpu_only = on("cpu-only");
    assert_eq!(cpu_only.count(Level::Host), Some(0));
    assert_eq!(cpu_only.usable_indices(), Some(vec![]));

    let no_driver = on("no-driver");
    assert!(no_driver.is_empty());
    assert_eq!(no_driver.count(Level::Host), None);
    assert_eq!(no_driver.problems, []);
    assert_eq!(
        no_driver.looked_at,
        [
            "fixtures/hosts/no-driver/sys/class/kfd/kfd/topology/nodes",
            "amd-smi",
            "rocm-smi",
            "rocminfo",
            "fixtures/hosts/no-driver/sys/class/drm",
            "fixtures/hosts/no-driver/sys/bus/pci/devices",
            "ROCR_VISIBLE_DEVICES",
            "HIP_VISIBLE_DEVICES",
            "CUDA_VISIBLE_DEVICES",
            "GPU_DEVICE_ORDINAL",
        ]
    );
    assert!(detect(Path::new("/nonexistent"), &EnvMap::new()).is_empty());
}

#[test]
fn each_fault_is_a_problem_with_its_place_and_the_others_are_read() {
    let detected = on("broken");
    let nodes = "fixtures/hosts/broken/sys/class/kfd/kfd/topology/nodes/";
    let problems: Vec<_> = detected
        .problems
        .iter()
        .map(|problem| {
            let place = problem.origin.strip_prefix(nodes).unwrap();
            (place, problem.says.as_str())
        })
        .collect();
    assert_eq!(
        problems,
        [
            ("2/properties", "has no `simd_count`"),
            ("3/properties", "is not UTF-8 text"),
            (
                "4/properties",
                "`device_id` is `99999999`, which is no number of its size"
            ),
            (
                "4/properties",
                "`gfx_target_version` is `many`, which is no number of its size"
            ),
            (
                "5/mem_banks/0/properties",
                "`size_in_bytes` is `-1`, which is no number of its size"
            ),
            ("6/properties", "is not a regular file"),
        ]
    );
    let devices: Vec<_> = detected.devices().unwrap().iter().map(facts).collect();
    assert_eq!(
        devices,
        [
            (0, "74a1", "gfx942", 196_592),
            (1, "-", "-", 196_592),
            (2, "74a1", "gfx942", 0),
        ]
    );
}

#[test]
fn what_is_read_has_a_limit() {
    let root = tempfile::tempdir().unwrap();
    let nodes = root.path().join("sys/class/kfd/kfd/topology/nodes");
    for node in 0..1030 {
        fs::create_dir_all(nodes.join(node.to_string())).unwrap();
        fs::write(nodes.join(format!("{node}/properties")), "simd_count 0\n").unwrap();
    }
    let long = format!("simd_count 4\n{}", "x".repeat(70_000));
    fs::write(nodes.join("0/properties"), long).unwrap();
    let says: Vec<_> = detect(root.path(), &EnvMap::new())
        .problems
        .into_iter()
        .map(|problem| problem.says)
        .collect();
    assert_eq!(
        says,
        [
            "has more than 1024 nodes: the others were not read",
            "is longer than 65536 bytes"
        ]
    );
}

#[test]
fn what_is_printed_can_be_read_back() {
    for name in ["mi300x-8", "mi210-and-igpu", "broken", "no-driver"] {
        let env = EnvMap::from([("HIP_VISIBLE_DEVICES".into(), "0,GPU-8c,x".into())]);
        let detected = detect(&fixture(name), &env);
        let printed = serde_json::to_string_pretty(&detected).unwrap();
        let read = aim_engine::detect::parse_host_file("saved", &printed).unwrap();
        assert_eq!(read, detected, "{name}");
    }
}
