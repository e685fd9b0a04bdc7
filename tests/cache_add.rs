//! Fetching models: what is right is published at once, and nothing else ever is.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on ends"
)]

mod hub;
mod program;

use std::fs;
use std::process::Command;
use std::time::Duration;

use hub::{Fault, Hub, blob, noise};
use program::{Place, Ran, ran};

const MODEL: &str = "acme/Rocket-7B";

fn files() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("config.json", b"{\"model_type\": \"rocket\"}".to_vec()),
        ("model-00001-of-00002.safetensors", noise(1, 300_000)),
        ("model-00002-of-00002.safetensors", noise(2, 200_000)),
        ("tokenizer/vocab.json", b"{}".to_vec()),
        ("empty.txt", Vec::new()),
    ]
}

/// `cache WORDS` against a hub, with the cache in `models`.
fn command(place: &Place, hub: &Hub, words: &[&str]) -> Command {
    let mut command = place.command(&[&["cache"], words].concat());
    command
        .env("HF_ENDPOINT", hub.endpoint())
        .env("AIM_CACHE_DIR", place.path("models"));
    command
}

fn cache(place: &Place, hub: &Hub, words: &[&str]) -> Ran {
    ran(&mut command(place, hub, words))
}

fn folder(place: &Place) -> std::path::PathBuf {
    place.path("models/hub/models--acme--Rocket-7B")
}

/// Fails unless the commit is there with these files and no others, and `main` names it.
#[track_caller]
fn is_published(place: &Place, commit: &str, files: &[(&str, Vec<u8>)]) {
    let folder = folder(place);
    assert_eq!(
        fs::read_to_string(folder.join("refs/main")).unwrap(),
        commit
    );
    let snapshot = folder.join("snapshots").join(commit);
    for (path, bytes) in files {
        let link = snapshot.join(path);
        assert!(fs::read(&link).unwrap() == *bytes, "{path}");
        let up = "../".repeat(2 + path.matches('/').count());
        let target = fs::read_link(&link).unwrap();
        assert_eq!(
            target.to_str().unwrap(),
            format!("{up}blobs/{}", blob(bytes))
        );
    }
    let mut blobs: Vec<String> = files.iter().map(|(_, bytes)| blob(bytes)).collect();
    blobs.sort();
    blobs.dedup();
    assert_eq!(names(&folder.join("blobs")), blobs);
}

/// Fails unless nothing of the model can be seen.
#[track_caller]
fn is_not_published(place: &Place) {
    let folder = folder(place);
    assert_eq!(names(&folder.join("snapshots")), Vec::<String>::new());
    assert_eq!(names(&folder.join("refs")), Vec::<String>::new());
}

fn names(dir: &std::path::Path) -> Vec<String> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_model_is_fetched_listed_and_not_fetched_again() {
    let (place, hub) = (Place::new(), Hub::start());
    let commit = hub.add(MODEL, &files());
    let added = cache(&place, &hub, &["add", MODEL]).exits(0).says_nothing();
    assert!(added.out.contains("5 files, 488.3 KiB"), "{}", added.out);
    is_published(&place, &commit, &files());
    let listed = cache(&place, &hub, &["list", "--format", "json"])
        .exits(0)
        .json();
    assert_eq!(listed["models"][0]["model"], MODEL);
    assert_eq!(listed["models"][0]["state"], "complete");
    assert_eq!(listed["models"][0]["size"], 500_026);
    let index = fs::read(place.path("models/cache_index.json")).unwrap();
    let index: serde_json::Value = serde_json::from_slice(&index).unwrap();
    assert_eq!(index[MODEL]["cached"], true);
    assert_eq!(index[MODEL]["commit_hash"], commit.as_str());
    hub.requests();
    let again = cache(&place, &hub, &["add", MODEL, "--format", "json"])
        .exits(0)
        .json();
    assert_eq!(again["fetched"], 0);
    assert!(
        hub.requests()
            .iter()
            .all(|request| !request.path.contains("resolve"))
    );
}
