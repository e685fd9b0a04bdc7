//! Whatever a tool prints, detection goes on: it ends, gives no more than there is, and never panics.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use std::fs;
use std::path::Path;

use aim_engine::detect::{Detected, EnvMap, Extent, look, parse_host_file};
use proptest::prelude::*;

/// More devices than any text here can name.
const MOST: usize = 1024;

fn printed(files: &[(&str, &[u8])]) -> Detected {
    let dir = tempfile::tempdir().unwrap();
    let commands = dir.path().join("commands");
    fs::create_dir(&commands).unwrap();
    for (name, bytes) in files {
        fs::write(commands.join(name), bytes).unwrap();
    }
    look(dir.path(), &EnvMap::new(), Extent::Everything)
}

fn is_sound(detected: &Detected) {
    for seen in &detected.observations {
        let devices = seen.devices.as_deref().unwrap_or_default();
        assert!(devices.len() <= MOST, "{}", devices.len());
        let mut numbers: Vec<u32> = devices.iter().map(|device| device.index).collect();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), devices.len(), "{}", seen.source);
    }
    let text = serde_json::to_string(detected).unwrap();
    assert_eq!(&parse_host_file("host.json", &text).unwrap(), detected);
}

/// The outputs in `fixtures/hosts`.
fn recorded() -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for host in fs::read_dir("fixtures/hosts").unwrap().flatten() {
        let commands = host.path().join("commands");
        for file in fs::read_dir(commands).into_iter().flatten().flatten() {
            let name = file.file_name().to_string_lossy().into_owned();
            found.push((name, fs::read(file.path()).unwrap()));
        }
    }
    found.sort();
    found
}

/// Parts of what tools print, in any order.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[ -~]{0,20}",
        Just("\n".to_owned()),
        Just("GPU: ".to_owned()),
        Just("\nGPU: 0\n    ASIC:\n        DEVICE_ID: ".to_owned()),
        Just("GPU  POWER  VRAM_USED  VRAM_TOTAL\n  0  ".to_owned()),
        Just("gpu,bdf,size\n0,".to_owned()),
        Just("\nGPU[0]\t\t: VRAM Total Memory (B): ".to_owned()),
        Just("{\"gpu_data\": [{\"gpu\": ".to_owned()),
        Just("{\"card0\": {\"Device ID\": \"".to_owned()),
        Just("[{\"gpu\": 0, \"vram\": {\"size\": {\"value\": ".to_owned()),
        Just("\"}}".to_owned()),
        Just("}}}]".to_owned()),
        Just("N/A".to_owned()),
        Just("0x74a1".to_owned()),
        Just("18446744073709551616".to_owned()),
        Just("-1 MB".to_owned()),
        Just("| 0000:0d:00.0 X | a |\n| 0 1 2 SPX/NPS1 | 1/2 MB |\n".to_owned()),
        Just("HSA Agents\nAgent 1\n  Device Type: GPU\n  Node: ".to_owned()),
        Just("Device  Node  IDs\n0       2     0x74a1,   1  NPS1, SPX, 0  ".to_owned()),
        Just("\u{1b}[31".to_owned()),
        Just("é\u{0}\u{fffd}".to_owned()),
    ];
    proptest::collection::vec(piece, 0..30).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read_to_its_end(text in pieces(), tool in 0..4_usize) {
        let name = ["amd-smi.stdout", "rocm-smi.stdout", "rocminfo.stdout", "torch.stdout"][tool];
        is_sound(&printed(&[(name, text.as_bytes())]));
    }

    #[test]
    fn what_was_recorded_is_read_when_it_is_damaged(
        which in any::<prop::sample::Index>(),
        at in any::<prop::sample::Index>(),
        length in 0..40_usize,
        put in proptest::collection::vec(any::<u8>(), 0..8),
    ) {
        let recorded = recorded();
        let (name, bytes) = &recorded[which.index(recorded.len())];
        let mut bytes = bytes.clone();
        let at = at.index(bytes.len() + 1);
        let end = (at + length).min(bytes.len());
        bytes.splice(at..end, put);
        is_sound(&printed(&[(name.as_str(), &bytes)]));
    }
}

#[test]
fn what_is_much_too_long_is_a_problem_and_no_more() {
    let long = vec![b'['; 5 << 20];
    let detected = printed(&[("amd-smi_list.stdout", &long)]);
    assert_eq!(detected.observations, []);
    assert!(detected.problems[0].says.starts_with("is longer than"));
    let deep = "[".repeat(100_000);
    is_sound(&printed(&[("amd-smi_list.stdout", deep.as_bytes())]));
    let many: String = (0..5_000)
        .map(|gpu| format!("GPU: {gpu}\n    BDF: x\n"))
        .collect();
    is_sound(&printed(&[("amd-smi_list.stdout", many.as_bytes())]));
}

#[test]
fn a_folder_of_the_wrong_kind_is_nothing() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("commands"), "a file").unwrap();
    is_sound(&look(dir.path(), &EnvMap::new(), Extent::Everything));
    is_sound(&look(
        Path::new("/nonexistent"),
        &EnvMap::new(),
        Extent::Everything,
    ));
}
