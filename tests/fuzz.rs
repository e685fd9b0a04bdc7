//! Random mutations of the catalog's files and of the rules, for as long as `FUZZ_SECONDS` says (1 when it says nothing):
//! reading and editing YAML, and reading and checking rules, end without a crash, and what is said points into the text.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on ends"
)]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use aim_engine::catalog::yaml::edit::{Action, Change, spliced, splices};
use aim_engine::catalog::yaml::{self, Node, NodeKind};
use aim_engine::catalog::{
    backend, hardware, kind::Kind, model, problem::Problem, recipe, written,
};
use aim_engine::datalog::source::Sources;
use aim_engine::datalog::{NoIncludes, load};

#[test]
fn yaml_of_any_bytes() {
    let words = [
        "&a ",
        "*a",
        "<<: *a\n",
        "<<: ",
        "!!str ",
        "!!int ",
        "? ",
        "- ",
        ": ",
        "# x\n",
        "|\n",
        ">-\n",
        "\t",
        "\r\n",
        "\u{feff}",
        "---\n",
        "...\n",
        "{",
        "}",
        "[",
        "]",
        ",",
        "'",
        "\"",
        "\\x00",
        "~",
        "yes",
        "0x",
        "1e999",
        "4_gpu:",
        "é",
        "\u{2028}",
        "%YAML 1.2\n",
    ];
    let corpus = corpus(&["catalog"], "yaml");
    fuzz("yaml", &corpus, &words, |bytes, dice| {
        let root = match yaml::read_bytes(bytes) {
            Ok(root) => root,
            Err(problems) => return point_into(bytes, &problems),
        };
        let text = std::str::from_utf8(bytes).unwrap();
        for kind in Kind::ALL {
            written::values(&root, kind);
        }
        for problems in [
            recipe::read(&root, "stem").map_or_else(|p| p, |(_, p)| p),
            model::read(&root).map_or_else(|p| p, |(_, p)| p),
            hardware::read(&root).err().unwrap_or_default(),
            backend::read(&root).err().unwrap_or_default(),
        ] {
            point_into(bytes, &problems);
        }
        let mut nodes = Vec::new();
        collect(&root, &mut nodes);
        for node in &nodes {
            assert!(text.get(node.span.clone()).is_some(), "{:?}", node.span);
        }
        for _ in 0..4 {
            let node = nodes[dice.below(nodes.len())];
            let text_of = words[dice.below(words.len())].to_owned();
            let action = match dice.below(4) {
                0 => Action::Set(text_of),
                1 => Action::SetBare(text_of),
                2 => Action::Rename(text_of),
                _ => Action::Remove,
            };
            let change = Change {
                ordinal: node.ordinal,
                action,
            };
            if let Some(splices) = splices(text, &root, &[change]) {
                // What was promised: one place changes, and the result is YAML.
                let made = spliced(text, &splices).unwrap();
                assert!(yaml::read(&made).is_ok() && splices.len() == 1);
            }
        }
    });
}

#[test]
fn rules_of_any_text() {
    let words = [
        ".decl ",
        ".input ",
        ".output ",
        ".type ",
        ".include \"",
        "///",
        "/// fix: set {at} to \"",
        "/// code: A\n/// severity: note\n",
        "/// at: x for {at}\n",
        "/// nearest: {x} in ",
        "{",
        "}",
        ":-",
        "!",
        "count : { ",
        "min X : { ",
        "<:",
        "\"",
        "\\",
        "(",
        ")",
        ",",
        ".",
        ".\n",
        "_",
        "X",
        "-9223372036854775808",
        "1e308",
        "/*",
        "*/",
        "//",
        "é",
        "\u{feff}",
        "\0",
        "match(\"",
        "cat(",
        "to_number(",
    ];
    let corpus = corpus(&["rules"], "dl");
    fuzz("rules", &corpus, &words, |bytes, _| {
        let text = String::from_utf8_lossy(bytes);
        let mut sources = Sources::new();
        let file = sources.add("a.dl", &*text);
        let problems = match load(&mut sources, &[file], &mut NoIncludes) {
            Ok(checked) => checked.warnings,
            Err(problems) => problems,
        };
        for label in problems.iter().flat_map(|problem| &problem.labels) {
            let (start, end) = (label.span.start as usize, label.span.end as usize);
            assert!(text.get(start..end).is_some(), "{start}..{end}");
            sources.place(label.span);
        }
    });
}

