//! What goes into an evaluation and what comes out of it: facts and the model.

use super::ast::BaseType;
use super::check::RelId;
use super::eval::Stamp;
use super::eval::row::Rows;
use super::plan::CompiledProgram;
use super::value::{Symbol, Value, Values};

/// Tuples from outside, for one evaluation.
#[derive(Clone, Debug)]
pub struct Facts {
    values: Values,
    piles: Vec<Pile>,
}

/// The tuples of one relation, one after the other.
#[derive(Clone, Debug)]
struct Pile {
    types: Vec<BaseType>,
    codes: Vec<u32>,
    count: usize,
}

/// A tuple that does not fit its relation.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FactError {
    /// No relation of the program.
    #[error("the program has no such relation")]
    UnknownRelation,
    /// Too few or too many values.
    #[error("{given} values for {columns} columns")]
    WrongArity {
        /// How many values there are.
        given: usize,
        /// How many columns there are.
        columns: usize,
    },
    /// A value of another type than its column.
    #[error("column {column} is a {expected}")]
    WrongType {
        /// Counted from 1.
        column: usize,
        /// The type as rule files write it.
        expected: &'static str,
    },
    /// Not a number, or infinite.
    #[error("column {column} is no finite number")]
    NotFinite {
        /// Counted from 1.
        column: usize,
    },
}

impl Facts {
    /// No tuples yet.
    pub fn new(program: &CompiledProgram) -> Self {
        let pile = |(_, relation): (RelId, &super::plan::RelationPlan)| Pile {
            types: relation.columns.clone(),
            codes: Vec::new(),
            count: 0,
        };
        Facts {
            values: Values::default(),
            piles: program.relations().map(pile).collect(),
        }
    }

    /// A text that is going to be pushed many times.
    pub fn intern(&mut self, text: &str) -> Symbol {
        Symbol(self.values.symbol(text))
    }

    /// Adds a tuple.
    ///
    /// # Errors
    /// When it does not fit the relation.
    pub fn push(&mut self, relation: RelId, tuple: &[Value<'_>]) -> Result<(), FactError> {
        self.push_with(relation, tuple.iter().map(|value| Field::Value(*value)))
    }

    /// Adds a tuple of values and interned texts.
    ///
    /// # Errors
    /// When it does not fit the relation.
    pub fn push_with<'v>(
        &mut self,
        relation: RelId,
        tuple: impl IntoIterator<Item = Field<'v>>,
    ) -> Result<(), FactError> {
        let pile = self
            .piles
            .get_mut(relation.0 as usize)
            .ok_or(FactError::UnknownRelation)?;
        let before = pile.codes.len();
        let pushed = pile.extend(&mut self.values, tuple);
        match pushed {
            Ok(()) => pile.count += 1,
            Err(_) => pile.codes.truncate(before),
        }
        pushed
    }

    /// How many tuples were pushed.
    pub fn len(&self, relation: RelId) -> usize {
        self.piles
            .get(relation.0 as usize)
            .map_or(0, |pile| pile.count)
    }

    pub(super) fn into_parts(self) -> (Values, Vec<Rows>) {
        let rows = |pile: Pile| Rows::from_codes(pile.types.len(), pile.count, &pile.codes);
        (self.values, self.piles.into_iter().map(rows).collect())
    }
}

/// One value of a tuple that is pushed.
#[derive(Clone, Copy, Debug)]
pub enum Field<'a> {
    /// As it is.
    Value(Value<'a>),
    /// A text that these facts have interned.
    Interned(Symbol),
}

impl Pile {
    fn extend<'v>(
        &mut self,
        values: &mut Values,
        tuple: impl IntoIterator<Item = Field<'v>>,
    ) -> Result<(), FactError> {
        let mut given = 0;
        for field in tuple {
            let column = given;
            given += 1;
            let Some(ty) = self.types.get(column) else {
                continue;
            };
            let code = match field {
                Field::Interned(symbol) if *ty == BaseType::Symbol => symbol.0,
                Field::Value(Value::Float(float)) if !float.is_finite() => {
                    return Err(FactError::NotFinite { column: given });
                }
                Field::Value(value) if value.base_type() == *ty => values.encode(value),
                _ => {
                    return Err(FactError::WrongType {
                        column: given,
                        expected: type_name(*ty),
                    });
                }
            };
            self.codes.push(code);
        }
        let columns = self.types.len();
        if given == columns {
            Ok(())
        } else {
            Err(FactError::WrongArity { given, columns })
        }
    }
}

/// The type as rule files write it.
fn type_name(ty: BaseType) -> &'static str {
    match ty {
        BaseType::Symbol => "symbol",
        BaseType::Number => "number",
        BaseType::Float => "float",
    }
}

/// The tuples of all relations after an evaluation.
#[derive(Clone)]
pub struct Model {
    values: Values,
    relations: Vec<Relation>,
}

#[derive(Clone)]
struct Relation {
    types: Vec<BaseType>,
    stratum: u32,
    rows: Rows,
    /// The round of each row; empty when all are of round 0. None when stamps were not asked for.
    rounds: Vec<u32>,
}

impl Model {
    pub(super) fn new(
        program: &CompiledProgram,
        values: Values,
        rows: Vec<Rows>,
        rounds: Vec<(u32, Vec<u32>)>,
    ) -> Self {
        let relations = program
            .relations()
            .zip(rows)
            .map(|((_, relation), rows)| Relation {
                types: relation.columns.clone(),
                stratum: relation.stratum,
                rows,
                rounds: Vec::new(),
            });
        let mut relations: Vec<Relation> = relations.collect();
        for (relation, rounds) in rounds {
            if let Some(relation) = relations.get_mut(relation as usize) {
                relation.rounds = rounds;
            }
        }
        Model { values, relations }
    }

