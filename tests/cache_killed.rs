//! Downloads that are killed, that run out of disk, and that run beside each other.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on ends"
)]

mod hub;
mod program;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use hub::client::{MODEL, cache, command, folder, is_not_published, is_published, names};
use hub::{Fault, Hub, blob, noise};
use program::{Place, ran};

const KILLS: usize = 200;
/// Bytes of each of three files.
const SIZE: usize = 1_500_000;

fn files() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("config.json", b"{}".to_vec()),
        ("model-00001-of-00003.safetensors", noise(1, SIZE)),
        ("model-00002-of-00003.safetensors", noise(2, SIZE)),
        ("model-00003-of-00003.safetensors", noise(3, SIZE)),
    ]
}

/// How many bytes there are of each content, whole or begun.
fn there(place: &Place) -> BTreeMap<String, u64> {
    let blobs = folder(place).join("blobs");
    let size = |name: &String| fs::metadata(blobs.join(name)).unwrap().len();
    names(&blobs)
        .into_iter()
        .map(|name| (name.trim_end_matches(".incomplete").to_owned(), size(&name)))
        .collect()
}

/// Killed again and again, each time after some more bytes were sent, it goes on from what it has.
#[test]
fn killed_at_any_byte_it_goes_on_from_there() {
    let (place, hub) = (Place::new(), Hub::start());
    let commit = hub.add(MODEL, &files());
    hub.fault("", usize::MAX, Fault::Slow(8192, Duration::from_millis(1)));
    let mut seed = 7u64;
    let (mut killed, mut finished) = (0, 0);
    while killed < KILLS {
        let before = there(&place);
        hub.requests();
        let mut child = command(&place, &hub, &["add", MODEL])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let until = hub.sent() + (seed >> 33) % 60_000;
        // Bytes are sent only after the start; some of the kills come before the first one.
        let begun = std::time::Instant::now();
        while hub.sent() < until && begun.elapsed() < Duration::from_millis(400) {
            if child.try_wait().unwrap().is_some() {
                break;
            }
            thread::sleep(Duration::from_micros(300));
        }
        let _ = child.kill();
        let status = child.wait().unwrap();
        if status.signal().is_some() {
            killed += 1;
        }
        // Each file was asked for from the byte on that was there.
        for request in hub.requests().iter().filter(|request| request.to_files) {
            let name = request.path[1..].split('?').next().unwrap();
            let had = before.get(name).copied().unwrap_or(0);
            assert_eq!(request.from.unwrap_or(0), had, "{request:?}");
        }
        // What can be seen is right, at every moment.
        if folder(&place).join("refs/main").exists() {
            is_published(&place, &commit, &files());
            finished += 1;
            fs::remove_dir_all(place.path("models")).unwrap();
        } else if folder(&place).join("snapshots").join(&commit).exists() {
            for (path, bytes) in files() {
                let link = folder(&place).join("snapshots").join(&commit).join(path);
                assert!(fs::read(link).unwrap() == bytes);
            }
        }
    }
    assert!(finished > 0, "it never came to an end");
    hub.mend();
    cache(&place, &hub, &["add", MODEL]).exits(0);
    is_published(&place, &commit, &files());
    // What killed runs left beside the contents is gone.
    let left: Vec<String> = names(&folder(&place));
    assert_eq!(left, [".aim", "blobs", "refs", "snapshots"]);
}

#[test]
fn two_processes_fetch_a_model_once() {
    let (place, hub) = (Place::new(), Hub::start());
    let commit = hub.add(MODEL, &files());
    hub.fault(
        "",
        usize::MAX,
        Fault::Slow(65_536, Duration::from_millis(5)),
    );
    let start = || {
        let mut command = command(&place, &hub, &["add", MODEL, "--format", "json"]);
        command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    };
    let both = [start(), start(), start()];
    let fetched: Vec<u64> = both
        .into_iter()
        .map(|child| {
            let output = child.wait_with_output().unwrap();
            assert!(
                output.status.success(),
                "{}",
                String::from_utf8_lossy(&output.stderr)
            );
            let answer: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
            answer["fetched"].as_u64().unwrap()
        })
        .collect();
    let all = (3 * SIZE + 2) as u64;
    assert_eq!(hub.sent(), all);
    assert_eq!(fetched.iter().sum::<u64>(), all, "{fetched:?}");
    is_published(&place, &commit, &files());
}

