//! Base facts for an evaluation: from the views, or as an earlier run for the same model gathered them.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::Xxh3;

use crate::datalog::ast::BaseType;
use crate::datalog::{CompiledProgram, Facts, RelId, Value};
use crate::store::{
    Cell, Details, GATHERED, Scope, ScopedViews, Store, ViewError, is_lent, read_relation,
};

use super::RelationText;

/// Gathered facts beyond this many bytes are not kept.
const MOST_KEPT: usize = 4 << 20;
/// Nor are those of more rows than this, which take longer to write than reading them again is worth.
const MOST_ROWS_KEPT: usize = 20_000;

/// The rows of some relations, by the relations' positions among those asked for.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Gathered<'a> {
    #[serde(borrow)]
    relations: Vec<Vec<Vec<Column<'a>>>>,
}

/// A value of a row.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Column<'a> {
    #[serde(borrow)]
    Text(std::borrow::Cow<'a, str>),
    Number(i64),
    Float(f64),
}

impl<'a> Column<'a> {
    pub(super) fn of(value: Value<'a>) -> Column<'a> {
        match value {
            Value::Symbol(text) => Column::Text(text.into()),
            Value::Number(number) => Column::Number(number),
            Value::Float(number) => Column::Float(number),
        }
    }

    /// The same by itself.
    fn kept(self) -> Column<'static> {
        match self {
            Column::Text(text) => Column::Text(text.into_owned().into()),
            Column::Number(number) => Column::Number(number),
            Column::Float(number) => Column::Float(number),
        }
    }

    pub(super) fn value(&self) -> Value<'_> {
        match self {
            Column::Text(text) => Value::Symbol(text),
            Column::Number(number) => Value::Number(*number),
            Column::Float(number) => Value::Float(*number),
        }
    }
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
    program: &CompiledProgram,
    texts: &[RelationText],
    store: &Store,
    scope: &Scope,
    goals: &[RelId],
    given: &[RelId],
    facts: &mut Facts,
) -> Result<(), ViewError> {
    // What is lent may be otherwise the next time, and is not kept.
    let (lent, asked): (Vec<Asked<'_>>, Vec<Asked<'_>>) = asked((program, texts), goals, given)
        .into_iter()
        .partition(|relation| is_lent(relation.name));
    if !lent.is_empty() {
        // None of these is a view.
        read(store, &ScopedViews::default(), &lent, scope, facts)?;
    }
    // All that belongs to some models is small and wanted together again; of the whole catalog each
    // relation is kept by itself, since questions differ in which ones they need.
    let groups: Vec<&[Asked<'_>]> = match scope {
        Scope::Models(_) => vec![&asked],
        Scope::Whole | Scope::Chosen(_) => asked.chunks(1).collect(),
    };
    let made = store.at_one_moment(Some(Details::of(scope)), |generation| {
        let mut made = Vec::new();
        for group in groups {
            let key = key(generation, group, scope);
            if let Some(bytes) = store.kept(GATHERED, &key)
                && let Ok(gathered) = postcard::from_bytes::<Gathered<'_>>(&bytes)
            {
                push(group, &gathered, facts);
                continue;
            }
            let scoped = store.scoped_views()?;
            let gathered = read(store, &scoped, group, scope, facts)?;
            if let Some(gathered) = gathered
                && let Ok(bytes) = postcard::to_stdvec(&gathered)
                && bytes.len() <= MOST_KEPT
            {
                made.push((key, bytes));
            }
        }
        Ok::<_, ViewError>(made)
    })?;
    store.keep_all(GATHERED, &made);
    Ok(())
}

/// The base relations that `goals` need, but for those that are `given`.
pub(super) fn asked<'p>(
    (program, texts): (&'p CompiledProgram, &'p [RelationText]),
    goals: &[RelId],
    given: &[RelId],
) -> Vec<Asked<'p>> {
    let wanted: BTreeSet<RelId> = program.inputs(goals).into_iter().collect();
    program
        .relations()
        .filter(|(id, _)| wanted.contains(id) && !given.contains(id))
        .filter_map(|(id, relation)| {
            let columns = texts.get(id.index())?.columns().collect();
            Some(Asked {
                id,
                name: &relation.name,
                columns,
                types: &relation.columns,
            })
        })
        .collect()
}

/// Adds the rows of the views to `facts`, and gives them where they are few enough to be kept.
fn read(
    store: &Store,
    scoped: &ScopedViews,
    asked: &[Asked<'_>],
    scope: &Scope,
    facts: &mut Facts,
) -> Result<Option<Gathered<'static>>, ViewError> {
    let mut gathered = Gathered::default();
    let mut count = 0;
    for relation in asked {
        let mut rows = Vec::new();
        read_rows(store, scoped, relation, scope, |cells| {
            let values: Option<Vec<Value<'_>>> = relation
                .types
                .iter()
                .zip(cells)
                .map(|(ty, cell)| value(*ty, cell))
                .collect();
            let Some(values) = values else { return false };
            count += 1;
            if count <= MOST_ROWS_KEPT {
                rows.push(
                    values
                        .iter()
                        .map(|value| Column::of(*value).kept())
                        .collect(),
                );
            }
            facts.push(relation.id, &values).is_ok()
        })?;
        gathered.relations.push(rows);
    }
    Ok((count <= MOST_ROWS_KEPT).then_some(gathered))
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

/// What names the rows of these relations in this scope.
fn key(generation: &str, asked: &[Asked<'_>], scope: &Scope) -> String {
    let (which, models) = match scope {
        Scope::Models(models) => ("models", models.as_slice()),
        Scope::Whole => ("whole", [].as_slice()),
        Scope::Chosen(_) => ("chosen", [].as_slice()),
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
    for word in all.chain([generation, types.as_str(), which]) {
        hash.update(&(word.len() as u64).to_le_bytes());
        hash.update(word.as_bytes());
    }
    format!("{:032x}", hash.digest128())
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
            values.extend(row.iter().map(Column::value));
            if let Err(error) = facts.push(relation.id, &values) {
                tracing::warn!(%error, relation.name, "a row does not fit its relation and is left out");
            }
        }
    }
}
