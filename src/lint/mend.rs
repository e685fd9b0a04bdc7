//! From what a check says of how its findings are mended to the bytes that are changed.

use std::collections::{BTreeMap, HashMap};

use crate::catalog::yaml::edit::{Action, Change, Editor, Splice, overlaps};
use crate::datalog::Tuple;
use crate::policy::{self, ChangeKind, Lint};
use crate::store::{Editable, Store, StoreError};

use super::kept::{KeptEdit, KeptFix};

/// So many bytes of one file are read again to see what fixes make of it; findings beyond have none, which
/// bounds the time that a file full of doubtful ones takes.
const MOST_READ: usize = 4 << 20;
/// So many characters of an old or new text are told.
const LONGEST: usize = 60;

/// Gathers what is to be changed, and settles for each file at once what is certain.
pub(super) struct Mender<'s> {
    store: &'s Store,
    says: HashMap<usize, String>,
    files: BTreeMap<i64, OfFile>,
}

/// What is to be changed in a file.
struct OfFile {
    place: Editable,
    /// By the number of the finding.
    changes: BTreeMap<usize, Vec<Change>>,
}

impl<'s> Mender<'s> {
    pub(super) fn new(store: &'s Store) -> Self {
        Mender {
            store,
            says: HashMap::new(),
            files: BTreeMap::new(),
        }
    }

    /// Notes what the check says of how the finding with this number is mended.
    pub(super) fn note(
        &mut self,
        finding: usize,
        lint: &Lint,
        tuple: &Tuple<'_>,
        values: &[String],
    ) -> Result<(), StoreError> {
        let mut changes = Vec::new();
        for change in &lint.fixes {
            let node = tuple.number(change.column);
            let place = match node {
                Some(node) => self.store.editable(node)?,
                None => None,
            };
            let Some(place) = place else {
                return Ok(());
            };
            let file = node.map_or(0, Store::node_file);
            changes.push((file, place, action(lint, change, values)));
        }
        let says: Vec<String> = changes
            .iter()
            .map(|(_, place, action)| told(place, action))
            .collect();
        if !says.is_empty() {
            self.says.insert(finding, says.join(", "));
        }
        for (file, place, action) in changes {
            let ordinal = place.ordinal();
            let of_file = self.files.entry(file);
            let of_file = of_file.or_insert_with(|| OfFile {
                place,
                changes: BTreeMap::new(),
            });
            let changes = of_file.changes.entry(finding).or_default();
            changes.push(Change { ordinal, action });
        }
        Ok(())
    }

    /// The fixes of which it is certain that nothing else changes, by the numbers of their findings.
    pub(super) fn settle(mut self) -> HashMap<usize, KeptFix> {
        let mut fixes: HashMap<usize, KeptFix> = HashMap::new();
        for (file, of_file) in &self.files {
            let mut settled = of_file.settle();
            for finding in of_file.changes.keys() {
                let Some(splices) = settled.remove(finding) else {
                    self.says.remove(finding);
                    continue;
                };
                let fix = fixes.entry(*finding).or_insert_with(|| KeptFix {
                    says: String::new(),
                    edits: Vec::new(),
                });
                fix.edits.extend(splices.into_iter().map(|splice| KeptEdit {
                    file: *file,
                    offset: splice.range.start,
                    length: splice.range.len(),
                    text: splice.text,
                }));
            }
        }
        // All of a fix is certain, or there is none.
        fixes.retain(|finding, fix| match self.says.remove(finding) {
            Some(says) => {
                fix.says = says;
                true
            }
            None => false,
        });
        fixes
    }
}

impl OfFile {
    /// The splices that hold, by the numbers of their findings.
    fn settle(&self) -> HashMap<usize, Vec<Splice>> {
        let text = self.place.text();
        let Some(root) = self.place.root() else {
            return HashMap::new();
        };
        let editor = Editor::new(text, root);
        let mut held = HashMap::new();
        // Those that do not get into one another's way are looked at together, the others by themselves.
        let (mut together, mut groups) = (Vec::new(), Vec::new());
        let mut taken: Vec<Splice> = Vec::new();
        for (finding, changes) in &self.changes {
            let Some(splices) = editor.propose(changes) else {
                continue;
            };
            let is_free = |splice: &Splice| !taken.iter().any(|other| overlaps(other, splice));
            if splices.iter().all(is_free) {
                taken.extend(splices.iter().cloned());
                together.push((*finding, changes, splices));
            } else {
                groups.push(vec![(*finding, changes, splices)]);
            }
        }
        groups.push(together);
        let mut read = 0;
        while let Some(mut group) = groups.pop() {
            read += text.len();
            if group.is_empty() {
                continue;
            }
            if read > MOST_READ.max(text.len()) {
                break;
            }
            let changes: Vec<&Change> = group.iter().flat_map(|(_, changes, _)| *changes).collect();
            let splices = group.iter().flat_map(|(_, _, splices)| splices.clone());
            let mut splices: Vec<Splice> = splices.collect();
            splices.sort_by_key(|splice| (splice.range.start, splice.range.end));
            if editor.holds(&changes, &splices) {
                held.extend(
                    group
                        .into_iter()
                        .map(|(finding, _, splices)| (finding, splices)),
                );
            } else if group.len() > 1 {
                let second = group.split_off(group.len() / 2);
                groups.extend([second, group]);
            }
        }
        held
    }
}

fn action(lint: &Lint, change: &policy::Change, values: &[String]) -> Action {
    let fill = |template: &str| lint.fill(template, values);
    match &change.kind {
        ChangeKind::Set(text) => Action::Set(fill(text)),
        ChangeKind::SetBare(text) => Action::SetBare(fill(text)),
        ChangeKind::Rename(text) => Action::Rename(fill(text)),
        ChangeKind::Remove => Action::Remove,
    }
}

fn told(place: &Editable, action: &Action) -> String {
    let old = place.shown().filter(|text| !text.contains('\n'));
    let old = old.map(cut).filter(|text| !text.is_empty());
    match (action, old) {
        (Action::Set(new) | Action::SetBare(new), Some(old)) => {
            format!("replace `{old}` with `{}`", cut(new))
        }
        (Action::Set(new) | Action::SetBare(new), None) => format!("write `{}`", cut(new)),
        (Action::Rename(new), Some(old)) => format!("rename `{old}` to `{}`", cut(new)),
        (Action::Rename(new), None) => format!("rename it to `{}`", cut(new)),
        (Action::Remove, Some(old)) => format!("remove `{old}`"),
        (Action::AddAfter { key, value }, _) => format!("add `{key}: {value}`"),
        (Action::Remove, None) => "remove it".to_owned(),
    }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
