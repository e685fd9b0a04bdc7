//! What a plan makes of the model cache: read-only and without a hub where all of the model is there, else with a
//! step that fetches it, and never with more than is known.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on ends"
)]

mod hub;
mod program;

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

use hub::Hub;
use pretty_assertions::assert_eq;
use program::{Place, Ran, card, ran};
use serde_json::{Value, json};

const MODEL: &str = "acme/Rocket-8B";
const CONTAINERS: [&str; 4] = ["docker", "script", "compose", "quadlet"];

/// A catalog with one model and one recipe, which has these arguments beside its own.
fn place(arguments: &str) -> Place {
    let place = Place::new();
    place.write(
        "catalog/models/rocket.yaml",
        card(MODEL) + "aliases: [rocket]\n",
    );
    recipe(&place, MODEL, arguments);
    place
}

fn recipe(place: &Place, model: &str, arguments: &str) {
    let text = format!(
        "recipe_id: rocket-8b-mi300x-bf16\nhuggingface_id: {model}\nhardware: MI300X\nprecision: bf16\n\
         vllm_serve:\n  1_gpu:\n    enabled: true\n    args:\n      --max-model-len: 8192\n{arguments}"
    );
    place.write("catalog/recipes/rocket-8b-mi300x-bf16.yaml", text);
}

/// Puts a model of these files into the cache.
fn add(place: &Place, files: &[&str], more: &[&str]) -> Value {
    let _ = fs::remove_dir_all(place.path("folder"));
    for file in files {
        place.write(&format!("folder/{file}"), file.repeat(50));
    }
    let words = ["cache", "add", MODEL, "--from", "folder", "--format=json"];
    place
        .run(&[&words[..], &["--cache-dir=models"], more].concat())
        .exits(0)
        .json()
}

const WHOLE: [&str; 2] = ["config.json", "model.safetensors"];

fn generate(place: &Place, more: &[&str]) -> Ran {
    let words = [
        "generate",
        "rocket",
        "1",
        "--catalog=catalog",
        "--hardware=MI300X",
        "--available-gpus=8",
    ];
    let cache = match more.contains(&"--cache-dir") {
        true => [].as_slice(),
        false => &["--cache-dir", "models"],
    };
    place.run(&[&words[..], cache, more].concat()).exits(0)
}

fn planned(place: &Place, more: &[&str]) -> Value {
    generate(place, &[&["--format=json"], more].concat()).json()
}

/// The plan's part about the model, after a look that it is one of the two that there are.
#[track_caller]
fn of_model(answer: &Value) -> &Value {
    let cache = &answer["model_cache"];
    let offline = cache["offline"].as_bool().unwrap();
    let env = answer["env"].as_object().unwrap();
    assert_eq!(env.get("HF_HUB_OFFLINE").is_some(), offline, "{answer}");
    let words = answer["command"].as_array().unwrap();
    let read_only = words.iter().any(|word| {
        word.as_str()
            .unwrap()
            .ends_with(":/workspace/model-cache:ro")
    });
    assert_eq!(read_only, !cache["writable"].as_bool().unwrap(), "{answer}");
    // What may not be written has no caches of the engine in it.
    assert_eq!(env.get("VLLM_CACHE_ROOT").is_none(), read_only, "{answer}");
    assert_eq!(env.get("HF_MODULES_CACHE").is_some(), read_only, "{answer}");
    assert_eq!(env["HF_HOME"], "/workspace/model-cache");
    cache
}

