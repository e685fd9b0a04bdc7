//! Large files, which are fetched in parts: several at a time, killed at any byte, from hosts that refuse.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on ends"
)]

mod hub;
mod program;

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use hub::client::{MODEL, cache, command, folder, is_not_published, is_published};
use hub::{Fault, Hub, noise, sha256};
use program::Place;

const MIB: u64 = 1 << 20;
const PART: u64 = 16 * MIB;
/// Two parts and a half.
const SIZE: u64 = 40 * MIB;

fn files() -> Vec<(&'static str, Vec<u8>)> {
    vec![("model.safetensors", noise(1, SIZE as usize))]
}

/// The first byte of each part that is not there, as the file's own table has it.
fn missing(place: &Place) -> BTreeSet<u64> {
    let name = sha256(&files()[0].1);
    let path = folder(place).join(format!("blobs/{name}.parts.incomplete"));
    let number = |file: &File, at: u64| {
        let mut bytes = [0; 8];
        file.read_exact_at(&mut bytes, at).ok()?;
        Some(u64::from_le_bytes(bytes))
    };
    let begins = (0..SIZE).step_by(PART as usize);
    let first = |(part, begin): (u64, u64)| {
        let file = File::open(&path).ok();
        let done = file.and_then(|file| number(&file, SIZE + 17 + 8 * part));
        let done = done.unwrap_or(0);
        (done < PART.min(SIZE - begin)).then_some(begin + done)
    };
    (0..).zip(begins).filter_map(first).collect()
}

#[test]
fn killed_in_all_of_its_parts_each_goes_on_from_there() {
    let (place, hub) = (Place::new(), Hub::start());
    let files = files();
    let commit = hub.add(MODEL, &files);
    hub.fault(
        "",
        usize::MAX,
        Fault::Slow(1 << 16, Duration::from_millis(1)),
    );
    let mut seed = 3u64;
    let (mut killed, mut several, mut finished) = (0, 0, 0);
    while killed < 25 {
        let before = missing(&place);
        hub.requests();
        let mut child = command(&place, &hub, &["add", MODEL])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let until = hub.sent() + (seed >> 33) % (8 * MIB);
        while hub.sent() < until && child.try_wait().unwrap().is_none() {
            thread::sleep(Duration::from_millis(1));
        }
        let _ = child.kill();
        if !child.wait().unwrap().success() {
            killed += 1;
        }
        let asked: Vec<u64> = hub
            .requests()
            .iter()
            .filter(|request| request.to_files)
            .map(|request| request.from.unwrap())
            .collect();
        several += usize::from(asked.len() > 1);
        for from in asked {
            assert!(before.contains(&from), "{from} of {before:?}");
        }
        if folder(&place).join("refs/main").exists() {
            is_published(&place, &commit, &files);
            finished += 1;
            fs::remove_dir_all(place.path("models")).unwrap();
        }
    }
    assert!(finished > 0, "it never came to an end");
    assert!(several > 0, "one part at a time");
    hub.mend();
    cache(&place, &hub, &["add", MODEL]).exits(0);
    is_published(&place, &commit, &files);
}

#[test]
fn a_host_that_gives_whole_files_only_gives_it_once() {
    let (place, hub) = (Place::new(), Hub::start());
    let files = files();
    let commit = hub.add(MODEL, &files);
    hub.fault("", usize::MAX, Fault::NoRanges);
    cache(&place, &hub, &["add", MODEL]).exits(0);
    is_published(&place, &commit, &files);
    assert_eq!(hub.sent(), SIZE);
}

#[test]
fn connections_that_break_or_are_refused_are_made_up_for() {
    let (place, hub) = (Place::new(), Hub::start());
    let files = files();
    let commit = hub.add(MODEL, &files);
    let wait = |code| Fault::Status(code, vec![("retry-after", "0".to_owned())]);
    for fault in [
        Fault::Truncate(1_000_000),
        wait(429),
        Fault::HangUp,
        wait(503),
        Fault::Truncate(10),
    ] {
        hub.fault(&sha256(&files[0].1), 1, fault);
    }
    cache(&place, &hub, &["add", MODEL]).exits(0);
    is_published(&place, &commit, &files);
    assert_eq!(hub.sent(), SIZE);
}

#[test]
fn a_wrong_byte_in_a_part_is_never_published() {
    let (place, hub) = (Place::new(), Hub::start());
    let files = files();
    let commit = hub.add(MODEL, &files);
    let wrong = Fault::WrongByte((PART + 5) as usize);
    hub.fault("", usize::MAX, wrong);
    cache(&place, &hub, &["add", MODEL])
        .exits(3)
        .says("cache::wrong_content");
    is_not_published(&place);
    hub.mend();
    cache(&place, &hub, &["add", MODEL]).exits(0);
    is_published(&place, &commit, &files);
}

#[test]
fn what_one_stream_left_goes_on_in_parts() {
    let (place, hub) = (Place::new(), Hub::start());
    let files = files();
    let commit = hub.add(MODEL, &files);
    let (bytes, begun) = (&files[0].1, (PART + 7) as usize);
    let name = format!(
        "models/hub/models--acme--Rocket-7B/blobs/{}.incomplete",
        sha256(bytes)
    );
    place.write(&name, &bytes[..begun]);
    cache(&place, &hub, &["add", MODEL]).exits(0);
    is_published(&place, &commit, &files);
    assert_eq!(hub.sent(), SIZE - begun as u64);
}

#[test]
fn what_is_begun_is_counted_by_what_the_disk_holds() {
    let (place, hub) = (Place::new(), Hub::start());
    hub.add(MODEL, &files());
    hub.fault(&sha256(&files()[0].1), usize::MAX, Fault::Stall(2_000_000));
    let mut child = command(&place, &hub, &["add", MODEL])
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    while hub.sent() < 6_000_000 {
        thread::sleep(Duration::from_millis(5));
    }
    thread::sleep(Duration::from_millis(200));
    child.kill().unwrap();
    child.wait().unwrap();
    let stats = cache(&place, &hub, &["stats", "--format", "json"])
        .exits(0)
        .json();
    let begun = stats["incomplete_size"].as_u64().unwrap();
    assert!((5_000_000..7_000_000).contains(&begun), "{begun}");
    let dry = cache(
        &place,
        &hub,
        &["add", MODEL, "--dry-run", "--format", "json"],
    );
    let missing = dry.exits(0).json()["fetched"].as_u64().unwrap();
    assert!(missing < SIZE - 5_000_000, "{missing}");
    cache(&place, &hub, &["remove", MODEL]).exits(0);
    assert!(!folder(&place).exists());
}
