//! Changed decisions by their cause.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::launch::Selected;
use crate::matrix::Question;

use super::command::PartChange;
use super::outcome::Outcome;

/// What happened to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// It was served, and is not any more.
    Lost,
    /// It is served by something else.
    Other,
    /// It is served by the same, which is what was asked for on one side only.
    Exactness,
    /// It was not served, and now is.
    Gained,
    /// It is served by the same, with another command.
    Command,
}

impl Kind {
    /// What happened; none where nothing did.
    pub(super) fn of(old: &Outcome, new: &Outcome) -> Option<Kind> {
        match (&old.winner, &new.winner) {
            (Some(_), None) => Some(Kind::Lost),
            (None, Some(_)) => Some(Kind::Gained),
            (Some(old), Some(new)) if old != new => Some(Kind::Other),
            (Some(_), Some(_)) if old.exact != new.exact => Some(Kind::Exactness),
            _ => None,
        }
    }
}

/// A configuration in a row: `gpus` is none where it takes as many as are asked for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Served {
    /// The configuration; its GPU count is that of the row's first request.
    pub selected: Arc<Selected>,
    /// GPUs, where they are not as many as are asked for.
    pub gpus: Option<u32>,
    /// Whether that differs from nothing that was asked for.
    pub exact: bool,
}

/// Requests that were, and are, decided alike.
#[derive(Clone, Debug)]
pub struct Row {
    /// What served them.
    pub before: Option<Served>,
    /// What serves them.
    pub after: Option<Served>,
    /// Why that changed: different sentences of the requests, in their order.
    pub because: Vec<String>,
    /// What became of the former choice, as `Fate::name` and the relations that say so.
    pub former: Option<(String, Vec<String>)>,
    /// What kept the new choice from being made before.
    pub latter: Option<(String, Vec<String>)>,
    /// The requests.
    pub questions: Vec<Question>,
}

/// Changes with one cause.
#[derive(Clone, Debug)]
pub struct Group {
    /// What happened.
    pub kind: Kind,
    /// The changed files that caused it, by their places in the list of all.
    pub causes: Vec<usize>,
    /// The changed keys of these files that matter here, each with the place of its file.
    pub keys: BTreeSet<(usize, usize)>,
    /// In what the commands differ, of a group of that kind.
    pub command: Vec<PartChange>,
    /// The requests.
    pub rows: Vec<Row>,
}

impl Group {
    /// How many requests it has.
    pub fn requests(&self) -> usize {
        self.rows.iter().map(|row| row.questions.len()).sum()
    }
}

/// One request with what is to be said of it.
pub(super) struct Found {
    pub kind: Kind,
    pub causes: BTreeSet<usize>,
    pub keys: BTreeSet<(usize, usize)>,
    pub command: Vec<PartChange>,
    pub old: Outcome,
    pub new: Outcome,
    pub because: Option<String>,
    pub former: Option<(String, Vec<String>)>,
    pub latter: Option<(String, Vec<String>)>,
    pub question: Question,
}

type GroupKey = (Kind, Vec<usize>, Vec<PartChange>);
type RowKey = (Option<Shape>, Option<Shape>);
/// Recipe, backend, precision, hardware, GPUs where not as asked, exact.
type Shape = (String, String, String, String, Option<u32>, bool);

/// Puts requests with one cause together: first what is not served any more, then what touches the most.
pub(super) fn grouped(found: impl IntoIterator<Item = Found>) -> Vec<Group> {
    type Rows = (BTreeSet<(usize, usize)>, BTreeMap<RowKey, Row>);
    let mut groups: BTreeMap<GroupKey, Rows> = BTreeMap::new();
    for found in found {
        let before = served(&found.old, &found.question);
        let after = served(&found.new, &found.question);
        let key = (
            found.kind,
            found.causes.into_iter().collect(),
            found.command,
        );
        let row_key = (before.as_ref().map(shape), after.as_ref().map(shape));
        let (keys, rows) = groups.entry(key).or_default();
        keys.extend(found.keys);
        let row = rows.entry(row_key).or_insert_with(|| Row {
            before,
            after,
            because: Vec::new(),
            former: found.former,
            latter: found.latter,
            questions: Vec::new(),
        });
        if let Some(because) = found.because
            && !row.because.contains(&because)
        {
            row.because.push(because);
        }
        row.questions.push(found.question);
    }
    let mut groups: Vec<Group> = groups
        .into_iter()
        .map(|((kind, causes, command), (keys, rows))| {
            let mut rows: Vec<Row> = rows.into_values().collect();
            rows.sort_by_key(|row| std::cmp::Reverse(row.questions.len()));
            Group {
                kind,
                causes,
                keys,
                command,
                rows,
            }
        })
        .collect();
    groups.sort_by_key(|group| {
        let rank = match group.kind {
            Kind::Lost => 0,
            Kind::Other | Kind::Exactness | Kind::Gained => 1,
            Kind::Command => 2,
        };
        (rank, std::cmp::Reverse(group.requests()), group.kind)
    });
    groups
}

fn served(outcome: &Outcome, question: &Question) -> Option<Served> {
    let selected = outcome.winner.clone()?;
    Some(Served {
        gpus: (selected.gpus != question.gpus).then_some(selected.gpus),
        selected,
        exact: outcome.exact,
    })
}

fn shape(served: &Served) -> Shape {
    let selected = &served.selected;
    (
        selected.recipe_id.clone(),
        selected.backend.clone(),
        selected.precision.clone(),
        selected.hardware.clone(),
        served.gpus,
        served.exact,
    )
}
