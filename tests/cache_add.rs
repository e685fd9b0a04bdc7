//! Fetching models: what is right is published at once, and nothing else ever is.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on ends"
)]

mod hub;
mod program;

use std::fs;
use std::process::Command;
use std::time::Duration;

use hub::client::{MODEL, cache, command, is_not_published, is_published, names};
use hub::{Fault, Hub, blob, noise};
use program::{Place, ran};

fn files() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("config.json", b"{\"model_type\": \"rocket\"}".to_vec()),
        ("model-00001-of-00002.safetensors", noise(1, 300_000)),
        ("model-00002-of-00002.safetensors", noise(2, 200_000)),
        ("tokenizer/vocab.json", b"{}".to_vec()),
        ("empty.txt", Vec::new()),
    ]
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

/// One file of 300 kB and a small one.
fn one_large() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("config.json", b"{}".to_vec()),
        ("model.safetensors", noise(3, 300_000)),
    ]
}

#[test]
fn what_breaks_on_the_way_is_fetched_on_from_there() {
    for fault in [
        Fault::Truncate(100_000),
        Fault::Stall(100_000),
        Fault::HangUp,
        Fault::Status(500, vec![]),
        Fault::Status(503, vec![("retry-after", "0".to_owned())]),
        Fault::Status(429, vec![("retry-after", "1".to_owned())]),
        Fault::Slow(50_000, Duration::from_millis(20)),
    ] {
        let (place, hub) = (Place::new(), Hub::start());
        let commit = hub.add(MODEL, &one_large());
        hub.fault(&blob(&one_large()[1].1), 1, fault.clone());
        let ran = ran(command(&place, &hub, &["add", MODEL]).env("HF_HUB_DOWNLOAD_TIMEOUT", "1"));
        let ran = ran.exits(0);
        is_published(&place, &commit, &one_large());
        // Nothing was sent twice, whatever broke.
        assert_eq!(hub.sent(), 300_002, "{fault:?} {}", ran.err);
    }
}

#[test]
fn a_host_that_gives_whole_files_only_is_no_trouble() {
    let (place, hub) = (Place::new(), Hub::start());
    let commit = hub.add(MODEL, &one_large());
    let name = blob(&one_large()[1].1);
    hub.fault(&name, 1, Fault::Truncate(100_000));
    hub.fault(&name, 1, Fault::NoRanges);
    cache(&place, &hub, &["add", MODEL]).exits(0);
    is_published(&place, &commit, &one_large());
}

#[test]
fn wrong_bytes_are_never_published() {
    for fault in [Fault::WrongByte(77), Fault::Longer] {
        let (place, hub) = (Place::new(), Hub::start());
        let commit = hub.add(MODEL, &one_large());
        hub.fault("model.safetensors", 100, fault);
        let ran = cache(&place, &hub, &["add", MODEL]).exits(3);
        assert!(ran.err.contains("cache::wrong_content"), "{}", ran.err);
        is_not_published(&place);
        hub.mend();
        cache(&place, &hub, &["add", MODEL]).exits(0);
        is_published(&place, &commit, &one_large());
    }
    // Once is bad luck.
    let (place, hub) = (Place::new(), Hub::start());
    let commit = hub.add(MODEL, &one_large());
    hub.fault("model.safetensors", 1, Fault::WrongByte(77));
    cache(&place, &hub, &["add", MODEL]).exits(0);
    is_published(&place, &commit, &one_large());
    // Also where what was begun is wrong.
    let (place, hub) = (Place::new(), Hub::start());
    let commit = hub.add(MODEL, &one_large());
    let begun = format!(
        "models/hub/models--acme--Rocket-7B/blobs/{}.incomplete",
        blob(&one_large()[1].1)
    );
    place.write(&begun, vec![0; 1000]);
    cache(&place, &hub, &["add", MODEL]).exits(0);
    is_published(&place, &commit, &one_large());
}

#[test]
fn a_hub_that_fails_again_and_again_ends_with_what_to_do() {
    let (place, hub) = (Place::new(), Hub::start());
    hub.add(MODEL, &one_large());
    hub.fault("model.safetensors", 100, Fault::Status(500, vec![]));
    let failed = cache(&place, &hub, &["add", MODEL]).exits(3);
    assert!(
        failed.err.contains("hub::server") && failed.err.contains("(500)"),
        "{}",
        failed.err
    );
    is_not_published(&place);
    hub.mend();
    hub.fault("/api/", 100, Fault::Garbage);
    cache(&place, &hub, &["add", MODEL])
        .exits(3)
        .says("hub::answer");
    hub.mend();
    let wait = vec![("retry-after", "86400".to_owned())];
    hub.fault("/api/", 100, Fault::Status(429, wait));
    cache(&place, &hub, &["add", MODEL])
        .exits(3)
        .says("hub::busy");
    hub.mend();
    hub.fault(
        "/api/",
        100,
        Fault::Redirect(format!(
            "{}/api/models/{MODEL}/revision/main",
            hub.endpoint()
        )),
    );
    cache(&place, &hub, &["add", MODEL])
        .exits(3)
        .says("redirects again and again");
}

