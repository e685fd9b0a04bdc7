//! Which GPUs are taken on a machine where some are in use.

#![expect(clippy::expect_used, clippy::panic, reason = "a test may fail")]

use std::process::{Command, Output};

fn run(words: &[&str]) -> Output {
    let dir = tempfile::tempdir().expect("a folder");
    let mut command = Command::new(env!("CARGO_BIN_EXE_aim-engine"));
    command.env_clear().env("HOME", dir.path()).args(words);
    command.output().expect("the program runs")
}

/// The GPUs in the command, and what is warned of.
fn gpus(words: &[&str]) -> (String, String) {
    let ran = run(words);
    let out = String::from_utf8_lossy(&ran.stdout).into_owned();
    let err = String::from_utf8_lossy(&ran.stderr).into_owned();
    let (_, after) = out
        .split_once("HIP_VISIBLE_DEVICES=")
        .unwrap_or_else(|| panic!("{out}{err}"));
    let ids = after.split([' ', '\n']).next().unwrap_or_default();
    (ids.to_owned(), err)
}

const BUSY: [&str; 2] = ["--root", "fixtures/hosts/mi300x-4-busy"];

#[test]
fn idle_gpus_come_first_in_generate_and_in_launch() {
    let idle = run(&["detect", "--root", BUSY[1]]);
    assert!(idle.status.success());
    let mut seen = Vec::new();
    for command in [&["generate"][..], &["launch", "--dry-run"]] {
        for gpus_asked in ["1", "2", "4"] {
            let words = [command, &["Qwen/Qwen3-32B", gpus_asked], &BUSY].concat();
            let (ids, err) = gpus(&words);
            let busy = err.matches("is busy").count();
            seen.push((gpus_asked, ids, busy > 0));
        }
    }
    let (generated, launched) = seen.split_at(3);
    assert_eq!(generated, launched);
    // Two of the four are in use.
    assert_eq!(
        generated,
        [
            ("1", "0".to_owned(), false),
            ("2", "0,2".to_owned(), false),
            ("4", "0,1,2,3".to_owned(), true),
        ]
    );
}

#[test]
fn gpus_that_are_named_are_taken_and_warned_of() {
    let named = ["generate", "Qwen/Qwen3-32B", "1", "--gpu-ids", "1"];
    let (ids, err) = gpus(&[&named[..], &BUSY].concat());
    assert_eq!(ids, "1");
    assert!(err.contains("GPU 1"), "{err}");
    assert!(err.contains("is busy"), "{err}");
}
