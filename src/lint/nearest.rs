//! The name that a value was probably meant to be.

use std::collections::{BTreeMap, BTreeSet};

use crate::datalog::{Model, Tuple, nearest};
use crate::policy::{Lint, Names, Policy};

/// The names that a check looks among, for each group of values that have to agree.
pub(super) struct NearestNames<'m> {
    names: Option<&'m Names>,
    groups: BTreeMap<Vec<String>, BTreeSet<String>>,
}

impl<'m> NearestNames<'m> {
    pub(super) fn new(lint: &'m Lint, policy: &Policy, model: &Model) -> Self {
        let mut groups: BTreeMap<Vec<String>, BTreeSet<String>> = BTreeMap::new();
        let names = lint.nearest.as_ref();
        // Most checks find nothing, and then nothing is looked for.
        let wanted = names.filter(|_| model.len(lint.relation()) > 0);
        let relation = wanted.and_then(|names| policy.program.relation(&names.relation));
        if let (Some(names), Some(relation)) = (wanted, relation) {
            for tuple in model.rows(relation) {
                if let Some(name) = tuple.symbol(names.names) {
                    let group = group(&tuple, names.agree.iter().map(|(_, other)| *other));
                    groups.entry(group).or_default().insert(name.to_owned());
                }
            }
        }
        NearestNames { names, groups }
    }

    /// The nearest name to the value of a finding's tuple, where one is near.
    pub(super) fn of(&mut self, tuple: &Tuple<'_>) -> Option<String> {
        let names = self.names?;
        let wrong = tuple.symbol(names.column)?;
        let group = group(tuple, names.agree.iter().map(|(own, _)| *own));
        let candidates = self.groups.get(&group)?;
        nearest(wrong, candidates.iter().map(String::as_str)).map(str::to_owned)
    }
}

fn group(tuple: &Tuple<'_>, columns: impl Iterator<Item = usize>) -> Vec<String> {
    let values = Policy::shown(tuple);
    columns
        .filter_map(|column| values.get(column).cloned())
        .collect()
}
