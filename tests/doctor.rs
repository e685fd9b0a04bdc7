//! What is found wrong with machines, and what with none.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on ends"
)]

use std::collections::BTreeSet;
use std::path::Path;

use aim_engine::detect::{
    Detected, Device, EnvMap, Extent, Fact, FactValue, Level, Observation, look, parse_host_file,
};
use aim_engine::doctor::{Finding, check};
use aim_engine::launch::{MachineFacts, Request};
use aim_engine::policy::{OpenRules, RuleSources, documented};
use aim_engine::store::{Layer, Store, StoreSpec};
use pretty_assertions::assert_eq;

struct Bench {
    store: Store,
    _dir: tempfile::TempDir,
}

impl Bench {
    fn new() -> Bench {
        let dir = tempfile::tempdir().unwrap();
        let spec = StoreSpec {
            layers: Layer::stack(None, &[]),
            file: Some(dir.path().join("store.db")),
            ..StoreSpec::default()
        };
        Bench {
            store: Store::open(&spec).unwrap(),
            _dir: dir,
        }
    }

    fn check(&self, detected: Detected, model: Option<&str>) -> Vec<Finding> {
        let machine = MachineFacts {
            detected: Some(detected),
            source: "test".to_owned(),
            here: true,
            ..MachineFacts::default()
        };
        let request = model.map(|model| Request {
            model: model.to_owned(),
            ..Request::default()
        });
        check(
            &self.store,
            &RuleSources::default(),
            &machine,
            request.as_ref(),
        )
        .unwrap()
    }

    fn codes(&self, detected: Detected, model: Option<&str>) -> Vec<String> {
        let findings = self.check(detected, model);
        findings.into_iter().map(|finding| finding.code).collect()
    }
}

fn saved(machine: &str) -> Detected {
    let root = Path::new("fixtures/hosts").join(machine);
    let env = aim_engine::detect::variables(&root);
    look(&root, &env, Extent::Everything)
}

/// `level source about property value`; a value of digits is a number.
fn facts(lines: &[&str]) -> Vec<Fact> {
    let fact = |line: &&str| {
        let words: Vec<&str> = line.splitn(5, ' ').collect();
        let [level, source, about, property, value] = words[..] else {
            panic!("{line}");
        };
        let level = match level {
            "host" => Level::Host,
            "container" => Level::Container,
            _ => Level::Runtime,
        };
        Fact {
            level,
            source: source.to_owned(),
            origin: format!("{source} {about}"),
            time: None,
            about: about.to_owned(),
            property: property.to_owned(),
            value: match value.parse::<i64>() {
                Ok(number) if source != "environment" => FactValue::Number(number),
                _ => FactValue::Text(value.trim_matches('\'').to_owned()),
            },
        }
    };
    lines.iter().map(fact).collect()
}

fn mi300x(gpus: u32, lines: &[&str]) -> Detected {
    let devices = (0..gpus).map(|index| Device {
        index,
        pci_id: Some("74a1".to_owned()),
        gfx: Some("gfx942".to_owned()),
        vram_mib: Some(196_592),
        compute_units: Some(304),
        location: Some(format!("0000:{index:02x}:00.0")),
        ..Device::default()
    });
    let text = serde_json::json!({"observations": [{
        "level": "host", "source": "kfd", "origin": "nodes",
        "devices": devices.collect::<Vec<_>>(),
    }]});
    let mut detected = parse_host_file("host.json", &text.to_string()).unwrap();
    detected.facts = facts(lines);
    detected
}

#[test]
fn whole_machines_have_nothing_wrong() {
    let bench = Bench::new();
    for machine in [
        "mi300x-8",
        "mi210-4",
        "mi355x-8",
        "mi300x-2-all-sources",
        "mi250x-1-tools",
    ] {
        assert_eq!(bench.check(saved(machine), None), [], "{machine}");
    }
}

