//! What is in the cache: listed, checked, removed, cleaned up; also what other tools put there.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on ends"
)]

mod hub;
mod program;

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use aim_engine::store::ModelUses;
use hub::client::{MODEL, cache, command, folder, names};
use hub::{Hub, blob, git_blob, noise, sha256};
use program::{Place, ran};
use serde_json::Value as Json;

/// Two commits of a model that share their large file.
fn two_commits(place: &Place, hub: &Hub) -> (String, String) {
    let shared = noise(1, 100_000);
    let first = hub.add(
        MODEL,
        &[
            ("config.json", b"{}".to_vec()),
            ("model.safetensors", shared.clone()),
        ],
    );
    cache(place, hub, &["add", MODEL]).exits(0);
    let second = hub.add(
        MODEL,
        &[
            ("config.json", b"{\"v\": 2}".to_vec()),
            ("model.safetensors", shared),
        ],
    );
    let again = cache(place, hub, &["add", MODEL, "--format", "json"])
        .exits(0)
        .json();
    assert_eq!(again["fetched"], 8);
    (first, second)
}

/// Lets everything that was written or read so far be so many days older.
fn age(dir: &Path, days: u64) {
    for entry in fs::read_dir(dir).unwrap().flatten() {
        let path = entry.path();
        let found = fs::symlink_metadata(&path).unwrap();
        if found.is_dir() {
            age(&path, days);
        } else if found.is_file() {
            let time = SystemTime::now() - Duration::from_secs(days * 86_400);
            let times = fs::FileTimes::new().set_accessed(time).set_modified(time);
            fs::File::options()
                .write(true)
                .open(&path)
                .unwrap()
                .set_times(times)
                .unwrap();
            if path.extension().is_some_and(|ending| ending == "json")
                && dir.file_name().is_some_and(|name| name == ".aim")
            {
                let mut manifest: Json = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
                let then = time
                    .duration_since(SystemTime::UNIX_EPOCH)
                    .unwrap()
                    .as_secs();
                manifest["added_at"] = then.into();
                fs::write(&path, manifest.to_string()).unwrap();
            }
        }
    }
}

#[test]
fn a_revision_goes_and_what_others_share_with_it_stays() {
    let (place, hub) = (Place::new(), Hub::start());
    let (first, second) = two_commits(&place, &hub);
    let stats = cache(&place, &hub, &["stats", "--format", "json"])
        .exits(0)
        .json();
    assert_eq!(
        (&stats["models"], &stats["revisions"]),
        (&1.into(), &2.into())
    );
    assert_eq!(stats["size"], 100_010);
    assert_eq!(stats["shared_size"], 100_000);
    assert_eq!(stats["duplicate_share"], 0.5);
    assert_eq!(stats["hit_rate"], Json::Null);
    let removed = [
        "remove",
        MODEL,
        "--revision",
        &first[..8],
        "--format",
        "json",
    ];
    let removed = cache(&place, &hub, &removed).exits(0).json();
    assert_eq!(
        (&removed["freed"], &removed["shared"]),
        (&2.into(), &100_000.into())
    );
    cache(&place, &hub, &["verify", "--deep"]).exits(0);
    assert_eq!(names(&folder(&place).join("snapshots")), [second.as_str()]);
    cache(&place, &hub, &["remove", MODEL, "--revision", "v7"])
        .exits(1)
        .says("cache::no_revision");
    cache(&place, &hub, &["remove", "acme/Rocket-7b"])
        .exits(1)
        .says("did you mean `acme/Rocket-7B`?");
    let removed = cache(&place, &hub, &["remove", MODEL, "--format", "json"])
        .exits(0)
        .json();
    assert_eq!(removed["freed"], 100_008);
    assert!(!folder(&place).exists());
    assert!(
        cache(&place, &hub, &["list"])
            .exits(0)
            .out
            .contains("no models in")
    );
    let index: Json =
        serde_json::from_slice(&fs::read(place.path("models/cache_index.json")).unwrap()).unwrap();
    assert_eq!(index, serde_json::json!({}));
}

