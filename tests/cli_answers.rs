//! What scripts rely on: exit codes, what stands on stdout, the keys of the JSON, and where flags come from.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on ends"
)]

mod program;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use pretty_assertions::assert_eq;
use program::{Place, ran, recipe};
use serde_json::{Value, json};

const MI300X: [&str; 2] = ["--hardware=MI300X", "--available-gpus=8"];

/// `generate` on eight MI300X.
fn generate<'a>(words: &[&'a str]) -> Vec<&'a str> {
    [&["generate"], words, &MI300X].concat()
}

fn keys(value: &Value) -> Vec<&str> {
    let object = value.as_object().expect("an object");
    object.keys().map(String::as_str).collect()
}

const ANSWER: [&str; 12] = [
    "request",
    "machine",
    "selected",
    "exact",
    "tried",
    "image",
    "model_cache",
    "env",
    "engine_argv",
    "command",
    "memory",
    "warnings",
];

#[test]
fn a_decision_is_one_command_on_stdout_and_exit_code_0() {
    let place = Place::new();
    let ran = place.run(&generate(&["Qwen/Qwen3-32B", "4"])).exits(0);
    assert!(ran.out.starts_with("docker run "), "{}", ran.out);
    assert!(ran.out.ends_with('\n'));
    let words = shlex::split(&ran.out.replace("\\\n", "")).expect("sh can read it");
    let json = place.run(&generate(&["Qwen/Qwen3-32B", "4", "--format=json"]));
    assert_eq!(json.exits(0).json()["command"], json!(words));
}

#[test]
fn the_json_has_the_keys_that_are_promised() {
    let place = Place::new();
    let answer = place
        .run(&generate(&[
            "qwen/qwen3-32b",
            "4",
            "--precision",
            "BF16",
            "--backend",
            "vllm",
            "--format=json",
        ]))
        .exits(0)
        .json();
    assert_eq!(keys(&answer), ANSWER);
    assert_eq!(
        answer["request"],
        json!({"model": "qwen/qwen3-32b", "gpus": 4, "precision": "bf16", "backend": "vllm",
               "metric": null, "strict": false})
    );
    assert_eq!(
        answer["machine"],
        json!({"hardware": "MI300X", "gfx": "gfx942", "usable_gpus": 8, "vram_mib": 196_608,
               "source": "flags"})
    );
    assert_eq!(
        answer["selected"],
        json!({"recipe_id": "qwen3-32b-mi300x-bf16", "backend": "vllm", "gpus": 4,
               "precision": "bf16", "hardware": "MI300X",
               "file": "recipes/qwen3-32b-mi300x-bf16.yaml"})
    );
    assert_eq!(answer["exact"], true);
    assert_eq!(
        keys(&answer["memory"]),
        ["weights_mib", "kv_cache_mib", "budget_mib", "fits"]
    );
    let tried = answer["tried"].as_array().unwrap();
    for tried in tried {
        let mut found = keys(tried);
        found.sort_unstable();
        assert_eq!(
            found,
            [
                "backend",
                "because",
                "gpus",
                "hardware",
                "outcome",
                "precision",
                "recipe_id"
            ]
        );
        let outcome = tried["outcome"].as_str().unwrap();
        assert!(
            ["chosen", "rejected", "after"].contains(&outcome),
            "{outcome}"
        );
    }
    let chosen = tried.iter().filter(|tried| tried["outcome"] == "chosen");
    assert_eq!(chosen.count(), 1);
    assert_eq!(answer["engine_argv"][0], "vllm");
}

#[test]
fn an_unknown_model_is_exit_code_1_with_the_nearest_names() {
    let place = Place::new();
    let ran = place
        .run(&generate(&["Qwen/Qwen3-32"]))
        .exits(1)
        .says("catalog::unknown_model")
        .says("did you mean `Qwen/Qwen3-32B`");
    assert_eq!(ran.out, "");
    let ran = place
        .run(&generate(&["Qwen/Qwen3-32", "--format=json"]))
        .exits(1);
    let answer = ran.json();
    assert_eq!(keys(&answer)[..12], ANSWER);
    assert_eq!(answer["selected"], Value::Null);
    assert_eq!(answer["memory"], Value::Null);
    place
        .run(&generate(&["zzz"]))
        .exits(1)
        .says("`aim-engine list models` shows the models");
    place
        .run(&["show-configurations", "Qwen/Qwen3-32"])
        .exits(1)
        .says("did you mean `Qwen/Qwen3-32B`");
}

