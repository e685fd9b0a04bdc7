//! What an evaluation has found.

use crate::datalog::ast::BaseType;
use crate::datalog::check::RelId;
use crate::datalog::eval::Stamp;
use crate::datalog::eval::row::Rows;
use crate::datalog::plan::CompiledProgram;
use crate::datalog::value::{Value, Values};

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
    /// Those of the rows that were pushed; nothing when all were.
    pushed: Option<Rows>,
}

impl Model {
    pub(in crate::datalog) fn new(
        program: &CompiledProgram,
        values: Values,
        rows: Vec<Rows>,
        rounds: Vec<(u32, Vec<u32>)>,
        pushed: Vec<(u32, Rows)>,
    ) -> Self {
        let relations = program
            .relations()
            .zip(rows)
            .map(|((_, relation), rows)| Relation {
                types: relation.columns.clone(),
                stratum: relation.stratum,
                rows,
                rounds: Vec::new(),
                pushed: None,
            });
        let mut relations: Vec<Relation> = relations.collect();
        for (relation, rounds) in rounds {
            if let Some(relation) = relations.get_mut(relation as usize) {
                relation.rounds = rounds;
            }
        }
        for (relation, pushed) in pushed {
            if let Some(relation) = relations.get_mut(relation as usize) {
                relation.pushed = Some(pushed);
            }
        }
        Model { values, relations }
    }

    /// What the codes of its rows stand for.
    pub(in crate::datalog) fn codes(&self) -> &Values {
        &self.values
    }

    /// The rows of a relation, sorted by their codes.
    pub(in crate::datalog) fn codes_of(&self, relation: u32) -> Option<&Rows> {
        self.relations
            .get(relation as usize)
            .map(|relation| &relation.rows)
    }

    /// When a row first appeared.
    pub(in crate::datalog) fn stamp_at(&self, relation: u32, row: usize) -> Option<Stamp> {
        let relation = self.relations.get(relation as usize)?;
        let round = relation.rounds.get(row).copied().unwrap_or(0);
        Some(Stamp {
            stratum: relation.stratum,
            round,
        })
    }

    /// Whether a row was pushed, be there a rule that derives it or not.
    pub(in crate::datalog) fn was_pushed(&self, relation: u32, row: usize) -> bool {
        let Some(relation) = self.relations.get(relation as usize) else {
            return false;
        };
        let columns = relation.types.len();
        let codes = relation.rows.row(row).get(..columns).unwrap_or_default();
        match &relation.pushed {
            Some(pushed) => !pushed.range(codes).is_empty(),
            None => true,
        }
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

    /// The tuples of a relation group by group, for somebody who asks for one number after the other.
    pub fn by_number(&self, relation: RelId) -> ByNumber<'_> {
        ByNumber {
            values: &self.values,
            relation: self.relation(relation),
            at: 0,
        }
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

    /// When the tuple first appeared. Without [`Options::stamps`](crate::datalog::eval::Options::stamps) all rounds are 0.
    pub fn stamp(&self, relation: RelId, tuple: &[Value<'_>]) -> Option<Stamp> {
        self.stamp_at(relation.0, self.position(relation, tuple)?)
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

/// The tuples of a relation whose first column is a number, by that number.
#[derive(Clone)]
pub struct ByNumber<'a> {
    values: &'a Values,
    relation: Option<&'a Relation>,
    at: usize,
}

impl<'a> ByNumber<'a> {
    /// The tuples that begin with the number. Numbers that only grow cost a step a tuple, others a search.
    pub fn of(
        &mut self,
        number: i64,
    ) -> impl ExactSizeIterator<Item = Tuple<'a>> + Clone + use<'a> {
        let (values, relation) = (self.values, self.relation);
        let wanted = values.find(Value::Number(number));
        let first = |at: usize| {
            let rows = relation.map(|relation| &relation.rows);
            rows.and_then(|rows| rows.row(at).first()).copied()
        };
        let mut range = 0..0;
        if let (Some(wanted), Some(relation)) = (wanted, relation) {
            if self.at > 0 && first(self.at - 1).is_none_or(|code| code >= wanted) {
                self.at = relation.rows.lower_bound(&[wanted]);
            }
            while first(self.at).is_some_and(|code| code < wanted) {
                self.at += 1;
            }
            range.start = self.at;
            while first(self.at) == Some(wanted) {
                self.at += 1;
            }
            range.end = self.at;
        }
        range.map(move |at| Tuple {
            values,
            types: relation.map_or(&[][..], |relation| &relation.types),
            codes: relation.map_or(&[][..], |relation| relation.rows.row(at)),
        })
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
    pub fn compare(&self, other: &Tuple<'_>) -> std::cmp::Ordering {
        let columns = self.types.iter().zip(self.codes).zip(other.codes);
        let orders = columns.map(|((ty, a), b)| self.values.compare(*ty, *a, *b));
        orders.fold(std::cmp::Ordering::Equal, std::cmp::Ordering::then)
    }
}