#[test]
fn each_thing_that_is_wrong_is_named_with_what_mends_it() {
    let (place, hub) = (Place::new(), Hub::start());
    let files = [
        ("config.json", b"{}".to_vec()),
        ("model.safetensors", noise(1, 50_000)),
    ];
    let commit = hub.add(MODEL, &files);
    cache(&place, &hub, &["add", MODEL]).exits(0);
    let verdict = |words: &[&str]| {
        let answer = cache(
            &place,
            &hub,
            &[&["verify", "--format", "json"], words].concat(),
        );
        let verdicts = answer.json()["verdicts"].as_array().unwrap().clone();
        let said: Vec<String> = verdicts
            .iter()
            .map(|verdict| {
                format!(
                    "{} {}",
                    verdict["condition"].as_str().unwrap(),
                    verdict["says"].as_str().unwrap()
                )
            })
            .collect();
        (answer.code.unwrap(), said)
    };
    assert_eq!(verdict(&["--deep"]), (0, vec!["complete ".to_owned()]));
    // A byte that is another one shows when all is read.
    let large = folder(&place).join("blobs").join(blob(&files[1].1));
    let mut bytes = fs::read(&large).unwrap();
    bytes[7] ^= 1;
    fs::write(&large, &bytes).unwrap();
    assert_eq!(verdict(&[]).0, 0);
    assert_eq!(
        verdict(&["--deep"]),
        (
            1,
            vec!["corrupt wrong content: model.safetensors".to_owned()]
        )
    );
    cache(&place, &hub, &["verify", MODEL, "--deep", "--mend"]).exits(1);
    assert_eq!(
        verdict(&[]),
        (1, vec!["partial missing: model.safetensors".to_owned()])
    );
    cache(&place, &hub, &["add", MODEL]).exits(0);
    assert_eq!(verdict(&["--deep"]).0, 0);
    // A size that is another one shows at once.
    fs::write(&large, &bytes[1..]).unwrap();
    assert_eq!(
        verdict(&[]),
        (
            1,
            vec!["corrupt wrong content: model.safetensors".to_owned()]
        )
    );
    cache(&place, &hub, &["add", MODEL]).exits(0);
    assert_eq!(verdict(&["--deep"]).0, 0);
    // So does a link that leads elsewhere, and nothing is fetched to mend it.
    let snapshot = folder(&place).join("snapshots").join(&commit);
    fs::remove_file(snapshot.join("model.safetensors")).unwrap();
    let config = format!("../../blobs/{}", blob(&files[0].1));
    symlink(config, snapshot.join("model.safetensors")).unwrap();
    assert_eq!(
        verdict(&[]),
        (
            1,
            vec!["corrupt wrong content: model.safetensors".to_owned()]
        )
    );
    let sent = hub.sent();
    cache(&place, &hub, &["verify", "--mend"]).exits(1);
    cache(&place, &hub, &["add", MODEL]).exits(0);
    assert_eq!((verdict(&["--deep"]).0, hub.sent()), (0, sent));
    // What is nobody's.
    let nothing = "0".repeat(40);
    place.write("models/hub/models--acme--Rocket-7B/refs/old", &nothing);
    place.write("models/hub/models--acme--Rocket-7B/notes.txt", "x");
    place.write(
        &format!("models/hub/models--acme--Rocket-7B/blobs/{nothing}"),
        "x",
    );
    place.write("models/hub/datasets--a--b/x", "x");
    let (code, said) = verdict(&[]);
    assert_eq!(code, 1);
    assert_eq!(
        said,
        [
            "complete ".to_owned(),
            format!("corrupt it names the commit {nothing}, which is not there"),
            "foreign no revision has it (1 B)".to_owned(),
            "foreign it belongs to no model's folder".to_owned(),
            "foreign it is no model".to_owned(),
        ]
    );
    cache(&place, &hub, &["verify", "--mend"]).exits(1);
    assert_eq!(verdict(&[MODEL]).1.len(), 3);
    cache(&place, &hub, &["verify", "acme/None"])
        .exits(1)
        .says("cache::not_there");
}