#[test]
fn strict_is_a_clear_no_where_another_would_do() {
    let place = Place::new();
    let words = ["Qwen/Qwen3-32B", "3", "--format=json"];
    let near = place.run(&generate(&words)).exits(0);
    assert_eq!(near.json()["exact"], false);
    let note = near.err.lines().next().unwrap_or_default();
    assert!(
        note.starts_with("note: no recipe serves exactly"),
        "{}",
        near.err
    );
    let strict = generate(&[&words[..], &["--strict"]].concat());
    let ran = place.run(&strict).exits(1).says("launch::no_recipe");
    let answer = ran.json();
    assert_eq!(answer["selected"], Value::Null);
    assert_eq!(answer["request"]["strict"], true);
    let tried = answer["tried"].as_array().unwrap();
    assert!(!tried.is_empty());
    for tried in tried {
        assert_eq!(tried["outcome"], "rejected");
        assert_ne!(tried["because"], "");
    }
}

#[test]
fn mistakes_of_usage_are_exit_code_2() {
    let place = Place::new();
    for words in [
        &["generate"][..],
        &["generate", "m", "0"],
        &["generate", "m", "4", "--gpus", "4"],
        &["generate", "m", "--metric", "speed"],
        &[
            "generate",
            "m",
            "--hardware",
            "MI300X",
            "--host",
            "host.json",
        ],
        &["generate", "m", "--batch", "-"],
        &["no-such-command"],
        &["generate", "Qwen/Qwen3-32B", "--hardware", "MI300X"],
        &["generate", "Qwen/Qwen3-32B", "--host", "nowhere.json"],
        &[
            "generate",
            "Qwen/Qwen3-32B",
            "4",
            "--hardware=MI300X",
            "--available-gpus=8",
            "--gpu-ids=0,1",
        ],
        &[
            "generate",
            "Qwen/Qwen3-32B",
            "4",
            "--hardware=MI300X",
            "--rules=nowhere.dl",
        ],
        &["rules", "check", "nowhere.dl"],
        &["new", "model", "no-slash", "--size", "8B"],
        &["new", "model", "o/m", "--size", "big"],
    ] {
        let ran = place.run(words);
        assert_eq!(ran.code, Some(2), "{words:?}: {}", ran.err);
        assert_eq!(ran.out, "", "{words:?}");
        assert_ne!(ran.err, "", "{words:?}");
    }
}

#[test]
fn a_machine_without_gpus_is_exit_code_3() {
    let place = Place::new();
    fs::create_dir(place.path("root")).unwrap();
    for words in [
        &["generate", "Qwen/Qwen3-32B", "--root=root"][..],
        &["detect", "--root=root"],
        &["launch", "Qwen/Qwen3-32B", "--root=root", "--dry-run"],
    ] {
        let ran = place.run(words).exits(3).says("detect::nothing_found");
        assert_eq!(ran.out, "");
    }
}

#[test]
fn a_saved_machine_decides_as_the_machine_itself() {
    let place = Place::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/hosts/mi300x-8");
    let root = format!("--root={}", root.display());
    let saved = place.run(&["detect", "--format=json", &root]).exits(0);
    place.write("host.json", &saved.out);
    let decide = |machine: &str| {
        let ran = place.run(&["generate", "Qwen/Qwen3-32B", "4", "--format=json", machine]);
        let mut answer = ran.exits(0).json();
        answer["machine"]["source"] = Value::Null;
        answer
    };
    assert_eq!(decide("--host=host.json"), decide(&root));
}

#[test]
fn unknown_hardware_is_told_with_the_nearest_name() {
    Place::new()
        .run(&[
            "generate",
            "Qwen/Qwen3-32B",
            "--hardware=MI300",
            "--available-gpus=8",
        ])
        .exits(1)
        .says("catalog::unknown_hardware")
        .says("did you mean `MI300");
}

