//! `lint` as scripts and services use it: which findings, in what form, and how the run ends.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on ends"
)]

use std::path::Path;
use std::process::{Command, Output};

use pretty_assertions::assert_eq;
use serde_json::Value;

/// A catalog with an error (its place behind letters of several bytes), a warning, and a suppressed error.
fn catalog() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let recipes = dir.path().join("cat a/recipes");
    std::fs::create_dir_all(&recipes).unwrap();
    let text = "recipe_id: qwen3-8b-mi300x-bf16\nhuggingface_id: Qwen/Qwen3-8B\nhardware: MI300X\nprecision: bf16\n\
                vllm_serve:\n  1_gpu:\n    enabled: true\n    \
                args: {--served-model-name: \"großé\", --tensor-parallel-size: 2}\n  \
                2_gpu:\n    args: {--max-num-seqs: 8}\n  \
                4_gpu:\n    enabled: true\n    # aim-engine: ignore[AIM301] it runs on two nodes\n    \
                args: {--tensor-parallel-size: 8}\n";
    std::fs::write(recipes.join("qwen3-8b-mi300x-bf16.yaml"), text).unwrap();
    dir
}

fn lint(dir: &Path, words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_aim-engine"))
        .args(["lint", "cat a", "--select", "AIM301,enabled-not-said,AIM09"])
        .args(words)
        .current_dir(dir)
        .env("HOME", dir)
        .env_remove("XDG_CACHE_HOME")
        .output()
        .expect("the program runs")
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn json(output: &Output) -> Value {
    serde_json::from_str(&stdout(output)).expect("one JSON document")
}

const FILE: &str = "cat a/recipes/qwen3-8b-mi300x-bf16.yaml";

#[test]
fn workflow_commands_are_lines_that_github_reads() {
    let dir = catalog();
    let output = lint(dir.path(), &["--format", "github"]);
    assert_eq!(output.status.code(), Some(1));
    let lines = stdout(&output);
    let lines: Vec<&str> = lines.lines().collect();
    assert_eq!(lines.len(), 2);
    assert_eq!(
        lines[0],
        format!(
            "::error file={FILE},line=8,col=66,endColumn=67,title=AIM301 tensor-parallel-mismatch::\
             `--tensor-parallel-size` is 2, but this block is for 1 GPU%0A{FILE}:6: 1 GPU%0A\
             help: set `--tensor-parallel-size` to 1, or call the block `2_gpu`"
        )
    );
    assert!(lines[1].starts_with("::warning file="), "{}", lines[1]);
    let none = lint(dir.path(), &["--format", "github", "--ignore", "AIM"]);
    assert_eq!(
        (none.status.code(), stdout(&none)),
        (Some(0), String::new())
    );
}

#[test]
fn a_sarif_log_has_rules_places_fingerprints_and_suppressions() {
    let dir = catalog();
    let log = json(&lint(dir.path(), &["--format", "sarif"]));
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    assert_eq!(run["columnKind"], "unicodeCodePoints");
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    for rule in rules {
        assert!(rule["id"].as_str().unwrap().starts_with("AIM"));
        for text in ["shortDescription", "fullDescription", "help"] {
            assert!(!rule[text]["text"].as_str().unwrap().is_empty(), "{rule}");
        }
        let level = rule["defaultConfiguration"]["level"].as_str().unwrap();
        assert!(["error", "warning", "note"].contains(&level));
        let page = rule["properties"]["documentation"].as_str().unwrap();
        let page = Path::new(env!("CARGO_MANIFEST_DIR")).join(page);
        assert!(page.is_file(), "{}", page.display());
    }
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), 3);
    let mut fingerprints = Vec::new();
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(
            place["artifactLocation"]["uri"],
            "cat%20a/recipes/qwen3-8b-mi300x-bf16.yaml"
        );
        let fingerprint = result["partialFingerprints"]["codeAndText/v1"].as_str();
        fingerprints.push(fingerprint.unwrap());
    }
    fingerprints.sort_unstable();
    fingerprints.dedup();
    assert_eq!(fingerprints.len(), 3);
    let region = &results[0]["locations"][0]["physicalLocation"]["region"];
    let of = |key: &str| region[key].as_u64().unwrap();
    assert_eq!(
        [
            "startLine",
            "startColumn",
            "endLine",
            "endColumn",
            "byteLength"
        ]
        .map(of),
        [8, 66, 8, 67, 1]
    );
    assert_eq!(
        results[0]["relatedLocations"][0]["message"]["text"],
        "1 GPU"
    );
    assert!(results[0].get("suppressions").is_none());
    let suppression = &results[2]["suppressions"][0];
    assert_eq!(suppression["kind"], "inSource");
    assert_eq!(suppression["justification"], "it runs on two nodes");
}

