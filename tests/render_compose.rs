//! A launch plan as a compose file: its text, and what readers of YAML and Compose itself make of it.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

#[path = "render/plans.rs"]
mod plans;
#[path = "render/strings.rs"]
mod strings;

use std::fs;
use std::process::Command;

use aim_engine::catalog::yaml;
use aim_engine::plan::{CdiDevices, Group, LaunchPlan, Mount};
use aim_engine::render::compose;
use plans::{full, words};
use pretty_assertions::assert_eq;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use strings::hostile;

#[test]
fn the_printed_form() {
    let mut plan = full();
    plan.argv.truncate(9);
    let comments = ["why\nso".to_owned()];
    assert_eq!(
        compose::file(&plan, &comments).unwrap(),
        r#"# why
# so
services:
  engine:
    image: rocm/vllm:rocm6.4.1_vllm_0.10.1
    container_name: aim-qwen3-32b
    restart: unless-stopped
    labels:
      com.amd.aim.managed: aim-engine
      com.amd.aim.model: Qwen/Qwen3-32B
      com.amd.aim.port: "8000"
      com.amd.aim.recipe: qwen3-32b-mi300x-bf16
    devices:
      - /dev/kfd
      - /dev/dri
    group_add:
      - video
      - render
    ipc: host
    security_opt:
      - seccomp=unconfined
    cap_add:
      - SYS_PTRACE
    environment:
      - HIP_VISIBLE_DEVICES=4,5,6,7
      - HF_HOME=/workspace/model-cache
      - VLLM_USE_V1=1
      - "MESSAGE=it's $$HOME"
      - HF_TOKEN
    volumes:
      - /home/operator/.cache/aim-engine/models:/workspace/model-cache
    ports:
      - "8000:8000"
    entrypoint:
      - vllm
    command:
      - serve
      - Qwen/Qwen3-32B
      - --dtype
      - bfloat16
      - --tensor-parallel-size
      - "4"
      - --port
      - "8000"
    healthcheck:
      test:
        - CMD
        - probe
        - "8000"
        - /health
      interval: "10s"
      timeout: "5s"
      retries: 3
      start_period: "600s"
"#
    );
}

#[test]
fn gpus_by_cdi() {
    let mut plan = full();
    plan.cdi = Some(CdiDevices::of(&plan.gpu_ids, &[]));
    let service = service(&read(&compose::file(&plan, &[]).unwrap()));
    let names = [
        "amd.com/gpu=4",
        "amd.com/gpu=5",
        "amd.com/gpu=6",
        "amd.com/gpu=7",
    ];
    assert_eq!(service["devices"], json!(names));
    assert_eq!(service["environment"][0], "HIP_VISIBLE_DEVICES=0,1,2,3");
}

#[test]
fn numbers_of_groups_are_text_and_odd_paths_take_the_long_form() {
    let mut plan = full();
    plan.groups = vec![Group::Id(44)];
    plan.mounts = vec![Mount {
        host: "/a:b".into(),
        container: "/cache".into(),
        writable: false,
    }];
    let service = service(&read(&compose::file(&plan, &[]).unwrap()));
    assert_eq!(service["group_add"], json!(["44"]));
    assert_eq!(
        service["volumes"],
        json!([{"type": "bind", "source": "/a:b", "target": "/cache", "read_only": true}])
    );
}

#[test]
fn a_plan_with_a_fault_has_no_file() {
    let mut plan = full();
    plan.image = "a b".into();
    let error = compose::file(&plan, &[]).unwrap_err();
    assert!(error.to_string().contains("the image `a b`"), "{error}");
}

fn read(text: &str) -> Value {
    let tree = yaml::read(text).unwrap_or_else(|error| panic!("{error:?}\n{text}"));
    serde_json::to_value(tree.to_value()).unwrap()
}

fn service(file: &Value) -> Value {
    file["services"]["engine"].clone()
}

/// What Compose makes of a text, by its rules of substitution.
fn substituted(text: &str) -> String {
    let parts: Vec<&str> = text.split("$$").collect();
    assert!(
        parts.iter().all(|part| !part.contains('$')),
        "something is substituted in {text:?}"
    );
    parts.join("$")
}

fn all_substituted(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(substituted(&text)),
        Value::Array(items) => items.into_iter().map(all_substituted).collect(),
        Value::Object(map) => map
            .into_iter()
            .map(|(key, value)| (key, all_substituted(value)))
            .collect(),
        other => other,
    }
}

fn plan_of(values: &[String], labels: &[String], words: &[String], path: &str) -> LaunchPlan {
    let mut plan = full();
    plan.argv = vec!["vllm".into()];
    plan.argv.extend(words.iter().cloned());
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
    if let Some(check) = &mut plan.health_check {
        check.command = plan.argv.clone();
    }
    plan
}

