//! `lint` as people run it: what is checked, what is shown of it, and how it ends.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on ends"
)]

mod program;

use std::io::Write;
use std::process::Stdio;

use pretty_assertions::assert_eq;
use program::{Place, Ran, recipe};

/// `CODE file:line:column` of each error. (Names as short as these are warned of.)
fn found(ran: &Ran) -> Vec<String> {
    let findings = ran.json()["findings"].clone();
    let line = |finding: &serde_json::Value| {
        let at = &finding["labels"][0];
        let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        format!(
            "{} {}:{}:{}",
            text(&finding["code"]),
            text(&at["file"]),
            at["line"],
            at["column"]
        )
    };
    let findings = findings.as_array().unwrap().iter();
    let errors = findings.filter(|finding| finding["severity"] == "error");
    errors.map(line).collect()
}

/// A recipe whose blocks say more GPUs than they use.
fn wrong(id: &str) -> String {
    recipe(id, "Qwen/Qwen3-32B", "MI300X", "bf16", 4)
        .replace("--max-model-len: 8192", "--tensor-parallel-size: 2")
}

#[test]
fn the_built_in_catalog_is_checked_where_nothing_is_named() {
    let ran = Place::new().run(&["lint"]).exits(0).says_nothing();
    assert!(ran.out.ends_with("files: nothing found\n"), "{}", ran.out);
}

#[test]
fn a_folder_is_a_catalog_and_a_file_is_judged_within_it() {
    let place = Place::new();
    place.write("site/recipes/one.yaml", wrong("one"));
    place.write(
        "site/recipes/two.yaml",
        recipe("one", "Qwen/Qwen3-32B", "MI300X", "bf16", 4),
    );
    let all = [
        "AIM301 site/recipes/one.yaml:9:31",
        "AIM101 site/recipes/two.yaml:1:12",
        "AIM102 site/recipes/two.yaml:1:12",
    ];
    let ran = place
        .run(&["lint", "site", "--format=json"])
        .exits(1)
        .says_nothing();
    assert_eq!(found(&ran), all);
    assert_eq!(ran.json()["summary"]["files"], 2);
    assert_eq!(ran.json()["summary"]["errors"], 3);
    let ran = place
        .run(&["lint", "--catalog=site", "--format=json"])
        .exits(1);
    assert_eq!(found(&ran), all);
    let ran = place
        .run(&["lint", "--overlay=site", "--format=json"])
        .exits(1);
    assert_eq!(found(&ran), all);
    // What is said of the other file is shown where this one takes part in it.
    let ran = place
        .run(&[
            "lint",
            "site/recipes/one.yaml",
            "--catalog=site",
            "--format=json",
        ])
        .exits(1);
    assert_eq!(found(&ran), [all[0], all[2]]);
    assert_eq!(ran.json()["summary"]["files"], 1);
}

#[test]
fn files_by_themselves_are_judged_together_within_the_built_in_catalog() {
    let place = Place::new();
    place.write("one.yaml", wrong("one"));
    place.write("two.yaml", wrong("one"));
    let ran = place
        .run(&[
            "lint",
            "one.yaml",
            "./one.yaml",
            "two.yaml",
            "--format=json",
        ])
        .exits(1);
    let all = [
        "AIM301 one.yaml:9:31",
        "AIM101 two.yaml:1:12",
        "AIM102 two.yaml:1:12",
        "AIM301 two.yaml:9:31",
    ];
    assert_eq!(found(&ran), all);
    let ran = place.run(&["lint", "one.yaml", "--format=json"]).exits(1);
    assert_eq!(found(&ran), ["AIM301 one.yaml:9:31"]);
    let ran = place.run(&["lint", "one.yaml"]).exits(1);
    assert!(ran.out.contains("╭─[one.yaml:9:31]"), "{}", ran.out);
    assert!(
        ran.out
            .ends_with("1 file: 1 error, 2 warnings; 1 can be fixed\n"),
        "{}",
        ran.out
    );
}

#[test]
fn stdin_is_a_recipe_or_a_card() {
    let place = Place::new();
    let run = |words: &[&str], text: &str| {
        let mut child = place
            .command(words)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(text.as_bytes())
            .unwrap();
        let output = child.wait_with_output().unwrap();
        Ran {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    };
    let ran = run(&["lint", "-", "--format=json"], &wrong("any-name")).exits(1);
    assert_eq!(found(&ran), ["AIM301 <stdin>:9:31"]);
    let ran = run(&["lint", "--models", "-", "--format=json"], "name: A\n").exits(1);
    assert_eq!(found(&ran), ["AIM005 <stdin>:1:1"]);
    // Its keys tell what it is; `--models` says that it is a card whatever they are.
    let card = "huggingface_id: small\nsize: 8B\n";
    let ran = run(&["lint", "-", "--format=json"], card).exits(1);
    assert_eq!(found(&ran), ["AIM103 <stdin>:1:17"]);
    let either = "huggingface_id: small\nhardware: MI300X\n";
    let ran = run(&["lint", "-", "--models", "--format=json"], either).exits(1);
    assert_eq!(found(&ran), ["AIM103 <stdin>:1:17"]);
}

#[test]
fn a_plain_folder_has_recipes_and_cards() {
    let place = Place::new();
    place.write("plain/card.yaml", "huggingface_id: small\nsize: 8B\n");
    place.write("plain/one.yaml", wrong("one"));
    let ran = place.run(&["lint", "plain", "--format=json"]).exits(1);
    let all = ["AIM103 plain/card.yaml:1:17", "AIM301 plain/one.yaml:9:31"];
    assert_eq!(found(&ran), all);
    let ran = place.run(&["lint", "plain", "--models", "--format=json"]);
    assert_eq!(found(&ran.exits(1)), ["AIM103 plain/card.yaml:1:17"]);
}

#[test]
fn what_is_not_there_is_an_error_of_usage() {
    let ran = Place::new().run(&["lint", "gone.yaml"]).exits(2);
    ran.says("lint::no-such-path")
        .says("cannot read `gone.yaml`");
}

#[test]
fn a_site_replaces_a_built_in_file_of_checks_by_its_folder_and_name() {
    let place = Place::new();
    place.write("site/recipes/one.yaml", wrong("one"));
    let nothing = "// No check of ours is about serving.\n";
    place.write("site/rules/serving.dl", nothing);
    let ran = place.run(&["lint", "site", "--format=json"]).exits(1);
    assert_eq!(found(&ran), ["AIM301 site/recipes/one.yaml:9:31"]);
    place.write("site/rules/lint/serving.dl", nothing);
    place.run(&["lint", "site"]).exits(0);
    // Of the files of checks none needs another one.
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("rules/lint");
    let shared = ["main.dl", "written.dl", "figures.dl", "engines.dl"];
    for entry in std::fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if shared.contains(&name.as_str()) {
            continue;
        }
        let place = Place::new();
        place.write("site/recipes/one.yaml", wrong("one"));
        place.write(&format!("site/rules/lint/{name}"), nothing);
        let ran = place.run(&["lint", "site"]);
        assert!(
            [Some(0), Some(1)].contains(&ran.code),
            "{name}: {}",
            ran.err
        );
    }
}