#[test]
fn what_another_process_writes_is_locked_and_not_removed() {
    let (place, hub) = (Place::new(), Hub::start());
    hub.add(MODEL, &files());
    hub.fault("", usize::MAX, Fault::Slow(8192, Duration::from_millis(20)));
    let mut child = command(&place, &hub, &["add", MODEL])
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    while there(&place).len() < 3 {
        thread::sleep(Duration::from_millis(5));
    }
    let verified = cache(&place, &hub, &["verify", "--format", "json"])
        .exits(1)
        .json();
    assert_eq!(verified["verdicts"][0]["condition"], "locked");
    cache(&place, &hub, &["remove", MODEL])
        .exits(1)
        .says("cache::in_use");
    cache(&place, &hub, &["remove", MODEL, "--force"])
        .exits(3)
        .says("cache::busy");
    let clean = ["cleanup", "--max-size", "0", "--format", "json"];
    let cleaned = cache(&place, &hub, &clean).exits(0).json();
    assert_eq!(cleaned["removed"].as_array().unwrap().len(), 0);
    let because = cleaned["kept"][0]["because"][0].as_str().unwrap();
    assert!(
        because.contains("another process fetches or starts it"),
        "{because}"
    );
    child.kill().unwrap();
    child.wait().unwrap();
    let verified = cache(&place, &hub, &["verify", "--format", "json"])
        .exits(1)
        .json();
    assert_eq!(verified["verdicts"][0]["condition"], "partial");
    assert_eq!(
        verified["verdicts"][0]["mend"],
        format!("aim-engine cache add {MODEL}")
    );
    cache(&place, &hub, &["remove", MODEL]).exits(0);
    assert!(!folder(&place).exists());
}

/// A small disk of its own; none where this may not be made.
struct Disk<'a>(&'a Path);

impl<'a> Disk<'a> {
    fn mount(at: &'a Path, size: &str) -> Option<Disk<'a>> {
        fs::create_dir_all(at).unwrap();
        let words = ["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"];
        let mounted = Command::new("mount").args(words).arg(at).output();
        let is_mounted = mounted.is_ok_and(|output| output.status.success());
        is_mounted.then_some(Disk(at))
    }
}

impl Drop for Disk<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0).status();
    }
}

#[test]
fn a_full_disk_publishes_nothing_and_keeps_what_came() {
    let (place, hub) = (Place::new(), Hub::start());
    let commit = hub.add(MODEL, &files());
    let models = place.path("models");
    let Some(_disk) = Disk::mount(&models, "80M") else {
        println!("skipped: this user may not mount a small disk");
        return;
    };
    let filler = models.join("filler");
    // No room from the beginning: nothing is begun.
    fs::write(&filler, vec![1; 78 << 20]).unwrap();
    cache(&place, &hub, &["add", MODEL])
        .exits(3)
        .says("cache::no_room");
    assert!(!folder(&place).exists());
    // The room is gone after so many bytes.
    for room in [0, 1, 100_000, 1_000_000, 2_500_000, 4_400_000] {
        fs::remove_file(&filler).unwrap();
        let _ = fs::remove_dir_all(models.join("hub"));
        hub.fault("", usize::MAX, Fault::Slow(8192, Duration::from_millis(10)));
        let child = command(&place, &hub, &["add", MODEL])
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        while there(&place).is_empty() {
            thread::sleep(Duration::from_millis(1));
        }
        let left = free_bytes(&models);
        fs::write(
            &filler,
            vec![1; usize::try_from(left.saturating_sub(room)).unwrap()],
        )
        .ok();
        let ended = child.wait_with_output().unwrap();
        let said = String::from_utf8(ended.stderr).unwrap();
        assert_eq!(ended.status.code(), Some(3), "{room}: {said}");
        assert!(
            said.contains("cache::disk_full") && said.contains("is kept"),
            "{room}: {said}"
        );
        is_not_published(&place);
        hub.mend();
    }
    let kept: u64 = there(&place).values().sum();
    assert!(kept > 0);
    fs::remove_file(&filler).unwrap();
    // The hub notices a little later that nobody listens any more.
    thread::sleep(Duration::from_millis(300));
    let sent = hub.sent();
    cache(&place, &hub, &["add", MODEL]).exits(0);
    assert_eq!(hub.sent() - sent, (3 * SIZE + 2) as u64 - kept);
    is_published(&place, &commit, &files());
    ran(&mut command(&place, &hub, &["verify", "--deep"])).exits(0);
    assert!(blob(&files()[1].1).len() == 64);
}

/// Free bytes of the disk of a folder, as `df` says.
fn free_bytes(path: &Path) -> u64 {
    let output = Command::new("df")
        .args(["--output=avail", "-B1"])
        .arg(path)
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().last().unwrap().trim().parse().unwrap()
}
