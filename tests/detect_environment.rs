//! The variables that hide devices, each form against four devices.

#![expect(clippy::unwrap_used, reason = "a test's own assumptions")]

use std::path::Path;

use aim_engine::detect::environment::VARIABLES;
use aim_engine::detect::{Detected, EnvMap, Level, detect};
use pretty_assertions::assert_eq;
use proptest::prelude::*;

const ROCR: &str = "ROCR_VISIBLE_DEVICES";
const HIP: &str = "HIP_VISIBLE_DEVICES";
const CUDA: &str = "CUDA_VISIBLE_DEVICES";
const ORDINAL: &str = "GPU_DEVICE_ORDINAL";

fn with(machine: &str, env: &[(&str, &str)]) -> Detected {
    let env: EnvMap = env
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    detect(&Path::new("fixtures/hosts").join(machine), &env)
}

fn says(detected: &Detected) -> Vec<String> {
    let problems = detected.problems.iter();
    problems
        .map(|problem| format!("{}: {}", problem.origin, problem.says))
        .collect()
}

/// The list's indices, and how many remarks there are on it.
fn indices(machine: &str, name: &str, value: &str) -> (Option<Vec<u32>>, usize) {
    let detected = with(machine, &[(name, value)]);
    let seen = detected.observations.last().unwrap();
    assert_eq!(seen.source, "environment");
    assert_eq!(seen.origin, format!("{name}={value}"));
    if let Some(indices) = &seen.indices {
        assert_eq!(seen.visible, Some(u32::try_from(indices.len()).unwrap()));
    }
    (seen.indices.clone(), detected.problems.len())
}

// The devices of `mi210-4` are GPU-1900000000000001, …78, …ef and …0166.
#[test]
fn rocr_forms() {
    for (value, expected, remarks) in [
        ("", &[][..], 0),
        ("0", &[0], 0),
        ("2,0", &[2, 0], 0),
        ("0,1,2,3", &[0, 1, 2, 3], 0),
        (" 1 , 2 ", &[1, 2], 0),
        ("0x2,03", &[2, 3], 0),
        ("1,", &[1], 0),
        ("-1", &[], 0),
        ("0,-1", &[0], 0),
        ("0,-1,2", &[0], 1),
        ("1,4,2", &[1], 1),
        ("0,1,0,2", &[0, 1], 1),
        ("0,,1", &[0], 1),
        (",0", &[], 1),
        ("all", &[], 1),
        ("1;2", &[], 1),
        ("GPU-1900000000000078", &[1], 0),
        ("gpu-19000000000000EF,0", &[2, 0], 0),
        ("0,GPU-19000000000001", &[0, 3], 0),
        ("0,GPU-19", &[0], 1),
        ("GPU-dead", &[], 1),
        ("GPU-", &[], 1),
        ("GPU-190000000000007800", &[], 1),
    ] {
        let found = indices("mi210-4", ROCR, value);
        assert_eq!(found, (Some(expected.to_vec()), remarks), "{value:?}");
    }
}

#[test]
fn hip_forms() {
    for name in [HIP, CUDA, ORDINAL] {
        // The remark that HIP itself does not read this one.
        let own = usize::from(name == ORDINAL);
        for (value, expected, remarks) in [
            ("", &[][..], 0),
            ("0", &[0], 0),
            ("3,1", &[3, 1], 0),
            ("1,", &[1], 0),
            ("-1", &[], 0),
            ("0,-1,2", &[0], 1),
            ("1,4,2", &[1], 1),
            ("0,1,0,2", &[0, 1, 2], 0),
            ("0, 1", &[0], 1),
            ("01", &[], 1),
            ("0x1", &[], 1),
            ("\"2,3\"", &[2, 3], 0),
            (" ", &[], 0),
            ("NoDevFiles", &[], 1),
            ("GPU-19000000000000ef", &[2], 0),
            ("0,GPU-19", &[0], 0),
            ("GPU-19000000000000EF", &[], 1),
        ] {
            let found = indices("mi210-4", name, value);
            let expected = (Some(expected.to_vec()), remarks + own);
            assert_eq!(found, expected, "{name}={value:?}");
        }
    }
}

#[test]
fn nothing_set_is_no_observation() {
    let detected = with("mi210-4", &[("PATH", "/bin")]);
    assert_eq!(detected.observations.len(), 1);
    assert_eq!(detected.count(Level::Container), None);
    assert_eq!(detected.usable_indices(), Some(vec![0, 1, 2, 3]));
}

#[test]
fn hip_counts_in_what_rocr_leaves() {
    let detected = with("mi300x-8", &[(ROCR, "6,4,2"), (HIP, "2,0")]);
    assert_eq!(detected.count(Level::Host), Some(8));
    assert_eq!(detected.count(Level::Container), Some(3));
    assert_eq!(detected.count(Level::Runtime), Some(2));
    assert_eq!(detected.usable_indices(), Some(vec![2, 6]));
    assert_eq!(says(&detected), [""; 0]);

    let detected = with("mi300x-8", &[(ROCR, "1"), (HIP, "1")]);
    assert_eq!(detected.usable_indices(), Some(vec![]));
    assert_eq!(
        says(&detected),
        [
            "HIP_VISIBLE_DEVICES=1: `1` is out of range: there is 1 device, number 0: the list ends before it"
        ]
    );
}