#[test]
fn a_cleanup_says_why_each_revision_goes_or_stays() {
    let (place, hub) = (Place::new(), Hub::start());
    let add = |model: &str, size: usize| {
        hub.add(model, &[("model.safetensors", noise(size as u64, size))]);
        cache(&place, &hub, &["add", model]).exits(0);
    };
    add("acme/Old", 20_000);
    age(&place.path("models/hub"), 60);
    add("acme/Middle", 30_000);
    age(&place.path("models/hub/models--acme--Middle"), 20);
    add("acme/New", 40_000);
    let cleanup = |words: &[&str]| {
        let all = [&["cleanup", "--format", "json"], words].concat();
        let answer = cache(&place, &hub, &all).exits(0).json();
        let said = |key: &str| -> Vec<String> {
            let listed = answer[key].as_array().unwrap().iter();
            listed
                .map(|one| {
                    format!(
                        "{}: {}",
                        one["model"].as_str().unwrap(),
                        one["because"][0].as_str().unwrap()
                    )
                })
                .collect()
        };
        (
            said("removed"),
            said("kept"),
            answer["freed"].as_u64().unwrap(),
        )
    };
    let unasked = |model: &str| format!("{model}: Nothing asks for its removal.");
    let (gone, kept, _) = cleanup(&["--dry-run"]);
    assert_eq!(gone, Vec::<String>::new());
    assert_eq!(kept, ["acme/Middle", "acme/New", "acme/Old"].map(unasked));
    let (gone, kept, freed) = cleanup(&["--dry-run", "--max-idle", "4w"]);
    assert_eq!(
        gone,
        ["acme/Old: It was not used for 60 days, more than 28."]
    );
    assert_eq!((kept.len(), freed), (2, 0));
    let (gone, _, _) = cleanup(&["--dry-run", "--max-age", "10"]);
    assert_eq!(gone.len(), 2, "{gone:?}");
    // What was used last stays as long as there is room.
    let (gone, kept, _) = cleanup(&["--dry-run", "--max-size", "75000"]);
    assert_eq!(
        gone,
        [
            "acme/Old: With what was used after it, the cache has 90000 bytes, and the cache is to have at most 75000."
        ]
    );
    assert_eq!(kept, ["acme/Middle", "acme/New"].map(unasked));
    // A site's rules keep and drop.
    place.write(
        "site.dl",
        "keep_cached(\"acme/Old\", V, \"It is the reference\") :- cached_revision(\"acme/Old\", V, _, _).\n\
         drop_cached(\"acme/New\", V, \"Nobody wants it\") :- cached_revision(\"acme/New\", V, _, _).\n",
    );
    let site = place.text("site.dl");
    let (gone, kept, _) = cleanup(&["--dry-run", "--max-idle", "28", "--rules", &site]);
    assert_eq!(gone, ["acme/New: Nobody wants it."]);
    assert_eq!(
        kept,
        [
            unasked("acme/Middle"),
            "acme/Old: It is the reference.".to_owned()
        ]
    );
    // What is protected takes its room from the others.
    let (gone, _, _) = cleanup(&["--dry-run", "--max-size", "45000", "--rules", &site]);
    assert_eq!(gone.len(), 2, "{gone:?}");
    let (gone, _, freed) = cleanup(&["--max-size", "75000"]);
    assert_eq!((gone.len(), freed), (1, 20_000));
    assert_eq!(names(&place.path("models/hub")).len(), 3);
    // A download that was given up, and a content that nobody has.
    place.write(
        "models/hub/models--acme--New/blobs/1111111111111111111111111111111111111111",
        "orphan",
    );
    age(&place.path("models/hub/models--acme--New/blobs"), 3);
    let (gone, _, freed) = cleanup(&[]);
    assert_eq!(
        gone,
        ["acme/New: No revision has it, and it was written 3 days ago."]
    );
    assert_eq!(freed, 6);
}

#[test]
fn a_revision_that_another_one_replaced_goes_after_a_while() {
    let (place, hub) = (Place::new(), Hub::start());
    let (first, _) = two_commits(&place, &hub);
    age(&folder(&place), 40);
    let gone = cache(&place, &hub, &["cleanup", "--format", "json"])
        .exits(0)
        .json();
    assert_eq!(gone["removed"][0]["revision"], first.as_str());
    assert_eq!(gone["removed"].as_array().unwrap().len(), 1);
    assert_eq!(gone["freed"], 2);
    let human = cache(&place, &hub, &["cleanup"]).exits(0);
    assert!(
        human.out.lines().all(|line| line.chars().count() <= 80),
        "{}",
        human.out
    );
    assert!(
        human.out.contains("kept:") && human.out.contains("nothing goes"),
        "{}",
        human.out
    );
}

