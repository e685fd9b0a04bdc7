//! Right recipes in any style of writing, with faults that have a fix: what `--fix` makes of them is the same text
//! with the faults mended, to the byte; a second run changes nothing, and nothing new is found.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on ends"
)]

use std::collections::BTreeMap;
use std::fmt::Write as _;

use aim_engine::catalog::kind::Kind;
use aim_engine::catalog::yaml;
use aim_engine::lint::{Files, Findings, Mended, Selection, Subject, mend};
use aim_engine::policy::{Policy, RuleSources};
use aim_engine::store::{Layer, LooseFile, Store, StoreSpec};
use proptest::prelude::*;

/// Checks whose fixes rename, remove and set.
const RULES: &str = r#"
/// `{flag}` is called `--seed` here
/// code: HOUSE1
/// severity: error
/// fix: rename {at} to "--seed"
.decl old_name(at: node, flag: symbol)
old_name(At, F) :- recipe_argument(_, _, _, F, _, _, At, _), F = "--sead".

/// `{flag}` is not wanted
/// code: HOUSE2
/// severity: warning
/// fix: remove {at}
.decl not_wanted(at: node, flag: symbol)
not_wanted(At, F) :- recipe_argument(_, _, _, F, _, _, At, _), F = "--enforce-eager".

/// the size is {size}
/// code: HOUSE3
/// severity: error
/// fix: set {at} to "{gpus}"
.decl wrong_size(at: node, size: symbol, gpus: number)
wrong_size(At, T, N) :- recipe_word(_, _, N, "--tensor-parallel-size", _, T, _, _, At), value_number(At, X), X != to_float(N).
"#;

/// A block of arguments, and how it is written.
#[derive(Clone, Debug)]
struct Block {
    gpus: u32,
    size: Option<u32>,
    sead: bool,
    eager: bool,
    flow: bool,
    quote: u8,
    own_comment: bool,
    blank_below: bool,
    comments: [bool; 4],
}

#[derive(Clone, Debug)]
struct Case {
    id: Option<bool>,
    id_quote: u8,
    blocks: BTreeMap<u32, Block>,
    windows: bool,
    bom: bool,
    open_end: bool,
    indent: usize,
    header: bool,
}

fn block() -> impl Strategy<Value = Block> {
    (
        prop::sample::select(vec![1_u32, 2, 4, 8]),
        prop::option::of(1..9_u32),
        any::<(bool, bool, bool)>(),
        0..3_u8,
        any::<(bool, bool)>(),
        any::<[bool; 4]>(),
    )
        .prop_map(
            |(gpus, size, (sead, eager, flow), quote, (own_comment, blank_below), comments)| {
                Block {
                    gpus,
                    size,
                    sead,
                    eager,
                    flow,
                    quote,
                    own_comment,
                    blank_below,
                    comments,
                }
            },
        )
}

fn case() -> impl Strategy<Value = Case> {
    (
        prop::option::of(any::<bool>()),
        0..3_u8,
        prop::collection::vec(block(), 1..4),
        any::<(bool, bool, bool, bool)>(),
        1..4_usize,
    )
        .prop_map(
            |(id, id_quote, blocks, (windows, bom, open_end, header), indent)| Case {
                id,
                id_quote,
                blocks: blocks
                    .into_iter()
                    .map(|block| (block.gpus, block))
                    .collect(),
                windows,
                bom,
                open_end,
                indent,
                header,
            },
        )
}

fn quoted(text: &str, quote: u8) -> String {
    match quote {
        0 => text.to_owned(),
        1 => format!("'{text}'"),
        _ => format!("\"{text}\""),
    }
}

impl Case {
    /// The text with the faults, or mended.
    fn text(&self, mended: bool) -> String {
        let mut out = String::new();
        if self.header {
            out += "# Überschrift: {a: 1}, \"so\"\n\n";
        }
        if let Some(right) = self.id {
            let id = if right || mended { "a" } else { "other-one" };
            writeln!(out, "recipe_id:  {} # das hier", quoted(id, self.id_quote)).unwrap();
        }
        out += "huggingface_id: Qwen/Qwen3-8B\nhardware: 'MI300X'\nprecision: bf16   # größer\nvllm_serve:\n";
        for block in self.blocks.values() {
            block.write(&mut out, " ".repeat(self.indent).as_str(), mended);
        }
        if self.windows {
            out = out.replace('\n', "\r\n");
        }
        if self.open_end {
            out.truncate(out.trim_end().len());
        }
        if self.bom {
            out.insert(0, '\u{feff}');
        }
        out
    }
}