#[test]
fn who_may_not_have_a_model_is_told_where_to_ask() {
    let (place, hub) = (Place::new(), Hub::start());
    hub.add(MODEL, &one_large());
    hub.change(MODEL, |model| {
        model.gated = true;
        model.token = Some("hf_right".to_owned());
    });
    let page = format!("{}/{MODEL}", hub.endpoint());
    let gated = cache(&place, &hub, &["add", MODEL])
        .exits(3)
        .says("hub::gated")
        .says("HF_TOKEN");
    assert!(gated.err.replace('\n', "").contains(&page), "{}", gated.err);
    is_not_published(&place);
    let wrong = ran(command(&place, &hub, &["add", MODEL]).env("HF_TOKEN", "hf_wrong"));
    wrong.exits(3).says("hub::gated").says("may not");
    ran(command(&place, &hub, &["add", MODEL]).env("HF_TOKEN", "hf_right")).exits(0);
    hub.change(MODEL, |model| {
        model.gated = false;
        model.private = true;
    });
    cache(&place, &hub, &["add", MODEL])
        .exits(1)
        .says("hub::no_model")
        .says("private");
    cache(&place, &hub, &["add", "acme/None"])
        .exits(1)
        .says("hub::no_model");
    cache(&place, &hub, &["add", MODEL]).exits(1);
    hub.change(MODEL, |model| model.token = None);
    cache(&place, &hub, &["add", MODEL, "--revision", "v9"])
        .exits(1)
        .says("hub::no_revision")
        .says("`v9`");
    for status in [401, 403] {
        hub.fault("/api/", 1, Fault::Status(status, vec![]));
        let refused = ran(command(&place, &hub, &["add", MODEL]).env("HF_TOKEN", "hf_old"));
        refused.exits(3).says("hub::token");
    }
}

#[test]
fn the_token_goes_to_the_hub_and_nowhere_else() {
    const TOKEN: &str = "hf_MarkerOfAToken";
    let (place, hub) = (Place::new(), Hub::start());
    hub.add(MODEL, &files());
    hub.change(MODEL, |model| {
        model.gated = true;
        model.token = Some(TOKEN.to_owned());
    });
    place.write("token", TOKEN);
    let mut command = command(&place, &hub, &["-vv", "add", MODEL]);
    let ran = ran(command
        .env("HF_TOKEN_PATH", place.path("token"))
        .env("AIM_DEBUG", "1"))
    .exits(0);
    for text in [&ran.out, &ran.err] {
        assert!(
            !text.contains(TOKEN) && !text.contains("secret-of-a-link"),
            "{text}"
        );
    }
    let requests = hub.requests();
    assert!(requests.iter().any(|request| request.to_files));
    for request in requests {
        assert_eq!(request.token.is_some(), !request.to_files, "{request:?}");
    }
    // Nor does any file that was written have it.
    for folder in ["models", "home"] {
        let found = Command::new("grep")
            .args(["-rlF", TOKEN])
            .arg(place.path(folder))
            .output();
        assert_eq!(String::from_utf8_lossy(&found.unwrap().stdout), "");
    }
}

#[test]
fn lists_in_pages_and_files_by_patterns_are_understood() {
    let (place, hub) = (Place::new(), Hub::start());
    let all = [
        "pytorch_model.bin",
        "original/weights.pth",
        "model.gguf",
        "onnx/model.onnx",
        "tf_model.h5",
    ];
    let mut files = files();
    files.extend(all.map(|path| (path, path.as_bytes().to_vec())));
    hub.add(MODEL, &files);
    hub.page(2);
    let dry = cache(
        &place,
        &hub,
        &["add", MODEL, "--dry-run", "--format", "json"],
    )
    .exits(0)
    .json();
    assert_eq!(dry["files"], 5);
    let left_out: Vec<&str> = dry["left_out"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| file["path"].as_str().unwrap())
        .collect();
    assert_eq!(left_out.len(), 5, "{left_out:?}");
    assert!(!place.path("models").exists());
    let some = [
        "add",
        MODEL,
        "--include",
        "*.gguf",
        "--include",
        "*.json",
        "--exclude",
        "tok*",
    ];
    let added = cache(&place, &hub, &[&some[..], &["--format", "json"]].concat())
        .exits(0)
        .json();
    assert_eq!(added["files"], 2);
    cache(&place, &hub, &["add", MODEL, "--include", "*.nothing"])
        .exits(1)
        .says("cache::no_files");
    // What is added later joins what is there.
    cache(&place, &hub, &["add", MODEL]).exits(0);
    let listed = cache(&place, &hub, &["list", "--format", "json"])
        .exits(0)
        .json();
    assert_eq!(listed["models"][0]["files"], 6);
    assert_eq!(listed["models"][0]["state"], "complete");
    // Where there are no safetensors, the others are the weights.
    let files = [
        ("pytorch_model.bin", noise(5, 20_000)),
        ("config.json", b"{}".to_vec()),
    ];
    hub.add("acme/Old", &files);
    let old = cache(&place, &hub, &["add", "acme/Old", "--format", "json"])
        .exits(0)
        .json();
    assert_eq!(old["files"], 2);
    // A site knows better.
    place.write(
        "site.dl",
        "unneeded_file(\".*vocab.*\", \"our engine has its own\").\n",
    );
    let dry = ["add", MODEL, "--dry-run", "--rules", &place.text("site.dl")];
    let dry = cache(&place, &hub, &dry).exits(0);
    assert!(
        dry.out.contains("1 file (2 B), our engine has its own"),
        "{}",
        dry.out
    );
}