#[test]
fn what_a_container_or_a_process_uses_stays() {
    let (place, hub) = (Place::new(), Hub::start());
    for model in [MODEL, "acme/Other"] {
        hub.add(model, &[("model.safetensors", noise(1, 20_000))]);
        cache(&place, &hub, &["add", model]).exits(0);
    }
    // A program that answers as docker does.
    let docker = |mounts: &str, labels: &str| {
        let script = format!(
            "#!/bin/sh\ncase $1 in\nps) echo abc;;\ninspect) echo '[{{\"Name\": \"/serving\", \
             \"Mounts\": [{{\"Source\": \"{mounts}\"}}], \"Config\": {{\"Labels\": {labels}}}}}]';;\nesac\n"
        );
        let program = place.write("bin/docker", script);
        fs::set_permissions(program, fs::Permissions::from_mode(0o755)).unwrap();
    };
    let kept = |words: &[&str]| {
        let mut command = command(
            &place,
            &hub,
            &[&["cleanup", "--max-size", "0", "--format", "json"], words].concat(),
        );
        command.env("PATH", format!("{}:/usr/bin:/bin", place.text("bin")));
        let answer = ran(&mut command).exits(0).json();
        let kept = answer["kept"].as_array().unwrap().iter();
        kept.map(|one| {
            format!(
                "{} {}",
                one["model"].as_str().unwrap(),
                one["because"][0].as_str().unwrap()
            )
        })
        .collect::<Vec<String>>()
    };
    let mounts = "It is in use: the container `serving` mounts it.";
    docker(&place.text("models"), "null");
    assert_eq!(
        kept(&["--dry-run"]),
        [format!("acme/Other {mounts}"), format!("{MODEL} {mounts}")]
    );
    docker(
        &place.text("models"),
        "{\"com.amd.aim.managed\": \"aim-engine\", \"com.amd.aim.model\": \"acme/rocket-7b\"}",
    );
    assert_eq!(kept(&["--dry-run"]), [format!("{MODEL} {mounts}")]);
    docker(&place.text("models/hub/models--acme--Other"), "{}");
    assert_eq!(kept(&["--dry-run"]), [format!("acme/Other {mounts}")]);
    docker("/somewhere/else", "{}");
    let file = fs::File::open(
        folder(&place)
            .join("snapshots")
            .join(names(&folder(&place).join("snapshots")).remove(0))
            .join("model.safetensors"),
    )
    .unwrap();
    let mut reader = Command::new("sleep")
        .arg("60")
        .stdin(Stdio::from(file))
        .spawn()
        .unwrap();
    let kept = kept(&[]);
    assert_eq!(
        kept,
        [format!(
            "{MODEL} It is in use: the process {} has it open.",
            reader.id()
        )]
    );
    cache(&place, &hub, &["remove", MODEL])
        .exits(1)
        .says("cache::in_use");
    reader.kill().unwrap();
    reader.wait().unwrap();
    assert_eq!(
        names(&place.path("models/hub")),
        [".locks", "models--acme--Rocket-7B"]
    );
}

#[test]
fn an_engine_that_cannot_be_asked_is_said() {
    let (place, hub) = (Place::new(), Hub::start());
    hub.add(MODEL, &[("model.safetensors", noise(1, 20_000))]);
    cache(&place, &hub, &["add", MODEL]).exits(0);
    let said = "Cannot connect to the Docker daemon at unix:///var/run/docker.sock.";
    let script = format!("#!/bin/sh\necho '{said}' >&2\nexit 1\n");
    let program = place.write("bin/docker", script);
    fs::set_permissions(program, fs::Permissions::from_mode(0o755)).unwrap();
    let clean = |words: &[&str]| {
        let mut command = command(&place, &hub, words);
        ran(command.env("PATH", place.path("bin"))).exits(0)
    };
    // Where nothing goes it does not matter.
    clean(&["cleanup"]).says_nothing();
    let warned = format!(
        "warning: `docker` does not tell what its containers mount, which is taken for not in use: {said}\n"
    );
    for words in [&["cleanup", "--max-size", "0"][..], &["remove", MODEL]] {
        assert_eq!(clean(words).err, warned);
        cache(&place, &hub, &["add", MODEL]).exits(0);
    }
    // Without the engine there are none of its containers.
    fs::remove_file(place.path("bin/docker")).unwrap();
    clean(&["cleanup", "--max-size", "0"]).says_nothing();
}

