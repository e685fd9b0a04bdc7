//! Whatever happens to the store, the next run answers right.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on ends"
)]

mod program;

use std::fs;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use program::{Place, Ran, card, ran, recipe};

const GENERATE: [&str; 7] = [
    "generate",
    "org/model-7",
    "1",
    "--hardware=MI300X",
    "--available-gpus=8",
    "--catalog=catalog",
    "--store=store.db",
];

/// A catalog of so many recipes, each for a model of its own.
fn catalog(place: &Place, recipes: usize) {
    place.write("catalog/models/m.yaml", card("org/model-7"));
    for number in 0..recipes {
        let id = format!("model-{number}-mi300x-bf16");
        let text = recipe(&id, &format!("org/model-{number}"), "MI300X", "bf16", 1);
        place.write(&format!("catalog/recipes/{id}.yaml"), text);
    }
}

/// The answer of a run with a store of its own.
fn right_answer(place: &Place) -> String {
    let mut words = GENERATE.to_vec();
    words[6] = "--store=reference.db";
    let ran = place.run(&words).exits(0).says_nothing_of_the_catalog();
    assert!(ran.out.contains("org/model-7"), "{}", ran.out);
    ran.out
}

#[track_caller]
fn answers(ran: Ran, right: &str) {
    let ran = ran.exits(0);
    assert_eq!(ran.out, right, "{}", ran.err);
}

#[test]
fn a_store_deleted_between_runs_is_made_again() {
    let place = Place::new();
    catalog(&place, 20);
    let right = right_answer(&place);
    answers(place.run(&GENERATE), &right);
    fs::remove_file(place.path("store.db")).unwrap();
    answers(place.run(&GENERATE).says_nothing_of_the_catalog(), &right);
    // Only its companions are left, as after a copy of half the folder.
    for wal in [&b"not a log"[..], &[0; 8192]] {
        fs::remove_file(place.path("store.db")).unwrap();
        place.write("store.db-wal", wal);
        answers(place.run(&GENERATE), &right);
    }
}

#[test]
fn a_truncated_store_is_made_again() {
    let place = Place::new();
    catalog(&place, 50);
    let right = right_answer(&place);
    let whole = fs::read(place.path("reference.db")).unwrap();
    for length in [
        0,
        1,
        15,
        16,
        100,
        4095,
        4096,
        4097,
        whole.len() / 2,
        whole.len() - 4096,
    ] {
        let _ = fs::remove_file(place.path("store.db-wal"));
        place.write("store.db", &whole[..length]);
        let ran = place.run(&GENERATE);
        if (1..72).contains(&length) {
            // So little is not known to be a store.
            ran.exits(2).says("store::foreign_file");
            fs::remove_file(place.path("store.db")).unwrap();
            continue;
        }
        let ran = ran.exits(0);
        assert_eq!(ran.out, right, "cut to {length}:\n{}", ran.err);
        answers(place.run(&GENERATE).says_nothing_of_the_catalog(), &right);
    }
}

