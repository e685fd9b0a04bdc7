//! A launch plan as the engine's own command, and `serve`, which becomes that engine.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may fail"
)]

#[path = "render/plans.rs"]
mod plans;
mod program;
#[path = "render/strings.rs"]
mod strings;

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use aim_engine::render::exec;
use plans::{full, words};
use pretty_assertions::assert_eq;
use program::{Place, Ran, ran};
use proptest::prelude::*;
use strings::hostile;

#[test]
fn the_printed_form() {
    let printed = exec::run(&full())
        .unwrap()
        .printed(&["why".to_owned()])
        .unwrap();
    assert_eq!(
        printed,
        r#"# why
env \
  -u ROCR_VISIBLE_DEVICES \
  -u CUDA_VISIBLE_DEVICES \
  -u GPU_DEVICE_ORDINAL \
  HIP_VISIBLE_DEVICES=4,5,6,7 \
  HF_HOME=/home/operator/.cache/aim-engine/models \
  VLLM_USE_V1=1 \
  "MESSAGE=it's "'$HOME' \
  vllm serve Qwen/Qwen3-32B \
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
fn only_whole_folders_are_those_of_the_host() {
    let mut plan = full();
    plan.set_env("BELOW", "/workspace/model-cache/vllm");
    plan.set_env("ALL", "/workspace/model-cache");
    plan.set_env("BESIDE", "/workspace/model-cache-2");
    plan.argv = words("vllm --download-dir /workspace/model-cache/a");
    let run = exec::run(&plan).unwrap();
    let argv = run.argv();
    for word in [
        "BELOW=/home/operator/.cache/aim-engine/models/vllm",
        "ALL=/home/operator/.cache/aim-engine/models",
        "BESIDE=/workspace/model-cache-2",
        "/home/operator/.cache/aim-engine/models/a",
    ] {
        assert!(argv.contains(&word.to_owned()), "{word}: {argv:?}");
    }
    plan.mounts[0].host = "/".into();
    let argv = exec::run(&plan).unwrap().argv();
    for word in ["BELOW=/vllm", "ALL=/", "/a"] {
        assert!(argv.contains(&word.to_owned()), "{word}: {argv:?}");
    }
}

#[test]
fn a_program_that_env_would_misread_is_refused() {
    for program in ["-x", "A=b"] {
        let mut plan = full();
        plan.argv = vec![program.to_owned()];
        let error = exec::run(&plan).unwrap_err();
        assert!(error.to_string().contains(program), "{error}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_engine_gets_what_is_meant(
        values in prop::collection::vec(hostile(), 0..4),
        further in prop::collection::vec(hostile(), 0..6),
    ) {
        let mut plan = full();
        plan.argv = words("print-all");
        plan.argv.extend(further.clone());
        for (number, value) in values.iter().enumerate() {
            plan.set_env(&format!("VALUE_{number}"), value.clone());
        }
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("print-all");
        fs::write(&program, "#!/bin/sh\nprintf '%s\\0' \"$@\"\nprintf '\\0\\0'\nenv -0\n").unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        let printed = exec::run(&plan).unwrap().printed(&[]).unwrap();
        let output = Command::new("sh")
            .args(["-c", &printed])
            .env("PATH", format!("{}:/usr/bin:/bin", folder.path().display()))
            .env("ROCR_VISIBLE_DEVICES", "1")
            .output()
            .unwrap();
        prop_assert!(output.status.success(), "{:?}", output);
        let text = String::from_utf8(output.stdout).unwrap();
        let mut meant: String = further.iter().map(|word| format!("{word}\0")).collect();
        if further.is_empty() {
            // `printf` writes its format once, also without words.
            meant.push('\0');
        }
        meant.push_str("\0\0");
        prop_assert!(text.starts_with(&meant), "{:?} {:?}", text, meant);
        let variables: Vec<&str> = text[meant.len()..].split_terminator('\0').collect();
        for (number, value) in values.iter().enumerate() {
            let pair = format!("VALUE_{number}={value}");
            prop_assert!(variables.contains(&pair.as_str()), "{}", pair);
        }
        prop_assert!(!variables.iter().any(|pair| pair.starts_with("ROCR_VISIBLE_DEVICES=")));
    }
}

/// A place whose `bin/vllm` is this script, and a command of the program that finds it.
struct Engine {
    place: Place,
}

impl Engine {
    fn new(script: &str) -> Engine {
        let place = Place::new();
        let path = place.write("bin/vllm", format!("#!/bin/sh\n{script}"));
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
        Engine { place }
    }

    fn serve(&self, words: &[&str]) -> Command {
        let words: Vec<&str> = ["serve", "Qwen/Qwen3-32B", "2", "--cache-dir", "/models"]
            .into_iter()
            .chain(["--hardware", "MI300X", "--available-gpus", "8"])
            .chain(words.iter().copied())
            .collect();
        let mut command = self.place.command(&words);
        let path = format!("{}:/usr/bin:/bin", self.place.text("bin"));
        command.env("PATH", path);
        command
    }

    fn serves(&self, words: &[&str]) -> Ran {
        ran(&mut self.serve(words))
    }
}

#[test]
fn serve_becomes_the_engine_with_its_words_and_variables() {
    let engine = Engine::new(
        "echo \"$$\" \"$@\"\necho \"$HIP_VISIBLE_DEVICES\" \"${ROCR_VISIBLE_DEVICES-unset}\" \"$HF_HOME\" \"$HF_TOKEN\"\n",
    );
    let child = engine
        .serve(&["--gpu-ids", "4,6", "--port", "8123"])
        .env("ROCR_VISIBLE_DEVICES", "0,1")
        .env("HF_TOKEN", "of-my-own")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let id = child.id();
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let mut lines = text.lines();
    let first = lines.next().unwrap_or_default();
    assert!(
        first.starts_with(&format!("{id} serve Qwen/Qwen3-32B --dtype bfloat16")),
        "not the same process: {first}, {}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(first.ends_with("--port 8123"), "{first}");
    assert_eq!(lines.next(), Some("4,6 unset /models of-my-own"));
}

#[test]
fn the_exit_code_is_the_engines() {
    let engine = Engine::new("exit 37\n");
    engine.serves(&[]).exits(37);
}

#[test]
fn a_signal_reaches_the_engine() {
    let engine = Engine::new(
        "trap 'echo ended; exit 9' TERM\necho ready > ready\nwhile :; do sleep 0.05; done\n",
    );
    let child = engine
        .serve(&[])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let begin = Instant::now();
    while !engine.place.path("ready").exists() {
        assert!(begin.elapsed() < Duration::from_secs(60), "it never starts");
        std::thread::sleep(Duration::from_millis(20));
    }
    let id = child.id().to_string();
    let killed = Command::new("kill").args(["-TERM", &id]).status().unwrap();
    assert!(killed.success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(9));
    assert_eq!(output.stdout, b"ended\n");
}

#[test]
fn an_engine_that_is_not_here() {
    let engine = Engine::new("");
    fs::remove_file(engine.place.path("bin/vllm")).unwrap();
    engine
        .serves(&[])
        .exits(3)
        .says("serve::engine")
        .says("`vllm` cannot be started")
        .says("inside the engine's container");
}

#[test]
fn the_engine_that_is_installed_alone_is_meant() {
    let engine = Engine::new("echo vllm\n");
    let has = |modules: &str| {
        // Answers the question for a package as Python does, and says what it is asked to run.
        let python = format!(
            "#!/bin/sh\ncase $1$2 in\n-m*) echo \"$2\" ;;\n{modules}) exit 0 ;;\n*) exit 1 ;;\nesac\n"
        );
        let path = engine.place.write("bin/python3", python);
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    };
    has("*\"'sglang'\"*");
    assert_eq!(engine.serves(&[]).exits(0).out, "sglang.launch_server\n");
    assert_eq!(engine.serves(&["--backend", "vllm"]).exits(0).out, "vllm\n");
    has("*\"'vllm'\"*");
    assert_eq!(engine.serves(&[]).exits(0).out, "vllm\n");
    has("*find_spec*");
    assert_eq!(engine.serves(&[]).exits(0).out, "vllm\n");
}

#[test]
fn no_recipe_no_engine() {
    let engine = Engine::new("echo started\n");
    let ran = engine.serves(&["--precision", "fp4", "--strict"]).exits(1);
    assert_eq!(ran.out, "");
}

#[test]
fn a_dry_run_prints_what_generate_prints() {
    let engine = Engine::new("echo started\n");
    let dry = engine.serves(&["--dry-run"]).exits(0);
    let generated = engine.place.run(&[
        "generate",
        "Qwen/Qwen3-32B",
        "2",
        "--cache-dir",
        "/models",
        "--hardware",
        "MI300X",
        "--available-gpus",
        "8",
        "--format",
        "exec",
    ]);
    assert_eq!(dry.out, generated.exits(0).out);
    assert!(
        dry.out.starts_with("env \\\n  -u ROCR_VISIBLE_DEVICES"),
        "{}",
        dry.out
    );
}

#[test]
fn the_name_of_a_link_is_the_command() {
    let engine = Engine::new("echo the engine \"$1\"\n");
    let link = engine.place.path("aim-serve");
    symlink(env!("CARGO_BIN_EXE_aim-engine"), &link).unwrap();
    let words = [
        "Qwen/Qwen3-32B",
        "2",
        "--hardware",
        "MI300X",
        "--available-gpus",
        "8",
    ];
    let mut command = engine.place.command_as(&link, &words);
    let path = format!("{}:/usr/bin:/bin", engine.place.text("bin"));
    let ran = ran(command.env("PATH", path)).exits(0);
    assert_eq!(ran.out, "the engine serve\n");
}