#[test]
fn a_recipe_may_be_named_by_its_id_or_be_a_file_outside_the_catalog() {
    let place = Place::new();
    let chosen = |recipe: &str| {
        let recipe = format!("--recipe={recipe}");
        let ran = place.run(&generate(&["Qwen/Qwen3-32B", "--format=json", &recipe]));
        ran.exits(0).json()["selected"]["recipe_id"].clone()
    };
    assert_eq!(chosen("qwen3-32b-mi300x-fp16"), "qwen3-32b-mi300x-fp16");
    let text = recipe("mine", "Qwen/Qwen3-32B", "MI300X", "bf16", 2);
    place.write("mine.yaml", &text);
    assert_eq!(chosen("mine.yaml"), "mine");
    // A file with the id of a recipe of the catalog takes its place.
    place.write(
        "same.yaml",
        text.replace("id: mine", "id: qwen3-32b-mi300x-bf16"),
    );
    let ran = place.run(&generate(&[
        "Qwen/Qwen3-32B",
        "--format=json",
        "--recipe=same.yaml",
    ]));
    assert_eq!(ran.exits(0).json()["selected"]["gpus"], 2);
    place
        .run(&generate(&[
            "Qwen/Qwen3-32B",
            "--recipe=qwen3-32b-mi300x-bf61",
        ]))
        .exits(1)
        .says("catalog::unknown_recipe")
        .says("did you mean `qwen3-32b-mi300x-bf16`?");
    place.write("broken.yaml", "hardware: [\n");
    place
        .run(&generate(&["Qwen/Qwen3-32B", "--recipe=broken.yaml"]))
        .exits(1)
        .says("catalog::yaml-syntax")
        .says("catalog::broken_recipe");
    place
        .run(&generate(&["Qwen/Qwen3-32B", "--recipe=nowhere.yaml"]))
        .exits(2);
    // One for another model serves nothing of this one.
    place.write("other.yaml", text.replace("Qwen/Qwen3-32B", "org/other"));
    place
        .run(&generate(&["Qwen/Qwen3-32B", "--recipe=other.yaml"]))
        .exits(1);
}

#[test]
fn the_environment_stands_in_for_flags_and_flags_win() {
    let place = Place::new();
    place.write(
        "one/recipes/a.yaml",
        recipe("one", "org/m", "MI300X", "bf16", 1),
    );
    place.write(
        "two/recipes/a.yaml",
        recipe("two", "org/m", "MI300X", "bf16", 1),
    );
    place.write(
        "veto.dl",
        "veto(Q, R, B, N, \"not here\") :- considered(Q, R, B, N).\n",
    );
    let words = generate(&["org/m", "--format=json"]);
    let chosen =
        |command: &mut Command| ran(command).exits(0).json()["selected"]["recipe_id"].clone();
    let mut command = place.command(&words);
    command
        .env("AIM_CATALOG", "one")
        .env("AIM_STORE", "s/named.db");
    assert_eq!(chosen(&mut command), "one");
    assert!(place.path("s/named.db").exists());
    assert!(place.stores().is_empty());
    command.args(["--catalog=two", "--store=s/other.db"]);
    assert_eq!(chosen(&mut command), "two");
    assert!(place.path("s/other.db").exists());
    let mut command = place.command(&words);
    command
        .env("AIM_CATALOG", "one")
        .env("AIM_RULES", "veto.dl");
    ran(&mut command).exits(1).says("not here");
}

