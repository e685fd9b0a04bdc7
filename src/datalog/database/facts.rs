//! Tuples on their way into an evaluation.

use crate::datalog::ast::BaseType;
use crate::datalog::check::RelId;
use crate::datalog::eval::row::Rows;
use crate::datalog::plan::{CompiledProgram, RelationPlan};
use crate::datalog::value::{Symbol, Value, Values};

use super::Model;

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
        let pile = |(_, relation): (RelId, &RelationPlan)| Pile {
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
        pile.count += encode(&pile.types, &mut pile.codes, &mut self.values, tuple)?;
        Ok(())
    }

    /// Puts a tuple aside, encoded as these facts encode it.
    ///
    /// # Errors
    /// When it does not fit the relation.
    pub fn set_aside(&mut self, tuple: &[Value<'_>], aside: &mut Aside) -> Result<(), FactError> {
        let relation = aside.relation.0 as usize;
        let pile = self.piles.get(relation).ok_or(FactError::UnknownRelation)?;
        let fields = tuple.iter().map(|value| Field::Value(*value));
        aside.count += encode(&pile.types, &mut aside.codes, &mut self.values, fields)?;
        Ok(())
    }

    /// Adds tuples that these facts set aside, or that those did of which these are a copy.
    pub fn add(&mut self, aside: &Aside) {
        if let Some(pile) = self.piles.get_mut(aside.relation.0 as usize) {
            pile.codes.extend_from_slice(&aside.codes);
            pile.count += aside.count;
        }
    }

    /// Takes away the tuples whose columns have the given values, where there is one. How many there were.
    pub fn remove(&mut self, relation: RelId, pattern: &[Option<Value<'_>>]) -> usize {
        let Some(pile) = self.piles.get_mut(relation.0 as usize) else {
            return 0;
        };
        let codes = pattern.iter().map(|value| match value {
            None => Some(None),
            Some(value) => self.values.find(*value).map(Some),
        });
        let Some(codes) = codes.collect::<Option<Vec<Option<u32>>>>() else {
            return 0;
        };
        pile.remove(&codes)
    }

    /// The tuples of these relations as a model has them, to be pushed more to.
    pub fn of(program: &CompiledProgram, model: &Model, relations: &[RelId]) -> Self {
        let mut facts = Facts::new(program);
        facts.values = model.codes().clone();
        for relation in relations {
            let Some(pile) = facts.piles.get_mut(relation.0 as usize) else {
                continue;
            };
            let Some(rows) = model.codes_of(relation.0) else {
                continue;
            };
            let columns = pile.types.len();
            pile.count = rows.len();
            for at in 0..rows.len() {
                let codes = rows.row(at).get(..columns).unwrap_or_default();
                pile.codes.extend_from_slice(codes);
            }
        }
        facts
    }

    /// How many tuples were pushed.
    pub fn len(&self, relation: RelId) -> usize {
        self.piles
            .get(relation.0 as usize)
            .map_or(0, |pile| pile.count)
    }

    pub(in crate::datalog) fn into_parts(self) -> (Values, Vec<Rows>) {
        let rows = |pile: Pile| Rows::from_codes(pile.types.len(), pile.count, &pile.codes);
        (self.values, self.piles.into_iter().map(rows).collect())
    }
}

/// Tuples of one relation that were put aside. Their codes mean something only to the facts that encoded them
/// and to copies of those.
#[derive(Clone, Debug)]
pub struct Aside {
    relation: RelId,
    codes: Vec<u32>,
    count: usize,
}

impl Aside {
    /// None yet.
    pub fn new(relation: RelId) -> Self {
        Aside {
            relation,
            codes: Vec::new(),
            count: 0,
        }
    }

    /// The relation that they are of.
    pub fn relation(&self) -> RelId {
        self.relation
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
    fn remove(&mut self, pattern: &[Option<u32>]) -> usize {
        let arity = self.types.len();
        if pattern.len() != arity {
            return 0;
        }
        let before = self.count;
        if arity == 0 {
            self.count = 0;
            return before;
        }
        let fits = |row: &[u32]| {
            let mut columns = pattern.iter().zip(row);
            columns.all(|(wanted, code)| wanted.is_none_or(|wanted| wanted == *code))
        };
        let kept: Vec<u32> = self
            .codes
            .chunks_exact(arity)
            .filter(|row| !fits(row))
            .flatten()
            .copied()
            .collect();
        self.count = kept.len() / arity;
        self.codes = kept;
        before - self.count
    }
}

/// Appends a tuple's codes; gives 1, the tuple. What does not fit leaves the codes as they were.
fn encode<'v>(
    types: &[BaseType],
    codes: &mut Vec<u32>,
    values: &mut Values,
    tuple: impl IntoIterator<Item = Field<'v>>,
) -> Result<usize, FactError> {
    let before = codes.len();
    let pushed = try_encode(types, codes, values, tuple);
    if pushed.is_err() {
        codes.truncate(before);
    }
    pushed.map(|()| 1)
}

fn try_encode<'v>(
    types: &[BaseType],
    codes: &mut Vec<u32>,
    values: &mut Values,
    tuple: impl IntoIterator<Item = Field<'v>>,
) -> Result<(), FactError> {
    let mut given = 0;
    for field in tuple {
        let column = given;
        given += 1;
        let Some(ty) = types.get(column) else {
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
        codes.push(code);
    }
    let columns = types.len();
    if given == columns {
        Ok(())
    } else {
        Err(FactError::WrongArity { given, columns })
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
