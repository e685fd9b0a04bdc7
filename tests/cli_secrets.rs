//! No value of a secret leaves the place where its owner put it.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on ends"
)]

mod program;

use std::fs;
use std::path::Path;

use program::{Place, ran};

/// In the environment of whoever launches.
const OWN: &str = "hf_MarkerOfTheEnvironment";
/// In recipes.
const WRITTEN: [&str; 5] = [
    "hf_MarkerOfARecipe",
    "sk-MarkerOfABlock",
    "MarkerOfAnArgument",
    "MarkerOfAList",
    "MarkerOfABrokenFile",
];

fn place() -> Place {
    let place = Place::new();
    place.write(
        "catalog/recipes/a.yaml",
        "recipe_id: a\nhuggingface_id: org/m\nhardware: MI300X\nprecision: bf16\n\
         env:\n  HF_TOKEN: hf_MarkerOfARecipe\n  HSA_NO_SCRATCH_RECLAIM: \"1\"\n\
         vllm_serve:\n  1_gpu:\n    enabled: true\n    env: {VLLM_API_KEY: sk-MarkerOfABlock}\n    args:\n\
         \x20     --api-key: MarkerOfAnArgument\n      --hf-token: [MarkerOfAList]\n      --no-such-flag: 1\n",
    );
    // What is wrong stands beside the secret: a diagnostic that shows the line must not show it.
    place.write(
        "catalog/recipes/b.yaml",
        "recipe_id: b\nhuggingface_id: org/m\nhardware: MI300X\nprecision: bf16\nenv:\n\
         \x20 1BAD: x\n  HF_TOKEN: MarkerOfABrokenFile\n  2BAD: x\n",
    );
    place.write(
        "catalog/recipes/c.yaml",
        "recipe_id: c\nenv: {HF_TOKEN: MarkerOfABrokenFile, HF_TOKEN: MarkerOfABrokenFile}\n",
    );
    place.write(
        "catalog/recipes/d.yaml",
        "recipe_id: d\nvllm_serve:\n  1_gpu:\n    enabled: true\n    args:\n      --api-key: \"MarkerOfABrokenFile\n",
    );
    place
}

#[track_caller]
fn holds_no_secret(what: &str, bytes: &[u8]) {
    for secret in WRITTEN.iter().chain([&OWN]) {
        let found = bytes
            .windows(secret.len())
            .position(|window| window == secret.as_bytes());
        if let Some(at) = found {
            let around = &bytes[at.saturating_sub(200)..(at + 100).min(bytes.len())];
            panic!(
                "`{secret}` is in {what}: …{}…",
                String::from_utf8_lossy(around)
            );
        }
    }
}

fn files(dir: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap().flatten() {
        if entry.path().is_dir() {
            found.extend(files(&entry.path()));
        } else {
            found.push(entry.path());
        }
    }
    found
}

#[test]
fn secrets_are_in_no_output_and_not_in_the_store() {
    let place = place();
    let machine = [
        "--hardware=MI300X",
        "--available-gpus=8",
        "--catalog=catalog",
    ];
    let generate = ["generate", "org/m", "--allow-unknown-flags"];
    for words in [
        [&generate[..], &machine].concat(),
        [&generate[..], &["--format=json", "-vv"], &machine].concat(),
        [&generate[..], &["--explain", "-v"], &machine].concat(),
        [&["generate", "org/m", "--strict", "-vv"], &machine[..]].concat(),
        [&generate[..], &["--format=exec", "-vv"], &machine].concat(),
        [&generate[..], &["--format=compose", "-vv"], &machine].concat(),
        [&generate[..], &["--format=quadlet", "-vv"], &machine].concat(),
        [&generate[..], &["--format=script", "-vv"], &machine].concat(),
        [&["launch", "org/m", "--dry-run", "-vv"], &machine[..]].concat(),
        [&["serve", "org/m", "--dry-run", "-vv"], &machine[..]].concat(),
        vec!["list", "recipes", "--catalog=catalog", "-vv"],
        vec![
            "show-configurations",
            "org/m",
            "--catalog=catalog",
            "--format=json",
        ],
        vec!["detect", "-vv"],
    ] {
        let mut command = place.command(&words);
        command
            .env("HF_TOKEN", OWN)
            .env("VLLM_API_KEY", OWN)
            .env("AIM_DEBUG", "1");
        let ran = ran(&mut command);
        holds_no_secret(&format!("stdout of {words:?}"), ran.out.as_bytes());
        holds_no_secret(&format!("stderr of {words:?}"), ran.err.as_bytes());
    }
    let kept = files(&place.path("home"));
    assert!(!kept.is_empty());
    for file in kept {
        holds_no_secret(&file.display().to_string(), &fs::read(&file).unwrap());
    }
}

#[test]
fn secrets_are_passed_on_by_name() {
    let place = place();
    let ran = place
        .run(&[
            "generate",
            "org/m",
            "--allow-unknown-flags",
            "--hardware=MI300X",
            "--available-gpus=8",
            "--catalog=catalog",
        ])
        .exits(0);
    let words = shlex::split(&ran.out.replace("\\\n", "")).unwrap();
    for name in ["HF_TOKEN", "VLLM_API_KEY"] {
        let passed = words.windows(2).any(|pair| pair == ["-e", name]);
        assert!(passed, "{name}: {}", ran.out);
    }
}

#[test]
fn every_target_passes_secrets_on_by_name() {
    let place = place();
    for (target, by_name) in [
        ("compose", "      - NAME\n"),
        ("quadlet", "PodmanArgs=--env=NAME\n"),
        ("script", "  -e NAME \\\n"),
    ] {
        let ran = place
            .run(&[
                "generate",
                "org/m",
                "--allow-unknown-flags",
                "--hardware=MI300X",
                "--available-gpus=8",
                "--catalog=catalog",
                "--format",
                target,
            ])
            .exits(0);
        for name in ["HF_TOKEN", "VLLM_API_KEY"] {
            let passed = by_name.replace("NAME", name);
            assert!(ran.out.contains(&passed), "{passed}: {}", ran.out);
        }
    }
}
