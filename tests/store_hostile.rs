//! A catalog with files that nobody should have put there: each is told of, in bounded time and
//! memory, and the good recipes still answer.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on ends"
)]

mod program;

use std::os::unix::fs::symlink;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use program::{Place, Ran, card, recipe};

/// No hostile file may hold up a run so long, on a slow machine and without optimisation.
const BOUND: Duration = Duration::from_secs(20);

const GENERATE: [&str; 6] = [
    "generate",
    "org/good",
    "1",
    "--hardware=MI300X",
    "--available-gpus=8",
    "--catalog=catalog",
];

/// A run that is ended, and fails, when it takes longer than [`BOUND`].
#[track_caller]
fn run_bounded(place: &Place, words: &[&str]) -> Ran {
    let (out, err) = (place.path("out"), place.path("err"));
    let to = |path| Stdio::from(std::fs::File::create(path).unwrap());
    let mut child = place
        .command(words)
        .stdout(to(&out))
        .stderr(to(&err))
        .spawn()
        .unwrap();
    let started = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if started.elapsed() > BOUND {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!("still running after {BOUND:?}");
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    let read = |path| String::from_utf8(std::fs::read(path).unwrap()).unwrap();
    Ran {
        code: status.code(),
        out: read(out),
        err: read(err),
    }
}

fn good(place: &Place) {
    let text = recipe("good", "org/good", "MI300X", "bf16", 1);
    place.write("catalog/recipes/good.yaml", text);
    place.write("catalog/models/good.yaml", card("org/good"));
}

/// The good recipe answers beside `bytes`, and one diagnostic with this code names the file. Also on
/// a warm run, from the store.
#[track_caller]
fn told(bytes: impl AsRef<[u8]>, code: &str) {
    let place = Place::new();
    good(&place);
    place.write("catalog/recipes/bad.yaml", bytes);
    for _ in 0..2 {
        let ran = run_bounded(&place, &GENERATE)
            .exits(0)
            .says(code)
            .says("bad.yaml");
        assert!(ran.out.contains("org/good"), "{}", ran.out);
        assert!(
            ran.err.len() < 20_000,
            "{} bytes of diagnostics",
            ran.err.len()
        );
        assert!(!ran.err.contains("panicked"), "{}", ran.err);
    }
}

/// The good recipe answers beside `bytes`, which are nothing to worry about.
#[track_caller]
fn taken(bytes: impl AsRef<[u8]>) {
    let place = Place::new();
    good(&place);
    place.write("catalog/recipes/other.yaml", bytes);
    run_bounded(&place, &GENERATE)
        .exits(0)
        .says_nothing_of_the_catalog();
    let ran = run_bounded(
        &place,
        &["list", "recipes", "--catalog=catalog", "--format=json"],
    );
    assert_eq!(ran.exits(0).json()[1]["recipe_id"], "other");
}

/// The same, with a warning that `-v` shows.
#[track_caller]
fn taken_with_a_warning(bytes: impl AsRef<[u8]>) {
    let place = Place::new();
    good(&place);
    place.write("catalog/recipes/other.yaml", bytes);
    run_bounded(&place, &GENERATE)
        .exits(0)
        .says("note: 1 warning about the catalog's files; -v shows them");
}

/// Whoever asks for one model does not want to read what is wrong with all others.
#[test]
fn many_mistakes_are_counted_and_told_when_asked_for() {
    let place = Place::new();
    good(&place);
    for number in 0..7 {
        let text = recipe("same", "org/other", "MI300X", "bf16", 1);
        place.write(&format!("catalog/recipes/twice-{number}.yaml"), text);
        place.write(&format!("catalog/recipes/broken-{number}.yaml"), "a: [");
    }
    let told = |err: &str, words: &str| err.matches(words).count();
    let ran = run_bounded(&place, &GENERATE).exits(0);
    assert!(!ran.err.contains(".yaml"), "{}", ran.err);
    ran.says("note: 7 files of the catalog have errors; -v shows them")
        .says("note: 6 files are replaced or left out; -v names them");
    let mut words = GENERATE.to_vec();
    words.push("-v");
    let ran = run_bounded(&place, &words).exits(0);
    assert_eq!(told(&ran.err, "catalog::yaml-syntax"), 7, "{}", ran.err);
    assert_eq!(told(&ran.err, "is left out:"), 6, "{}", ran.err);
}

fn other() -> String {
    recipe("other", "org/other", "MI300X", "bf16", 1)
}

#[test]
fn deep_maps_and_lists() {
    told("[".repeat(200_000), "catalog::");
    told("{a: ".repeat(100_000), "catalog::");
    told("- ".repeat(100_000) + "x", "catalog::");
    let stairs: String = (0..2000)
        .map(|depth| format!("{}a:\n", " ".repeat(depth)))
        .collect();
    told(stairs, "catalog::");
}

#[test]
fn aliases_that_multiply() {
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for i in 1..30 {
        let last = format!("*a{}", i - 1);
        bomb += &format!("a{i}: &a{i} [{}]\n", [last.as_str(); 9].join(", "));
    }
    told(bomb, "catalog::too-many-nodes");
    told("a: &a [*a]\n", "catalog::");
    // Merged maps, whose keys are compared with one another.
    let keys: String = (0..45_000).map(|key| format!("k{key}: 0, ")).collect();
    told(
        format!("base: &b {{{keys}}}\nit: {{<<: *b}}\n"),
        "catalog::",
    );
}

#[test]
fn very_large_files() {
    told(
        format!("recipe_id: {}\n", "x".repeat(10 << 20)),
        "catalog::too-large",
    );
    told(vec![b'\n'; 10 << 20], "catalog::too-large");
    // A terabyte that takes no room.
    let place = Place::new();
    good(&place);
    let file = std::fs::File::create(place.path("catalog/recipes/bad.yaml")).unwrap();
    file.set_len(1 << 40).unwrap();
    run_bounded(&place, &GENERATE)
        .exits(0)
        .says("catalog::too-large");
    told("#".repeat(3 << 20), "catalog::empty-file");
    told(
        format!("recipe_id: \"{}\n", "x".repeat(3 << 20)),
        "catalog::",
    );
}

#[test]
fn thousands_of_mistakes_in_one_file() {
    let keys: String = (0..50_000).map(|key| format!("k{key}: 1\n")).collect();
    told(&keys, "catalog::");
    let twice: String = (0..30_000).map(|_| "a: 1\n").collect();
    told(twice, "catalog::duplicate-key");
    let blocks: String = (1..4096)
        .map(|gpus| format!("  {gpus}_gpu: yes\n"))
        .collect();
    told(
        format!("{}x_serve:\n{blocks}", other()),
        "catalog::wrong-type",
    );
    let place = Place::new();
    good(&place);
    place.write("catalog/recipes/bad.yaml", keys);
    let mut words = GENERATE.to_vec();
    words.push("-v");
    let ran = run_bounded(&place, &words).exits(0);
    assert!(
        ran.err.len() < 40_000,
        "{} bytes of diagnostics",
        ran.err.len()
    );
}

#[test]
fn bytes_that_are_no_text() {
    told(b"recipe_id: \xff\xfe\n", "catalog::not-utf8");
    told(vec![0_u8; 1000], "catalog::");
    told(b"\xff\xfer\0e\0c\0i\0p\0e\0", "catalog::not-utf8");
    told("a: \u{1b}[31mred\u{7}\n", "catalog::");
}

#[test]
fn files_that_hold_nothing_or_too_much() {
    told("", "catalog::empty-file");
    told("# only this\n", "catalog::empty-file");
    told("---\n...\n", "catalog::empty-file");
    told(
        format!("{}---\n{}", other(), other()),
        "catalog::several-documents",
    );
    told("just text\n", "catalog::wrong-type");
    told("- a list\n", "catalog::wrong-type");
}

#[test]
fn tabs_are_told_of_and_other_habits_are_taken() {
    told(
        other().replace("  1_gpu", "\t1_gpu"),
        "catalog::yaml-syntax",
    );
    taken(other().replace('\n', "\r\n"));
    taken(format!("\u{feff}{}", other()));
    taken(format!("---\n{}...\n", other()));
}

#[test]
fn numbers_out_of_all_bounds() {
    taken(other().replace("8192", "99999999999999999999999999"));
    taken(other().replace("8192", "1e400"));
    taken(other().replace("8192", "-9223372036854775808"));
    taken_with_a_warning(other().replace("1_gpu", "99999999999_gpu"));
    told(
        format!("{}    benchmark: {{output_tokens_per_s: .nan}}\n", other()),
        "catalog::",
    );
}

#[test]
fn entries_that_are_no_files() {
    let place = Place::new();
    good(&place);
    std::fs::create_dir(place.path("catalog/recipes/folder.yaml")).unwrap();
    let fifo = place.path("catalog/recipes/fifo.yaml");
    let made = Command::new("mkfifo").arg(&fifo).status().unwrap();
    assert!(made.success());
    symlink("nowhere.yaml", place.path("catalog/recipes/dangling.yaml")).unwrap();
    let socket = place.path("catalog/recipes/socket.yaml");
    let _socket = std::os::unix::net::UnixListener::bind(socket).unwrap();
    for _ in 0..2 {
        let ran = run_bounded(&place, &GENERATE).exits(0);
        for name in ["fifo", "dangling", "socket"] {
            assert!(
                ran.err
                    .contains(&format!("{name}.yaml: the file cannot be read")),
                "{}",
                ran.err
            );
        }
        assert_eq!(
            ran.err.matches("catalog::unreadable").count(),
            3,
            "{}",
            ran.err
        );
    }
    // What was a link to nowhere is read when there is something.
    place.write("catalog/recipes/nowhere.yaml", other());
    let ran = run_bounded(
        &place,
        &["list", "recipes", "--catalog=catalog", "--format=json"],
    );
    assert!(!ran.err.contains("dangling.yaml: the file"), "{}", ran.err);
    assert_eq!(ran.exits(0).json().as_array().map(Vec::len), Some(2));
}

#[test]
fn links_in_a_circle() {
    let place = Place::new();
    good(&place);
    symlink("self.yaml", place.path("catalog/recipes/self.yaml")).unwrap();
    symlink(".", place.path("catalog/recipes/here")).unwrap();
    symlink("..", place.path("catalog/recipes/above")).unwrap();
    symlink("two", place.path("catalog/recipes/one")).unwrap();
    symlink("one", place.path("catalog/recipes/two")).unwrap();
    let ran = run_bounded(&place, &GENERATE).exits(0);
    assert!(ran.out.contains("org/good"), "{}", ran.out);
    // The good recipe is not found a second time behind a link.
    assert!(!ran.err.contains("left out"), "{}", ran.err);
}

#[test]
fn a_link_to_a_folder_elsewhere_is_followed() {
    let place = Place::new();
    good(&place);
    place.write("elsewhere/other.yaml", other());
    symlink(
        place.path("elsewhere"),
        place.path("catalog/recipes/linked"),
    )
    .unwrap();
    let ran = run_bounded(
        &place,
        &["list", "recipes", "--catalog=catalog", "--format=json"],
    );
    assert_eq!(ran.exits(0).json()[1]["file"], "recipes/linked/other.yaml");
}

#[test]
fn a_catalog_that_is_not_there_or_is_no_folder() {
    let place = Place::new();
    place.write("file", "x");
    for catalog in ["--catalog=nowhere", "--catalog=file"] {
        let mut words = GENERATE.to_vec();
        words[5] = catalog;
        let ran = run_bounded(&place, &words)
            .exits(2)
            .says("store::unreadable_catalog");
        assert_eq!(ran.out, "");
    }
    std::fs::create_dir(place.path("empty")).unwrap();
    let mut words = GENERATE.to_vec();
    words[5] = "--catalog=empty";
    run_bounded(&place, &words).exits(1).says("unknown model");
}

#[test]
fn a_recipe_named_on_the_command_line_that_never_ends() {
    let place = Place::new();
    good(&place);
    let made = Command::new("mkfifo")
        .arg(place.path("fifo.yaml"))
        .status()
        .unwrap();
    assert!(made.success());
    let mut words = GENERATE.to_vec();
    words.push("--recipe=fifo.yaml");
    run_bounded(&place, &words)
        .exits(1)
        .says("it is no regular file")
        .says("catalog::broken_recipe");
}
