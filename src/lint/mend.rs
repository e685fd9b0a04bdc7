//! From what a check says of how its findings are mended to the bytes that are changed.

use std::collections::{BTreeMap, HashMap};

use crate::catalog::yaml::edit::{Action, Change, splices};
use crate::datalog::Tuple;
use crate::policy::{self, ChangeKind, Lint};
use crate::store::{Editable, Store, StoreError};

use super::finding::{Edit, Fix};

/// So many bytes of one file are read again to see what fixes make of it; findings beyond have none, which
/// bounds the time that a file full of mistakes takes.
const MOST_READ: usize = 4 << 20;
/// So many characters of an old or new text are told.
const LONGEST: usize = 60;

/// Makes fixes, as long as that is cheap.
pub(super) struct Mender<'s> {
    store: &'s Store,
    read: HashMap<String, usize>,
}

impl<'s> Mender<'s> {
    pub(super) fn new(store: &'s Store) -> Self {
        Mender {
            store,
            read: HashMap::new(),
        }
    }

    /// What mends a finding; none where the check does not say, or where it is not certain that nothing
    /// else would change.
    pub(super) fn fix(
        &mut self,
        lint: &Lint,
        tuple: &Tuple<'_>,
        values: &[String],
    ) -> Result<Option<Fix>, StoreError> {
        let mut says = Vec::new();
        let mut files: BTreeMap<String, (Editable, Vec<Change>)> = BTreeMap::new();
        for change in &lint.fixes {
            let node = tuple.number(change.column);
            let place = match node {
                Some(node) => self.store.editable(node)?,
                None => None,
            };
            let Some(place) = place else {
                return Ok(None);
            };
            let action = action(lint, change, values);
            says.push(told(&place, &action));
            let change = Change {
                ordinal: place.ordinal(),
                action,
            };
            let of_file = files.entry(place.file().to_owned());
            of_file.or_insert((place, Vec::new())).1.push(change);
        }
        let mut edits = Vec::new();
        for (file, (place, changes)) in files {
            let read = self.read.entry(file.clone()).or_default();
            *read += place.text().len();
            if *read > MOST_READ {
                return Ok(None);
            }
            let root = place.root();
            let Some(splices) = root.and_then(|root| splices(place.text(), root, &changes)) else {
                return Ok(None);
            };
            edits.extend(splices.into_iter().map(|splice| Edit {
                file: file.clone(),
                offset: splice.range.start,
                length: splice.range.len(),
                text: splice.text,
            }));
        }
        Ok((!edits.is_empty()).then(|| Fix {
            says: says.join(", "),
            edits,
        }))
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
        (Action::Remove, None) => "remove it".to_owned(),
    }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
