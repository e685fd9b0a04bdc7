//! What both readable forms say alike.

use crate::cli::made::gpus;
use crate::diff::{Diff, FileChange, Group, Kind, Row, Served};
use crate::matrix::Question;

/// "1 request", "5 requests".
pub(super) fn requests(count: usize) -> String {
    counted(count, "request")
}

/// "1 file", "5 files".
pub(super) fn counted(count: usize, what: &str) -> String {
    if count == 1 {
        format!("1 {what}")
    } else {
        format!("{count} {what}s")
    }
}

/// What happened, of requests.
pub(super) fn title(kind: Kind) -> &'static str {
    match kind {
        Kind::Lost => "not served any more",
        Kind::Other => "served by something else",
        Kind::Exactness => "served by the same, as asked for on one side only",
        Kind::Gained => "served now",
        Kind::Command => "same choice, other command",
    }
}

/// All that may happen, in the order of totals.
pub(super) const KINDS: [Kind; 5] = [
    Kind::Lost,
    Kind::Other,
    Kind::Exactness,
    Kind::Gained,
    Kind::Command,
];

/// The files that caused a group, each with what became of it.
pub(super) fn causes<'d>(diff: &'d Diff, group: &Group) -> Vec<(&'d FileChange, String)> {
    let causes = group.causes.iter();
    causes
        .filter_map(|place| {
            let file = diff.files.get(*place)?;
            let says = file.says_of(|key| group.keys.contains(&(*place, key)));
            Some((file, says))
        })
        .collect()
}

/// What serves the requests of a row: recipe, and the rest of it.
pub(super) fn served<'r>(served: Option<&'r Served>, row: &Row) -> Option<(&'r str, String)> {
    let served = served?;
    let selected = &served.selected;
    let mut rest = format!("{}, {}", selected.backend, selected.precision);
    if let Some(count) = served.gpus {
        rest.push_str(", ");
        rest.push_str(&gpus(count));
    }
    let foreign = |question: &Question| *question.hardware != *selected.hardware;
    if row.questions.iter().all(foreign) {
        rest.push_str(", written for ");
        rest.push_str(&selected.hardware);
    }
    if !served.exact {
        rest.push_str(", not as asked");
    }
    Some((&selected.recipe_id, rest))
}

/// The sentence about files that change nothing.
pub(super) fn without_effect(count: usize) -> String {
    if count == 1 {
        "1 file differs without changing a decision or a command".to_owned()
    } else {
        format!("{count} files differ without changing a decision or a command")
    }
}
