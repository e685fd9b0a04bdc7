//! Base relations that no catalog holds and no run gives: what the model cache of this machine has. Whoever
//! opens a store says where their rows come from, and they are looked up when a rule asks for them.

use std::fmt::Debug;
use std::sync::Arc;

use super::{Cell, Scope, Store, StoreError};

/// The relations with their columns.
const RELATIONS: &[(&str, &[&str])] = &[
    ("cached_revision", &["model", "revision", "state", "bytes"]),
    ("cached_ref", &["model", "revision", "name"]),
    (
        "cached_file",
        &["model", "revision", "path", "state", "bytes"],
    ),
    ("cached_missing", &["model", "revision", "bytes"]),
    ("cached_added", &["model", "revision", "days"]),
    ("cached_used", &["model", "revision", "days"]),
    ("cached_hits", &["model", "revision", "hits"]),
    ("cached_in_use", &["model", "revision", "by"]),
    ("cached_place", &["model", "revision", "place", "bytes"]),
    ("cached_orphan", &["model", "content", "bytes", "days"]),
    ("cache_size", &["bytes", "free"]),
    ("cache_room", &["free"]),
    ("asked_max_age", &["days"]),
    ("asked_max_idle", &["days"]),
    ("asked_max_bytes", &["bytes"]),
    ("asked_min_free", &["bytes"]),
    ("offered_file", &["path"]),
];

/// A value of a lent row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LentCell {
    /// Text.
    Text(String),
    /// A whole number.
    Integer(i64),
}

/// Who has the rows.
pub trait Lender: Debug + Send + Sync {
    /// The rows of a relation, their values in the order of its columns. Where `models` are named, rows of
    /// other ones are not needed.
    fn rows(&self, relation: &str, models: Option<&[String]>) -> Vec<Vec<LentCell>>;
}

/// The columns of a lent relation.
pub(super) fn columns(relation: &str) -> Option<&'static [&'static str]> {
    let found = RELATIONS.iter().find(|(name, _)| *name == relation);
    found.map(|(_, columns)| *columns)
}

/// Whether no catalog holds this relation.
pub fn is_lent(relation: &str) -> bool {
    columns(relation).is_some()
}

/// The names of the lent relations.
pub fn lent_relations() -> impl Iterator<Item = &'static str> {
    RELATIONS.iter().map(|(name, _)| *name)
}

impl Store {
    /// From now on the rows of lent relations are these; before, there are none.
    pub fn lend(&mut self, lender: Arc<dyn Lender>) {
        self.lender = Some(lender);
    }

    /// Gives each row of a lent relation to `row`, its columns in the order asked for.
    pub(super) fn read_lent(
        &self,
        relation: &str,
        (has, wanted): (&[&str], &[&str]),
        scope: &Scope,
        mut row: impl FnMut(&[Cell<'_>]),
    ) -> Result<(), StoreError> {
        let Some(lender) = &self.lender else {
            return Ok(());
        };
        let models = match scope {
            Scope::Models(keys) if has.contains(&"model") => Some(self.models_by_keys(keys)?),
            _ => None,
        };
        let places: Vec<Option<usize>> = wanted
            .iter()
            .map(|name| has.iter().position(|column| column == name))
            .collect();
        for values in lender.rows(relation, models.as_deref()) {
            let cells: Vec<Cell<'_>> = places
                .iter()
                .map(|place| match place.and_then(|place| values.get(place)) {
                    Some(LentCell::Text(text)) => Cell::Text(text),
                    Some(LentCell::Integer(number)) => Cell::Integer(*number),
                    None => Cell::Null,
                })
                .collect();
            row(&cells);
        }
        Ok(())
    }
}