#[test]
fn names_that_lead_out_of_the_folder_are_refused() {
    let (place, hub) = (Place::new(), Hub::start());
    hub.add(MODEL, &one_large());
    let long = "a".repeat(300);
    for name in [
        "../x",
        "/etc/passwd",
        "a/../../b",
        long.as_str(),
        "a/b/c",
        "-x/y",
        "a\u{1}b",
    ] {
        for words in [["add", "--", name], ["remove", "--", name]] {
            cache(&place, &hub, &words).exits(2).says("hub::name");
        }
    }
    for revision in ["../../x", "/etc/passwd", "a//b", ""] {
        cache(&place, &hub, &["add", MODEL, "--revision", revision])
            .exits(2)
            .says("hub::name");
    }
    // Nor does a hub make this write elsewhere.
    hub.add("acme/Evil", &[("../../../../evil.json", b"{}".to_vec())]);
    cache(&place, &hub, &["add", "acme/Evil"])
        .exits(3)
        .says("hub::answer");
    hub.change(MODEL, |model| {
        let files = model.commits.values().next().unwrap().clone();
        model.commits.insert("../../../evil".to_owned(), files);
        model
            .refs
            .insert("main".to_owned(), "../../../evil".to_owned());
    });
    cache(&place, &hub, &["add", MODEL])
        .exits(3)
        .says("hub::answer");
    assert!(!place.path("models").exists());
    assert!(!place.path("evil.json").exists());
}

#[test]
fn a_cache_that_only_others_write_is_read() {
    let (place, hub) = (Place::new(), Hub::start());
    hub.add(MODEL, &one_large());
    cache(&place, &hub, &["add", MODEL]).exits(0);
    // As root every file may be written, so that only the missing trace of a writing shows it.
    let written = |name: &str| {
        let found = fs::metadata(place.path("models/hub").join(name));
        found.unwrap().modified().unwrap()
    };
    let folders = ["models--acme--Rocket-7B", "models--acme--Rocket-7B/.aim"];
    let before = folders.map(written);
    fs::remove_dir_all(place.path("models/hub/.locks/models--acme--Rocket-7B")).unwrap();
    cache(&place, &hub, &["add", MODEL]).exits(0);
    assert_eq!(folders.map(written), before);
    assert!(
        !place
            .path("models/hub/.locks/models--acme--Rocket-7B")
            .exists()
    );
}

#[test]
fn without_the_network_what_is_there_is_enough() {
    let (place, hub) = (Place::new(), Hub::start());
    hub.add(MODEL, &one_large());
    let offline = |words: &[&str]| ran(command(&place, &hub, words).env("HF_HUB_OFFLINE", "1"));
    offline(&["add", MODEL]).exits(3).says("hub::offline");
    cache(&place, &hub, &["add", MODEL]).exits(0);
    hub.requests();
    assert!(offline(&["add", MODEL]).exits(0).out.contains("is there"));
    offline(&["list"]).exits(0);
    assert!(hub.requests().is_empty());
    let nobody = command(&place, &hub, &["add", MODEL])
        .env("HF_ENDPOINT", "http://127.0.0.1:1")
        .output();
    let nobody = String::from_utf8(nobody.unwrap().stderr).unwrap();
    assert!(nobody.contains("hub::unreachable"), "{nobody}");
}