#[test]
fn one_variable_of_the_runtime_is_taken() {
    let detected = with("mi210-4", &[(HIP, "0"), (CUDA, "0,1")]);
    assert_eq!(detected.count(Level::Runtime), Some(1));
    assert_eq!(
        says(&detected),
        [
            "CUDA_VISIBLE_DEVICES=0,1: differs from `HIP_VISIBLE_DEVICES=0`, which HIP obeys instead; some engines refuse to start with both"
        ]
    );

    let same = with("mi210-4", &[(HIP, "1,2"), (CUDA, "1,2")]);
    assert_eq!((same.observations.len(), same.problems.len()), (2, 0));

    // An empty value hides everything; quotation marks around nothing are as if it were not set.
    let empty = with("mi210-4", &[(HIP, ""), (CUDA, "0,1")]);
    assert_eq!(empty.count(Level::Runtime), Some(0));
    let quotes = with("mi210-4", &[(HIP, "\"\""), (CUDA, "0,1")]);
    assert_eq!(quotes.count(Level::Runtime), Some(2));

    let ordinal = with("mi210-4", &[(ORDINAL, "0"), (HIP, "0,1")]);
    assert_eq!(ordinal.count(Level::Runtime), Some(2));
    assert_eq!(
        says(&ordinal),
        ["GPU_DEVICE_ORDINAL=0: is not read by HIP; `HIP_VISIBLE_DEVICES` is taken"]
    );
}

#[test]
fn remarks_say_what_ends_the_list() {
    for (name, value, remark) in [
        (
            HIP,
            "0, 1,2",
            "` 1` is neither a device number nor a UUID (HIP takes no blanks in the list): \
             the list ends before it, and the entry after it is not read",
        ),
        (
            ROCR,
            "0,9,1,2",
            "`9` is out of range: there are 4 devices, from 0: \
             the list ends before it, and the 2 entries after it are not read",
        ),
        (
            ROCR,
            "GPU-19",
            "`GPU-19` is the UUID of more than one device: the list ends before it",
        ),
    ] {
        let detected = with("mi210-4", &[(name, value)]);
        assert_eq!(says(&detected), [format!("{name}={value}: {remark}")]);
    }
}

#[test]
fn partitions_with_one_uuid() {
    let uuid = "GPU-8c00000000000007";
    assert_eq!(indices("mi300x-1-cpx", ROCR, uuid), (Some(vec![]), 1));
    assert_eq!(indices("mi300x-1-cpx", HIP, uuid), (Some(vec![0]), 0));
}

#[test]
fn the_long_form_of_a_uuid_counts_and_is_not_guessed() {
    let long = "GPU-4b2c1a9f-8d3e-6f7a-b5c9-2e4d8a1f6c3b";
    let value = format!("1,{long},2");
    let detected = with("mi210-4", &[(ROCR, &value), (HIP, "1")]);
    assert_eq!(detected.count(Level::Container), Some(3));
    assert_eq!(detected.count(Level::Runtime), Some(1));
    assert_eq!(detected.usable_indices(), None);
    assert_eq!(
        says(&detected),
        [format!(
            "{ROCR}={value}: `{}` was counted as a device, but which one is not known",
            long.to_lowercase()
        )]
    );
    assert_eq!(indices("cpu-only", ROCR, long), (Some(vec![]), 1));
}

#[test]
fn without_a_driver_the_numbers_are_taken_as_they_are() {
    let detected = with("no-driver", &[(ROCR, "5,3"), (HIP, "1,GPU-ab")]);
    assert_eq!(detected.count(Level::Host), None);
    assert_eq!(detected.count(Level::Container), Some(2));
    assert_eq!(detected.count(Level::Runtime), Some(2));
    assert_eq!(detected.observations[0].indices, Some(vec![5, 3]));
    assert_eq!(detected.usable_indices(), None);

    let many: Vec<String> = (0..3000).map(|index| index.to_string()).collect();
    let detected = with("no-driver", &[(HIP, &many.join(","))]);
    assert_eq!(detected.count(Level::Runtime), Some(1024));
    assert!(detected.observations[0].origin.chars().count() < 250);
    assert_eq!(detected.problems.len(), 1);
}

#[test]
fn devices_without_a_uuid_are_never_meant_by_one() {
    let uuid = "GPU-8c0000000004aaad";
    let with_igpu = with("mi210-and-igpu", &[]);
    let devices = with_igpu.devices().unwrap();
    assert_eq!(devices[0].uuid.as_deref(), Some(uuid));
    assert_eq!(indices("mi210-and-igpu", ROCR, uuid), (Some(vec![0]), 0));
    let other = "GPU-8c000000000fffff";
    assert_eq!(indices("mi210-and-igpu", ROCR, other), (Some(vec![]), 1));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// No value is too odd to read, and no level leaves more than the one below it has.
    #[test]
    fn any_values(
        machine in prop::sample::select(vec!["mi210-4", "mi300x-1-cpx", "mi210-and-igpu", "cpu-only"]),
        values in prop::collection::btree_map(
            prop::sample::select(VARIABLES.to_vec()),
            prop_oneof![
                "[-+ 0-9xGPU,\"]{0,12}",
                any::<String>(),
                prop::collection::vec(prop_oneof!["[0-9]", "GPU-19[0]{0,4}", "-1"], 0..6)
                    .prop_map(|entries| entries.join(",")),
            ],
            0..4,
        ),
    ) {
        let env: Vec<_> = values.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let detected = with(machine, &env);
        let mut below = detected.count(Level::Host).unwrap();
        for seen in detected.observations.iter().skip(1) {
            let count = seen.visible.unwrap();
            prop_assert!(count <= below, "{:?}", seen);
            below = count;
            let mut indices = seen.indices.clone().unwrap();
            indices.sort_unstable();
            indices.dedup();
            prop_assert_eq!(u32::try_from(indices.len()).unwrap(), count);
        }
    }
}