#[test]
fn saved_machines_with_faults() {
    let bench = Bench::new();
    for (machine, codes) in [
        ("mi300x-2-no-driver", vec!["HOST01"]),
        ("unknown-and-igpu", vec!["HOST40", "HOST40"]),
        ("mi300x-1-cpx-rocm-smi", vec!["HOST42"]),
        (
            "faults",
            vec![
                "HOST10", "HOST21", "HOST51", "HOST22", "HOST23", "HOST30", "HOST31",
            ],
        ),
    ] {
        assert_eq!(bench.codes(saved(machine), None), codes, "{machine}");
    }
}

/// For each check what it finds something in, and what is so little different that it does not.
const CASES: &[(&str, &[&str], &[&str])] = &[
    (
        "HOST10",
        &["container files /dev/kfd state absent"],
        &["container files /dev/kfd state open"],
    ),
    (
        "HOST11",
        &["container files /dev/dri render_nodes 0"],
        &["container files /dev/dri render_nodes 1"],
    ),
    (
        "HOST12",
        &[
            "container files /dev/kfd state denied",
            "container files /dev/kfd group render",
        ],
        &[
            "container files /dev/kfd state open",
            "container files /dev/kfd group render",
        ],
    ),
    (
        "HOST13",
        &[
            "container files /dev/kfd state denied",
            "container files /dev/kfd group render",
            "container process process group render",
        ],
        &[
            "container files /dev/kfd state open",
            "container files /dev/kfd group render",
            "container process process group render",
        ],
    ),
    (
        "HOST14",
        &[
            "container files /dev/dri render_nodes 8",
            "container files /dev/dri denied 3",
        ],
        &[
            "container files /dev/dri render_nodes 8",
            "container files /dev/dri denied 0",
        ],
    ),
    (
        "HOST15",
        &[
            "container files /dev/kfd group render",
            "container process process user other",
        ],
        &[
            "container files /dev/kfd group render",
            "container process process user root",
        ],
    ),
    (
        "HOST20",
        &["runtime environment CUDA_VISIBLE_DEVICES value ''"],
        &["runtime environment CUDA_VISIBLE_DEVICES value 0"],
    ),
    (
        "HOST22",
        &[
            "runtime environment CUDA_VISIBLE_DEVICES value 0",
            "runtime environment HIP_VISIBLE_DEVICES value 1",
        ],
        &[
            "runtime environment CUDA_VISIBLE_DEVICES value 1",
            "runtime environment HIP_VISIBLE_DEVICES value 1",
        ],
    ),
    (
        "HOST23",
        &["runtime environment GPU_DEVICE_ORDINAL value 0"],
        &["runtime environment HIP_VISIBLE_DEVICES value 0"],
    ),
    (
        "HOST30",
        &["host kernel numa_balancing value 1"],
        &["host kernel numa_balancing value 0"],
    ),
    (
        "HOST31",
        &["container kernel /dev/shm size_mib 64"],
        &["container kernel /dev/shm size_mib 16384"],
    ),
    ("HOST32", &["container process memlock limit_kib 8192"], &[]),
    (
        "HOST33",
        &[
            "host kernel iommu mode default",
            "host kernel iommu units 4",
        ],
        &["host kernel iommu mode pt", "host kernel iommu units 4"],
    ),
    (
        "HOST43",
        &["host state 0000:07:00.0 last_seen 2026-05-04T03:02:01Z"],
        &["host state 0000:01:00.0 last_seen 2026-05-04T03:02:01Z"],
    ),
    (
        "HOST50",
        &[
            "host engine docker state missing",
            "host engine podman state missing",
        ],
        &[
            "host engine docker state missing",
            "host engine podman state ready",
        ],
    ),
    (
        "HOST51",
        &["host engine docker state denied"],
        &[
            "host engine docker state denied",
            "host engine podman state ready",
        ],
    ),
    (
        "HOST52",
        &["host engine docker state stopped"],
        &["host engine docker state ready"],
    ),
    (
        "HOST60",
        &[
            "host launch models free_mib 1000",
            "host launch models folder /srv/models",
        ],
        &[
            "host launch models free_mib 1000",
            "host launch models folder /srv/models",
            "host launch model downloaded yes",
        ],
    ),
    (
        "HOST62",
        &[
            "host launch port state taken",
            "host launch port number 8000",
        ],
        &[
            "host launch port state free",
            "host launch port number 8000",
        ],
    ),
];

