//! Findings that a comment in their file suppresses, and what is wrong with such comments.
//!
//! `# aim-engine: ignore[AIM301] reason` is about its line, or the one below where it stands alone;
//! `# aim-engine: ignore-file[AIM301] reason`, at the top, about all of its file. What may be wrong with
//! them is said by the checks of `rules/lint/suppressions.dl`, whose findings are made here.

use std::collections::{HashMap, HashSet};

use crate::policy::{Lint, Policy};
use crate::store::{FileComment, Store, ViewError};

use super::{Finding, Label, Suppressed, nearest_check};

/// The checks about comments, by their names; each has the columns `at`, `said` and `reason`.
const NOT_UNDERSTOOD: &str = "comment-not-understood";
const WITHOUT_REASON: &str = "suppression-without-reason";
const OF_UNKNOWN: &str = "suppression-of-unknown-check";
const OF_NOTHING: &str = "suppression-of-nothing";

/// A comment that suppresses.
struct Suppression<'c> {
    comment: &'c FileComment,
    whole_file: bool,
    /// Codes or names, each with whether it suppressed anything.
    checks: Vec<(&'c str, bool)>,
    reason: &'c str,
}

/// Takes the suppressed findings out, and adds those about the comments of `files`.
pub(super) fn apply(
    store: &Store,
    policy: &Policy,
    files: &HashSet<i64>,
    found: &mut Vec<Finding>,
) -> Result<Vec<Suppressed>, ViewError> {
    let comments = store.comments().map_err(ViewError::from)?;
    let comments = comments
        .iter()
        .filter(|comment| files.contains(&comment.file));
    let mut about = Vec::new();
    let mut suppressions = Vec::new();
    for comment in comments {
        match Suppression::read(comment) {
            Ok(suppression) => suppressions.push(suppression),
            Err(because) => about.extend(finding(policy, NOT_UNDERSTOOD, comment, "", because)),
        }
    }
    let mut suppressed = Vec::new();
    let mut of_files: HashMap<&str, Vec<usize>> = HashMap::new();
    for (at, suppression) in suppressions.iter().enumerate() {
        let file = suppression.comment.place.file.as_str();
        of_files.entry(file).or_default().push(at);
    }
    for finding in std::mem::take(found) {
        let mut reason = None;
        let of_file = finding.file().and_then(|file| of_files.get(file));
        // All of them, so that of two for one finding neither counts as one for nothing.
        for at in of_file.into_iter().flatten() {
            if let Some(suppression) = suppressions.get_mut(*at)
                && suppression.suppresses(&finding)
            {
                reason.get_or_insert(suppression.reason);
            }
        }
        match reason {
            Some(reason) => suppressed.push(Suppressed {
                finding,
                reason: reason.to_owned(),
            }),
            None => found.push(finding),
        }
    }
    for suppression in &suppressions {
        suppression.judge(policy, &mut about);
    }
    found.extend(about);
    Ok(suppressed)
}

impl<'c> Suppression<'c> {
    /// Reads a comment, or says what is wrong with it.
    fn read(comment: &'c FileComment) -> Result<Self, &'static str> {
        const FORM: &str =
            "it is `ignore[CODE] reason`, or `ignore-file[CODE] reason` at the top of the file";
        let (kind, rest) = comment.text.split_once('[').ok_or(FORM)?;
        let whole_file = match kind.trim() {
            "ignore" => false,
            "ignore-file" => true,
            _ => return Err(FORM),
        };
        let (checks, reason) = rest.split_once(']').ok_or(FORM)?;
        let checks: Vec<(&str, bool)> = checks
            .split(',')
            .map(|check| (check.trim(), false))
            .filter(|(check, _)| !check.is_empty())
            .collect();
        if checks.is_empty() {
            return Err("say which: `ignore[CODE] reason`");
        }
        if whole_file && !comment.is_at_top {
            return Err("`ignore-file` is for the top of a file, before its first key");
        }
        let reason = reason.trim_start_matches([' ', '\t', ':', '-', '—', '–', ',']);
        let said = reason.strip_prefix("because").unwrap_or(reason);
        Ok(Suppression {
            comment,
            whole_file,
            checks,
            reason: match said.trim().is_empty() {
                true => "",
                false => reason.trim(),
            },
        })
    }

    fn suppresses(&mut self, finding: &Finding) -> bool {
        let Some(label) = finding.labels.first() else {
            return false;
        };
        let is_here = label.place.file == self.comment.place.file
            && (self.whole_file || label.place.line == self.comment.line);
        let mut suppresses = false;
        for (check, used) in &mut self.checks {
            let means = check.eq_ignore_ascii_case(&finding.code)
                || check.eq_ignore_ascii_case(&finding.name);
            if is_here && means {
                *used = true;
                suppresses = true;
            }
        }
        suppresses
    }

    /// Adds what is wrong with it.
    fn judge(&self, policy: &Policy, about: &mut Vec<Finding>) {
        let lints = policy.lints();
        // What suppresses nothing is to go, with or without a reason.
        if self.reason.is_empty() && self.checks.iter().any(|(_, used)| *used) {
            let checks: Vec<&str> = self.checks.iter().map(|(check, _)| *check).collect();
            about.extend(finding(
                policy,
                WITHOUT_REASON,
                self.comment,
                &checks.join(", "),
                "",
            ));
        }
        for (check, used) in &self.checks {
            let is_known = lints.iter().any(|lint| {
                check.eq_ignore_ascii_case(&lint.code) || check.eq_ignore_ascii_case(&lint.name)
            });
            if !is_known {
                let finding = finding(policy, OF_UNKNOWN, self.comment, check, "");
                about.extend(finding.map(|finding| with_nearest(finding, check, lints)));
            } else if !used {
                about.extend(finding(policy, OF_NOTHING, self.comment, check, ""));
            }
        }
    }
}

fn with_nearest(mut finding: Finding, check: &str, lints: &[Lint]) -> Finding {
    finding.nearest = nearest_check(check, lints);
    if let Some(nearest) = &finding.nearest {
        let meant = format!("did you mean `{nearest}`?");
        finding.help = Some(match finding.help {
            Some(help) => format!("{help}; {meant}"),
            None => meant,
        });
    }
    finding
}

/// A finding of a check about comments; none where a site's rules have no such check.
fn finding(
    policy: &Policy,
    name: &str,
    comment: &FileComment,
    said: &str,
    reason: &str,
) -> Option<Finding> {
    let lint = policy.lints().iter().find(|lint| lint.name == name)?;
    let values = [String::new(), said.to_owned(), reason.to_owned()];
    let text = policy.text(lint.relation())?;
    let label = lint.places.first().map_or("", |(_, label)| label);
    Some(Finding {
        code: lint.code.clone(),
        name: lint.name.clone(),
        severity: lint.severity,
        message: text.say(&values)?,
        help: text.advise(&values),
        labels: vec![Label {
            place: comment.place.clone(),
            text: lint.fill(label, &values),
        }],
        nearest: None,
        fix: None,
    })
}
