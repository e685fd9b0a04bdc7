//! `docs/lints/` is what the checks' doc comments say, and their examples fail and pass as they say.
//!
//! With `UPDATE_EXPECTED=1` the pages are written anew.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on ends"
)]

#[path = "lint_docs/example.rs"]
mod example;
#[path = "lint_docs/pages.rs"]
mod pages;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use aim_engine::catalog::kind::Kind;
use aim_engine::policy::{OpenRules, RelationDoc, RuleSources, documented};
use aim_engine::store::{Layer, Store, StoreSpec};
use pretty_assertions::assert_eq;

fn store(dir: &Path) -> Store {
    let spec = StoreSpec {
        layers: vec![Layer::Embedded(vec![Kind::Hardware, Kind::Backend])],
        file: Some(dir.join("store.db")),
        ..StoreSpec::default()
    };
    Store::open(&spec).expect("a store")
}

/// The built-in checks by their codes.
fn checks(store: &Store) -> Vec<RelationDoc> {
    let rules = OpenRules::load(RuleSources::default(), store).expect("the rules");
    let mut checks = documented(&rules);
    checks.retain(|doc| doc.code.is_some() && doc.verify.is_none());
    checks.sort_by(|a, b| (&a.code, &a.name).cmp(&(&b.code, &b.name)));
    checks
}

#[test]
fn the_pages_are_what_the_doc_comments_say() {
    let dir = tempfile::tempdir().unwrap();
    let expected = pages::pages(&checks(&store(dir.path())));
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/lints");
    if std::env::var_os("UPDATE_EXPECTED").is_some() {
        // Pages of checks that are gone go too.
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).expect("the folder");
        for (name, text) in &expected {
            std::fs::write(folder.join(name), text).expect("a page is written");
        }
    }
    let entries = std::fs::read_dir(&folder).expect("the folder of pages");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let name = |path: &PathBuf| path.file_name().unwrap().to_string_lossy().into_owned();
    let found: BTreeMap<String, String> = paths
        .map(|path| (name(&path), std::fs::read_to_string(&path).expect("a page")))
        .collect();
    let names = |pages: &BTreeMap<String, String>| pages.keys().cloned().collect::<Vec<_>>();
    let hint = "UPDATE_EXPECTED=1 cargo test --test lint_docs writes the pages anew";
    assert_eq!(names(&found), names(&expected), "{hint}");
    for (name, text) in &expected {
        assert_eq!(found.get(name), Some(text), "{name}: {hint}");
    }
}

#[test]
fn every_example_fails_or_passes_as_it_says() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path());
    let checks = checks(&store);
    let bench = example::Bench::new(&store);
    let mut wrong = Vec::new();
    let mut tried = 0;
    for check in &checks {
        let code = check.code.as_deref().unwrap();
        for example in example::examples(code, &check.long) {
            tried += 1;
            let found = bench.findings(&example);
            let name = check.name.as_deref().unwrap();
            let fails = found
                .iter()
                .any(|finding| finding.code == code && finding.name == name);
            if fails != example.fails {
                let what = if example.fails { "fails" } else { "passes" };
                let codes: Vec<&str> = found.iter().map(|one| one.code.as_str()).collect();
                wrong.push(format!(
                    "{code} {name}: what it says {what} has the findings {codes:?}:\n{}",
                    example.shown()
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    assert!(tried > 30, "only {tried} examples were found");
}
