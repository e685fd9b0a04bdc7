//! The hub's own Python tools and this program read what the other one wrote.
//!
//! Python is that of `HF_PYTHON`, else `python3`; where it has no `huggingface_hub`, the tests say so and
//! are skipped.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on ends"
)]

mod hub;
mod program;

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use hub::client::{MODEL, cache, command, is_published};
use hub::{Fault, Hub, noise};
use program::Place;
use serde_json::Value as Json;

fn files() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("config.json", b"{\"model_type\": \"rocket\"}".to_vec()),
        ("model.safetensors", noise(1, 300_000)),
        ("tokenizer/vocab.json", b"{}".to_vec()),
    ]
}

/// A Python with `huggingface_hub`, in a place without anybody's settings.
struct Python(PathBuf);

impl Python {
    fn find() -> Option<Python> {
        let named = std::env::var_os("HF_PYTHON").map(PathBuf::from);
        let python = named.unwrap_or_else(|| "python3".into());
        let import = ["-c", "import huggingface_hub"];
        let there = Command::new(&python)
            .args(import)
            .stderr(Stdio::null())
            .status();
        if there.is_ok_and(|status| status.success()) {
            return Some(Python(python));
        }
        println!("skipped: {} has no huggingface_hub", python.display());
        None
    }

    fn command(&self, place: &Place, hub: &Hub, what: &str) -> Command {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/hub/round_trip.py");
        let mut command = Command::new(&self.0);
        command
            .args([script, what])
            .arg(place.path("models/hub"))
            .arg(MODEL)
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", place.path("home"))
            .env("HF_HUB_DISABLE_TELEMETRY", "1")
            .env("HF_HUB_DISABLE_PROGRESS_BARS", "1")
            .env("HF_HUB_DISABLE_UPDATE_CHECK", "1")
            .env("HF_HUB_DISABLE_XET", "1")
            .env("HF_ENDPOINT", hub.endpoint());
        command
    }

    /// What the script answers; it may not say anything beside.
    fn run(&self, place: &Place, hub: &Hub, what: &str) -> Json {
        let output = self.command(place, hub, what).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
        assert_eq!(said, "");
        serde_json::from_slice(&output.stdout).unwrap()
    }
}

#[test]
fn python_reads_what_was_fetched_here() {
    let Some(python) = Python::find() else { return };
    let (place, hub) = (Place::new(), Hub::start());
    let commit = hub.add(MODEL, &files());
    cache(&place, &hub, &["add", MODEL]).exits(0);
    hub.requests();
    let read = python.run(&place, &hub, "read");
    assert!(hub.requests().is_empty());
    assert_eq!(read["warnings"], serde_json::json!([]));
    let repo = &read["repos"][MODEL];
    assert_eq!(repo["revisions"], serde_json::json!([commit]));
    assert_eq!(repo["refs"], serde_json::json!(["main"]));
    let names: Vec<&str> = files().iter().map(|(path, _)| *path).collect();
    assert_eq!(repo["files"], serde_json::json!(names));
    assert_eq!(read["config"], "{\"model_type\": \"rocket\"}");
    assert_eq!(read["loaded"], true);
    // It fetches nothing of it again.
    python.run(&place, &hub, "fetch");
    let files = hub
        .requests()
        .into_iter()
        .filter(|request| request.to_files)
        .count();
    assert_eq!(files, 0);
    // A download that was killed is nothing to warn of either.
    let second = hub.add("acme/Other", &[("model.safetensors", noise(2, 300_000))]);
    hub.fault("", usize::MAX, Fault::Slow(8192, Duration::from_millis(10)));
    let mut killed = command(&place, &hub, &["add", "acme/Other"])
        .spawn()
        .unwrap();
    let begun = place.path("models/hub/models--acme--Other/blobs");
    while fs::read_dir(&begun).map_or(0, Iterator::count) == 0 {
        std::thread::sleep(Duration::from_millis(2));
    }
    killed.kill().unwrap();
    killed.wait().unwrap();
    let read = python.run(&place, &hub, "read");
    assert_eq!(read["warnings"], serde_json::json!([]));
    assert_eq!(
        read["repos"]["acme/Other"]["revisions"],
        serde_json::json!([])
    );
    assert!(second.len() == 40);
}

