//! Every mistake in a rule file: what is said, what is underlined, and what helps.
//!
//! The cases are in `rules_diagnostics/*.md`: a block of rules (`// file: name` begins another
//! file) and a block of what is said about it. With `UPDATE_EXPECTED=1` the second is written anew.

#![expect(clippy::expect_used, reason = "a test may fail")]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use aim_engine::datalog::diagnostic::{Code, Diagnostics, Severity};
use aim_engine::datalog::source::Sources;
use aim_engine::datalog::{NoIncludes, load};
use pretty_assertions::assert_eq;

/// What is said about some files, in a form that shows all of it.
fn said(text: &str) -> String {
    let mut sources = Sources::new();
    let mut files = Vec::new();
    let mut parts: Vec<(&str, String)> = vec![("main.dl", String::new())];
    for line in text.split_inclusive('\n') {
        match line.strip_prefix("// file: ") {
            Some(name) => parts.push((name.trim_end(), String::new())),
            None => parts.last_mut().expect("a file").1.push_str(line),
        }
    }
    for (name, text) in parts {
        files.push(sources.add(name, text));
    }
    let problems = match load(&mut sources, &files, &mut NoIncludes) {
        Ok(checked) => checked.warnings,
        Err(problems) => problems,
    };
    shown(&problems, &sources, files.len() > 1)
}

fn shown(problems: &Diagnostics, sources: &Sources, with_file: bool) -> String {
    let mut out = String::new();
    for problem in problems {
        let severity = match problem.severity() {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        writeln!(out, "{severity} {}: {}", problem.code, problem.message).expect("text");
        for label in &problem.labels {
            let place = sources.place(label.span);
            let file = match with_file {
                true => format!("{}:", sources.name(label.span.file)),
                false => String::new(),
            };
            let under = sources.slice(label.span).replace('\n', "⏎");
            let (line, column) = (place.line, place.column);
            writeln!(out, "  {file}{line}:{column} ‹{under}› {}", label.text).expect("text");
        }
        if let Some(help) = &problem.help {
            writeln!(out, "  help: {help}").expect("text");
        }
    }
    out
}

struct Case {
    title: String,
    rules: String,
    expected: String,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rules_diagnostics")
}

fn pages() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder()).expect("the folder of cases");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let mut pages: Vec<PathBuf> = paths
        .filter(|p| p.extension().is_some_and(|e| e == "md"))
        .collect();
    pages.sort();
    pages
}

/// The cases of a page, each from its title to its second block.
fn cases(page: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    let mut title = String::new();
    let mut lines = page.lines();
    let block = |lines: &mut std::str::Lines<'_>| {
        let lines = lines.take_while(|line| *line != "```");
        lines.fold(String::new(), |text, line| text + line + "\n")
    };
    while let Some(line) = lines.next() {
        if let Some(text) = line.strip_prefix("## ") {
            title = text.to_owned();
        } else if line == "```prolog" {
            cases.push(Case {
                title: title.clone(),
                rules: block(&mut lines),
                expected: String::new(),
            });
        } else if line == "```text" {
            cases.last_mut().expect("rules before").expected = block(&mut lines);
        }
    }
    cases
}

fn written(page: &str, cases: &[Case]) -> String {
    let heading = page.split("\n## ").next().expect("a heading").trim_end();
    let mut out = format!("{heading}\n");
    for Case { title, rules, .. } in cases {
        let expected = said(rules);
        write!(
            out,
            "\n## {title}\n\n```prolog\n{rules}```\n\n```text\n{expected}```\n"
        )
        .expect("text");
    }
    out
}

#[test]
fn every_case_is_said_as_expected() {
    for path in pages() {
        let page = std::fs::read_to_string(&path).expect("a page");
        let now = written(&page, &cases(&page));
        if std::env::var_os("UPDATE_EXPECTED").is_some() {
            std::fs::write(&path, &now).expect("the page is written");
        } else {
            assert_eq!(page, now, "{}", path.display());
        }
    }
}

#[test]
fn every_code_has_a_case() {
    let pages: Vec<String> = pages()
        .iter()
        .map(|p| std::fs::read_to_string(p).expect("a page"))
        .collect();
    // these need a file that cannot be written into a page
    let elsewhere = [
        Code::IncludeNotFound,
        Code::FileTooLarge,
        Code::TooManyErrors,
        // and these are of programs that run, or almost (`tests/engine_errors.rs`)
        Code::TooWide,
        Code::InvalidPattern,
        Code::Overflow,
        Code::DivisionByZero,
        Code::NotFinite,
        Code::NotANumber,
        Code::TooManyRows,
        Code::TooManyRounds,
    ];
    let missing: Vec<&str> = Code::ALL
        .iter()
        .filter(|code| !elsewhere.contains(code))
        .map(|code| code.as_str())
        .filter(|code| {
            !pages
                .iter()
                .any(|page| page.contains(&format!(" {code}: ")))
        })
        .collect();
    assert_eq!(missing, Vec::<&str>::new());
}
