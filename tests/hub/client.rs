//! The program as a client of the hub, with a cache in the folder `models` of its place.
#![allow(dead_code)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Hub, blob};
use crate::program::{Place, Ran, ran};

pub const MODEL: &str = "acme/Rocket-7B";

/// `cache WORDS` against a hub, with the cache in `models`.
pub fn command(place: &Place, hub: &Hub, words: &[&str]) -> Command {
    let mut command = place.command(&[&["cache"], words].concat());
    command
        .env("HF_ENDPOINT", hub.endpoint())
        .env("AIM_CACHE_DIR", place.path("models"));
    command
}

pub fn cache(place: &Place, hub: &Hub, words: &[&str]) -> Ran {
    ran(&mut command(place, hub, words))
}

pub fn folder(place: &Place) -> PathBuf {
    place.path("models/hub/models--acme--Rocket-7B")
}

/// Fails unless the commit is there with these files and no others, and `main` names it.
#[track_caller]
pub fn is_published(place: &Place, commit: &str, files: &[(&str, Vec<u8>)]) {
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
pub fn is_not_published(place: &Place) {
    let folder = folder(place);
    assert_eq!(names(&folder.join("snapshots")), Vec::<String>::new());
    assert_eq!(names(&folder.join("refs")), Vec::<String>::new());
}

pub fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}