#[test]
fn what_python_fetched_is_listed_and_not_fetched_again() {
    let Some(python) = Python::find() else { return };
    let (place, hub) = (Place::new(), Hub::start());
    let commit = hub.add(MODEL, &files());
    let fetched = python.run(&place, &hub, "fetch");
    let listed = cache(&place, &hub, &["list", "--format", "json"])
        .exits(0)
        .json();
    let model = &listed["models"][0];
    assert_eq!(model["model"], MODEL);
    assert_eq!(model["revision"], commit.as_str());
    assert_eq!(model["state"], "complete");
    assert_eq!(model["size"], 300_026);
    assert_eq!(model["path"], fetched["path"]);
    cache(&place, &hub, &["verify", "--deep"]).exits(0);
    let sent = hub.sent();
    cache(&place, &hub, &["add", MODEL]).exits(0);
    assert_eq!(hub.sent(), sent);
    is_published(&place, &commit, &files());
    cache(&place, &hub, &["remove", MODEL]).exits(0);
    let read = python.command(&place, &hub, "read").output().unwrap();
    assert!(String::from_utf8_lossy(&read.stderr).contains("LocalEntryNotFoundError"));
}

/// Python sees the cache as a container of the plan does: read-only where this process may mount, and with the
/// plan's variables.
#[test]
fn what_a_plan_mounts_python_opens_without_a_hub() {
    const READ_ONLY: &str =
        "mount --bind \"$0\" \"$0\" && mount -o remount,bind,ro \"$0\" && exec \"$@\"";
    let Some(python) = Python::find() else { return };
    let (place, hub) = (Place::new(), Hub::start());
    let commit = hub.add(MODEL, &files());
    cache(&place, &hub, &["add", MODEL]).exits(0);
    place.write("catalog/models/rocket.yaml", program::card(MODEL));
    let recipe = program::recipe("rocket", MODEL, "MI300X", "bf16", 1);
    place.write("catalog/recipes/rocket.yaml", recipe);
    let words = ["generate", MODEL, "1", "--catalog=catalog", "--format=json"];
    let more = [
        "--hardware=MI300X",
        "--available-gpus=1",
        "--cache-dir=models",
    ];
    let answer = place.run(&[&words[..], &more].concat()).exits(0).json();
    assert_eq!(answer["model_cache"]["commit"], commit.as_str());
    hub.requests();
    let models = place.text("models");
    let as_seen = python.command(&place, &hub, "plain");
    let may_mount = Command::new("unshare").args(["--mount", "true"]).status();
    let mut command = match may_mount.is_ok_and(|status| status.success()) {
        true => {
            let mut command = Command::new("unshare");
            command.args(["--mount", "sh", "-c", READ_ONLY, &models]);
            command
                .arg(as_seen.get_program())
                .args(as_seen.get_args())
                .env_clear();
            for (name, value) in as_seen.get_envs() {
                command.env(name, value.unwrap_or_default());
            }
            command
        }
        false => as_seen,
    };
    for (name, value) in answer["env"].as_object().unwrap() {
        let value = value.as_str().unwrap();
        command.env(name, value.replace("/workspace/model-cache", &models));
    }
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let opened: Json = serde_json::from_slice(&output.stdout).unwrap();
    let snapshot = format!("{models}/hub/models--acme--Rocket-7B/snapshots/{commit}");
    assert_eq!(opened["path"], snapshot);
    assert!(hub.requests().is_empty());
}

#[test]
fn python_and_this_program_fetch_a_file_once_between_them() {
    let Some(python) = Python::find() else { return };
    let (place, hub) = (Place::new(), Hub::start());
    let commit = hub.add(MODEL, &files());
    hub.fault("", usize::MAX, Fault::Slow(4096, Duration::from_millis(20)));
    let mut ours = command(&place, &hub, &["add", MODEL])
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let blobs = place.path("models/hub/models--acme--Rocket-7B/blobs");
    while fs::read_dir(&blobs).map_or(0, Iterator::count) < 3 {
        std::thread::sleep(Duration::from_millis(2));
    }
    // It waits for the lock, and finds the file then.
    python.run(&place, &hub, "fetch");
    assert!(ours.wait().unwrap().success());
    assert_eq!(hub.sent(), 300_026);
    is_published(&place, &commit, &files());
}