#[test]
fn a_folder_is_imported_and_links_in_it_are_not() {
    let (place, hub) = (Place::new(), Hub::start());
    let weights = noise(1, 30_000);
    place.write("rocket/config.json", "{}");
    place.write("rocket/sub/model.safetensors", &weights);
    place.write("rocket/model.gguf", "x");
    place.write("rocket/.git/config", "x");
    let from = place.text("rocket");
    let words = ["add", MODEL, "--from", &from, "--format", "json"];
    let added = cache(&place, &hub, &words).exits(0).json();
    assert_eq!(added["files"], 2);
    assert!(hub.requests().is_empty());
    let snapshot = Path::new(added["path"].as_str().unwrap()).to_owned();
    assert_eq!(
        fs::read(snapshot.join("sub/model.safetensors")).unwrap(),
        weights
    );
    assert_eq!(names(&folder(&place).join("blobs")), {
        let mut blobs = [git_blob(b"{}"), sha256(&weights)];
        blobs.sort();
        blobs
    });
    // The same folder is the same commit.
    let again = cache(&place, &hub, &words).exits(0).json();
    assert_eq!(again["commit"], added["commit"]);
    cache(&place, &hub, &["verify", "--deep"]).exits(0);
    symlink("/etc/passwd", place.path("rocket/passwd")).unwrap();
    cache(&place, &hub, &words)
        .exits(2)
        .says("cache::not_plain");
    fs::remove_file(place.path("rocket/passwd")).unwrap();
    symlink("/etc", place.path("rocket/etc")).unwrap();
    cache(&place, &hub, &words)
        .exits(2)
        .says("cache::not_plain");
    symlink(place.path("rocket"), place.path("link")).unwrap();
    cache(&place, &hub, &["add", MODEL, "--from", &place.text("link")])
        .exits(2)
        .says("cache::no_folder");
    cache(&place, &hub, &["add", MODEL, "--from", &place.text("none")])
        .exits(2)
        .says("cache::no_folder");
}

#[test]
fn rules_see_the_cache() {
    let (place, hub) = (Place::new(), Hub::start());
    let commit = hub.add(MODEL, &[("model.safetensors", noise(1, 20_000))]);
    cache(&place, &hub, &["add", MODEL]).exits(0);
    let query = |body: &str| {
        let mut command = place.command(&["query", body, "--format", "json"]);
        ran(command.env("AIM_CACHE_DIR", place.path("models")))
            .exits(0)
            .json()["rows"]
            .clone()
    };
    assert_eq!(
        query("cached_revision(M, V, S, B)"),
        serde_json::json!([[MODEL, commit, "complete", 20_000]])
    );
    assert_eq!(
        query("cached_ref(M, V, \"main\")"),
        serde_json::json!([[MODEL, commit]])
    );
    assert_eq!(
        query("cached_used(M, _, D)"),
        serde_json::json!([[MODEL, 0]])
    );
    assert_eq!(
        query("cached_hits(M, _, N)"),
        serde_json::json!([[MODEL, 0]])
    );
    assert_eq!(
        query("cached_place(M, _, P, B)"),
        serde_json::json!([[MODEL, 1, 20_000]])
    );
    assert_eq!(query("cached_in_use(M, _, _)"), serde_json::json!([]));
    assert_eq!(
        query("cache_kept_unasked(M, _)"),
        serde_json::json!([[MODEL]])
    );
    // A removed model is not remembered.
    cache(&place, &hub, &["remove", MODEL]).exits(0);
    assert_eq!(query("cached_revision(M, _, _, _)"), serde_json::json!([]));
}

