//! A launch plan as a `docker run` command: its printed form, and the plans that have none.

#[path = "render/plans.rs"]
mod plans;

use aim_engine::plan::{EnvVar, Group, LaunchPlan, Mount, container_name};
use aim_engine::render::docker;
use plans::{full, words};
use pretty_assertions::assert_eq;

type Change = fn(&mut LaunchPlan);

fn option_values(argv: &[String], option: &str) -> Vec<String> {
    argv.windows(2)
        .filter(|pair| pair[0] == option)
        .map(|pair| pair[1].clone())
        .collect()
}

#[test]
fn the_printed_form() {
    let comments = [
        "recipe qwen3-32b-mi300x-bf16: the only one for 4 GPUs".to_owned(),
        "because of\n`rm -rf /` \\\r\u{1b}[2Jno way out".to_owned(),
    ];
    let printed = docker::run(&full()).unwrap().printed(&comments).unwrap();
    assert_eq!(
        printed,
        r#"# recipe qwen3-32b-mi300x-bf16: the only one for 4 GPUs
# because of
# `rm -rf /` \
#  [2Jno way out
docker run --rm \
  --name aim-qwen3-32b \
  --label com.amd.aim.managed=aim-engine \
  --label com.amd.aim.model=Qwen/Qwen3-32B \
  --label com.amd.aim.port=8000 \
  --label com.amd.aim.recipe=qwen3-32b-mi300x-bf16 \
  --device=/dev/kfd \
  --device=/dev/dri \
  --group-add=video \
  --group-add=render \
  --ipc=host \
  --security-opt seccomp=unconfined \
  --cap-add=SYS_PTRACE \
  -e HIP_VISIBLE_DEVICES=4,5,6,7 \
  -e HF_HOME=/workspace/model-cache \
  -e VLLM_USE_V1=1 \
  -e "MESSAGE=it's "'$HOME' \
  -e HF_TOKEN \
  -v /home/operator/.cache/aim-engine/models:/workspace/model-cache \
  -p 8000:8000 \
  --entrypoint vllm \
  rocm/vllm:rocm6.4.1_vllm_0.10.1 \
  serve Qwen/Qwen3-32B \
  --dtype bfloat16 \
  --tensor-parallel-size 4 \
  --port 8000 \
  --max-model-len 32768 \
  --trust-remote-code \
  --served-model-name one two \
  --override-generation-config \
    '{"temperature": 0.6, "top_p": 0.95, "top_k": 20, "min_p": 0.0}'
"#
    );
}

#[test]
fn the_argv_is_the_printed_words() {
    let run = docker::run(&full()).unwrap();
    let printed = run.printed(&[]).unwrap().replace(" \\\n", " ");
    assert_eq!(shlex::split(&printed), Some(run.argv()));
    let argv = run.for_program("podman").argv();
    assert_eq!(argv[..3], words("podman run --rm"));
}

#[test]
fn a_detached_container_stays_for_its_log() {
    let mut plan = full();
    plan.detach = true;
    let argv = docker::run(&plan).unwrap().argv();
    assert_eq!(argv[..3], words("docker run --detach"));
    assert!(!argv.contains(&"--rm".to_owned()));
}

#[test]
fn groups_of_this_machine_are_numbers() {
    let mut plan = full();
    plan.groups = vec![Group::Id(44), Group::Id(109)];
    let argv = docker::run(&plan).unwrap().argv();
    assert!(argv.contains(&"--group-add=109".to_owned()));
    let json = serde_json::to_value(&plan.groups).unwrap();
    assert_eq!(json, serde_json::json!([44, 109]));
}

#[test]
fn a_tokens_value_is_nowhere() {
    let argv = docker::run(&full()).unwrap().argv();
    assert!(option_values(&argv, "-e").contains(&"HF_TOKEN".to_owned()));
    assert!(!argv.iter().any(|word| word.contains("HF_TOKEN=")));
}

#[test]
fn mounts_with_colons_take_the_long_form() {
    let mut plan = full();
    for (host, writable, option, expected) in [
        ("/models", true, "-v", "/models:/cache"),
        ("/models, old", false, "-v", "/models, old:/cache:ro"),
        ("/a:b", true, "--mount", "type=bind,src=/a:b,dst=/cache"),
        (
            "/a:b,\"c\"",
            false,
            "--mount",
            "type=bind,\"src=/a:b,\"\"c\"\"\",dst=/cache,readonly",
        ),
    ] {
        plan.mounts = vec![Mount {
            host: host.into(),
            container: "/cache".into(),
            writable,
        }];
        let argv = docker::run(&plan).unwrap().argv();
        assert_eq!(option_values(&argv, option), [expected]);
    }
}