fn point_into(bytes: &[u8], problems: &[Problem]) {
    for label in problems.iter().flat_map(|problem| &problem.labels) {
        assert!(
            label.start <= label.end && label.end <= bytes.len(),
            "{label:?}"
        );
        if let Ok(text) = std::str::from_utf8(bytes) {
            assert!(text.get(label.start..label.end).is_some(), "{label:?}");
        }
    }
}

fn collect<'t>(node: &'t Node, nodes: &mut Vec<&'t Node>) {
    nodes.push(node);
    match &node.kind {
        NodeKind::Scalar(_) => {}
        NodeKind::Sequence(items) => items.iter().for_each(|item| collect(item, nodes)),
        NodeKind::Mapping(entries) => {
            for entry in entries {
                nodes.push(&entry.key);
                collect(&entry.value, nodes);
            }
        }
    }
}

/// The files of the project with an ending, none of them large.
fn corpus(folders: &[&str], ending: &str) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    let mut folders: Vec<_> = folders
        .iter()
        .map(|folder| Path::new(env!("CARGO_MANIFEST_DIR")).join(folder))
        .collect();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|found| found == ending) {
                found.push((path.clone(), std::fs::read(path).unwrap()));
            }
        }
    }
    found.retain(|(_, bytes)| bytes.len() < 20_000);
    found.sort();
    assert!(!found.is_empty());
    found.into_iter().map(|(_, bytes)| bytes).collect()
}

/// Numbers that a seed gives again.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        // xorshift64*
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() >> 33) as usize % bound.max(1)
    }
}

fn fuzz(name: &str, corpus: &[Vec<u8>], words: &[&str], run: impl Fn(&[u8], &mut Dice)) {
    let number = |variable: &str| std::env::var(variable).ok()?.parse::<u64>().ok();
    let time = Duration::from_secs(number("FUZZ_SECONDS").unwrap_or(1));
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_nanos();
    let seed = number("FUZZ_SEED").unwrap_or(now as u64) | 1;
    let mut dice = Dice(seed);
    let started = Instant::now();
    let (mut runs, mut slowest) = (0_u64, Duration::ZERO);
    while started.elapsed() < time {
        let bytes = mutated(corpus, words, &mut dice);
        let before = Instant::now();
        let result = catch_unwind(AssertUnwindSafe(|| run(&bytes, &mut dice)));
        slowest = slowest.max(before.elapsed());
        runs += 1;
        if result.is_err() {
            let file = std::env::temp_dir().join(format!("fuzz-{name}-{seed}"));
            std::fs::write(&file, &bytes).unwrap();
            panic!("seed {seed}, run {runs}: the input is {}", file.display());
        }
    }
    println!("{name}: {runs} inputs, the slowest took {slowest:?}; FUZZ_SEED={seed}");
}

/// A file of the corpus, cut, repeated, spliced with another, with words put in and bytes changed.
fn mutated(corpus: &[Vec<u8>], words: &[&str], dice: &mut Dice) -> Vec<u8> {
    let mut bytes = corpus[dice.below(corpus.len())].clone();
    let start = dice.below(bytes.len());
    if dice.below(3) == 0 {
        let end = (start + dice.below(600)).min(bytes.len());
        bytes = bytes[start..end].to_vec();
    }
    for _ in 0..=dice.below(6) {
        let at = dice.below(bytes.len() + 1);
        let end = (at + dice.below(40)).min(bytes.len());
        match dice.below(7) {
            0 => bytes.splice(at..end, []).for_each(drop),
            1 => {
                let piece = bytes[at..end].repeat(1 + dice.below(30));
                bytes.splice(at..at, piece).for_each(drop);
            }
            2 => {
                let other = &corpus[dice.below(corpus.len())];
                let from = dice.below(other.len());
                let to = (from + dice.below(200)).min(other.len());
                bytes
                    .splice(at..at, other[from..to].to_vec())
                    .for_each(drop);
            }
            3 => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = dice.below(256) as u8;
                }
            }
            _ => {
                let word = words[dice.below(words.len())].as_bytes();
                bytes.splice(at..at, word.to_vec()).for_each(drop);
            }
        }
    }
    bytes
}