#[test]
fn an_overlay_adds_and_replaces_and_says_so() {
    let place = Place::new();
    place.write("site/new.yaml", recipe("new", "org/m", "MI300X", "bf16", 1));
    let text = recipe(
        "qwen3-32b-mi300x-bf16",
        "Qwen/Qwen3-32B",
        "MI300X",
        "bf16",
        2,
    );
    place.write("site/changed.yaml", text);
    let overlay = "--overlay=site";
    let ran = place
        .run(&generate(&["org/m", "--format=json", overlay]))
        .exits(0)
        .says("note: site/changed.yaml replaces the recipe `qwen3-32b-mi300x-bf16` of recipes/qwen3-32b-mi300x-bf16.yaml");
    assert_eq!(ran.json()["selected"]["recipe_id"], "new");
    let ran = place
        .run(&["list", "recipes", "--format=json", overlay])
        .exits(0);
    let all = ran.json();
    let all = all.as_array().unwrap();
    let replaced = all
        .iter()
        .find(|r| r["recipe_id"] == "qwen3-32b-mi300x-bf16");
    assert_eq!(replaced.unwrap()["file"], "changed.yaml");
    assert!(all.len() > 100);
    // A catalog of its own holds no embedded recipe.
    let ran = place.run(&["list", "recipes", "--format=json", "--catalog=site"]);
    assert_eq!(ran.exits(0).json().as_array().unwrap().len(), 2);
}

#[test]
fn called_by_the_name_of_a_command_it_is_that_command() {
    let place = Place::new();
    let link = place.path("aim-generate");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_aim-engine"), &link).unwrap();
    let words = generate(&["Qwen/Qwen3-32B", "4"]);
    let by_link = ran(&mut place.command_as(&link, &words[1..])).exits(0);
    assert_eq!(by_link.out, place.run(&words).out);
}

#[test]
fn what_is_printed_is_what_sh_runs() {
    let place = Place::new();
    place.write(
        "bin/docker",
        "#!/bin/sh\nfor word; do printf '<%s>\\n' \"$word\"; done\n",
    );
    let mut permissions = fs::metadata(place.path("bin/docker"))
        .unwrap()
        .permissions();
    std::os::unix::fs::PermissionsExt::set_mode(&mut permissions, 0o755);
    fs::set_permissions(place.path("bin/docker"), permissions).unwrap();
    let text = recipe("odd", "org/m", "MI300X", "bf16", 1).replace(
        "--max-model-len: 8192",
        "--chat-template: \"it's $HOME `id` \\\\ \\\"x\\\" * ; # é\"",
    );
    place.write("odd.yaml", text);
    let words = generate(&["org/m", "--overlay=.", "--explain", "--allow-unknown-flags"]);
    let printed = place.run(&words).exits(0);
    let mut shell = Command::new("sh");
    shell.env("PATH", format!("{}:/usr/bin:/bin", place.text("bin")));
    let script = place.write("run.sh", &printed.out);
    let shown = ran(shell.arg(script)).exits(0).says_nothing();
    assert!(
        shown.out.contains("<it's $HOME `id` \\ \"x\" * ; # é>"),
        "{}",
        shown.out
    );
    let first = "<run>\n";
    assert!(shown.out.starts_with(first), "{}", shown.out);
}

#[test]
fn colour_is_only_for_terminals_unless_asked_for() {
    let place = Place::new();
    let words = generate(&["zzz"]);
    assert!(!place.run(&words).err.contains('\u{1b}'));
    let coloured = place.run(&[&words[..], &["--color=always"]].concat());
    assert!(coloured.err.contains('\u{1b}'));
    let mut command = place.command(&words);
    assert!(!ran(command.env("NO_COLOR", "1")).err.contains('\u{1b}'));
    let plain = place.run(&[&words[..], &["--color=never"]].concat());
    assert!(!plain.err.contains('\u{1b}'));
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let place = Place::new();
    for words in [
        generate(&["Qwen/Qwen3-32B", "--format=json"]),
        vec!["list", "recipes"],
        vec!["man"],
        vec!["completions", "bash"],
        vec!["--help"],
    ] {
        let mut child = place
            .command(&words)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let ended = child.wait_with_output().unwrap();
        let err = String::from_utf8_lossy(&ended.stderr);
        assert_eq!((ended.status.code(), &*err), (Some(0), ""), "{words:?}");
    }
}

