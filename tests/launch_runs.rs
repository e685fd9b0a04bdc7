//! `launch` runs the words that `generate` prints, whichever engine is there; seen by engines that only note
//! what they are told.

#![expect(clippy::expect_used, reason = "a test may fail")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};

const MACHINE: [&str; 4] = ["--hardware", "MI300X", "--available-gpus", "8"];

/// A folder of programs, and the user's own.
struct Place(tempfile::TempDir);

impl Place {
    /// With these engines, which note each call, a word a line, and have no container.
    fn with(engines: &[&str]) -> Place {
        let place = Place(tempfile::tempdir().expect("a folder"));
        fs::create_dir(place.path("bin")).expect("a folder");
        for engine in engines {
            place.program(engine, "case $1 in run) exit 125;; esac");
        }
        place.cache("Qwen/Qwen3-32B");
        place
    }

    /// Puts a model into the cache, so that no launch depends on this machine's disk.
    fn cache(&self, model: &str) {
        let folder = self.path("model");
        fs::create_dir_all(&folder).expect("a folder");
        fs::write(folder.join("config.json"), "{}").expect("a file");
        fs::write(folder.join("model.safetensors"), [0; 64]).expect("a file");
        let from = folder.display().to_string();
        let added = self.run(&["cache", "add", model, "--from", &from], &[]);
        assert!(added.status.success(), "{}", text(&added.stderr));
    }

    fn program(&self, name: &str, more: &str) {
        let calls = self.path("calls");
        let text = format!(
            "#!/bin/sh\n{{ echo '--'; echo {name}; printf '%s\\n' \"$@\"; }} >>{}\n{more}\n",
            calls.display()
        );
        let file = self.path("bin").join(name);
        fs::write(&file, text).expect("a file");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).expect("a program");
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.0.path().join(name)
    }

    fn run(&self, words: &[&str], env: &[(&str, &str)]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_aim-engine"));
        command
            .env_clear()
            .env("PATH", self.path("bin"))
            .env("HOME", self.0.path())
            .envs(env.iter().copied())
            .args(words);
        command.output().expect("the program runs")
    }

    /// The words of the only call that runs a container.
    fn words_of_run(&self) -> Vec<String> {
        let calls = fs::read_to_string(self.path("calls")).expect("calls");
        let mut runs = calls
            .split("--\n")
            .filter(|call| call.lines().nth(1) == Some("run"));
        let run = runs.next().expect("a call");
        assert_eq!(runs.next(), None);
        run.lines().map(str::to_owned).collect()
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn what_is_run_is_what_generate_prints() {
    for (engine, more) in [
        ("docker", &[][..]),
        ("podman", &[]),
        ("docker", &["--detach"]),
        (
            "docker",
            &["--port", "8123", "--name", "mine", "--gpu-ids", "6,7"],
        ),
        ("docker", &["--backend", "sglang"]),
    ] {
        let place = Place::with(&[engine]);
        let wanted = [&["Qwen/Qwen3-32B", "2"], &MACHINE[..], more].concat();
        let printed = place.run(&[&["generate"], &wanted[..]].concat(), &[]);
        let mut words = shlex::split(&text(&printed.stdout).replace(" \\\n", " ")).expect("words");
        words[0] = engine.to_owned();
        let launched = place.run(&[&["launch"], &wanted[..]].concat(), &[]);
        assert_eq!(
            launched.status.code(),
            Some(3),
            "{}",
            text(&launched.stderr)
        );
        assert_eq!(place.words_of_run(), words);
    }
}

#[test]
fn docker_comes_before_podman_and_the_user_before_both() {
    let wanted = [&["launch", "Qwen/Qwen3-32B", "1"], &MACHINE[..]].concat();
    for (flags, env, runs) in [
        (&[][..], &[][..], "docker"),
        (&["--engine", "podman"], &[], "podman"),
        (&[], &[("AIM_CONTAINER_ENGINE", "podman")], "podman"),
        (
            &["--engine", "docker"],
            &[("AIM_CONTAINER_ENGINE", "podman")],
            "docker",
        ),
    ] {
        let place = Place::with(&["docker", "podman"]);
        place.run(&[&wanted[..], flags].concat(), env);
        assert_eq!(place.words_of_run()[0], runs);
    }
    let place = Place::with(&["podman"]);
    let launched = place.run(&wanted, &[]);
    assert_eq!(place.words_of_run()[0], "podman");
    assert!(text(&launched.stderr).contains("containers are run by `podman`"));
}

#[test]
fn without_an_engine_it_says_so() {
    let place = Place::with(&[]);
    let launch = [&["launch", "Qwen/Qwen3-32B", "1"], &MACHINE[..]].concat();
    for words in [&launch[..], &["status"], &["logs"], &["stop", "--all"]] {
        let ran = place.run(words, &[]);
        let err = text(&ran.stderr);
        assert_eq!(ran.status.code(), Some(3), "{words:?}: {err}");
        assert!(
            err.contains("neither `docker` nor `podman` is installed"),
            "{err}"
        );
        let named = place.run(&[words, &["--engine", "podman"]].concat(), &[]);
        let err = text(&named.stderr);
        assert_eq!(named.status.code(), Some(3), "{words:?}: {err}");
        assert!(err.contains("`podman` is not installed"), "{err}");
    }
    // Deciding needs none.
    let dry = place.run(&[&launch[..], &["--dry-run"]].concat(), &[]);
    assert_eq!(dry.status.code(), Some(0));
}

#[test]
fn an_engine_that_refuses_is_told_in_its_words() {
    let launch = [&["launch", "Qwen/Qwen3-32B", "1"], &MACHINE[..]].concat();
    for (says, code) in [
        (
            "permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock",
            "container::not_permitted",
        ),
        (
            "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?",
            "container::daemon_stopped",
        ),
        ("a new kind of trouble", "container::failed"),
    ] {
        let place = Place::with(&[]);
        place.program("docker", &format!("echo '{says}' >&2; exit 1"));
        for words in [&launch[..], &["status"], &["stop", "--all"]] {
            let ran = place.run(words, &[]);
            let err = text(&ran.stderr);
            assert_eq!(ran.status.code(), Some(3), "{words:?}: {err}");
            assert!(err.contains(code), "{words:?}: {err}");
        }
        assert!(!Path::new(&place.path(".local/state/aim-engine/launch.lock")).exists());
    }
}

#[test]
fn a_token_is_passed_by_its_name_alone() {
    let place = Place::with(&["docker"]);
    let launch = [&["launch", "Qwen/Qwen3-32B", "1"], &MACHINE[..]].concat();
    let ran = place.run(
        &[&launch[..], &["-vv"]].concat(),
        &[("HF_TOKEN", "hf_secret")],
    );
    let calls = fs::read_to_string(place.path("calls")).expect("calls");
    assert!(calls.contains("\nHF_TOKEN\n"));
    for seen in [calls, text(&ran.stdout), text(&ran.stderr)] {
        assert!(!seen.contains("hf_secret"), "{seen}");
    }
    let state = fs::read(place.path(".local/state/aim-engine/state.db")).expect("a state");
    assert!(!text(&state).contains("hf_secret"));
}
