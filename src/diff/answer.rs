//! What changes, as JSON with the keys that scripts rely on.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::matrix::{Breadth, Question};

use super::{Change, Diff, FileChange, FileKind, Group, Kind, PartChange, Row, Served};

/// What `diff --format json` prints.
#[derive(Debug, Serialize)]
pub struct Answer<'a> {
    old: &'a str,
    new: &'a str,
    full: bool,
    requests: Requests,
    groups: Vec<GroupView<'a>>,
    files: Vec<FileView<'a>>,
}

/// How many requests fare how.
#[derive(Debug, Serialize)]
struct Requests {
    compared: usize,
    changed: usize,
    lost: usize,
    other: usize,
    exactness: usize,
    gained: usize,
    command: usize,
}

#[derive(Debug, Serialize)]
struct GroupView<'a> {
    kind: Kind,
    requests: usize,
    causes: Vec<&'a str>,
    command: &'a [PartChange],
    decisions: Vec<RowView<'a>>,
}

#[derive(Debug, Serialize)]
struct RowView<'a> {
    before: Option<ServedView<'a>>,
    after: Option<ServedView<'a>>,
    because: &'a [String],
    former: Option<FateView<'a>>,
    latter: Option<FateView<'a>>,
    requests: Vec<RequestsView<'a>>,
}

#[derive(Debug, Serialize)]
struct ServedView<'a> {
    recipe_id: &'a str,
    backend: &'a str,
    precision: &'a str,
    hardware: &'a str,
    gpus: Option<u32>,
    exact: bool,
}

#[derive(Debug, Serialize)]
struct FateView<'a> {
    fate: &'a str,
    relations: &'a [String],
}

/// Requests that differ in the GPU count only.
#[derive(Debug, Serialize)]
struct RequestsView<'a> {
    model: &'a str,
    hardware: &'a str,
    gpus: Vec<u32>,
    precision: Option<&'a str>,
    backend: Option<&'a str>,
    metric: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct FileView<'a> {
    file: &'a str,
    kind: FileKind,
    id: &'a str,
    change: Change,
    old: Option<&'a str>,
    new: Option<&'a str>,
    keys: Option<Vec<KeyView<'a>>>,
    broken: Option<&'a str>,
    matters: bool,
}

#[derive(Debug, Serialize)]
struct KeyView<'a> {
    key: String,
    change: Change,
    old: Option<&'a str>,
    new: Option<&'a str>,
}

impl<'a> Answer<'a> {
    /// What changes from the catalog called `old` to that called `new`.
    pub fn new(diff: &'a Diff, old: &'a str, new: &'a str) -> Answer<'a> {
        let causes = diff.causes();
        let files = (0..).zip(&diff.files);
        Answer {
            old,
            new,
            full: diff.breadth == Breadth::Full,
            requests: Requests {
                compared: diff.compared,
                changed: diff.decided_otherwise(),
                lost: diff.count(Kind::Lost),
                other: diff.count(Kind::Other),
                exactness: diff.count(Kind::Exactness),
                gained: diff.count(Kind::Gained),
                command: diff.count(Kind::Command),
            },
            groups: diff.groups.iter().map(|group| view(diff, group)).collect(),
            files: files
                .map(|(place, file)| FileView {
                    file: file.file(),
                    kind: file.kind,
                    id: &file.id,
                    change: file.change,
                    old: file.old.as_deref(),
                    new: file.new.as_deref(),
                    keys: file
                        .keys
                        .as_ref()
                        .map(|keys| keys.iter().map(key).collect()),
                    broken: file.broken.as_deref(),
                    matters: causes.contains(&place),
                })
                .collect(),
        }
    }
}

fn key(key: &super::KeyChange) -> KeyView<'_> {
    KeyView {
        key: key.key(),
        change: key.change,
        old: key.old.as_deref(),
        new: key.new.as_deref(),
    }
}

fn view<'a>(diff: &'a Diff, group: &'a Group) -> GroupView<'a> {
    let files = group
        .causes
        .iter()
        .filter_map(|place| diff.files.get(*place));
    GroupView {
        kind: group.kind,
        requests: group.requests(),
        causes: files.map(FileChange::file).collect(),
        command: &group.command,
        decisions: group.rows.iter().map(row).collect(),
    }
}

fn row(row: &Row) -> RowView<'_> {
    let mut requests: BTreeMap<Question, RequestsView<'_>> = BTreeMap::new();
    for question in &row.questions {
        let any_count = Question {
            gpus: 0,
            usable: 0,
            ..question.clone()
        };
        let view = requests.entry(any_count).or_insert_with(|| RequestsView {
            model: &question.model,
            hardware: &question.hardware,
            gpus: Vec::new(),
            precision: question.precision.as_deref(),
            backend: question.backend.as_deref(),
            metric: question.metric.as_deref(),
        });
        view.gpus.push(question.gpus);
    }
    RowView {
        before: row.before.as_ref().map(served),
        after: row.after.as_ref().map(served),
        because: &row.because,
        former: row.former.as_ref().map(fate),
        latter: row.latter.as_ref().map(fate),
        requests: requests.into_values().collect(),
    }
}

fn served(served: &Served) -> ServedView<'_> {
    let selected = &served.selected;
    ServedView {
        recipe_id: &selected.recipe_id,
        backend: &selected.backend,
        precision: &selected.precision,
        hardware: &selected.hardware,
        gpus: served.gpus,
        exact: served.exact,
    }
}

fn fate((name, relations): &(String, Vec<String>)) -> FateView<'_> {
    FateView {
        fate: name,
        relations,
    }
}