#[test]
fn the_folder_that_the_hubs_own_tools_use_is_the_cache() {
    let (place, hub) = (Place::new(), Hub::start());
    hub.add(MODEL, &one_large());
    let add = |settings: &[(&str, &str)], words: &[&str]| {
        let mut command = command(&place, &hub, words);
        command.env_remove("AIM_CACHE_DIR");
        ran(command.envs(settings.iter().copied())).exits(0)
    };
    let model = "models--acme--Rocket-7B/refs/main";
    let both = [("HF_HUB_CACHE", "~/a/hub"), ("HF_HOME", "elsewhere")];
    add(&both, &["add", MODEL]);
    assert!(place.path("home/a/hub").join(model).exists());
    assert!(place.path("home/a/cache_index.json").exists());
    // A folder of another name has nothing in it but models.
    let flat = [("HUGGINGFACE_HUB_CACHE", "$HOME/flat")];
    add(&flat, &["add", MODEL]);
    assert_eq!(
        names(&place.path("home/flat")),
        [".locks", "models--acme--Rocket-7B"]
    );
    for what in ["list", "stats"] {
        assert!(add(&flat, &[what]).out.contains("complete"));
    }
    let asked = place.text("asked");
    add(&flat, &["add", MODEL, "--cache-dir", &asked]);
    assert!(place.path("asked/hub").join(model).exists());
    add(&[], &["add", MODEL]);
    let default = place.path("home/.cache/huggingface/hub");
    assert!(default.join(model).exists());
    assert!(!place.path("elsewhere").exists());
}

#[test]
fn what_has_no_files_and_files_without_bytes() {
    let (place, hub) = (Place::new(), Hub::start());
    hub.add("acme/Empty", &[]);
    cache(&place, &hub, &["add", "acme/Empty"])
        .exits(1)
        .says("cache::empty");
    assert!(!place.path("models").exists());
    let files = [("__init__.py", Vec::new()), ("config.json", b"{}".to_vec())];
    let commit = hub.add(MODEL, &files);
    cache(&place, &hub, &["add", MODEL]).exits(0);
    is_published(&place, &commit, &files);
    cache(&place, &hub, &["verify", "--deep"]).exits(0);
    cache(&place, &hub, &["add", "datasets/acme/Rocket-7B"])
        .exits(2)
        .says("something else of the hub than a model");
}

#[test]
fn a_model_that_moved_and_a_hub_that_names_a_date_are_followed() {
    let (place, hub) = (Place::new(), Hub::start());
    let files = one_large();
    let commit = hub.add(MODEL, &files);
    hub.add("acme/New", &files);
    hub.change("acme/New", |model| {
        let all = model.commits.values().next().unwrap().clone();
        model.commits.insert(commit.clone(), all);
        model.refs.insert("main".to_owned(), commit.clone());
    });
    let to = "/api/models/acme/New/revision/main".to_owned();
    hub.fault(
        "/api/models/acme/Rocket-7B/revision",
        1,
        Fault::Redirect(to),
    );
    let date = "Sun, 06 Nov 1994 08:49:37 GMT".to_owned();
    hub.fault("tree", 2, Fault::Status(429, vec![("retry-after", date)]));
    cache(&place, &hub, &["add", MODEL]).exits(0);
    is_published(&place, &commit, &files);
}

#[test]
fn a_content_that_another_tool_cut_short_is_seen() {
    let (place, hub) = (Place::new(), Hub::start());
    let files = one_large();
    let commit = hub.add(MODEL, &files);
    cache(&place, &hub, &["add", MODEL]).exits(0);
    // As another tool has it: no note of this program, and one of its own.
    let folder = place.path("models/hub/models--acme--Rocket-7B");
    fs::remove_dir_all(folder.join(".aim")).unwrap();
    let listed = files.iter().map(|(path, bytes)| {
        let (size, name) = (bytes.len(), blob(bytes));
        let entry = match name.len() {
            64 => serde_json::json!({
                "size": size, "blob_id": "0".repeat(40), "lfs_sha256": name, "lfs_size": size,
            }),
            _ => serde_json::json!({"size": size, "blob_id": name}),
        };
        ((*path).to_owned(), entry)
    });
    let listed: serde_json::Map<String, serde_json::Value> = listed.collect();
    let listing = serde_json::json!({"format_version": 1, "files": listed});
    fs::create_dir(folder.join("trees")).unwrap();
    let listing_file = folder.join("trees").join(format!("{commit}.json"));
    fs::write(listing_file, listing.to_string()).unwrap();
    let state = || {
        let listed = cache(&place, &hub, &["list", "--format", "json"]);
        listed.exits(0).json()["models"][0]["state"].clone()
    };
    assert_eq!(state(), "complete");
    let (_, bytes) = files.iter().max_by_key(|(_, bytes)| bytes.len()).unwrap();
    let content = fs::File::options()
        .write(true)
        .open(folder.join("blobs").join(blob(bytes)))
        .unwrap();
    content.set_len(bytes.len() as u64 - 1).unwrap();
    assert_eq!(state(), "corrupt");
    cache(&place, &hub, &["verify"]).exits(1);
    cache(&place, &hub, &["add", MODEL]).exits(0);
    assert_eq!(state(), "complete");
    is_published(&place, &commit, &files);
}
