//! `generate --format`: the same decision in every target.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may fail"
)]

mod program;

use pretty_assertions::assert_eq;
use program::{Place, Ran};

const CONTAINERS: [&str; 4] = ["docker", "script", "compose", "quadlet"];
const TARGETS: [&str; 5] = ["docker", "script", "compose", "quadlet", "exec"];

fn generate(place: &Place, target: &str, words: &[&str]) -> Ran {
    let words: Vec<&str> = ["generate", "Qwen/Qwen3-32B", "2", "--format", target]
        .into_iter()
        .chain(["--cache-dir", "/srv/models"])
        .chain(words.iter().copied())
        .collect();
    place.run(&words)
}

fn on_mi300x(place: &Place, target: &str, words: &[&str]) -> Ran {
    let machine = ["--hardware", "MI300X", "--available-gpus", "8"];
    generate(place, target, &[&machine[..], words].concat())
}

#[test]
fn every_target_has_the_same_container() {
    let place = Place::new();
    let wishes = [
        "--name",
        "my-own",
        "--port",
        "8123",
        "--image",
        "quay.io/a/b:c",
    ];
    for target in CONTAINERS {
        let text = on_mi300x(&place, target, &wishes).exits(0).out;
        let labels = [
            "managed",
            "aim-engine",
            "model",
            "Qwen/Qwen3-32B",
            "port",
            "8123",
        ];
        for part in labels.into_iter().chain([
            "my-own",
            "quay.io/a/b:c",
            "com.amd.aim.recipe",
            "qwen3-32b-mi300x-bf16",
            "8123:8123",
            "HIP_VISIBLE_DEVICES=0,1",
            "HF_TOKEN",
            "/srv/models:/workspace/model-cache",
            "SYS_PTRACE",
            "seccomp=unconfined",
            "/dev/kfd",
            "/dev/dri",
        ]) {
            assert!(text.contains(part), "no {part} in {target}:\n{text}");
        }
    }
}

#[test]
fn every_target_has_the_same_command_line() {
    let place = Place::new();
    for (backend, words) in [
        (
            "vllm",
            ["serve", "--tensor-parallel-size", "--max-model-len"],
        ),
        (
            "sglang",
            ["sglang.launch_server", "--model-path", "--context-length"],
        ),
    ] {
        for target in TARGETS {
            let text = on_mi300x(&place, target, &["--backend", backend])
                .exits(0)
                .out;
            for word in words {
                assert!(text.contains(word), "no {word} in {target}:\n{text}");
            }
        }
    }
}

#[test]
fn what_compose_quadlet_and_script_ask_is_the_backends() {
    let place = Place::new();
    for target in ["script", "compose", "quadlet"] {
        for (backend, path) in [("vllm", "/health"), ("sglang", "/health")] {
            let text = on_mi300x(&place, target, &["--backend", backend])
                .exits(0)
                .out;
            assert!(text.contains("http.client"), "{text}");
            assert!(text.contains(path), "{text}");
        }
    }
}

#[test]
fn reasons_are_comments_of_every_target() {
    let place = Place::new();
    for target in TARGETS {
        let text = on_mi300x(&place, target, &["--explain"]).exits(0).out;
        let first = text.lines().find(|line| !line.starts_with("#!"));
        let first = first.unwrap();
        assert_eq!(
            first, "# Qwen/Qwen3-32B: vllm on 2 GPUs of MI300X, bf16, from",
            "{target}"
        );
        let plain = on_mi300x(&place, target, &[]).exits(0).out;
        let end: Vec<&str> = plain
            .lines()
            .filter(|line| !line.starts_with('#'))
            .collect();
        let explained: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
        assert_eq!(explained, end, "{target}");
    }
}

#[test]
fn no_target_takes_what_has_no_place_in_a_plan() {
    let place = Place::new();
    for target in TARGETS {
        let ran = on_mi300x(&place, target, &["--image=--privileged"]).exits(2);
        assert_eq!(ran.out, "");
        ran.says("the image `--privileged` begins with `-`");
    }
}

#[test]
fn no_recipe_is_no_in_every_target() {
    let place = Place::new();
    for target in TARGETS {
        let ran = on_mi300x(&place, target, &["--precision", "fp4", "--strict"]).exits(1);
        assert_eq!(ran.out, "", "{target}");
    }
}

#[test]
fn gpus_by_cdi_in_every_target_and_in_launch() {
    let place = Place::new();
    let chosen = ["--cdi", "--gpu-ids", "4,5"];
    let launch = ["launch", "Qwen/Qwen3-32B", "2", "--dry-run"];
    let machine = [
        "--hardware",
        "MI300X",
        "--available-gpus",
        "8",
        "--cache-dir",
        "/srv/models",
    ];
    let launched = place
        .run(&[&launch[..], &machine, &chosen].concat())
        .exits(0)
        .out;
    let mut texts = vec![launched];
    for target in CONTAINERS {
        texts.push(on_mi300x(&place, target, &chosen).exits(0).out);
    }
    for text in texts {
        assert!(text.contains("amd.com/gpu=4"), "{text}");
        assert!(text.contains("amd.com/gpu=5"), "{text}");
        assert!(text.contains("HIP_VISIBLE_DEVICES=0,1"), "{text}");
        assert!(
            !text.contains("/dev/kfd") && !text.contains("/dev/dri"),
            "{text}"
        );
    }
}

#[test]
fn a_partition_by_cdi_comes_with_its_board() {
    let place = Place::new();
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/hosts/mi300x-1-cpx");
    let words = [
        "generate",
        "Qwen/Qwen3-8B",
        "1",
        "--cdi",
        "--gpu-ids",
        "3",
        "--root",
        root,
    ];
    let text = place.run(&words).exits(0).out;
    assert!(text.contains("--device=amd.com/gpu=0 "), "{text}");
    assert!(text.contains("HIP_VISIBLE_DEVICES=3 "), "{text}");
}

#[test]
fn models_of_an_engine_here_are_where_it_is_said() {
    let place = Place::new();
    let words = ["--hardware", "MI300X", "--available-gpus", "8"];
    let words = [
        &["generate", "Qwen/Qwen3-32B", "2", "--format", "exec"][..],
        &words,
    ]
    .concat();
    let mut command = place.command(&words);
    let ran = program::ran(command.env("AIM_CACHE_DIR", "/models")).exits(0);
    assert!(ran.out.contains("HF_HOME=/models "), "{}", ran.out);
    assert!(
        ran.out.contains("VLLM_CACHE_ROOT=/models/vllm "),
        "{}",
        ran.out
    );
}
