//! Every check: what it says of files that it is about, what it underlines, and of which it says nothing.
//!
//! The cases are in `lint/*.md`: under a `##` title the blocks of a case's files (```` ```yaml
//! file=recipes/NAME.yaml ````, rules of a site ```` ```prolog file=NAME.dl ````), and a block of the findings.
//! With `UPDATE_EXPECTED=1` the last is written anew.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on ends"
)]

#[path = "lint_pages/case.rs"]
mod case;
#[path = "lint_pages/checks.rs"]
mod checks;

use std::path::{Path, PathBuf};

use pretty_assertions::assert_eq;

use case::Page;
use checks::Checks;

fn pages() -> Vec<(PathBuf, Page)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lint");
    let entries = std::fs::read_dir(folder).expect("the folder of cases");
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.expect("an entry").path())
        .collect();
    paths.sort();
    let pages = paths.into_iter().map(|path| {
        let text = std::fs::read_to_string(&path).expect("a page");
        (path, Page::read(&text))
    });
    pages.collect()
}

#[test]
fn every_case_is_found_as_expected() {
    let checks = Checks::new();
    for (path, page) in pages() {
        let before = std::fs::read_to_string(&path).expect("a page");
        let now = page.with_findings(|case| checks.findings(case));
        if std::env::var_os("UPDATE_EXPECTED").is_some() {
            std::fs::write(&path, &now).expect("the page is written");
        } else {
            assert_eq!(before, now, "{}", path.display());
        }
    }
}

#[test]
fn every_check_has_a_case_and_examples() {
    let pages: Vec<String> = pages()
        .into_iter()
        .map(|(_, page)| page.expected())
        .collect();
    let mut wrong = Vec::new();
    for check in checks::documented() {
        let code = &check.code;
        let digits = code.strip_prefix("AIM").unwrap_or_default();
        if digits.len() != 3 || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
            wrong.push(format!("{code} is no code of a check"));
        }
        if !pages
            .iter()
            .any(|page| page.contains(&format!(" {code} {}: ", check.name)))
        {
            wrong.push(format!("{code} {} has no case in tests/lint", check.name));
        }
        for example in ["Fails", "Passes"] {
            if !check.long.contains(example) {
                wrong.push(format!(
                    "{code} {} has no example of what {example}",
                    check.name
                ));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

/// A page says too little when all of its cases are of files that are wrong.
#[test]
fn every_page_has_a_case_without_findings() {
    for (path, page) in pages() {
        assert!(page.has_case_without_findings(), "{}", path.display());
    }
}

#[test]
fn the_built_in_catalog_is_without_findings() {
    assert_eq!(Checks::new().of_embedded(), "");
}
