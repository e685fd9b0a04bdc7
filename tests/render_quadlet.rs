//! A launch plan as a `.container` file: its text, what its readers make of it, and podman's generator.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

#[path = "render/plans.rs"]
mod plans;
#[path = "render/strings.rs"]
mod strings;
#[path = "render/unit_words.rs"]
mod unit_words;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use aim_engine::plan::{CdiDevices, Group, LaunchPlan, Mount};
use aim_engine::render::quadlet;
use plans::{full, words};
use pretty_assertions::assert_eq;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use strings::hostile;
use unit_words::{values, words_of};

#[test]
fn the_printed_form() {
    assert_eq!(
        quadlet::file(&full(), &["why".to_owned()]).unwrap(),
        r#"# why
[Unit]
Description=aim-qwen3-32b by AIM Engine

[Container]
ContainerName=aim-qwen3-32b
Image=docker.io/rocm/vllm:rocm6.4.1_vllm_0.10.1
Label=com.amd.aim.managed=aim-engine
Label=com.amd.aim.model=Qwen/Qwen3-32B
Label=com.amd.aim.port=8000
Label=com.amd.aim.recipe=qwen3-32b-mi300x-bf16
AddDevice=/dev/kfd
AddDevice=/dev/dri
PodmanArgs=--group-add=video
PodmanArgs=--group-add=render
PodmanArgs=--ipc=host
PodmanArgs=--security-opt=seccomp=unconfined
AddCapability=SYS_PTRACE
Environment=HIP_VISIBLE_DEVICES=4,5,6,7
Environment=HF_HOME=/workspace/model-cache
Environment=VLLM_USE_V1=1
Environment="MESSAGE=it's $$HOME"
PodmanArgs=--env=HF_TOKEN
Volume=/home/operator/.cache/aim-engine/models:/workspace/model-cache
PublishPort=8000:8000
PodmanArgs="--health-cmd=[\"probe\",\"8000\",\"/health\"]"
PodmanArgs=--health-interval=10s --health-timeout=5s --health-retries=3 --health-start-period=600s
PodmanArgs=--entrypoint=vllm
Exec=serve Qwen/Qwen3-32B \
  --dtype bfloat16 \
  --tensor-parallel-size 4 \
  --port 8000 \
  --max-model-len 32768 \
  --trust-remote-code \
  --served-model-name one two \
  --override-generation-config "{\"temperature\": 0.6, \"top_p\": 0.95, \"top_k\": 20, \"min_p\": 0.0}"

[Service]
ExecStartPre=mkdir -p -- /home/operator/.cache/aim-engine/models
# With values for HF_TOKEN, a line NAME=value each:
EnvironmentFile=-%E/aim-engine/environment
Restart=on-failure
TimeoutStartSec=3600

[Install]
WantedBy=default.target
"#
    );
}

#[test]
fn images_name_their_registry() {
    for (image, qualified) in [
        ("vllm:v1", "docker.io/library/vllm:v1"),
        ("rocm/vllm@sha256:00", "docker.io/rocm/vllm@sha256:00"),
        ("quay.io/a/b:c", "quay.io/a/b:c"),
        ("localhost/a", "localhost/a"),
        ("registry:5000/a", "registry:5000/a"),
    ] {
        let mut plan = full();
        plan.image = image.into();
        let text = quadlet::file(&plan, &[]).unwrap();
        assert_eq!(values(&text, "Image"), [qualified]);
    }
}

#[test]
fn gpus_by_cdi() {
    let mut plan = full();
    plan.gpu_ids = vec![2, 1];
    plan.cdi = Some(CdiDevices::of(&plan.gpu_ids, &[]));
    let text = quadlet::file(&plan, &[]).unwrap();
    assert_eq!(
        values(&text, "AddDevice"),
        ["amd.com/gpu=1", "amd.com/gpu=2"]
    );
    assert_eq!(values(&text, "Environment")[0], "HIP_VISIBLE_DEVICES=1,0");
}

#[test]
fn what_it_relies_on_is_looked_for_and_what_is_to_be_fetched_is_said() {
    let mut plan = full();
    plan.relies_on = Some("/srv/100% of it/model".into());
    let text = quadlet::file(&plan, &[]).unwrap();
    assert_eq!(
        values(&text, "AssertPathIsDirectory"),
        ["/srv/100%% of it/model"]
    );
    plan.prefetch = Some(
        ["aim-engine", "cache", "add", "a b"]
            .map(str::to_owned)
            .into(),
    );
    let text = quadlet::file(&plan, &["why".to_owned()]).unwrap();
    assert!(text.starts_with("# why\n"), "{text}");
    assert!(
        text.contains("\n#   aim-engine cache add 'a b'\n"),
        "{text}"
    );
}

#[test]
fn what_the_readers_would_lose_is_refused() {
    for (word, says) in [
        ("", "is empty"),
        (";", "holds ';'"),
        ("a\u{80}", "holds '\\u{80}'"),
        ("\u{ffff}", "holds '\\u{ffff}'"),
    ] {
        let mut plan = full();
        plan.argv.push(word.to_owned());
        let error = quadlet::file(&plan, &[]).unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
    }
    let mut plan = full();
    plan.name = "a b".into();
    let error = quadlet::file(&plan, &[]).unwrap_err().to_string();
    assert!(error.contains("container name"), "{error}");
}

/// Strings that such a file can hold.
fn holdable() -> impl Strategy<Value = String> {
    hostile().prop_filter("refused", |text| {
        let is_lost = |letter: char| {
            let code = u32::from(letter);
            letter == '\u{80}' || (0xfdd0..=0xfdef).contains(&code) || code & 0xfffe == 0xfffe
        };
        !text.is_empty() && text != ";" && !text.chars().any(is_lost)
    })
}