fn some(most: usize) -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec(hostile(), 0..most)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn readers_of_yaml_find_what_is_meant(
        values in some(4), labels in some(4), words in some(6), path in hostile(), comments in some(3)
    ) {
        let plan = plan_of(&values, &labels, &words, &path);
        let text = compose::file(&plan, &comments).unwrap();
        let by_ours = read(&text);
        let by_another: Value = serde_yaml::from_str(&text).unwrap();
        prop_assert_eq!(&by_ours, &by_another);
        let service = all_substituted(service(&by_ours));
        prop_assert_eq!(&service["command"], &json!(words));
        prop_assert_eq!(&service["entrypoint"], &json!(["vllm"]));
        prop_assert_eq!(&service["labels"], &json!(plan.labels));
        let variables = plan.environment().into_iter().map(|var| format!("{}={}", var.name, var.value));
        let variables: Vec<String> = variables.chain(plan.env_by_name.clone()).collect();
        prop_assert_eq!(&service["environment"], &json!(variables));
        let host = &plan.mounts[0].host;
        let volume = if host.contains(':') {
            json!({"type": "bind", "source": host, "target": "/workspace/model-cache"})
        } else {
            json!(format!("{host}:/workspace/model-cache"))
        };
        prop_assert_eq!(&service["volumes"][0], &volume);
        let mut probe = vec!["CMD".to_owned()];
        probe.extend(plan.argv.iter().cloned());
        prop_assert_eq!(&service["healthcheck"]["test"], &json!(probe));
    }
}

/// Compose's own reading, from whichever of its programs is here; none when neither is.
fn composed(file: &std::path::Path) -> Option<Value> {
    let programs = [&["docker", "compose"][..], &["docker-compose"]];
    let run = |program: &[&str], words: &[&str]| {
        let mut command = Command::new(program[0]);
        command.args(&program[1..]).arg("--file").arg(file);
        command.args(words).env_remove("HF_TOKEN").output()
    };
    let is_here =
        |program: &&&[&str]| run(program, &["version"]).is_ok_and(|output| output.status.success());
    let Some(program) = programs.iter().find(is_here) else {
        eprintln!("Docker Compose is not installed: its reading is not tested");
        return None;
    };
    let output = run(program, &["config", "--format", "json"]).unwrap();
    if let Ok(read) = serde_json::from_slice(&output.stdout) {
        return Some(read);
    }
    // Version 1 knows no JSON.
    let output = run(program, &["config"]).unwrap();
    assert!(
        output.status.success(),
        "{}\n{}",
        String::from_utf8_lossy(&output.stderr),
        fs::read_to_string(file).unwrap()
    );
    Some(serde_yaml::from_slice(&output.stdout).unwrap())
}

#[test]
fn compose_takes_the_file() {
    let mut runner = TestRunner::deterministic();
    // What it prints is not always what it would read again: YAML 1.1 ends lines at these.
    let mut draw = |count: usize| -> Vec<String> {
        let drawn = prop::collection::vec(hostile(), count).new_tree(&mut runner);
        let drawn = drawn.unwrap().current().into_iter();
        drawn
            .map(|text| text.replace(['\u{85}', '\u{2028}', '\u{2029}'], "."))
            .collect()
    };
    // Each of its programs reads one file in half a second: few plans with many strings.
    for number in 0..3 {
        let (values, labels, words) = (draw(40), draw(40), draw(120));
        let plan = plan_of(&values, &labels, &words, &format!("srv/models {number}"));
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("compose.yaml");
        fs::write(&file, compose::file(&plan, &words).unwrap()).unwrap();
        let Some(read) = composed(&file) else { return };
        let service = all_substituted(service(&read));
        assert_eq!(service["command"], json!(words));
        assert_eq!(service["labels"], json!(plan.labels));
        let environment = &service["environment"];
        for var in plan.environment() {
            assert_eq!(environment[&var.name], json!(var.value), "{}", var.name);
        }
        assert!(environment["HF_TOKEN"].is_null());
    }
}

#[test]
fn compose_takes_the_plan_of_a_decision() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("compose.yaml");
    fs::write(&file, compose::file(&full(), &[]).unwrap()).unwrap();
    let Some(read) = composed(&file) else { return };
    let service = service(&read);
    assert_eq!(service["entrypoint"], json!(["vllm"]));
    assert_eq!(service["cap_add"], json!(words("SYS_PTRACE")));
    assert_eq!(service["ipc"], "host");
    assert_eq!(service["restart"], "unless-stopped");
}
