//! Base facts for an evaluation: from the views, or as an earlier run for the same model gathered them.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::Xxh3;

use crate::datalog::ast::BaseType;
use crate::datalog::{Facts, RelId, Value};
use crate::store::{Cell, GATHERED, Scope, ScopedViews, Store, ViewError, read_relation};

use super::Policy;

/// Gathered facts beyond this many bytes are not kept.
const MOST_KEPT: usize = 4 << 20;

/// The rows of some relations, by the relations' positions among those asked for.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Gathered<'a> {
    #[serde(borrow)]
    relations: Vec<Vec<Vec<Column<'a>>>>,
}

/// A value of a row.
#[derive(Debug, Serialize, Deserialize)]
enum Column<'a> {
    #[serde(borrow)]
    Text(std::borrow::Cow<'a, str>),
    Number(i64),
    Float(f64),
}

/// A base relation as the store is asked for it.
pub(super) struct Asked<'p> {
    pub(super) id: RelId,
    pub(super) name: &'p str,
    pub(super) columns: Vec<&'p str>,
    pub(super) types: &'p [BaseType],
}

/// Adds the facts that `goals` need, but for the relations that are `given`.
pub(super) fn gather(
    policy: &Policy,
    store: &Store,
    scope: &Scope,
    goals: &[RelId],
    given: &[RelId],
    facts: &mut Facts,
) -> Result<(), ViewError> {
    let asked = asked(policy, goals, given);
    let (key, gathered) = store.at_one_moment(|generation| {
        let key = key(generation, &asked, scope);
        if let Some(bytes) = key.as_ref().and_then(|key| store.kept(GATHERED, key))
            && let Ok(gathered) = postcard::from_bytes::<Gathered<'_>>(&bytes)
        {
            push(&asked, &gathered, facts);
            return Ok::<_, ViewError>((None, Gathered::default()));
        }
        let gathered = read(store, &asked, scope)?;
        push(&asked, &gathered, facts);
        Ok((key, gathered))
    })?;
    if let (Some(key), Ok(bytes)) = (key, postcard::to_stdvec(&gathered))
        && bytes.len() <= MOST_KEPT
    {
        store.keep(GATHERED, &key, &bytes);
    }
    Ok(())
}

/// The base relations that `goals` need, but for those that are `given`.
pub(super) fn asked<'p>(policy: &'p Policy, goals: &[RelId], given: &[RelId]) -> Vec<Asked<'p>> {
    let wanted: BTreeSet<RelId> = policy.program.inputs(goals).into_iter().collect();
    policy
        .program
        .relations()
        .filter(|(id, _)| wanted.contains(id) && !given.contains(id))
        .filter_map(|(id, relation)| {
            let columns = policy.text(id)?.columns().collect();
            Some(Asked {
                id,
                name: &relation.name,
                columns,
                types: &relation.columns,
            })
        })
        .collect()
}

/// The rows of the views.
fn read(store: &Store, asked: &[Asked<'_>], scope: &Scope) -> Result<Gathered<'static>, ViewError> {
    let mut gathered = Gathered::default();
    let scoped = store.scoped_views()?;
    for relation in asked {
        let mut rows = Vec::new();
        read_rows(store, &scoped, relation, scope, |cells| {
            let row = row(relation.types, cells);
            let fits = row.is_some();
            rows.extend(row);
            fits
        })?;
        gathered.relations.push(rows);
    }
    Ok(gathered)
}

/// Hands each row of a view to `take`, which says whether it fits the relation.
pub(super) fn read_rows(
    store: &Store,
    scoped: &ScopedViews,
    relation: &Asked<'_>,
    scope: &Scope,
    mut take: impl FnMut(&[Cell<'_>]) -> bool,
) -> Result<(), ViewError> {
    let (name, columns) = (relation.name, &relation.columns);
    read_relation(store, scoped, name, columns, scope, |cells| {
        if !take(cells) {
            tracing::warn!(
                ?cells,
                name,
                "a row does not fit its relation and is left out"
            );
        }
    })
}

/// What names the rows of these relations in this scope; nothing for the whole catalog, which is not kept.
fn key(generation: &str, asked: &[Asked<'_>], scope: &Scope) -> Option<String> {
    let Scope::Models(models) = scope else {
        return None;
    };
    let mut hash = Xxh3::new();
    let words = asked
        .iter()
        .flat_map(|relation| std::iter::once(&relation.name).chain(&relation.columns));
    let types = format!(
        "{:?}",
        asked
            .iter()
            .map(|relation| relation.types)
            .collect::<Vec<_>>()
    );
    let all = words.copied().chain(models.iter().map(String::as_str));
    for word in all.chain([generation, types.as_str()]) {
        hash.update(&(word.len() as u64).to_le_bytes());
        hash.update(word.as_bytes());
    }
    Some(format!("{:032x}", hash.digest128()))
}

fn row(types: &[BaseType], cells: &[Cell<'_>]) -> Option<Vec<Column<'static>>> {
    let columns = types.iter().zip(cells).map(|(ty, cell)| {
        Some(match value(*ty, cell)? {
            Value::Symbol(text) => Column::Text(text.to_owned().into()),
            Value::Number(number) => Column::Number(number),
            Value::Float(number) => Column::Float(number),
        })
    });
    columns.collect()
}

pub(super) fn value<'c>(ty: BaseType, cell: &Cell<'c>) -> Option<Value<'c>> {
    match (ty, cell) {
        (BaseType::Symbol, Cell::Text(text)) => Some(Value::Symbol(text)),
        (BaseType::Number, Cell::Integer(number)) => Some(Value::Number(*number)),
        (BaseType::Float, Cell::Real(number)) => Some(Value::Float(*number)),
        #[expect(
            clippy::cast_precision_loss,
            reason = "SQLite keeps whole reals as integers"
        )]
        (BaseType::Float, Cell::Integer(number)) => Some(Value::Float(*number as f64)),
        _ => None,
    }
}

fn push(asked: &[Asked<'_>], gathered: &Gathered<'_>, facts: &mut Facts) {
    let mut values: Vec<Value<'_>> = Vec::new();
    for (relation, rows) in asked.iter().zip(&gathered.relations) {
        for row in rows {
            values.clear();
            values.extend(row.iter().map(|column| match column {
                Column::Text(text) => Value::Symbol(text),
                Column::Number(number) => Value::Number(*number),
                Column::Float(number) => Value::Float(*number),
            }));
            if let Err(error) = facts.push(relation.id, &values) {
                tracing::warn!(%error, relation.name, "a row does not fit its relation and is left out");
            }
        }
    }
}
