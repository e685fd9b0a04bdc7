//! What the program is built of, and why.

use std::collections::BTreeSet;
use std::fs;

use crate::all_right;
use crate::page::{root, text};

#[test]
fn each_dependency_says_what_it_is_for() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).expect("it is there");
    let page = text("docs/architecture.md");
    let (_, section) = page
        .split_once("## What it is built of")
        .expect("there is a section about crates");
    let section = section.split("\n## ").next().unwrap_or_default();
    let rows = section.lines().filter(|line| line.starts_with("| `"));
    let rows = rows.filter_map(|row| row.split(" | ").next());
    let tests = section.lines().filter(|line| line.starts_with("For tests"));
    let told: BTreeSet<&str> = rows.chain(tests).flat_map(quoted).collect();

    let mut wrong = Vec::new();
    let depended = [
        names(&manifest, "[dependencies]"),
        names(&manifest, "[dev-dependencies]"),
    ];
    let depended: BTreeSet<&str> = depended.into_iter().flatten().collect();
    for name in depended.difference(&told) {
        wrong.push(format!("architecture.md does not say what `{name}` is for"));
    }
    for name in told.difference(&depended) {
        wrong.push(format!(
            "architecture.md has `{name}`, which is no dependency"
        ));
    }
    all_right(&wrong);
}

fn names<'m>(manifest: &'m str, table: &str) -> Vec<&'m str> {
    let (_, after) = manifest.split_once(table).expect("the table is there");
    let lines = after.lines().take_while(|line| !line.starts_with('['));
    lines
        .filter_map(|line| Some(line.split_once(" = ")?.0))
        .collect()
}

/// What stands between backticks.
fn quoted(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}
