//! Which GPUs of a machine are in use, and why.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use std::path::Path;

use aim_engine::detect::{EnvMap, Extent, look};
use aim_engine::launch::{BusyGpu, InUse, MachineFacts, in_use};
use aim_engine::policy::{Policy, RuleSources};
use aim_engine::store::{Layer, Store, StoreSpec};
use pretty_assertions::assert_eq;

fn on(machine: &str, variables: &[(&str, &str)], extent: Extent) -> InUse {
    let dir = tempfile::tempdir().unwrap();
    let spec = StoreSpec {
        layers: Layer::stack(None, &[]),
        file: Some(dir.path().join("store.db")),
        ..StoreSpec::default()
    };
    let store = Store::open(&spec).unwrap();
    let policy = Policy::load(RuleSources::default(), &store).unwrap();
    let env: EnvMap = variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let root = Path::new("fixtures/hosts").join(machine);
    let machine = MachineFacts {
        detected: Some(look(&root, &env, extent)),
        ..MachineFacts::default()
    };
    in_use(&store, &policy, &machine).unwrap()
}

fn busy(index: u32, says: &[&str]) -> BusyGpu {
    BusyGpu {
        index,
        says: says.iter().map(|says| (*says).to_owned()).collect(),
    }
}

#[test]
fn what_holds_memory_or_has_a_process_is_busy() {
    let used = "GPU 1 of machine 1 is busy: 149820 MiB of its memory are in use.";
    let one = "GPU 1 of machine 1 is busy: processes that use it: 1.";
    let three = "GPU 3 of machine 1 is busy: processes that use it: 1.";
    assert_eq!(
        on("mi300x-4-busy", &[], Extent::Usage),
        InUse {
            idle: vec![0, 2],
            busy: vec![busy(1, &[used, one]), busy(3, &[three])],
        }
    );
}

#[test]
fn hidden_gpus_are_neither_idle_nor_busy() {
    assert_eq!(
        on(
            "mi300x-4-busy",
            &[("ROCR_VISIBLE_DEVICES", "2,3")],
            Extent::Usage
        ),
        InUse {
            idle: vec![2],
            busy: vec![busy(
                3,
                &["GPU 3 of machine 1 is busy: processes that use it: 1."]
            )],
        }
    );
}

#[test]
fn nothing_is_in_use_where_nothing_is_told() {
    let idle = |machine, extent| on(machine, &[], extent).idle;
    assert_eq!(idle("mi300x-4-busy", Extent::Devices), [0, 1, 2, 3]);
    assert_eq!(idle("mi210-4", Extent::Usage), [0, 1, 2, 3]);
    assert_eq!(on("cpu-only", &[], Extent::Usage), InUse::default());
}

/// The memory that a decision for the machine reckons with.
fn decided_vram(machine: &str) -> Option<i64> {
    let dir = tempfile::tempdir().unwrap();
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_aim-engine"))
        .args([
            "generate",
            "Qwen/Qwen3-8B",
            "1",
            "--format",
            "json",
            "--root",
        ])
        .arg(Path::new("fixtures/hosts").join(machine))
        .env("XDG_CACHE_HOME", dir.path())
        .env("XDG_STATE_HOME", dir.path())
        .output()
        .unwrap();
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    answer["machine"]["vram_mib"].as_i64()
}

#[test]
fn a_part_of_a_gpu_has_a_part_of_its_memory() {
    assert_eq!(decided_vram("mi300x-1-cpx"), Some(24_574));
    assert_eq!(decided_vram("mi300x-1-cpx-no-memory"), Some(24_576));
    assert_eq!(decided_vram("mi300x-8"), Some(196_608));
}
