//! A recipe that is not in the catalog: checked before it is launched.

use std::path::Path;

use crate::cli::failure::{Exit, Failure};
use crate::cli::lint::shown;
use crate::cli::output;
use crate::cli::session::Session;
use crate::lint::{Files, Subject, lint};
use crate::policy::{Policy, Severity};
use crate::query::{self, About};

/// Checks a recipe's file, and says what is wrong with it.
///
/// # Errors
/// There are errors, and `force` does not wave them through.
pub(super) fn check(session: &Session, file: &Path, force: bool) -> Result<(), Failure> {
    let policy = Policy::load_lints(session.rule_sources()?, &session.store)?;
    let subject = Subject::all(Files::These(vec![file.display().to_string()]));
    let mut findings = lint(&session.store, &policy, &subject)?;
    let told = findings.findings.len();
    findings
        .findings
        .retain(|finding| finding.severity == Severity::Error);
    if !findings.findings.is_empty() {
        let let_through = let_through(session)?;
        findings
            .findings
            .retain(|finding| !let_through.contains(&finding.code));
    }
    let errors = findings.findings.len();
    if told > errors {
        output::line(
            "note",
            &format!(
                "`aim-engine lint {}` has more to say about this recipe",
                file.display()
            ),
        );
    }
    if errors == 0 {
        return Ok(());
    }
    output::aside(&shown(&findings));
    let counted = match errors {
        1 => "1 error".to_owned(),
        errors => format!("{errors} errors"),
    };
    let message = format!("`{}` has {counted}", file.display());
    if force {
        output::line(
            "warning",
            &format!("{message}; it is launched all the same"),
        );
        return Ok(());
    }
    Err(Failure::say(
        Exit::No,
        "launch::faulty_recipe",
        message,
        "mend them, or launch it all the same with `--force`",
    ))
}

/// The codes of errors that stop no launch.
fn let_through(session: &Session) -> Result<Vec<String>, Failure> {
    let store = &session.store;
    let question = session
        .open_rules()?
        .ask("launched_all_the_same(Code, _)", store)?;
    let model = query::evaluate(store, &question, &About::default())?;
    let rows = model.rows(question.query.answer);
    Ok(rows
        .filter_map(|row| row.symbol(0).map(str::to_owned))
        .collect())
}