/// Each page in turn is overwritten, with zeros and with noise.
#[test]
fn a_store_damaged_anywhere_is_made_again() {
    let place = Place::new();
    catalog(&place, 50);
    let right = right_answer(&place);
    let whole = fs::read(place.path("reference.db")).unwrap();
    let pages = whole.len() / 4096;
    let mut wrong = Vec::new();
    for page in (0..pages).step_by(pages.div_ceil(60)) {
        for fill in [0_u8, 1] {
            let _ = fs::remove_file(place.path("store.db-wal"));
            let mut damaged = whole.clone();
            let noise = (0..4096_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8);
            for (byte, noise) in damaged[page * 4096..].iter_mut().zip(noise) {
                *byte = if fill == 0 { 0 } else { noise };
            }
            place.write("store.db", damaged);
            let ran = place.run(&GENERATE);
            // Without its first bytes the file is somebody else's.
            let refused = page == 0 && ran.code == Some(2) && ran.err.contains("foreign_file");
            if !refused && (ran.code != Some(0) || ran.out != right) {
                wrong.push(format!(
                    "page {page}, fill {fill}: {:?} {}",
                    ran.code, ran.err
                ));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {pages}:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn a_file_that_is_something_else_is_refused_and_left_alone() {
    let place = Place::new();
    catalog(&place, 1);
    let other = rusqlite::Connection::open(place.path("other.db")).unwrap();
    other
        .execute_batch("CREATE TABLE mine(x); INSERT INTO mine VALUES (1);")
        .unwrap();
    drop(other);
    place.write("text.db", "my notes, which nobody else has");
    fs::create_dir(place.path("folder.db")).unwrap();
    for name in ["other.db", "text.db", "folder.db"] {
        let before = fs::read(place.path(name)).ok();
        let mut words = GENERATE.to_vec();
        let store = format!("--store={name}");
        words[6] = &store;
        place
            .run(&words)
            .exits(2)
            .says("store::foreign_file")
            .says(&format!("`{name}` is not a store of this program"));
        assert_eq!(fs::read(place.path(name)).ok(), before, "{name}");
        let folder = fs::read_dir(place.path(".")).unwrap().flatten();
        let left: Vec<_> = folder
            .map(|entry| entry.file_name().into_string().unwrap())
            .filter(|entry| entry.starts_with(name) && entry != name)
            .collect();
        assert!(left.is_empty(), "{left:?}");
    }
}

#[test]
fn where_the_store_cannot_be_written_it_is_in_memory_and_a_note_says_so() {
    let place = Place::new();
    catalog(&place, 20);
    let right = right_answer(&place);
    place.write("file", "");
    let mut words = GENERATE.to_vec();
    words[6] = "--store=file/below/store.db";
    for _ in 0..2 {
        answers(
            place
                .run(&words)
                .says("note: the store is kept in memory: "),
            &right,
        );
    }
    // The cache folder itself.
    let mut command = place.command(&GENERATE[..6]);
    ran(command.env("XDG_CACHE_HOME", place.path("file")))
        .exits(0)
        .says("note: the store is kept in memory: ");
    let mut command = place.command(&GENERATE[..6]);
    ran(command.env_remove("HOME").env("HF_HOME", "/models"))
        .exits(0)
        .says("neither HOME nor XDG_CACHE_HOME is set");
}

#[test]
fn processes_that_start_at_once_on_nothing_all_answer_right() {
    let place = Place::new();
    catalog(&place, 300);
    let right = right_answer(&place);
    for together in [2, 8, 8, 8] {
        for suffix in ["", "-wal", "-shm"] {
            let _ = fs::remove_file(place.path(&format!("store.db{suffix}")));
        }
        let started: Vec<Child> = (0..together)
            .map(|_| {
                let mut command = place.command(&GENERATE);
                command.stdout(Stdio::piped()).stderr(Stdio::piped());
                command.spawn().unwrap()
            })
            .collect();
        for child in started {
            let ended = Ran::of(child.wait_with_output().unwrap());
            answers(ended.says_nothing_of_the_catalog(), &right);
        }
    }
}

/// Killed at moments spread over a whole cold run; the next run answers as if nothing had been.
#[test]
fn a_process_killed_at_any_moment_leaves_a_store_that_the_next_one_can_use() {
    const TIMES: u32 = 30;
    let place = Place::new();
    catalog(&place, 2000);
    let started = Instant::now();
    let right = right_answer(&place);
    let whole_run = started.elapsed();
    // The moments are not in order, so that leftovers of late ones meet early ones.
    for turn in 0..TIMES {
        if turn % 3 != 2 {
            let _ = fs::remove_file(place.path("store.db"));
        }
        let mut child = place
            .command(&GENERATE)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let moment = whole_run.mul_f64(f64::from(turn * 7 % TIMES) / f64::from(TIMES));
        std::thread::sleep(moment);
        child.kill().unwrap();
        child.wait().unwrap();
        let ran = place.run(&GENERATE);
        assert_eq!(ran.code, Some(0), "killed after {moment:?}: {}", ran.err);
        assert_eq!(ran.out, right, "killed after {moment:?}");
        ran.says_nothing_of_the_catalog();
    }
    let check: String = rusqlite::Connection::open(place.path("store.db"))
        .and_then(|store| store.query_row("PRAGMA integrity_check", [], |row| row.get(0)))
        .unwrap();
    assert_eq!(check, "ok");
}

#[test]
fn a_store_of_another_build_or_schema_is_made_again() {
    let place = Place::new();
    catalog(&place, 20);
    let right = right_answer(&place);
    answers(place.run(&GENERATE), &right);
    let change = |sql: &str| {
        let store = rusqlite::Connection::open(place.path("store.db")).unwrap();
        store.execute_batch(sql).unwrap();
    };
    for sql in [
        "UPDATE meta SET value = 'another build' WHERE key = 'identity'",
        "UPDATE meta SET value = 'another build' WHERE key = 'identity';
         DROP VIEW recipe; DROP TABLE block_word; CREATE TABLE recipe(unheard_of);
         CREATE VIEW old AS SELECT * FROM recipe",
        "DROP TABLE meta",
    ] {
        change(sql);
        answers(place.run(&GENERATE).says_nothing_of_the_catalog(), &right);
        // Also where it is to be trusted: trust is in the files, not in another build's tables.
        change(sql);
        let mut words = GENERATE.to_vec();
        words.push("--trust-store");
        answers(place.run(&words).says_nothing_of_the_catalog(), &right);
    }
}

/// What SQLite does not notice: each packed byte is checked before it is believed.
#[test]
fn damaged_details_are_read_from_the_files_again() {
    let place = Place::new();
    catalog(&place, 20);
    let right = right_answer(&place);
    for (at, hex) in [(1, "ffffffff"), (9, "00"), (40, "2a2a")] {
        let _ = fs::remove_file(place.path("store.db"));
        // Of another model: the details of the one that is asked for next stay packed.
        let mut other = GENERATE.to_vec();
        other[1] = "org/model-3";
        place.run(&other).exits(0);
        let store = rusqlite::Connection::open(place.path("store.db")).unwrap();
        let damaged = store
            .execute(
                &format!(
                    "UPDATE packed SET details = CAST(substr(details, 1, {at} - 1) || X'{hex}'
                       || substr(details, {at} + {}) AS BLOB)",
                    hex.len() / 2
                ),
                [],
            )
            .unwrap();
        assert!(damaged > 0, "nothing is packed");
        drop(store);
        answers(place.run(&GENERATE), &right);
    }
}

#[test]
fn a_trusted_store_is_taken_as_it_is_and_made_where_there_is_none() {
    let place = Place::new();
    catalog(&place, 20);
    let right = right_answer(&place);
    let mut words = GENERATE.to_vec();
    words.push("--trust-store");
    answers(place.run(&words), &right);
    fs::remove_dir_all(place.path("catalog/recipes")).unwrap();
    answers(place.run(&words).says_nothing_of_the_catalog(), &right);
    place.run(&GENERATE).exits(1).says("launch::no_recipe");
}

/// A store in use by a reader does not keep a writer from bringing it up to date.
#[test]
fn a_reader_holds_up_nobody() {
    let place = Place::new();
    catalog(&place, 20);
    let right = right_answer(&place);
    answers(place.run(&GENERATE), &right);
    let reader = rusqlite::Connection::open(place.path("store.db")).unwrap();
    reader
        .execute_batch("BEGIN; SELECT count(*) FROM file")
        .unwrap_or_default();
    let _held: i64 = reader
        .query_row("SELECT count(*) FROM recipe_document", [], |row| row.get(0))
        .unwrap();
    catalog(&place, 25);
    let started = Instant::now();
    answers(place.run(&GENERATE).says_nothing_of_the_catalog(), &right);
    assert!(started.elapsed() < Duration::from_secs(20));
}

#[test]
fn forgotten_stores_are_removed_when_a_new_one_is_made() {
    let place = Place::new();
    catalog(&place, 1);
    let old = place.write("home/.cache/aim-engine/store-0123456789abcdef.db", "old");
    let mine = place.write("home/.cache/aim-engine/notes.txt", "mine");
    let long_ago = std::time::SystemTime::now() - Duration::from_secs(40 * 24 * 3600);
    for path in [&old, &mine] {
        let file = fs::File::options().write(true).open(path).unwrap();
        file.set_modified(long_ago).unwrap();
    }
    place
        .run(&["list", "recipes", "--catalog=catalog"])
        .exits(0);
    assert!(!old.exists());
    assert!(mine.exists());
    assert_eq!(place.stores().len(), 1);
}
