//! A serving engine that the project has never heard of, added as a YAML file and a recipe.

#![expect(clippy::unwrap_used, reason = "a test's own assumptions")]

#[path = "reference/folder.rs"]
mod folder;
#[path = "reference/program.rs"]
mod program;

use pretty_assertions::assert_eq;
use serde_json::{Value, json};

const BACKEND: &str = r#"
backend: engine-x
recipe_section: engine_x_serve
title: Engine X
images:
  - {image: "example.com/engine-x:2.1.0-gfx950", version: "2.1.0", gfx: gfx950}
  - {image: "example.com/engine-x:2.0.0", version: "2.0.0"}
entrypoint: [engine-x, start]
model: {as: flag, flag: --weights}
health_path: /ready
port: {flag: --listen-port, default: 9100}
tensor_parallel_flag: --shards
max_model_len_flag: --window
memory_share:
  flag: --memory-share
  defaults: [{since: "1.0.0", share: 0.5}]
arguments: {--bind: 0.0.0.0}
env: {ENGINE_X_HOME: /tmp/engine-x}
misnamed:
  --max-model-len: --window
versions: ["1.0.0", "2.0.0", "2.1.0"]
flags:
  --weights: {type: string, since: "1.0.0", required: true}
  --listen-port: {type: int, since: "1.0.0"}
  --shards: {type: int, since: "1.0.0", aliases: [-s]}
  --window: {type: int, since: "1.0.0"}
  --memory-share: {type: float, since: "1.0.0"}
  --bind: {type: string, since: "1.0.0"}
  --quiet: {type: flag, since: "1.0.0"}
  --mode: {type: choice, choices: [fast, "on"], since: "2.0.0"}
  --gone: {type: int, since: "1.0.0", until: "2.0.0"}
"#;

const CARD: &str = r#"
model_id: example/Tiny-1B
huggingface_id: example/Tiny-1B
size: 1B
attention: {layers: 16, heads: 16, kv_heads: 8, head_dim: 64}
"#;

const RECIPE: &str = r#"
recipe_id: tiny-1b-mi300x-bf16
model_id: example/Tiny-1B
huggingface_id: example/Tiny-1B
hardware: MI300X
precision: bf16
engine_x_serve:
  1_gpu:
    enabled: true
    args: {--gone: 1}
  2_gpu:
    enabled: true
    args:
      --max-model-len: 4096
      --mode: "on"
      --quiet: true
  4_gpu:
    enabled: true
    args: {--mode: slow}
"#;

fn asked(requests: &[Value]) -> Vec<Value> {
    let directory = tempfile::tempdir().unwrap();
    let overlay = directory.path().join("overlay");
    let file = |name: &str, text: &str| (name.to_owned(), text.trim_start().to_owned());
    let files = [
        file("backends/engine-x.yaml", BACKEND),
        file("models/tiny-1b.yaml", CARD),
        file("recipes/tiny-1b-mi300x-bf16.yaml", RECIPE),
    ];
    folder::write(&overlay, &files);
    let store = directory.path().join("store.db");
    let flags = [
        "--overlay",
        &overlay.to_string_lossy(),
        "--store",
        &store.to_string_lossy(),
    ];
    let lines: Vec<_> = requests
        .iter()
        .map(|request| format!("{request}\n"))
        .collect();
    let answers = program::ask(&flags, &lines.concat());
    assert_eq!(answers.lines.len(), requests.len(), "{}", answers.notes);
    answers.lines
}

fn on_mi300x(extra: Value) -> Value {
    let mut request =
        json!({"model": "example/tiny-1b", "hardware": "MI300X", "available_gpus": 8});
    let keys = request.as_object_mut().unwrap();
    keys.extend(extra.as_object().unwrap().clone());
    request
}

fn words(list: &Value) -> Vec<&str> {
    let words = list.as_array().unwrap().iter();
    words.map(|word| word.as_str().unwrap()).collect()
}

/// The word behind a flag.
fn value<'a>(words: &[&'a str], flag: &str) -> Option<&'a str> {
    let place = words.iter().position(|word| *word == flag)?;
    words.get(place + 1).copied()
}

#[test]
fn an_engine_is_a_file() {
    let answers = asked(&[
        on_mi300x(json!({})),
        on_mi300x(json!({"backend": "engine-x", "gpus": 2, "strict": true})),
    ]);
    for answer in &answers {
        let selected = &answer["selected"];
        assert_eq!(selected["recipe_id"], "tiny-1b-mi300x-bf16", "{answer}");
        assert_eq!(selected["backend"], "engine-x");
        assert_eq!(selected["gpus"], 2);
        assert_eq!(answer["exact"], true);
        assert_eq!(answer["image"], "example.com/engine-x:2.0.0");
        assert_eq!(answer["env"]["ENGINE_X_HOME"], "/tmp/engine-x");

        let argv = words(&answer["engine_argv"]);
        assert_eq!(&argv[..2], ["engine-x", "start"]);
        let flags = [
            "--weights",
            "--listen-port",
            "--shards",
            "--window",
            "--bind",
            "--mode",
        ];
        let values = flags.map(|flag| value(&argv, flag));
        let wanted = ["example/Tiny-1B", "9100", "2", "4096", "0.0.0.0", "on"];
        assert_eq!(values, wanted.map(Some));
        assert!(argv.contains(&"--quiet"), "{argv:?}");
        assert_eq!(argv.len(), 2 + 2 * flags.len() + 1, "{argv:?}");
    }
}

#[test]
fn its_container_starts_its_command() {
    let answers = asked(&[on_mi300x(json!({"backend": "engine-x"}))]);
    let command = words(&answers[0]["command"]);
    let image = command
        .iter()
        .position(|word| *word == "example.com/engine-x:2.0.0")
        .unwrap();
    let (options, inside) = command.split_at(image);
    let entrypoint = options.contains(&"--entrypoint=engine-x")
        || value(options, "--entrypoint") == Some("engine-x");
    assert!(entrypoint, "{options:?}");
    assert_eq!(inside[1], "start");
    assert_eq!(value(inside, "--weights"), Some("example/Tiny-1B"));
    assert_eq!(value(inside, "--listen-port"), Some("9100"));
    assert!(
        options.iter().any(|word| word.ends_with("9100:9100")),
        "{options:?}"
    );
}

#[test]
fn its_flags_are_held_to_its_versions() {
    let answers = asked(&[on_mi300x(json!({}))]);
    let tried = answers[0]["tried"].as_array().unwrap();
    let outcomes: Vec<_> = tried
        .iter()
        .map(|entry| json!([entry["gpus"], entry["outcome"]]))
        .collect();
    for wanted in [
        json!([1, "rejected"]),
        json!([2, "chosen"]),
        json!([4, "rejected"]),
    ] {
        assert!(
            outcomes.contains(&wanted),
            "{wanted} is not in {outcomes:?}"
        );
    }
    // The machine of another gfx target has another image, and no recipe for it.
    let other = asked(&[on_mi300x(json!({"hardware": "MI355X"}))]);
    assert_eq!(other[0]["selected"], Value::Null);
}