const MODEL: &str = "Qwen/Qwen3-32B";

#[test]
fn each_check_finds_its_fault_and_nothing_where_there_is_none() {
    let bench = Bench::new();
    for (code, wrong, right) in CASES {
        let found = bench.check(mi300x(2, wrong), Some(MODEL));
        let codes: Vec<&str> = found.iter().map(|finding| finding.code.as_str()).collect();
        assert_eq!(codes, [*code], "{wrong:?}");
        let finding = &found[0];
        assert!(!finding.evidence.is_empty(), "{code} has no evidence");
        assert!(finding.verify.is_some(), "{code}");
        assert!(!finding.message.contains('{'), "{}", finding.message);
        let found = bench.codes(mi300x(2, right), Some(MODEL));
        assert_eq!(found, Vec::<String>::new(), "{code}: {right:?}");
    }
}

#[test]
fn a_gated_model_needs_a_token() {
    let bench = Bench::new();
    let absent = &["host launch HF_TOKEN state absent"];
    let gated = "meta-llama/Llama-3.1-8B-Instruct";
    assert_eq!(bench.codes(mi300x(1, absent), Some(gated)), ["HOST61"]);
    assert!(bench.codes(mi300x(1, absent), Some(MODEL)).is_empty());
    let present = &["host launch HF_TOKEN state present"];
    assert!(bench.codes(mi300x(1, present), Some(gated)).is_empty());
}

#[test]
fn a_driver_is_compared_with_images_whose_rocm_is_known() {
    let bench = Bench::new();
    let codes = |version: &str, backend: &str| {
        let line = format!("host kernel amdgpu version {version}");
        let machine = MachineFacts {
            detected: Some(mi300x(1, &[line.as_str()])),
            ..MachineFacts::default()
        };
        let request = Request {
            model: MODEL.to_owned(),
            backend: Some(backend.to_owned()),
            ..Request::default()
        };
        let found = check(
            &bench.store,
            &RuleSources::default(),
            &machine,
            Some(&request),
        );
        let found = found.unwrap().into_iter();
        found.map(|finding| finding.code).collect::<Vec<_>>()
    };
    assert_eq!(codes("6.3.6", "sglang"), ["HOST03"]);
    assert!(codes("6.16.13", "sglang").is_empty());
    assert!(codes("6.3.6", "vllm").is_empty());
}

#[test]
fn gpus_that_are_all_in_use() {
    let bench = Bench::new();
    let with_use = |used: u64| {
        let mut detected = mi300x(2, &[]);
        let seen: &mut Observation = &mut detected.observations[0];
        for device in seen.devices.iter_mut().flatten() {
            device.used_vram_mib = Some(used);
        }
        detected
    };
    assert_eq!(bench.codes(with_use(150_000), None), ["HOST41"]);
    assert!(bench.codes(with_use(283), None).is_empty());
}

#[test]
fn a_driver_that_shows_nothing_of_what_is_on_the_bus() {
    let mut detected = saved("mi300x-2-no-driver");
    for fact in &mut detected.facts {
        if fact.property == "loaded" {
            fact.value = "yes".into();
        }
    }
    assert_eq!(Bench::new().codes(detected, None), ["HOST02"]);
}

#[test]
fn every_check_is_tried_here_and_documented() {
    let bench = Bench::new();
    let rules = OpenRules::load(RuleSources::default(), &bench.store).unwrap();
    let tests = include_str!("doctor.rs");
    let page = std::fs::read_to_string("docs/doctor.md").unwrap();
    let mut codes = BTreeSet::new();
    for check in documented(&rules)
        .into_iter()
        .filter(|doc| doc.verify.is_some())
    {
        let (code, name) = (check.code.unwrap(), check.name.unwrap());
        assert!(code.starts_with("HOST"), "{code}");
        assert!(
            tests.contains(&format!("\"{code}\"")),
            "{code} is not tried"
        );
        assert!(
            page.contains(&format!("| `{code}` `{name}` |")),
            "docs/doctor.md: {code}"
        );
        assert!(!check.long.is_empty(), "{code} has no long text");
        codes.insert(code);
    }
    assert!(codes.len() > 20);
}