#[test]
fn warnings_fail_where_they_are_denied() {
    let dir = catalog();
    let only = |words: &[&str]| lint(dir.path(), words).status.code();
    assert_eq!(only(&["--ignore", "AIM301"]), Some(0));
    assert_eq!(only(&["--ignore", "AIM301", "--deny", "warnings"]), Some(1));
    assert_eq!(only(&["--ignore", "AIM30", "--deny", "notes"]), Some(0));
    assert_eq!(only(&["--ignore", "Tensor-Parallel-Mismatch"]), Some(0));
}

#[test]
fn a_check_that_there_is_not_is_a_mistake() {
    let dir = catalog();
    let output = lint(dir.path(), &["--ignore", "tensor-paralel-mismatch"]);
    assert_eq!(output.status.code(), Some(2));
    let said = stderr(&output);
    assert!(said.contains("lint::unknown-check"), "{said}");
    assert!(
        said.contains("did you mean `tensor-parallel-mismatch`?"),
        "{said}"
    );
    assert_eq!(lint(dir.path(), &["--select", ""]).status.code(), Some(2));
}

#[test]
fn statistics_count_the_findings_of_each_check() {
    let dir = catalog();
    let output = lint(dir.path(), &["--statistics", "--format", "json"]);
    let counts = json(&output);
    assert_eq!(counts["statistics"][0]["code"], "AIM301");
    assert_eq!(counts["statistics"][0]["count"], 1);
    assert_eq!(counts["summary"]["warnings"], 1);
    let text = stdout(&lint(dir.path(), &["--statistics"]));
    assert!(
        text.ends_with("\n1 file: 1 error, 1 warning; 1 can be fixed; 1 suppressed\n"),
        "{text}"
    );
}

#[test]
fn a_baseline_leaves_out_what_it_knows_wherever_it_moved_to() {
    let dir = catalog();
    let file = dir.path().join(FILE);
    let written = lint(dir.path(), &["--write-baseline", "known.json"]);
    assert_eq!(written.status.code(), Some(0));
    assert_eq!(stdout(&written), "");

    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, format!("# one\n# two\n{text}")).unwrap();
    let moved = lint(dir.path(), &["--baseline", "known.json", "--deny", "notes"]);
    assert_eq!(moved.status.code(), Some(0));
    assert_eq!(
        stdout(&moved),
        "1 file: nothing found; 1 suppressed; 2 in the baseline\n"
    );

    // One more of the same is one too many.
    let more = "  8_gpu:\n    enabled: true\n    args: {--tensor-parallel-size: 2}\n";
    std::fs::write(&file, format!("{text}{more}")).unwrap();
    let new = json(&lint(
        dir.path(),
        &["--baseline", "./known.json", "--format", "json"],
    ));
    assert_eq!(new["summary"]["errors"], 1);

    std::fs::write(
        &file,
        text.replace("--tensor-parallel-size: 2", "--max-num-seqs: 2"),
    )
    .unwrap();
    let mended = lint(dir.path(), &["--baseline", "known.json"]);
    assert_eq!(mended.status.code(), Some(0));

    let none = lint(dir.path(), &["--baseline", "missing.json"]);
    assert_eq!(none.status.code(), Some(2));
    assert!(stderr(&none).contains("--write-baseline missing.json"));
    std::fs::write(dir.path().join("other.json"), "{}").unwrap();
    let other = lint(dir.path(), &["--baseline", "other.json"]);
    assert_eq!(other.status.code(), Some(2));
}

#[test]
fn rules_are_listed_and_shown() {
    let dir = catalog();
    let rules = |words: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_aim-engine"));
        command.arg("rules").args(words).env("HOME", dir.path());
        command.env_remove("XDG_CACHE_HOME").output().expect("runs")
    };
    let all = stdout(&rules(&["list"]));
    assert!(
        all.contains("AIM301 tensor-parallel-mismatch (error)"),
        "{all}"
    );
    assert!(all.contains("rejected_hardware"), "{all}");
    assert!(all.lines().all(|line| line.chars().count() <= 80), "{all}");
    let some = stdout(&rules(&["list", "aim3"]));
    assert!(
        some.lines()
            .all(|line| line.starts_with("AIM3") || line.starts_with("    "))
    );
    let listed = json(&rules(&["list", "AIM301", "--format", "json"]));
    assert_eq!(listed[0]["relation"], "tensor_parallel_mismatch");
    assert_eq!(listed[0]["severity"], "error");

    for what in [
        "AIM301",
        "tensor-parallel-mismatch",
        "tensor_parallel_mismatch",
    ] {
        let shown = stdout(&rules(&["show", what]));
        for part in [
            "Fails:",
            "Passes:",
            "help: set",
            "lint/serving.dl:",
            "cannot_split(",
        ] {
            assert!(shown.contains(part), "{what} {part}: {shown}");
        }
    }
    let shown = json(&rules(&["show", "AIM301", "--format", "json"]));
    assert!(shown[0]["long"].as_str().unwrap().contains("```yaml"));
    assert_eq!(shown[0]["rules"].as_array().unwrap().len(), 2);
    let unknown = rules(&["show", "tensor-parallel-mismatc"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(stderr(&unknown).contains("did you mean `tensor-parallel-mismatch`?"));
}