#[test]
fn a_model_that_is_there_is_mounted_read_only_and_no_hub_is_asked() {
    let place = place("      --trust-remote-code: true\n");
    let added = add(&place, &WHOLE, &[]);
    let commit = added["commit"].as_str().unwrap();
    let answer = planned(&place, &[]);
    let cache = of_model(&answer);
    assert_eq!(cache["folder"], place.text("models"));
    assert_eq!(cache["state"], "complete");
    assert_eq!(cache["revision"], "main");
    assert_eq!(cache["commit"], commit);
    assert_eq!(cache["prefetch"], Value::Null);
    assert_eq!(
        (&cache["offline"], &cache["writable"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(answer["warnings"], json!([]));
    // Said to whoever reads the command.
    let ran = generate(&place, &["--explain"]).says("the engine asks no hub");
    let comments = ran.out.replace("\n#  ", "");
    assert!(
        comments.contains(&format!("(commit {commit})")),
        "{comments}"
    );
    for target in CONTAINERS {
        let text = generate(&place, &["--format", target]).out;
        for part in ["HF_HUB_OFFLINE=1", ":/workspace/model-cache:ro", commit] {
            assert!(text.contains(part), "{target} lacks {part}:\n{text}");
        }
        assert!(!text.contains("VLLM_CACHE_ROOT"), "{target}:\n{text}");
        assert!(!text.contains("cache add"), "{target}:\n{text}");
    }
    // Nothing is mounted, and the folder is the engine's own.
    let bare = generate(&place, &["--format=exec"]).out;
    assert!(!bare.contains("HF_MODULES_CACHE"), "{bare}");
    let compiled = format!("VLLM_CACHE_ROOT={}/vllm", place.text("models"));
    assert!(bare.contains(&compiled), "{bare}");
    assert!(bare.contains("HF_HUB_OFFLINE=1"), "{bare}");
    assert!(
        bare.contains(&format!("HF_HOME={}", place.text("models"))),
        "{bare}"
    );
}

#[test]
fn a_model_that_is_not_there_is_a_step_of_the_plan() {
    let place = place("");
    let answer = planned(&place, &[]);
    let cache = of_model(&answer);
    assert_eq!(cache["state"], "missing");
    assert_eq!(cache["commit"], Value::Null);
    assert_eq!(
        (&cache["offline"], &cache["writable"]),
        (&json!(false), &json!(true))
    );
    let models = place.text("models");
    let words = ["aim-engine", "cache", "add", MODEL, "--cache-dir", &models];
    assert_eq!(cache["prefetch"]["command"], json!(words));
    // 8 billion parameters of 16 bits.
    assert_eq!(cache["prefetch"]["missing_mib"], 15258);
    let step = words.join(" ");
    generate(&place, &[]).says(&step);
    for target in ["script", "compose", "quadlet"] {
        let text = generate(&place, &["--format", target]).out;
        assert!(text.contains(&step), "{target}:\n{text}");
        assert!(!text.contains("HF_HUB_OFFLINE"), "{target}:\n{text}");
        assert!(!text.contains("model-cache:ro"), "{target}:\n{text}");
    }
}

#[test]
fn half_a_model_is_none() {
    let place = place("");
    let added = add(
        &place,
        &["config.json", "model.safetensors", "tokenizer.json"],
        &[],
    );
    let snapshot = place.path(added["path"].as_str().unwrap());
    let link = snapshot.join("tokenizer.json");
    let blob = fs::canonicalize(&link).unwrap();
    // Gone, or with another size than it should have.
    fs::remove_file(&blob).unwrap();
    for (bytes, state) in [(None, "partial"), (Some("short"), "corrupt")] {
        if let Some(bytes) = bytes {
            fs::write(&blob, bytes).unwrap();
        }
        let answer = planned(&place, &[]);
        let cache = of_model(&answer);
        assert_eq!(cache["state"], state);
        assert_eq!(cache["commit"], added["commit"]);
        assert_eq!(cache["offline"], false);
        // What is known of it counts, and not what the card says.
        assert_eq!(cache["prefetch"]["missing_mib"], 1);
    }
}

#[test]
fn a_tokenizer_alone_is_no_model() {
    let place = place("");
    add(&place, &["config.json", "tokenizer.json"], &[]);
    let answer = planned(&place, &[]);
    let cache = of_model(&answer);
    assert_eq!(
        (&cache["state"], &cache["offline"]),
        (&json!("partial"), &json!(false))
    );
    assert!(cache["prefetch"]["missing_mib"].as_u64().unwrap() > 15000);
    // A site that has its own format says so.
    let rules = place.write("site.dl", "weights_file(\"tokenizer[.]json\").\n");
    let rules = rules.display().to_string();
    let answer = planned(&place, &["--rules", &rules]);
    assert_eq!(of_model(&answer)["offline"], true);
}

#[test]
fn what_another_tool_fetched_counts_when_all_of_it_is_there() {
    let place = place("");
    let model = place.path("models/hub/models--acme--Rocket-8B");
    let commit = "0123456789abcdef0123456789abcdef01234567";
    let snapshot = model.join("snapshots").join(commit);
    let shard = |number: u32| {
        let name = format!("model-{number:05}-of-00002.safetensors");
        let blob = model.join("blobs").join(format!("{number:064}"));
        fs::write(blob, "weights").unwrap();
        let target = format!("../../blobs/{number:064}");
        std::os::unix::fs::symlink(target, snapshot.join(name)).unwrap();
    };
    for folder in ["blobs", "refs"] {
        fs::create_dir_all(model.join(folder)).unwrap();
    }
    fs::create_dir_all(&snapshot).unwrap();
    fs::write(model.join("refs/main"), commit).unwrap();
    shard(1);
    // No index says so; the name does.
    let answer = planned(&place, &[]);
    let cache = of_model(&answer);
    assert_eq!(
        (&cache["state"], &cache["offline"]),
        (&json!("partial"), &json!(false))
    );
    shard(2);
    assert_eq!(of_model(&planned(&place, &[]))["offline"], true);
    // Where a container would see nothing.
    let outside = place.path("elsewhere");
    fs::rename(&model, &outside).unwrap();
    std::os::unix::fs::symlink(&outside, &model).unwrap();
    assert_eq!(of_model(&planned(&place, &[]))["state"], "missing");
}

#[test]
fn an_engine_that_is_told_another_model_is_left_alone() {
    for argument in ["--model: acme/Other", "--model: /models/other"] {
        let place = place(&format!("      {argument}\n"));
        add(&place, &WHOLE, &[]);
        let answer = planned(&place, &[]);
        let cache = of_model(&answer);
        assert_eq!(cache["offline"], false, "{argument}");
        assert_eq!(cache["prefetch"], Value::Null, "{argument}");
        let empty = planned(&place, &["--cache-dir", "others"]);
        assert_eq!(of_model(&empty)["prefetch"], Value::Null, "{argument}");
    }
}

#[test]
fn a_folder_of_models_with_a_name_of_its_own_is_named_to_the_engine() {
    let place = place("");
    add(&place, &WHOLE, &[]);
    fs::rename(place.path("models/hub"), place.path("flat")).unwrap();
    let answer = |more: &[&str]| {
        let words = [
            "generate",
            "rocket",
            "1",
            "--catalog=catalog",
            "--format=json",
        ];
        let machine = ["--hardware=MI300X", "--available-gpus=8"];
        let mut command = place.command(&[&words[..], &machine, more].concat());
        ran(command.env("HF_HUB_CACHE", place.path("flat")))
            .exits(0)
            .json()
    };
    let flat = answer(&[]);
    let cache = of_model(&flat);
    assert_eq!(cache["offline"], true);
    assert_eq!(cache["folder"], place.text("flat"));
    assert_eq!(flat["env"]["HF_HUB_CACHE"], "/workspace/model-cache");
    // Another one is as usual.
    let other = answer(&["--cache-dir", "models"]);
    assert_eq!(of_model(&other)["state"], "missing");
    assert_eq!(other["env"].get("HF_HUB_CACHE"), None);
    // What an engine without a container would inherit does not count.
    let mut command = serve(&place, &[]);
    let served = ran(command.env("HF_HUB_CACHE", place.path("flat"))).exits(0);
    let hub = format!("HF_HUB_CACHE={}/hub\n", place.text("models"));
    assert!(served.out.contains(&hub), "{}", served.out);
}

#[test]
fn a_model_is_known_by_the_name_that_its_engine_is_told() {
    let place = place("");
    // By whatever name of its card the recipe and the request call it.
    let names = format!("model_id: Rocket\nhuggingface_id: {MODEL}\naliases: [rocket]\nsize: 8B\n");
    place.write("catalog/models/rocket.yaml", names);
    recipe(&place, "Rocket", "");
    let answer = planned(&place, &[]);
    assert_eq!(answer["engine_argv"][2], MODEL);
    let prefetch = &of_model(&answer)["prefetch"];
    assert_eq!(prefetch["command"][3], MODEL);
    assert_eq!(prefetch["missing_mib"], 15258);
    add(&place, &WHOLE, &[]);
    assert_eq!(of_model(&planned(&place, &[]))["offline"], true);
}

#[test]
fn a_quantized_model_takes_the_room_of_its_own_weights() {
    let place = place("");
    let quantized = "acme/Rocket-8B-FP8";
    place.write(
        "catalog/models/fp8.yaml",
        card(quantized) + "aliases: [rocket8]\n",
    );
    let text = fs::read_to_string(place.path("catalog/recipes/rocket-8b-mi300x-bf16.yaml"));
    let text = text
        .unwrap()
        .replace(MODEL, quantized)
        .replace("bf16", "fp8");
    place.write("catalog/recipes/rocket-8b-fp8-mi300x-fp8.yaml", text);
    add(&place, &WHOLE, &[]);
    let words = [
        "generate",
        "rocket8",
        "1",
        "--catalog=catalog",
        "--format=json",
    ];
    let more = [
        "--hardware=MI300X",
        "--available-gpus=8",
        "--cache-dir=models",
    ];
    let answer = place.run(&[&words[..], &more].concat()).exits(0).json();
    // The model that is there is another one.
    let cache = of_model(&answer);
    assert_eq!(cache["state"], "missing");
    assert_eq!(cache["prefetch"]["command"][3], quantized);
    assert_eq!(cache["prefetch"]["missing_mib"], 7629);
}

#[test]
fn a_disk_without_room_is_said() {
    let place = place("");
    // Nobody has a disk that leaves so much to others.
    let rules = place.write("small.dl", "spare_mib(1000000000000).\n");
    let rules = rules.display().to_string();
    let says = "About 15 GiB of `acme/Rocket-8B` are still to be fetched";
    generate(&place, &["--rules", &rules]).says(says);
    let answer = planned(&place, &["--rules", &rules]);
    let warning = answer["warnings"][0].as_str().unwrap();
    assert!(warning.starts_with(says), "{warning}");
    // What is there needs no room.
    add(&place, &WHOLE, &[]);
    assert_eq!(planned(&place, &["--rules", &rules])["warnings"], json!([]));
}

#[test]
fn an_unknown_size_is_said_and_not_made_up() {
    let place = place("");
    place.write(
        "catalog/models/rocket.yaml",
        format!("model_id: {MODEL}\naliases: [rocket]\n"),
    );
    let answer = planned(&place, &[]);
    let prefetch = &of_model(&answer)["prefetch"];
    assert_eq!(prefetch["missing_mib"], Value::Null);
    assert_eq!(prefetch["command"][3], MODEL);
    generate(&place, &[]).says("How much of `acme/Rocket-8B` is to be fetched is unknown");
}

#[test]
fn the_cache_is_the_one_that_is_asked_for() {
    let place = place("");
    add(&place, &WHOLE, &[]);
    for (folder, offline) in [("models", true), ("others", false)] {
        let answer = planned(&place, &["--cache-dir", folder]);
        let cache = of_model(&answer);
        assert_eq!(cache["offline"], offline, "{folder}");
        assert_eq!(cache["folder"], place.text(folder));
        // A site's rules see the same one.
        let rules = "warning_cached(Q, Model) :- chosen(Q, _, _, _), cached_revision(Model, _, \"complete\", _).\n";
        let rules = format!(
            "/// There is {{model}}.\n.decl warning_cached(request: number, model: symbol)\n{rules}"
        );
        let rules = place.write("site.dl", rules).display().to_string();
        let answer = planned(&place, &["--cache-dir", folder, "--rules", &rules]);
        let said = answer["warnings"]
            .to_string()
            .contains("There is acme/Rocket-8B.");
        assert_eq!(said, offline);
    }
}

#[test]
fn a_branch_that_names_nothing_is_not_there() {
    let place = place("");
    let added = add(&place, &WHOLE, &[]);
    let model = place.path("models/hub/models--acme--Rocket-8B");
    fs::remove_file(model.join("refs/main")).unwrap();
    let answer = planned(&place, &[]);
    let cache = of_model(&answer);
    assert_eq!(
        (&cache["state"], &cache["offline"]),
        (&json!("missing"), &json!(false))
    );
    // By its commit it is.
    let commit = added["commit"].as_str().unwrap();
    recipe(&place, MODEL, &format!("      --revision: {commit}\n"));
    let answer = planned(&place, &[]);
    let cache = of_model(&answer);
    assert_eq!(cache["commit"], commit);
    assert_eq!(cache["offline"], true);
    // One that names a commit that is not there.
    recipe(&place, MODEL, "");
    fs::write(model.join("refs/main"), "0".repeat(40)).unwrap();
    assert_eq!(of_model(&planned(&place, &[]))["offline"], false);
}

#[test]
fn the_revision_of_the_recipe_counts() {
    let place = place("      --revision: v1.0\n");
    add(&place, &WHOLE, &[]);
    let answer = planned(&place, &[]);
    let cache = of_model(&answer);
    assert_eq!(cache["revision"], "v1.0");
    assert_eq!(cache["offline"], false);
    let command = cache["prefetch"]["command"].to_string();
    assert!(command.contains(r#""--revision","v1.0""#), "{command}");
    add(&place, &WHOLE, &["--revision", "v1.0"]);
    assert_eq!(of_model(&planned(&place, &[]))["offline"], true);
}

#[test]
fn flags_that_lead_elsewhere_leave_the_hub_open() {
    for (argument, offline) in [
        ("--tokenizer: acme/Other", false),
        ("--tokenizer: acme/Rocket-8B", true),
        ("--tokenizer: /models/tokenizer", true),
        ("--download-dir: models", false),
        (
            "--speculative-config: {method: mtp, num_speculative_tokens: 1}",
            true,
        ),
        (
            "--speculative-config: {model: acme/Draft, num_speculative_tokens: 1}",
            false,
        ),
        ("--speculative-config.model: acme/Draft", false),
        ("--dtype: bfloat16", true),
    ] {
        let place = place(&format!("      {argument}\n"));
        add(&place, &WHOLE, &[]);
        let answer = planned(&place, &[]);
        let cache = of_model(&answer);
        assert_eq!(cache["offline"], offline, "{argument}: {answer}");
        // It is there all the same.
        assert_eq!(cache["prefetch"], Value::Null, "{argument}");
    }
}

#[test]
fn a_model_that_is_a_folder_is_in_no_cache() {
    let place = Place::new();
    recipe(&place, "/models/rocket", "");
    let answer = place
        .run(&[
            "generate",
            "/models/rocket",
            "1",
            "--catalog=catalog",
            "--hardware=MI300X",
            "--available-gpus=8",
            "--cache-dir=models",
            "--format=json",
        ])
        .exits(0)
        .json();
    let cache = of_model(&answer);
    assert_eq!(cache["state"], Value::Null);
    assert_eq!(cache["prefetch"], Value::Null);
    assert_eq!(cache["writable"], true);
}

#[test]
fn a_site_keeps_what_engines_compile() {
    let place = place("");
    add(&place, &WHOLE, &[]);
    let rules = place.write("site.dl", "keep_compiled(\"vllm\").\n");
    let rules = rules.display().to_string();
    let answer = planned(&place, &["--rules", &rules]);
    let cache = of_model(&answer);
    assert_eq!(
        (&cache["offline"], &cache["writable"]),
        (&json!(true), &json!(true))
    );
    assert_eq!(
        answer["env"]["VLLM_CACHE_ROOT"],
        "/workspace/model-cache/vllm"
    );
    let because = cache["because"].to_string();
    assert!(
        because.contains("What the engine compiles is kept there."),
        "{because}"
    );
}

#[test]
fn of_a_machine_that_is_elsewhere_nothing_is_known() {
    let place = place("");
    add(&place, &WHOLE, &[]);
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/hosts/mi300x-8");
    let answer = place
        .run(&[
            "generate",
            "rocket",
            "1",
            "--catalog=catalog",
            "--root",
            root,
            "--cache-dir=models",
            "--format=json",
        ])
        .exits(0)
        .json();
    let cache = of_model(&answer);
    assert_eq!(cache["state"], Value::Null);
    assert_eq!(cache["offline"], false);
    assert_eq!(cache["prefetch"], Value::Null);
}

#[test]
fn each_line_of_a_batch_is_told_the_same() {
    let place = place("");
    add(&place, &WHOLE, &[]);
    place.write(
        "requests",
        "{\"model\": \"rocket\", \"gpus\": 1}\n{\"model\": \"acme/rocket-8b\"}\n",
    );
    let ran = place.run(&[
        "generate",
        "--batch=requests",
        "--catalog=catalog",
        "--hardware=MI300X",
        "--available-gpus=8",
        "--cache-dir=models",
    ]);
    let single = planned(&place, &[]);
    for line in ran.exits(0).out.lines() {
        let answer: Value = serde_json::from_str(line).unwrap();
        assert_eq!(answer["model_cache"], single["model_cache"]);
    }
}

/// `serve` in a place with an engine that says its variables, and then reads its input to the end.
fn serve(place: &Place, more: &[&str]) -> std::process::Command {
    let script = "#!/bin/sh\n[ \"$1\" = --version ] && exit\nenv\ncat\n";
    let engine = place.write("bin/vllm", script);
    fs::set_permissions(&engine, fs::Permissions::from_mode(0o755)).unwrap();
    let words = [
        "serve",
        "rocket",
        "1",
        "--catalog=catalog",
        "--hardware=MI300X",
        "--available-gpus=8",
        "--cache-dir=models",
    ];
    let mut command = place.command(&[&words[..], more].concat());
    let path = format!("{}:/usr/bin:/bin", place.text("bin"));
    command.env("PATH", path);
    command
}

#[test]
fn an_engine_that_is_served_counts_what_it_found() {
    let place = place("");
    let served = || ran(&mut serve(&place, &[])).exits(0);
    assert!(!served().out.contains("HF_HUB_OFFLINE"));
    add(&place, &WHOLE, &[]);
    for _ in 0..2 {
        let ran = served();
        assert!(ran.out.contains("HF_HUB_OFFLINE=1\n"), "{}", ran.out);
    }
    // To print a plan is no start.
    generate(&place, &[]);
    ran(&mut serve(&place, &["--dry-run"])).exits(0);
    let stats = ["cache", "stats", "--cache-dir=models", "--format=json"];
    let stats = place.run(&stats).exits(0).json();
    assert_eq!((&stats["hits"], &stats["misses"]), (&json!(2), &json!(1)));
}

#[test]
fn an_engine_that_is_served_has_its_model_fetched_and_keeps_it() {
    let place = place("");
    let hub = Hub::start();
    let files = WHOLE.map(|file| (file, file.repeat(50).into_bytes()));
    hub.add(MODEL, &files);
    let mut command = serve(&place, &["--prefetch"]);
    let mut engine = command
        .env("HF_ENDPOINT", hub.endpoint())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(engine.stdout.take().unwrap()).lines();
    let offline = lines.find(|line| line.as_ref().unwrap() == "HF_HUB_OFFLINE=1");
    assert!(offline.is_some());
    let clean = ["cache", "cleanup", "--max-size=0", "--cache-dir=models"];
    let cleaned = place.run(&clean).exits(0);
    assert!(
        cleaned.out.contains("another process fetches or starts it"),
        "{}",
        cleaned.out
    );
    let verify = ["cache", "verify", "--cache-dir=models"];
    place.run(&verify).exits(0);
    drop(engine.stdin.take());
    assert!(engine.wait().unwrap().success());
    let cleaned = place.run(&clean).exits(0);
    assert!(cleaned.out.contains("removed"), "{}", cleaned.out);
}