    fn relation(&self, relation: RelId) -> Option<&Relation> {
        self.relations.get(relation.0 as usize)
    }

    /// How many tuples the relation has.
    pub fn len(&self, relation: RelId) -> usize {
        self.relation(relation)
            .map_or(0, |relation| relation.rows.len())
    }

    /// The tuples of a relation, in an order that is the same for the same facts, but means nothing.
    pub fn rows(&self, relation: RelId) -> impl ExactSizeIterator<Item = Tuple<'_>> + Clone {
        let relation = self.relation(relation);
        let count = relation.map_or(0, |relation| relation.rows.len());
        (0..count).map(move |at| Tuple {
            values: &self.values,
            types: relation.map_or(&[][..], |relation| &relation.types),
            codes: relation.map_or(&[][..], |relation| relation.rows.row(at)),
        })
    }

    /// The tuples of a relation by their values, column by column.
    pub fn sorted(&self, relation: RelId) -> Vec<Tuple<'_>> {
        let mut tuples: Vec<Tuple<'_>> = self.rows(relation).collect();
        tuples.sort_by(|a, b| a.compare(b));
        tuples
    }

    /// The tuples whose columns have the given values, where there is one.
    pub fn matching<'a>(
        &'a self,
        relation: RelId,
        pattern: &[Option<Value<'_>>],
    ) -> impl Iterator<Item = Tuple<'a>> + use<'a> {
        let codes: Option<Vec<Option<u32>>> = pattern
            .iter()
            .map(|value| match value {
                None => Some(None),
                Some(value) => self.values.find(*value).map(Some),
            })
            .collect();
        let known = codes.is_some();
        let codes = codes.unwrap_or_default();
        let prefix: Vec<u32> = codes.iter().map_while(|code| *code).collect();
        let start = self
            .relation(relation)
            .map_or(0, |relation| relation.rows.lower_bound(&prefix));
        let rows = self
            .rows(relation)
            .skip(if known { start } else { usize::MAX });
        rows.take_while(move |tuple| tuple.codes.starts_with(&prefix))
            .filter(move |tuple| {
                codes
                    .iter()
                    .zip(tuple.codes)
                    .all(|(wanted, code)| wanted.is_none_or(|wanted| wanted == *code))
            })
    }

    /// Whether the relation has this tuple.
    pub fn contains(&self, relation: RelId, tuple: &[Value<'_>]) -> bool {
        self.position(relation, tuple).is_some()
    }

    /// When the tuple first appeared. Without [`Options::stamps`](super::Options::stamps) all rounds are 0.
    pub fn stamp(&self, relation: RelId, tuple: &[Value<'_>]) -> Option<Stamp> {
        let at = self.position(relation, tuple)?;
        let relation = self.relation(relation)?;
        let round = relation.rounds.get(at).copied().unwrap_or(0);
        Some(Stamp {
            stratum: relation.stratum,
            round,
        })
    }

    fn position(&self, relation: RelId, tuple: &[Value<'_>]) -> Option<usize> {
        let relation = self.relation(relation)?;
        let fits = |(value, ty): (&Value<'_>, &BaseType)| value.base_type() == *ty;
        if tuple.len() != relation.types.len() || !tuple.iter().zip(&relation.types).all(fits) {
            return None;
        }
        let codes: Vec<u32> = tuple
            .iter()
            .map(|value| self.values.find(*value))
            .collect::<Option<_>>()?;
        let at = relation.rows.lower_bound(&codes);
        (at < relation.rows.len() && relation.rows.row(at).starts_with(&codes)).then_some(at)
    }
}

/// A tuple of a [`Model`].
#[derive(Clone, Copy)]
pub struct Tuple<'a> {
    values: &'a Values,
    types: &'a [BaseType],
    codes: &'a [u32],
}

impl<'a> Tuple<'a> {
    /// How many columns it has.
    pub fn len(&self) -> usize {
        self.types.len()
    }

    /// Whether it has no columns.
    pub fn is_empty(&self) -> bool {
        self.types.is_empty()
    }

    /// The value of a column, counted from 0.
    pub fn get(&self, column: usize) -> Option<Value<'a>> {
        let (ty, code) = (self.types.get(column)?, self.codes.get(column)?);
        Some(self.values.decode(*ty, *code))
    }

    /// The text of a symbol column.
    pub fn symbol(&self, column: usize) -> Option<&'a str> {
        if let Value::Symbol(text) = self.get(column)? {
            Some(text)
        } else {
            None
        }
    }

    /// The number of a number column.
    pub fn number(&self, column: usize) -> Option<i64> {
        if let Value::Number(number) = self.get(column)? {
            Some(number)
        } else {
            None
        }
    }

    /// The number of a float column.
    pub fn float(&self, column: usize) -> Option<f64> {
        if let Value::Float(float) = self.get(column)? {
            Some(float)
        } else {
            None
        }
    }

    /// All values.
    pub fn values(&self) -> impl Iterator<Item = Value<'a>> + use<'a> {
        let values = self.values;
        self.types
            .iter()
            .zip(self.codes)
            .map(move |(ty, code)| values.decode(*ty, *code))
    }

    /// The order of two tuples of one relation by their values.
    fn compare(&self, other: &Tuple<'_>) -> std::cmp::Ordering {
        let columns = self.types.iter().zip(self.codes).zip(other.codes);
        let orders = columns.map(|((ty, a), b)| self.values.compare(*ty, *a, *b));
        orders.fold(std::cmp::Ordering::Equal, std::cmp::Ordering::then)
    }
}
