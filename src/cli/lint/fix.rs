//! `lint --fix` and `--diff`: what is certain is mended, or shown as it would be.

use std::path::Path;

use serde::Serialize;

use crate::catalog::yaml::MAX_BYTES;
use crate::cli::failure::{Exit, Failure};
use crate::cli::file::rewrite;
use crate::cli::output;
use crate::lint::{Finding, Findings, Mended, Selection, Subject, mend};
use crate::policy::Policy;
use crate::store::Store;

use super::paths::{STDIN, is_stdin};
use super::{LintArgs, LintFormat, diff, human};

/// What can be wrong with the words of the command line.
pub(super) fn check(args: &LintArgs) -> Result<(), Failure> {
    let json = args.format == LintFormat::Json;
    let wrong =
        |message: &str, help: &str| Err(Failure::say(Exit::Usage, "lint::usage", message, help));
    if args.diff && json {
        return wrong(
            "`--diff` has no JSON form",
            "take the edits of `lint --format json`",
        );
    }
    if args.fix && json && args.paths.iter().any(|path| is_stdin(path)) {
        return wrong(
            "with `--fix` the answer to stdin is its text",
            "leave `--format` out, or take the edits of `lint --format json`",
        );
    }
    Ok(())
}

/// Mends the files that are meant; `given` is what stdin has, where that is one of them.
pub(super) fn run(
    args: &LintArgs,
    store: &Store,
    policy: &Policy,
    subject: &Subject,
    selection: &Selection,
    given: Option<&[u8]>,
) -> Result<Exit, Failure> {
    if given.is_some_and(|text| text.len() > MAX_BYTES) {
        return Err(Failure::say(
            Exit::Usage,
            "lint::usage",
            format!("stdin has more than the {MAX_BYTES} bytes that are read"),
            "a text that was cut cannot be given back",
        ));
    }
    let mut mended = mend(store, policy, subject, selection)?;
    for refused in &mended.refused {
        let at = place(&refused.finding);
        let (code, because) = (&refused.finding.code, &refused.because);
        output::line("note", &format!("{at}: {code} is not fixed: {because}"));
    }
    if args.diff {
        return preview(&mended);
    }
    let mut failed = Vec::new();
    for (name, file) in &mended.files {
        if name == STDIN {
            continue;
        }
        if let Err(because) = rewrite(Path::new(name), &file.before, &file.after) {
            failed.push(name.clone());
            let report = Failure::say(
                Exit::Environment,
                "lint::write",
                format!("`{name}` is not changed: {because}"),
                "",
            );
            report.report();
        }
    }
    mended.forget(&failed);
    for finding in &mended.fixed {
        let says = finding.fix.as_ref().map_or("", |fix| fix.says.as_str());
        let at = place(finding);
        output::line("fixed", &format!("{at}: {}: {says}", finding.code));
    }
    if given.is_some() {
        let mended_text = mended.files.get(STDIN).map(|file| file.after.as_bytes());
        output::bytes(mended_text.or(given).unwrap_or_default())?;
        output::aside(&told(&mended));
    } else if args.format == LintFormat::Json {
        output::json(&Answer::of(&mended))?;
    } else {
        output::answer(&told(&mended))?;
    }
    Ok(match failed.is_empty() {
        false => Exit::Environment,
        true => args.filter.exit(&mended.left.summary),
    })
}

fn preview(mended: &Mended) -> Result<Exit, Failure> {
    let colour = output::colours_answers();
    let files = mended.files.iter();
    let text: String = files
        .map(|(name, file)| diff::unified(name, file, colour))
        .collect();
    output::bytes(text.as_bytes())?;
    let counts = counts(mended, "would be fixed", "would remain");
    output::line("note", &counts);
    Ok(match mended.files.is_empty() {
        true => Exit::Done,
        false => Exit::No,
    })
}

/// What remains, and how much that is.
fn told(mended: &Mended) -> String {
    let left = human::shown(&mended.left) + &human::summary(&mended.left, 0);
    format!("{left}\n{}", counts(mended, "fixed", "remain"))
}

/// `2 fixed in 1 file, 1 remains`.
fn counts(mended: &Mended, fixed: &str, remain: &str) -> String {
    let files = match mended.files.len() {
        1 => "1 file".to_owned(),
        files => format!("{files} files"),
    };
    let left = mended.left.findings.len();
    let remain = match (left, remain) {
        (1, "remain") => "remains",
        (_, remain) => remain,
    };
    match mended.fixed.len() {
        0 => format!("nothing {fixed}, {left} {remain}"),
        count => format!("{count} {fixed} in {files}, {left} {remain}"),
    }
}

fn place(finding: &Finding) -> String {
    let place = finding.labels.first().map(|label| &label.place);
    place.map_or_else(String::new, |place| {
        format!("{}:{}", place.file, place.line)
    })
}

#[derive(Serialize)]
struct Answer<'a> {
    fixed: &'a [Finding],
    not_fixed: Vec<NotFixed<'a>>,
    #[serde(flatten)]
    left: &'a Findings,
}

#[derive(Serialize)]
struct NotFixed<'a> {
    finding: &'a Finding,
    because: &'a str,
}

impl<'a> Answer<'a> {
    fn of(mended: &'a Mended) -> Self {
        let not_fixed = mended.refused.iter().map(|refused| NotFixed {
            finding: &refused.finding,
            because: &refused.because,
        });
        Answer {
            fixed: &mended.fixed,
            not_fixed: not_fixed.collect(),
            left: &mended.left,
        }
    }
}