#[test]
fn launches_are_remembered() {
    let (place, hub) = (Place::new(), Hub::start());
    let commit = hub.add(MODEL, &[("model.safetensors", noise(1, 20_000))]);
    cache(&place, &hub, &["add", MODEL]).exits(0);
    let uses = ModelUses::in_file(place.path("home/.cache/aim-engine/state.db"));
    let models = place.path("models");
    for (revision, was_there) in [
        ("", false),
        (&commit, true),
        (&commit, true),
        (&commit, true),
    ] {
        uses.count(&models, MODEL, revision, was_there).unwrap();
    }
    let stats = cache(&place, &hub, &["stats", "--format", "json"])
        .exits(0)
        .json();
    assert_eq!(stats["hit_rate"], 0.75);
    assert_eq!((&stats["hits"], &stats["misses"]), (&3.into(), &1.into()));
    let human = cache(&place, &hub, &["stats"]).exits(0);
    assert!(human.out.contains("75.0 % of 4 launches found their model"));
    let listed = cache(&place, &hub, &["list", "--format", "json"])
        .exits(0)
        .json();
    assert_eq!(listed["models"][0]["hits"], 3);
    // Launched today, it was used today.
    age(&folder(&place), 50);
    let idle = [
        "cleanup",
        "--max-idle",
        "5",
        "--dry-run",
        "--format",
        "json",
    ];
    let idle = cache(&place, &hub, &idle).exits(0).json();
    assert_eq!(idle["removed"], serde_json::json!([]));
}

#[test]
fn the_list_of_models_is_made_again_when_it_is_missing_or_wrong() {
    let (place, hub) = (Place::new(), Hub::start());
    hub.add(MODEL, &[("model.safetensors", noise(1, 20_000))]);
    cache(&place, &hub, &["add", MODEL]).exits(0);
    let file = place.path("models/cache_index.json");
    let right = fs::read(&file).unwrap();
    let index: Json = serde_json::from_slice(&right).unwrap();
    let keys: Vec<&String> = index[MODEL].as_object().unwrap().keys().collect();
    assert_eq!(
        keys,
        ["cached", "cache_path", "commit_hash", "cached_at", "size"]
    );
    for wrong in [
        None,
        Some("no json"),
        Some("{}"),
        Some("{\"acme/Gone\": {}}"),
    ] {
        fs::remove_file(&file).unwrap();
        if let Some(wrong) = wrong {
            fs::write(&file, wrong).unwrap();
        }
        cache(&place, &hub, &["list"]).exits(0);
        assert_eq!(fs::read(&file).unwrap(), right);
    }
}

#[test]
fn the_program_called_aim_cache_is_its_cache_command() {
    let place = Place::new();
    let link = place.path("aim-cache");
    symlink(env!("CARGO_BIN_EXE_aim-engine"), &link).unwrap();
    let mut command = place.command_as(&link, &["list", "--cache-dir", "x"]);
    assert!(ran(&mut command).exits(0).out.contains("no models in"));
}

#[test]
fn what_is_no_content_is_foreign_and_waited_for_by_nobody() {
    let (place, hub) = (Place::new(), Hub::start());
    let commit = hub.add(MODEL, &[("config.json", b"{}".to_vec())]);
    cache(&place, &hub, &["add", MODEL]).exits(0);
    let blobs = folder(&place).join("blobs");
    fs::create_dir(blobs.join("folder")).unwrap();
    symlink("nowhere", blobs.join("link")).unwrap();
    let locks = place.path("models/hub/.locks/models--acme--Rocket-7B");
    let index = place.path("models/cache_index.json");
    fs::remove_file(&index).unwrap();
    for pipe in [blobs.join("pipe"), locks.join("pipe.lock"), index] {
        let made = Command::new("mkfifo").arg(pipe).status().unwrap();
        assert!(made.success());
    }
    // What another tool began has a name of its own, and is of the content.
    let config = git_blob(b"{}");
    let begun = blobs.join(format!("{config}.0f3c99aa.incomplete"));
    fs::write(&begun, "{").unwrap();
    cache(&place, &hub, &["list"]).exits(0);
    let verified = cache(&place, &hub, &["verify", "--deep", "--format", "json"]);
    let verdicts = verified.exits(1).json()["verdicts"].clone();
    let of = |what: &str| {
        let verdicts = verdicts.as_array().unwrap().iter();
        let mut found =
            verdicts.filter(|verdict| verdict["what"].as_str().unwrap().ends_with(what));
        found.next().map(|verdict| verdict["condition"].clone())
    };
    assert_eq!(of(&commit), Some("complete".into()));
    for what in ["blobs/folder", "blobs/link", "blobs/pipe"] {
        assert_eq!(of(what), Some("foreign".into()), "{what}");
    }
    assert_eq!(of(".incomplete"), None);
    cache(&place, &hub, &["remove", MODEL]).exits(0);
    assert!(!folder(&place).exists());
}
