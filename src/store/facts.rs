//! Base facts out of the views.

use std::collections::HashSet;

use rusqlite::types::ValueRef;
use thiserror::Error;

use super::lent::{self, lent_relations};
use super::{Store, StoreError};

/// Which rows of the views are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All of them.
    Whole,
    /// Of what belongs to a model, only that of the models with these folded names.
    Models(Vec<String>),
}

/// A value of a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cell<'a> {
    /// Text.
    Text(&'a str),
    /// A whole number.
    Integer(i64),
    /// A real number.
    Real(f64),
    /// No value: the rules' language has none, so such a row is left out.
    Null,
}

/// Why a base relation cannot be read.
#[derive(Debug, Error)]
pub enum ViewError {
    /// The store has no view of that name.
    #[error("the store has no view `{relation}`")]
    Unknown {
        /// The relation.
        relation: String,
        /// Names of the views.
        views: Vec<String>,
    },
    /// The view has other columns.
    #[error("the view `{relation}` has no column `{column}`")]
    Column {
        /// The relation.
        relation: String,
        /// The column that it lacks.
        column: String,
        /// The columns it has.
        columns: Vec<String>,
    },
    /// SQLite failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<rusqlite::Error> for ViewError {
    fn from(error: rusqlite::Error) -> Self {
        ViewError::Store(error.into())
    }
}

/// The views whose rows belong to models.
#[derive(Debug)]
pub struct ScopedViews(HashSet<String>);

impl Store {
    /// The names of all views.
    ///
    /// # Errors
    /// SQLite fails.
    pub fn view_names(&self) -> Result<Vec<String>, StoreError> {
        let mut names = self.names("SELECT DISTINCT view FROM view_column ORDER BY view", &[])?;
        names.extend(lent_relations().map(str::to_owned));
        Ok(names)
    }

    /// The columns of a view that rules may read; none when there is no such view.
    ///
    /// # Errors
    /// SQLite fails.
    pub fn view_columns(&self, view: &str) -> Result<Vec<String>, StoreError> {
        if let Some(columns) = lent::columns(view) {
            return Ok(columns.iter().map(|&name| name.to_owned()).collect());
        }
        self.names(
            "SELECT name FROM view_column WHERE view = ?1 AND name <> 'scope_key'",
            &[view],
        )
    }

    fn names(&self, sql: &str, of: &[&str]) -> Result<Vec<String>, StoreError> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let names = statement.query_map(rusqlite::params_from_iter(of), |row| row.get(0))?;
        Ok(names.collect::<Result<_, _>>()?)
    }

    /// Which views a [`Scope`] limits.
    ///
    /// # Errors
    /// SQLite fails.
    pub fn scoped_views(&self) -> Result<ScopedViews, StoreError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT view FROM view_column WHERE name = 'scope_key'")?;
        let views = statement
            .query_map([], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        Ok(ScopedViews(views))
    }
}

impl ScopedViews {
    /// Whether the rows of this view belong to models.
    pub fn contains(&self, view: &str) -> bool {
        self.0.contains(view)
    }
}

/// Gives each row of a view to `row`, its columns in the order of `columns`.
///
/// # Errors
/// The view is not there, has other columns, or SQLite fails.
pub fn read_relation(
    store: &Store,
    scoped: &ScopedViews,
    relation: &str,
    columns: &[&str],
    scope: &Scope,
    mut row: impl FnMut(&[Cell<'_>]),
) -> Result<(), ViewError> {
    if let Some(has) = lent::columns(relation) {
        store.read_lent(relation, has, columns, row);
        return Ok(());
    }
    // By the view's name: SQLite takes a quoted name by itself for a text where there is no such column.
    let quoted: Vec<String> = columns
        .iter()
        .map(|column| format!("\"{relation}\".\"{column}\""))
        .collect();
    let mut sql = format!("SELECT {} FROM \"{relation}\"", quoted.join(", "));
    let keys: &[String] = match scope {
        Scope::Models(keys) if scoped.0.contains(relation) => keys,
        _ => &[],
    };
    if let (Scope::Models(_), true) = (scope, scoped.0.contains(relation)) {
        sql.push_str(" WHERE scope_key IN (");
        sql.push_str(&vec!["?"; keys.len()].join(", "));
        sql.push(')');
    }
    let mut statement = match store.connection.prepare_cached(&sql) {
        Ok(statement) => statement,
        Err(error) => return Err(explain(store, relation, columns, error)),
    };
    let mut rows = statement.query(rusqlite::params_from_iter(keys))?;
    let mut cells = Vec::with_capacity(columns.len());
    while let Some(found) = rows.next()? {
        cells.clear();
        for index in 0..columns.len() {
            cells.push(match found.get_ref(index)? {
                ValueRef::Integer(number) => Cell::Integer(number),
                ValueRef::Real(number) => Cell::Real(number),
                ValueRef::Text(text) | ValueRef::Blob(text) => match std::str::from_utf8(text) {
                    Ok(text) => Cell::Text(text),
                    Err(_) => Cell::Null,
                },
                ValueRef::Null => Cell::Null,
            });
        }
        if !cells.contains(&Cell::Null) {
            // A cell borrows from the row, which ends with this turn of the loop.
            row(&cells);
        }
        cells = Vec::with_capacity(columns.len());
    }
    Ok(())
}

/// A missing view or column, told by what is there; else SQLite's own words.
fn explain(store: &Store, relation: &str, columns: &[&str], error: rusqlite::Error) -> ViewError {
    let there = store.view_columns(relation).unwrap_or_default();
    if there.is_empty() {
        return ViewError::Unknown {
            relation: relation.to_owned(),
            views: store.view_names().unwrap_or_default(),
        };
    }
    match columns
        .iter()
        .find(|column| !there.iter().any(|name| name == *column))
    {
        Some(column) => ViewError::Column {
            relation: relation.to_owned(),
            column: (*column).to_owned(),
            columns: there,
        },
        None => error.into(),
    }
}
