//! `lint` and `lint --fix` on files that nobody should have written: a finding or nothing, in bounded time, and a
//! file that cannot be mended stays as it is to the byte.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on ends"
)]

mod program;

use std::time::{Duration, Instant};

use program::{Place, Ran, recipe};

/// No file may hold up a run so long, on a slow machine and without optimisation.
const BOUND: Duration = Duration::from_secs(30);

#[track_caller]
fn run_bounded(place: &Place, words: &[&str]) -> Ran {
    let (out, err) = (place.path("out"), place.path("err"));
    let to = |path| std::process::Stdio::from(std::fs::File::create(path).unwrap());
    let mut command = place.command(words);
    let mut child = command.stdout(to(&out)).stderr(to(&err)).spawn().unwrap();
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
    let ran = Ran {
        code: status.code(),
        out: read(out),
        err: read(err),
    };
    assert!(!ran.err.contains("panicked"), "{}", ran.err);
    assert!(
        matches!(ran.code, Some(0 | 1)),
        "{:?} {}",
        ran.code,
        ran.err
    );
    ran
}

/// The codes of what is found in the file, by itself and within a folder; `--fix` leaves it as it is.
#[track_caller]
fn found(bytes: impl AsRef<[u8]>) -> Vec<String> {
    let bytes = bytes.as_ref();
    let place = Place::new();
    let file = place.write("site/recipes/bad.yaml", bytes);
    let codes = |ran: Ran| -> Vec<String> {
        assert!(ran.out.len() < 4_000_000, "{} bytes", ran.out.len());
        let findings = ran.json()["findings"].clone();
        let findings = findings.as_array().unwrap().iter();
        let codes = findings.map(|finding| finding["code"].as_str().unwrap().to_owned());
        codes.collect()
    };
    let inside = codes(run_bounded(
        &place,
        &["lint", "site", "--format=json", "--ignore=AIM6"],
    ));
    let alone = [
        "lint",
        "site/recipes/bad.yaml",
        "--format=json",
        "--ignore=AIM6",
    ];
    let alone = codes(run_bounded(&place, &alone));
    assert_eq!(inside, alone);
    let shown = run_bounded(&place, &["lint", "site"]);
    assert!(!shown.out.contains('\u{1b}') && !shown.out.contains('\u{7}'));
    run_bounded(&place, &["lint", "site", "--fix"]);
    assert!(
        std::fs::read(&file).unwrap() == bytes,
        "the file has changed"
    );
    inside
}

#[track_caller]
fn refused(bytes: impl AsRef<[u8]>) {
    assert_eq!(found(bytes), ["AIM001"]);
}

fn good() -> String {
    recipe("bad", "Qwen/Qwen3-32B", "MI300X", "bf16", 1)
}

#[test]
fn aliases_that_multiply() {
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for i in 1..30 {
        let last = format!("*a{}", i - 1);
        bomb += &format!("a{i}: &a{i} [{}]\n", [last.as_str(); 9].join(", "));
    }
    refused(bomb);
    refused("a: &a [*a]\n");
    let keys: String = (0..45_000).map(|key| format!("k{key}: 0, ")).collect();
    found(format!("base: &b {{{keys}}}\nit: {{<<: *b}}\n"));
}

#[test]
fn values_out_of_all_bounds() {
    refused(format!("recipe_id: {}\n", "x".repeat(10 << 20)));
    refused(format!("{}x: \"{}\"\n", good(), "y".repeat(5 << 20)));
    found(format!("{}x: \"{}\"\n", good(), "y".repeat(3 << 20)));
    found(format!("{}x: |\n{}", good(), "  line\n".repeat(400_000)));
    found(format!("recipe_id: {}\n", "é".repeat(1 << 20)));
    found(good().replace("8192", &"9".repeat(100_000)));
    found(good().replace("1_gpu", "99999999999999999999_gpu"));
    found(good().replace("8192", "1e999999999"));
}

#[test]
fn deep_nesting() {
    refused("[".repeat(200_000));
    refused("{a: ".repeat(100_000));
    refused("- ".repeat(100_000) + "x");
    refused(format!(
        "{}x: {}1{}\n",
        good(),
        "[".repeat(5_000),
        "]".repeat(5_000)
    ));
    found(format!(
        "{}x: {}1{}\n",
        good(),
        "[".repeat(50),
        "]".repeat(50)
    ));
}

#[test]
fn keys_that_stand_twice() {
    let codes = found(format!("{}hardware: MI325X\n", good()));
    assert_eq!(codes, ["AIM002"]);
    let twice: String = (0..30_000).map(|_| "a: 1\n").collect();
    found(twice);
    let keys: String = (0..50_000).map(|key| format!("k{key}: 1\n")).collect();
    found(keys);
}

#[test]
fn thousands_of_findings_with_a_fix_in_one_file() {
    let blocks: String = (1..4_000)
        .map(|gpus| format!("  {gpus}_gpu:\n    enabled: true\n    args: {{-tp: 4097}}\n"))
        .collect();
    let place = Place::new();
    let head = good().replace("recipe_id: bad\n", "");
    let (head, _) = head.split_at(head.find("  1_gpu").unwrap());
    place.write("site/recipes/bad.yaml", format!("{head}{blocks}"));
    run_bounded(&place, &["lint", "site", "--format=json", "--ignore=AIM6"]);
    run_bounded(&place, &["lint", "site", "--diff"]);
}

#[test]
fn other_habits_of_writing() {
    refused(good().replace("  1_gpu", "\t1_gpu"));
    refused(b"recipe_id: \xff\xfe\n");
    refused(b"\xff\xfer\0e\0c\0i\0p\0e\0");
    refused(vec![0_u8; 1000]);
    refused("");
    refused("# only this\n");
    refused(format!("{}---\n{}", good(), good()));
    assert_eq!(found("just text\n"), ["AIM004"]);
    found("a: \u{1b}[31mred\u{7}\n");
    let plain = found(good());
    for same in [
        good().replace('\n', "\r\n"),
        format!("\u{feff}{}", good()),
        format!("---\n{}...\n", good()),
        good().trim_end().to_owned(),
    ] {
        assert_eq!(found(same), plain);
    }
    let words = good().replace("enabled: true", "enabled: yes");
    assert!(found(words).contains(&"AIM008".to_owned()));
    let merged = good().replace(
        "    enabled: true\n",
        "    <<: {enabled: true}\n    <<: {enabled: false}\n",
    );
    found(merged);
    found(good().replace("MI300X", "*nothing"));
    found(good().replace("MI300X", "!!binary MI300X"));
    found(good().replace("MI300X", "? MI300X"));
    found(good().replace("vllm_serve:", "? vllm_serve\n:"));
    found(good().replace("8192", "!!int \"8192\""));
}