#[test]
fn logs_go_to_stderr_and_the_environment_turns_them_on() {
    let place = Place::new();
    place.write("file", "");
    let words = generate(&["Qwen/Qwen3-32B", "--store=file/store.db"]);
    let quiet = place.run(&words).exits(0);
    for value in ["1", "true"] {
        let mut command = place.command(&words);
        let loud = ran(command.env("AIM_DEBUG", value)).exits(0);
        assert!(loud.err.len() > quiet.err.len());
        assert_eq!(loud.out, quiet.out);
    }
    let mut command = place.command(&words);
    assert_eq!(ran(command.env("AIM_DEBUG", "0")).err, quiet.err);
}

#[test]
fn a_batch_answers_each_line_in_order() {
    let place = Place::new();
    place.write(
        "requests.jsonl",
        "{\"model\": \"Qwen/Qwen3-32B\", \"gpus\": 4}\n\
         \n\
         {\"model\": \"zzz\"}\n\
         {\"model\": \"Qwen/Qwen3-8B\", \"hardware\": \"MI250\", \"available_gpus\": 4}\n\
         not json\n\
         {\"model\": \"Qwen/Qwen3-8B\", \"hardware\": \"MI9\", \"available_gpus\": 4}\n",
    );
    let ran = place.run(&[&["generate", "--batch=requests.jsonl"], &MI300X[..]].concat());
    let answers: Vec<Value> = ran
        .out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let ran = ran.exits(1);
    assert_eq!(answers.len(), 5, "{}", ran.out);
    let chosen: Vec<_> = answers
        .iter()
        .map(|a| a["selected"]["recipe_id"].clone())
        .collect();
    assert_eq!(
        chosen,
        [
            json!("qwen3-32b-mi300x-bf16"),
            Value::Null,
            json!("qwen3-8b-mi250-bf16"),
            Value::Null,
            Value::Null
        ]
    );
    for (answer, chosen) in answers.iter().zip(chosen) {
        assert_eq!(answer.get("error").is_some(), chosen.is_null(), "{answer}");
    }
    // One line answers as the command by itself.
    let single = place.run(&generate(&["Qwen/Qwen3-32B", "4", "--format=json"]));
    assert_eq!(answers[0], single.json());
}

#[test]
fn lists_are_tables_or_json() {
    let place = Place::new();
    for (what, key) in [
        ("models", "model_id"),
        ("recipes", "recipe_id"),
        ("hardware", "hardware"),
        ("backends", "backend"),
    ] {
        let json = place
            .run(&["list", what, "--format=json"])
            .exits(0)
            .says_nothing();
        let json = json.json();
        let mut command = place.command(&["list", what]);
        let table = ran(command.env("COLUMNS", "60")).exits(0).says_nothing();
        // However narrow the terminal is, a name can be copied from it as a whole.
        for row in json.as_array().unwrap() {
            let name = row[key].as_str().unwrap();
            assert!(table.out.contains(name), "{what}: {name}\n{}", table.out);
        }
        assert!(!json.as_array().unwrap().is_empty(), "{what}");
    }
    let recipes = place.run(&["list-recipes"]).out;
    assert_eq!(recipes, place.run(&["list", "recipes"]).out);
    let shown = place
        .run(&["show-configurations", "qwen3-32b", "--format=json"])
        .exits(0);
    assert!(shown.json().as_array().unwrap().len() > 8);
}

#[test]
fn a_model_without_recipes_is_told_the_one_that_differs_by_a_character() {
    let place = Place::new();
    place.write(
        "site/models/card.yaml",
        "model_id: org/Llama-3_1-8B-Instruct\nsize: 8B\n",
    );
    place.write(
        "site/recipes/r.yaml",
        "recipe_id: r\nmodel_id: org/Llama-3.1-8B-Instruct\nhardware: MI300X\nprecision: bf16\n\
         vllm_serve:\n  1_gpu: {enabled: true, args: {}}\n",
    );
    place
        .run(&[
            "generate",
            "org/Llama-3_1-8B-Instruct",
            "1",
            "--hardware=MI300X",
            "--catalog=site",
        ])
        .exits(1)
        .says("No suitable recipe found for org/Llama-3_1-8B-Instruct")
        .says("`org/Llama-3.1-8B-Instruct`");
}
