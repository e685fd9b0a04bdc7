//! Solving single bodies over a complete model, for proofs and refutations.
//!
//! Bodies are lowered and expressions computed by the same code as for an evaluation, so that both agree on every value.
//! What differs is the order: an evaluation joins whole relations, here some values are known and the search goes to
//! where they lead.

mod aggregate;
mod bindings;
pub(super) mod head;
mod lookup;
mod search;
pub(super) mod text;

use std::cell::RefCell;
use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::ast::BaseType;
use super::check::{Checked, RelId};
use super::database::Model;
use super::eval::compute::Computer;
use super::fact::{Datum, Fact, Pattern};
use super::plan::literals::Alternative;
use super::plan::program::Constant;
use super::value::Value;

pub(super) use aggregate::Aggregated;
pub(super) use bindings::Bindings;
pub(super) use lookup::Matches;
pub(super) use search::Search;

use lookup::Lookup;

/// An aggregate and a group: rule, body and goal, and the values of the variables from outside.
type Group = (usize, usize, usize, Vec<u32>);

/// An alternative, lowered when it is first asked for.
type Slot = Option<Rc<Lowered>>;

/// A model with all that is worth keeping from one question to the next.
pub(super) struct World<'a> {
    pub(super) checked: &'a Checked,
    pub(super) model: &'a Model,
    pub(super) computer: Computer,
    pub(super) lookup: Lookup<'a>,
    alternatives: RefCell<FxHashMap<(usize, usize), Slot>>,
    aggregates: RefCell<FxHashMap<Group, Rc<Aggregated>>>,
    /// For each relation the rules and their heads that may derive it.
    derived_by: Vec<Vec<(usize, usize)>>,
}

/// A lowered alternative with its constants as codes.
pub(super) struct Lowered {
    pub(super) rule: usize,
    pub(super) number: usize,
    pub(super) alternative: Alternative,
    pub(super) constants: Vec<u32>,
}

impl<'a> World<'a> {
    pub(super) fn new(checked: &'a Checked, model: &'a Model) -> Self {
        let mut derived_by = vec![Vec::new(); checked.relations.len()];
        for (number, rule) in checked.program.rules.iter().enumerate() {
            for (at, head) in rule.heads.iter().enumerate() {
                let relation = checked.relation(&head.relation.name);
                if let Some(list) = relation.and_then(|id| derived_by.get_mut(id.index())) {
                    list.push((number, at));
                }
            }
        }
        World {
            checked,
            model,
            computer: Computer::new(model.codes().clone(), Vec::new()),
            lookup: Lookup::new(model),
            alternatives: RefCell::default(),
            aggregates: RefCell::default(),
            derived_by,
        }
    }

    /// The rules, and their heads, that may derive a relation.
    pub(super) fn derived_by(&self, relation: RelId) -> &[(usize, usize)] {
        self.derived_by
            .get(relation.index())
            .map_or(&[], Vec::as_slice)
    }

    /// An alternative of a rule.
    pub(super) fn alternative(&self, rule: usize, body: usize) -> Option<Rc<Lowered>> {
        let mut known = self.alternatives.borrow_mut();
        let lowered = known.entry((rule, body)).or_insert_with(|| {
            let alternative = Alternative::new(self.checked, rule, body)?;
            let mut values = self.computer.values.borrow_mut();
            let constants = alternative.constants.iter().map(|constant| match constant {
                Constant::Symbol(text) => values.symbol(text),
                Constant::Number(number) => values.number(*number),
                Constant::Float(float) => values.float(*float),
            });
            Some(Rc::new(Lowered {
                rule,
                number: body,
                constants: constants.collect(),
                alternative,
            }))
        });
        lowered.clone()
    }

    /// The types of a relation's columns.
    pub(super) fn columns(&self, relation: u32) -> impl Iterator<Item = BaseType> + '_ {
        let info = self.checked.info(RelId(relation));
        let columns = info.map_or(&[][..], |info| &info.columns);
        columns.iter().map(|column| column.base)
    }

    /// The code of a value that may be a new one.
    pub(super) fn encode(&self, value: Value<'_>) -> u32 {
        self.computer.values.borrow_mut().encode(value)
    }

    /// The value of a code.
    pub(super) fn decode(&self, ty: BaseType, code: u32) -> Datum {
        self.computer.values.borrow().decode(ty, code).into()
    }

    /// A row as a fact.
    pub(super) fn fact(&self, relation: u32, row: usize) -> Fact {
        let codes = self
            .model
            .codes_of(relation)
            .map_or(&[][..], |rows| rows.row(row));
        let values = self.columns(relation).zip(codes);
        let values = values.map(|(ty, code)| self.decode(ty, *code));
        Fact {
            relation: RelId(relation),
            values: values.collect(),
        }
    }

    /// Codes, where they are known, as a pattern.
    pub(super) fn pattern(&self, relation: u32, codes: &[Option<u32>]) -> Pattern {
        let values = self.columns(relation).zip(codes);
        let values = values.map(|(ty, code)| code.map(|code| self.decode(ty, code)));
        Pattern {
            relation: RelId(relation),
            values: values.collect(),
        }
    }

    /// The codes of a pattern's values; nothing when it does not fit its relation.
    pub(super) fn codes(&self, pattern: &Pattern) -> Option<Vec<Option<u32>>> {
        let types: Vec<BaseType> = self.columns(pattern.relation.0).collect();
        self.checked.info(pattern.relation)?;
        let mut columns = pattern.values.iter().zip(&types);
        let fits = columns.all(|(value, ty)| {
            value
                .as_ref()
                .is_none_or(|value| value.base_type() == *ty && is_finite(value))
        });
        if pattern.values.len() != types.len() || !fits {
            return None;
        }
        let encode = |value: &Option<Datum>| value.as_ref().map(|value| self.encode(value.value()));
        Some(pattern.values.iter().map(encode).collect())
    }

    /// The rows that fit a pattern, sorted by their values.
    pub(super) fn facts(&self, pattern: &Pattern) -> Vec<Fact> {
        let Some(codes) = self.codes(pattern) else {
            return Vec::new();
        };
        let relation = pattern.relation.0;
        let rows = self.lookup.matches(relation, codes);
        let mut facts: Vec<Fact> = rows.map(|row| self.fact(relation, row)).collect();
        facts.sort_unstable();
        facts
    }
}

fn is_finite(value: &Datum) -> bool {
    !matches!(value, Datum::Float(float) if !float.is_finite())
}
