//! The name that a value was probably meant to be, among names of the whole catalog.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::{Deserialize, Serialize};

use crate::datalog::{Tuple, nearest};
use crate::policy::{Lint, Names, Policy, PolicyError};
use crate::store::Store;

/// A value that is no name, and the values of the columns that the name has to agree in.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct Asked {
    wrong: String,
    group: Vec<String>,
}

/// The names that findings look among, gathered when the first of a check asks.
pub(super) struct Nearest<'a> {
    store: &'a Store,
    policy: &'a Policy,
    /// By the place of the check's relation of names and the columns that are looked at.
    names: HashMap<String, Groups>,
    found: HashMap<(String, Asked), Option<String>>,
    failed: Option<PolicyError>,
}

/// The names for each group of values that have to agree.
type Groups = BTreeMap<Vec<String>, BTreeSet<String>>;

/// What is asked for a finding's tuple, where its check says so.
pub(super) fn asked(lint: &Lint, tuple: &Tuple<'_>) -> Option<Asked> {
    let names = lint.nearest.as_ref()?;
    Some(Asked {
        wrong: tuple.symbol(names.column)?.to_owned(),
        group: group(tuple, names.agree.iter().map(|(own, _)| *own)),
    })
}

impl<'a> Nearest<'a> {
    pub(super) fn new(store: &'a Store, policy: &'a Policy) -> Self {
        Nearest {
            store,
            policy,
            names: HashMap::new(),
            found: HashMap::new(),
            failed: None,
        }
    }

    /// The nearest name, where one is near.
    pub(super) fn of(&mut self, lint: &Lint, asked: &Asked) -> Option<String> {
        let names = lint.nearest.as_ref()?;
        let which = format!("{} {} {:?}", names.relation, names.names, names.agree);
        let key = (which.clone(), asked.clone());
        if let Some(known) = self.found.get(&key) {
            return known.clone();
        }
        if !self.names.contains_key(&which) && self.failed.is_none() {
            match groups(self.store, self.policy, names) {
                Ok(groups) => {
                    self.names.insert(which.clone(), groups);
                }
                Err(error) => self.failed = Some(error),
            }
        }
        let candidates = self.names.get(&which)?.get(&asked.group)?;
        let found = nearest(&asked.wrong, candidates.iter().map(String::as_str));
        let found = found.map(str::to_owned);
        self.found.insert(key, found.clone());
        found
    }

    /// Whether all names could be gathered.
    pub(super) fn finish(self) -> Result<(), PolicyError> {
        self.failed.map_or(Ok(()), Err)
    }
}

fn groups(store: &Store, policy: &Policy, names: &Names) -> Result<Groups, PolicyError> {
    let mut groups = Groups::new();
    let Some(relation) = policy.program.relation(&names.relation) else {
        return Ok(groups);
    };
    let model = policy.evaluate_kept(store, &[relation], &super::given(policy))?;
    for tuple in model.rows(relation) {
        if let Some(name) = tuple.symbol(names.names) {
            let group = group(&tuple, names.agree.iter().map(|(_, other)| *other));
            groups.entry(group).or_default().insert(name.to_owned());
        }
    }
    Ok(groups)
}

fn group(tuple: &Tuple<'_>, columns: impl Iterator<Item = usize>) -> Vec<String> {
    let values = Policy::shown(tuple);
    columns
        .filter_map(|column| values.get(column).cloned())
        .collect()
}