fn plan_of(values: &[String], labels: &[String], further: &[String], path: &str) -> LaunchPlan {
    let mut plan = full();
    plan.argv = words("vllm");
    plan.argv.extend(further.iter().cloned());
    plan.groups = vec![Group::Id(44)];
    for (number, value) in values.iter().enumerate() {
        plan.set_env(&format!("VALUE_{number}"), value.clone());
    }
    for (number, value) in labels.iter().enumerate() {
        plan.labels.insert(format!("label.{number}"), value.clone());
    }
    let path: String = path.chars().filter(|c| !c.is_control()).collect();
    plan.mounts = vec![Mount {
        host: format!("/{path}"),
        container: "/workspace/model-cache".into(),
        writable: true,
    }];
    plan
}

fn variables(plan: &LaunchPlan) -> BTreeSet<String> {
    let variables = plan.environment().into_iter();
    variables
        .map(|var| format!("{}={}", var.name, var.value))
        .collect()
}

fn labels(plan: &LaunchPlan) -> BTreeSet<String> {
    let labels = plan.labels.iter();
    labels
        .map(|(key, value)| format!("{key}={value}"))
        .collect()
}

fn some(most: usize) -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec(holdable(), 0..most)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_readers_find_what_is_meant(
        given in some(4), marks in some(4), further in some(6), path in holdable(), comments in some(3)
    ) {
        let plan = plan_of(&given, &marks, &further, &path);
        let text = quadlet::file(&plan, &comments).unwrap();
        prop_assert_eq!(words_of(&text, "Exec"), further);
        let found: BTreeSet<String> = words_of(&text, "Environment").into_iter().collect();
        prop_assert_eq!(found, variables(&plan));
        let found: BTreeSet<String> = words_of(&text, "Label").into_iter().collect();
        prop_assert_eq!(found, labels(&plan));
        let probe = "--health-cmd=[\"probe\",\"8000\",\"/health\"]".to_owned();
        prop_assert!(words_of(&text, "PodmanArgs").contains(&probe));
        prop_assert_eq!(
            words_of(&text, "ExecStartPre"),
            ["mkdir", "-p", "--", &plan.mounts[0].host]
        );
    }
}

/// Podman's generator, where it is.
fn generator() -> Option<PathBuf> {
    let places = ["/usr/libexec/podman/quadlet", "/usr/lib/podman/quadlet"];
    let named = std::env::var_os("AIM_TEST_QUADLET").map(PathBuf::from);
    let found = named
        .into_iter()
        .chain(places.map(PathBuf::from))
        .find(|path| path.exists());
    if found.is_none() {
        eprintln!("podman's generator is not installed (podman 4.4): it is not tested");
    }
    found
}

/// The services that the generator makes of the files of a folder, by name.
fn services(generator: &Path, folder: &Path) -> Vec<(String, String)> {
    let output = Command::new(generator)
        .args(["-dryrun", "-no-kmsg-log"])
        .env("QUADLET_UNIT_DIRS", folder)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).unwrap();
    let parts = text
        .split("\n---")
        .map(|part| part.trim_start_matches("---"));
    parts
        .filter_map(|part| part.split_once(".service---\n"))
        // A specifier of the generator's own.
        .map(|(name, text)| (name.to_owned(), text.replace("--cidfile=%t/%N.cid", "")))
        .collect()
}

/// The values of an option in a command line, in both of its forms.
fn option_values(argv: &[String], option: &str) -> BTreeSet<String> {
    let apart = argv.windows(2).filter(|pair| pair[0] == option);
    apart.map(|pair| pair[1].clone()).collect()
}

#[test]
fn podmans_generator_takes_the_files() {
    let Some(generator) = generator() else { return };
    let mut runner = TestRunner::deterministic();
    let mut draw = |count: usize| {
        let drawn = prop::collection::vec(holdable(), count).new_tree(&mut runner);
        drawn.unwrap().current()
    };
    let folder = tempfile::tempdir().unwrap();
    let mut plans = vec![full()];
    for number in 0..40 {
        let path = format!("srv/models {number}");
        plans.push(plan_of(&draw(5), &draw(5), &draw(10), &path));
    }
    for (number, plan) in plans.iter().enumerate() {
        let text = quadlet::file(plan, &draw(2)).unwrap();
        fs::write(folder.path().join(format!("plan-{number}.container")), text).unwrap();
    }
    let services = services(&generator, folder.path());
    assert_eq!(services.len(), plans.len());
    for (number, plan) in plans.iter().enumerate() {
        let name = format!("plan-{number}");
        let (_, text) = services.iter().find(|(known, _)| *known == name).unwrap();
        let argv = words_of(text, "ExecStart");
        let image = argv.iter().position(|word| *word == plan.qualified_image());
        let image = image.unwrap_or_else(|| panic!("no image in {argv:?}"));
        assert_eq!(argv[image + 1..], plan.argv[1..]);
        assert_eq!(option_values(&argv[..image], "--env"), variables(plan));
        assert_eq!(option_values(&argv[..image], "--label"), labels(plan));
        for word in [
            "--ipc=host",
            "--entrypoint=vllm",
            "--env=HF_TOKEN",
            "--security-opt=seccomp=unconfined",
        ] {
            assert!(argv[..image].contains(&word.to_owned()), "{word}: {argv:?}");
        }
        let volumes = option_values(&argv[..image], "-v");
        let volume = format!("{}:/workspace/model-cache", plan.mounts[0].host);
        assert_eq!(volumes, BTreeSet::from([volume]));
    }
}