#[test]
fn what_follows_the_image_belongs_to_the_engine() {
    let mut plan = full();
    plan.argv = words("--privileged -v /:/host --name x");
    let argv = docker::run(&plan).unwrap().argv();
    let image = argv.iter().position(|word| *word == plan.image).unwrap();
    assert_eq!(option_values(&argv, "--entrypoint"), ["--privileged"]);
    assert_eq!(argv[image + 1..], plan.argv[1..]);
}

#[test]
fn plans_that_have_no_command() {
    let refused = |change: Change| {
        let mut plan = full();
        change(&mut plan);
        let error = docker::run(&plan).unwrap_err();
        assert_eq!(error.errors.len(), 1, "{error}");
        error.errors[0].to_string()
    };
    let option = "begins with `-`, so that it would be read as an option";
    let cases: [(Change, String); 20] = [
        (
            |p| p.image = "--privileged".into(),
            format!("the image `--privileged` {option}"),
        ),
        (
            |p| p.image = "a b".into(),
            "the image `a b` holds ' ', which has no place in it".into(),
        ),
        (
            |p| p.image = "a$(b)".into(),
            "the image `a$(b)` holds '$', which has no place in it".into(),
        ),
        (|p| p.image = String::new(), "the image `` is empty".into()),
        (
            |p| p.image = "a\0".into(),
            "the image `a\\0` holds '\\0', which has no place in it".into(),
        ),
        (
            |p| p.name = "-d".into(),
            format!("the container name `-d` {option}"),
        ),
        (
            |p| p.name = "a".into(),
            "the container name `a` is no valid name".into(),
        ),
        (
            |p| p.name = "a/b".into(),
            "the container name `a/b` is no valid name".into(),
        ),
        (
            |p| drop(p.labels.insert("a b".into(), "x".into())),
            "the label key `a b` is no valid name".into(),
        ),
        (
            |p| drop(p.labels.insert("a".into(), "\0".into())),
            "the label value `\\0` holds a NUL byte, which no command line can carry".into(),
        ),
        (
            |p| p.devices.push("dev".into()),
            "the device `dev` is not an absolute path".into(),
        ),
        (
            |p| p.devices.push("/dev/a:/b".into()),
            "the device `/dev/a:/b` holds ':', which has no place in it".into(),
        ),
        (|p| p.port = 0, "the port `0` is not from 1 to 65535".into()),
        (
            |p| p.set_env("A-B", "x"),
            "the variable `A-B` is no valid name".into(),
        ),
        (
            |p| p.set_env("1A", "x"),
            "the variable `1A` is no valid name".into(),
        ),
        (
            |p| p.set_env("HIP_VISIBLE_DEVICES", "0"),
            "the variable `HIP_VISIBLE_DEVICES` is set more than once".into(),
        ),
        (
            |p| p.set_env("HF_TOKEN", "secret"),
            "the variable `HF_TOKEN` is set more than once".into(),
        ),
        (
            |p| p.mounts[0].host = "models".into(),
            "the mounted host path `models` is not an absolute path".into(),
        ),
        (
            |p| p.mounts[0].container = "/a\n".into(),
            "the mounted container path `/a\\n` holds '\\n', which has no place in it".into(),
        ),
        (
            |p| p.argv.clear(),
            "the engine's command `` is empty".into(),
        ),
    ];
    for (change, message) in cases {
        assert_eq!(refused(change), message);
    }
}

#[test]
fn all_that_is_wrong_is_said_at_once() {
    let mut plan = full();
    plan.image = "-x".into();
    plan.port = 0;
    plan.set_env("A", "\0");
    let error = docker::run(&plan).unwrap_err();
    assert_eq!(error.errors.len(), 3);
    assert_eq!(
        error.to_string(),
        "the launch plan cannot be written as a command: the image `-x` begins with `-`, \
         so that it would be read as an option (and 2 more)"
    );
}

#[test]
fn variables_keep_their_order_and_one_place() {
    let mut plan = full();
    plan.set_env("HF_HOME", "/elsewhere");
    let names: Vec<String> = plan.environment().into_iter().map(|var| var.name).collect();
    assert_eq!(
        names,
        words("HIP_VISIBLE_DEVICES HF_HOME VLLM_USE_V1 MESSAGE")
    );
    let home = EnvVar {
        name: "HF_HOME".into(),
        value: "/elsewhere".into(),
    };
    assert_eq!(plan.env[0], home);
}

#[test]
fn container_names() {
    for (model, name) in [
        ("Qwen/Qwen3-32B", "aim-qwen3-32b"),
        (
            "meta-llama/Llama-3.1-8B-Instruct",
            "aim-llama-3.1-8b-instruct",
        ),
        ("/models/my model//", "aim-my-model"),
        ("模型", "aim"),
    ] {
        assert_eq!(container_name(model), name);
    }
}