impl Block {
    fn write(&self, out: &mut String, indent: &str, mended: bool) {
        let gpus = self.gpus;
        let note = |at: usize| {
            if self.comments[at] {
                "  # é: kept"
            } else {
                ""
            }
        };
        write!(
            out,
            "{indent}{gpus}_gpu:{}\n{indent}{indent}enabled: true{}\n",
            note(0),
            note(1)
        )
        .unwrap();
        let size = self.size.map(|size| if mended { gpus } else { size });
        let size = size.map(|size| {
            format!(
                "--tensor-parallel-size: {}",
                quoted(&size.to_string(), self.quote)
            )
        });
        let seed = if mended { "--seed" } else { "--sead" };
        let seed = self
            .sead
            .then(|| format!("{}: 1", quoted(seed, self.quote)));
        let eager = (self.eager && !mended).then(|| "--enforce-eager: true".to_owned());
        if self.flow {
            let all = [eager, Some("--max-model-len: 8192".to_owned()), seed, size];
            let all: Vec<String> = all.into_iter().flatten().collect();
            writeln!(
                out,
                "{indent}{indent}args: {{ {} }}{}",
                all.join(", "),
                note(2)
            )
            .unwrap();
            return;
        }
        writeln!(out, "{indent}{indent}args:{}", note(2)).unwrap();
        let deep = indent.repeat(3);
        writeln!(out, "{deep}--max-model-len: 8192{}", note(3)).unwrap();
        if self.eager {
            // The comment goes with the entry where nothing else can be meant by it.
            if self.own_comment && !(mended && self.blank_below) {
                writeln!(out, "{deep}# about what follows").unwrap();
            }
            if let Some(eager) = eager {
                writeln!(out, "{deep}{eager}  # nur hier").unwrap();
            }
            if self.blank_below {
                writeln!(out).unwrap();
            }
        }
        writeln!(out, "{deep}--max-num-seqs: 64").unwrap();
        for line in [seed, size].into_iter().flatten() {
            writeln!(out, "{deep}{line}{}", note(3)).unwrap();
        }
    }
}

struct Bench {
    store: Store,
    policy: Policy,
    _dir: tempfile::TempDir,
}

impl Bench {
    fn new() -> Bench {
        let dir = tempfile::tempdir().unwrap();
        let rules = dir.path().join("house.dl");
        std::fs::write(&rules, RULES).unwrap();
        let store = Store::open(&StoreSpec {
            layers: vec![Layer::Embedded(vec![Kind::Hardware, Kind::Backend])],
            file: Some(dir.path().join("store.db")),
            ..StoreSpec::default()
        })
        .unwrap();
        let rules = RuleSources::read(&[rules], &[]).unwrap();
        let policy = Policy::load_lints(rules, &store)
            .unwrap_or_else(|error| panic!("{:?}", error.reports()));
        Bench {
            store,
            policy,
            _dir: dir,
        }
    }

    fn mended(&self, text: &str) -> Mended {
        let file = LooseFile {
            name: "recipes/a.yaml".to_owned(),
            kind: Some(Kind::Recipe),
            text: Some(text.as_bytes().into()),
        };
        let store = self.store.with_files(vec![file]).unwrap();
        mend(
            &store,
            &self.policy,
            &Subject::all(Files::Folders),
            &Selection::default(),
        )
        .expect("the checks run")
    }
}

fn codes(findings: &Findings) -> Vec<String> {
    findings
        .findings
        .iter()
        .map(|one| format!("{} {}", one.code, one.message))
        .collect()
}

#[test]
fn faults_are_mended_and_nothing_else_changes() {
    let bench = Bench::new();
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases: 60,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let run = runner.run(&case(), |case| {
        let (before, wanted) = (case.text(false), case.text(true));
        yaml::read(&before).expect("a right document");
        let mended = bench.mended(&before);
        let after = mended
            .files
            .values()
            .next()
            .map_or(&before, |file| &file.after);
        prop_assert_eq!(after, &wanted);
        prop_assert!(mended.refused.is_empty());
        let again = bench.mended(after);
        prop_assert!(again.files.is_empty() && again.fixed.is_empty());
        prop_assert_eq!(codes(&again.left), codes(&mended.left));
        prop_assert_eq!(mended.left.summary.fixable, 0);
        Ok(())
    });
    if let Err(error) = run {
        panic!("{error}");
    }
}
