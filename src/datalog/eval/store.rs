//! Complete relations, and their orders as they are asked for.

use std::cell::OnceCell;

use super::lookup::Sorted;
use super::row::Rows;
use crate::datalog::plan::program::Order;

/// The relations that are complete so far; the others are empty.
pub(super) struct Store<'a> {
    relations: Vec<Sorted>,
    /// Those behind the relations themselves, each made when it is first looked into.
    orders: Vec<OnceCell<Sorted>>,
    plans: &'a [Order],
}

impl<'a> Store<'a> {
    pub(super) fn new(relations: Vec<Rows>, orders: &'a [Order]) -> Self {
        let others = orders.len().saturating_sub(relations.len());
        Store {
            relations: relations.into_iter().map(Sorted::new).collect(),
            orders: std::iter::repeat_with(OnceCell::new).take(others).collect(),
            plans: orders,
        }
    }

    pub(super) fn relation(&self, relation: u32) -> &Sorted {
        &self.relations[relation as usize]
    }

    pub(super) fn order(&self, order: u32) -> &Sorted {
        let order = order as usize;
        let Some(other) = order.checked_sub(self.relations.len()) else {
            return &self.relations[order];
        };
        self.orders[other].get_or_init(|| {
            let plan = &self.plans[order];
            Sorted::new(self.relation(plan.relation).rows().permuted(&plan.columns))
        })
    }

    /// Whether the relation that an order is of has no tuples.
    pub(super) fn is_empty(&self, order: u32) -> bool {
        let plan = self.plans.get(order as usize);
        plan.is_some_and(|plan| self.relation(plan.relation).rows().is_empty())
    }

    /// Takes a relation's rows out, to be given back when it is complete.
    pub(super) fn take(&mut self, relation: u32, columns: usize) -> Rows {
        let empty = Sorted::new(Rows::empty(columns));
        std::mem::replace(&mut self.relations[relation as usize], empty).into_rows()
    }

    pub(super) fn complete(&mut self, relation: u32, rows: Rows) {
        self.relations[relation as usize] = Sorted::new(rows);
    }

    pub(super) fn into_relations(self) -> Vec<Rows> {
        self.relations.into_iter().map(Sorted::into_rows).collect()
    }
}