#[test]
fn nothing_is_known_of_nothing() {
    assert_eq!(Bench::new().check(Detected::default(), None), []);
    let nowhere = look(
        Path::new("/nonexistent"),
        &EnvMap::new(),
        Extent::Everything,
    );
    assert_eq!(Bench::new().check(nowhere, Some(MODEL)), []);
}

fn run(words: &[&str]) -> (i32, serde_json::Value) {
    let dir = tempfile::tempdir().unwrap();
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_aim-engine"))
        .args(words)
        .env("XDG_CACHE_HOME", dir.path())
        .env("XDG_STATE_HOME", dir.path())
        .output()
        .unwrap();
    let printed = serde_json::from_slice(&output.stdout).unwrap();
    (output.status.code().unwrap(), printed)
}

#[test]
fn the_exit_code_tells_whether_something_stops_a_launch() {
    let json = ["--format", "json"];
    let doctor = |place: [&str; 2]| run(&[&["doctor"], &place[..], &json[..]].concat());
    let (code, answer) = doctor(["--root", "fixtures/hosts/mi300x-8"]);
    assert_eq!((code, &answer["findings"]), (0, &serde_json::json!([])));
    let (code, answer) = doctor(["--root", "fixtures/hosts/unknown-and-igpu"]);
    assert_eq!(
        (code, &answer["summary"]["warnings"]),
        (0, &serde_json::json!(2))
    );
    let (code, answer) = doctor(["--root", "fixtures/hosts/faults"]);
    assert_eq!(
        (code, &answer["summary"]["errors"]),
        (1, &serde_json::json!(3))
    );

    // What was saved on a machine is judged elsewhere as it is there.
    let dir = tempfile::tempdir().unwrap();
    let host = dir.path().join("host.json");
    let detect = ["detect", "--root", "fixtures/hosts/faults"];
    let (_, detected) = run(&[&detect[..], &json[..]].concat());
    std::fs::write(&host, detected.to_string()).unwrap();
    let (code, saved) = doctor(["--host", &host.display().to_string()]);
    assert_eq!((code, &saved["findings"]), (1, &answer["findings"]));
}

#[test]
fn what_was_seen_is_kept_and_a_gpu_that_was_there_is_missed() {
    let dir = tempfile::tempdir().unwrap();
    let run = |words: &[&str]| {
        std::process::Command::new(env!("CARGO_BIN_EXE_aim-engine"))
            .args(words)
            .env("XDG_CACHE_HOME", dir.path())
            .env("XDG_STATE_HOME", dir.path())
            .output()
            .unwrap()
    };
    run(&["detect"]);
    let file = dir.path().join("aim-engine/state.db");
    let state = rusqlite::Connection::open(&file).unwrap();
    let count = |ask: &str| {
        state
            .query_row(ask, [], |row| row.get::<_, i64>(0))
            .unwrap()
    };
    assert!(count("SELECT count(*) FROM seen") > 3);
    let without = "SELECT count(*) FROM seen WHERE time NOT LIKE '2%Z'
                   OR level NOT IN ('host', 'container', 'runtime') OR source = '' OR origin = ''";
    assert_eq!(count(without), 0);

    let there =
        "INSERT INTO seen SELECT look, '2026-05-04T03:02:01Z', 'host', 'kfd', 'nodes/9', 'gpu 7',
                 'location', 'fffe:1f:00.0' FROM look";
    state.execute(there, []).unwrap();
    let output = run(&["doctor", "--format", "json"]);
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let findings = answer["findings"].as_array().unwrap();
    let gone = findings.iter().find(|finding| finding["code"] == "HOST43");
    let message = gone.unwrap()["message"].as_str().unwrap();
    assert_eq!(
        message,
        "the GPU at fffe:1f:00.0 was there at 2026-05-04T03:02:01Z, and is not any more"
    );
}
