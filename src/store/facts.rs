//! Base facts out of the views.

use std::collections::HashSet;

use rusqlite::types::ValueRef;
use thiserror::Error;

use super::lent::{self, lent_relations};
use super::{Details, Store, StoreError, fresh};

/// Which rows of the views are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All of them.
    Whole,
    /// Of what belongs to a model, only that of the models with these folded names.
    Models(Vec<String>),
    /// Of what belongs to a file or a model, only that of the files that are chosen ([`Store::choose`]); and of that
    /// only what has one of the texts in a column.
    Chosen(Option<(String, Vec<String>)>),
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
#[derive(Debug, Default)]
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
            "SELECT name FROM view_column WHERE view = ?1 AND name NOT IN ('scope_key', 'of_file')",
            &[view],
        )
    }

    fn names(&self, sql: &str, of: &[&str]) -> Result<Vec<String>, StoreError> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let names = statement.query_map(rusqlite::params_from_iter(of), |row| row.get(0))?;
        Ok(names.collect::<Result<_, _>>()?)
    }

    /// The kinds of names that columns of views have which tell documents apart: the view, the column and the kind.
    ///
    /// # Errors
    /// SQLite fails.
    pub fn key_columns(&self) -> Result<Vec<(String, String, u32)>, StoreError> {
        let mut statement = self
            .connection
            .prepare("SELECT view, name, kind FROM view_column WHERE kind IS NOT NULL")?;
        let columns = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        Ok(columns.collect::<Result<_, _>>()?)
    }

    /// Whether each row of a view tells its file.
    fn is_of_files(&self, view: &str) -> Result<bool, StoreError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT 1 FROM view_column WHERE view = ?1 AND name = 'of_file'")?;
        Ok(statement.exists([view])?)
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
        return Ok(store.read_lent(relation, (has, columns), scope, row)?);
    }
    if scoped.0.contains(relation) || store.is_of_files(relation)? {
        store.unpack(Details::of(scope))?;
    }
    // By the view's name: SQLite takes a quoted name by itself for a text where there is no such column.
    let quoted: Vec<String> = columns
        .iter()
        .map(|column| format!("\"{relation}\".\"{column}\""))
        .collect();
    let mut sql = format!("SELECT {} FROM \"{relation}\"", quoted.join(", "));
    let keys: &[String] = match scope {
        Scope::Models(keys) if scoped.0.contains(relation) => keys,
        Scope::Chosen(Some((_, texts))) => texts,
        _ => &[],
    };
    match scope {
        Scope::Models(_) if scoped.0.contains(relation) => {
            sql.push_str(" WHERE scope_key IN (");
            sql.push_str(&vec!["?"; keys.len()].join(", "));
            sql.push(')');
        }
        Scope::Chosen(_) if scoped.0.contains(relation) => {
            sql.push_str(" WHERE scope_key IN (SELECT name FROM chosen_model)");
        }
        Scope::Chosen(_) if store.is_of_files(relation)? => {
            sql.push_str(" WHERE of_file IN (SELECT file FROM chosen)");
        }
        Scope::Chosen(_) => sql.push_str(" WHERE true"),
        _ => {}
    }
    if let Scope::Chosen(Some((column, texts))) = scope {
        let marks = vec!["?"; texts.len()].join(", ");
        sql.push_str(&format!(" AND \"{relation}\".\"{column}\" IN ({marks})"));
    }
    let prepare = || store.connection.prepare_cached(&sql);
    let prepared = prepare().or_else(|_| {
        fresh::make_written_views(&store.connection)?;
        prepare().map_err(|error| explain(store, relation, columns, error))
    });
    let mut statement = prepared?;
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
