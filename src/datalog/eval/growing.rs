//! The relations of a recursive stratum while they grow, as datafrog variables.
//!
//! There are two iterations, one of the relations and one of their copies in other orders. The second is moved on right
//! after the first, so that in every round an order has the same new tuples as its relation. (In one iteration it would
//! have them a round later, and take twice as many rounds.) The copies need not look for duplicates.

use std::cell::Ref;

use super::frog::{Iteration, Variable};
use super::lookup::{Batch, Batches};
use super::row::{Fixed, Rel, Row, Rows, RowsRef, for_width, permute, with_width};
use crate::datalog::plan::program::{Order, View};

/// The growing relations of a stratum.
pub(super) struct Growing {
    relations: Iteration,
    copies: Iteration,
    variables: Vec<(u32, Growth)>,
    orders: Vec<(u32, Order, Growth)>,
}

/// A variable of whatever width.
enum Growth {
    W2(Variable<Row<2>>),
    W4(Variable<Row<4>>),
    W8(Variable<Row<8>>),
    W16(Variable<Row<16>>),
}

/// A variable's tuples in one round.
struct Frozen<'a, const W: usize> {
    stable: Ref<'a, Vec<Rel<W>>>,
    recent: Ref<'a, Rel<W>>,
}

/// The same, of whatever width.
enum FrozenRows<'a> {
    W2(Frozen<'a, 2>),
    W4(Frozen<'a, 4>),
    W8(Frozen<'a, 8>),
    W16(Frozen<'a, 16>),
}

macro_rules! growth_of {
    ($($width:literal $variant:ident),+) => {
        $(impl From<Variable<Row<$width>>> for Growth {
            fn from(variable: Variable<Row<$width>>) -> Self {
                Growth::$variant(variable)
            }
        })+

        impl Growth {
            fn freeze(&self) -> FrozenRows<'_> {
                match self {
                    $(Growth::$variant(variable) => FrozenRows::$variant(Frozen {
                        stable: variable.stable.borrow(),
                        recent: variable.recent.borrow(),
                    }),)+
                }
            }

            /// Adds the new tuples of `from`, with their columns in another order.
            fn follow(&self, from: &Growth, columns: &[u8]) {
                match (self, from) {
                    $((Growth::$variant(to), Growth::$variant(from)) => {
                        to.from_map(from, |row| permute(row, columns));
                    })+
                    _ => {}
                }
            }
        }
    };
}

growth_of!(2 W2, 4 W4, 8 W8, 16 W16);

impl Growing {
    /// Relations with what they hold at first; `orders` are those that rules look things up in.
    pub(super) fn new(initial: Vec<(u32, usize, Rows)>, orders: Vec<(u32, Order)>) -> Self {
        let (mut relations, mut copies) = (Iteration::new(), Iteration::new());
        let variables = initial.into_iter().map(|(relation, columns, rows)| {
            let growth = with_width!(columns, W => Growth::from(relations.variable::<Row<W>>("")));
            growth.insert(rows);
            (relation, growth)
        });
        let variables = variables.collect();
        let orders = orders.into_iter().map(|(id, order)| {
            let copy = with_width!(order.columns.len(), W => Growth::from(copies.variable_indistinct::<Row<W>>("")));
            (id, order, copy)
        });
        let orders = orders.collect();
        Growing {
            relations,
            copies,
            variables,
            orders,
        }
    }

    /// Goes on to the next round; says whether there is anything new in it.
    pub(super) fn advance(&mut self) -> bool {
        if !self.relations.changed() {
            return false;
        }
        for (_, order, copy) in &self.orders {
            if let Some((_, variable)) = self
                .variables
                .iter()
                .find(|(relation, _)| *relation == order.relation)
            {
                copy.follow(variable, &order.columns);
            }
        }
        self.copies.changed();
        true
    }

    /// Adds tuples that are new in the next round, if they are.
    pub(super) fn insert(&self, relation: u32, rows: Rows) {
        if let Some((_, variable)) = self.variables.iter().find(|(other, _)| *other == relation) {
            variable.insert(rows);
        }
    }

    /// The tuples of this round.
    pub(super) fn snapshot(&self) -> Snapshot<'_> {
        let relations = self
            .variables
            .iter()
            .map(|(relation, growth)| (*relation, growth.freeze()));
        let orders = self
            .orders
            .iter()
            .map(|(order, _, growth)| (*order, growth.freeze()));
        Snapshot(relations.chain(orders).collect())
    }

    /// The new tuples of each relation.
    pub(super) fn each_recent(&self, mut visit: impl FnMut(u32, RowsRef<'_>)) {
        for (relation, growth) in &self.variables {
            for_width!(Growth, growth, variable => visit(*relation, (&*variable.recent.borrow()).into()));
        }
    }

    /// The relations when nothing is new any more.
    pub(super) fn complete(self) -> Vec<(u32, Rows)> {
        let complete = |growth| for_width!(Growth, growth, variable => variable.complete().into());
        self.variables
            .into_iter()
            .map(|(relation, growth)| (relation, complete(growth)))
            .collect()
    }
}

impl Growth {
    fn insert(&self, rows: Rows) {
        for_width!(Growth, self, variable => {
            if let Some(rows) = Row::of(rows) {
                variable.insert(rows);
            }
        });
    }
}

/// What growing relations and their orders hold in one round; a relation is the order of its own number.
pub(super) struct Snapshot<'a>(Vec<(u32, FrozenRows<'a>)>);

impl Snapshot<'_> {
    fn find(&self, order: u32) -> Option<&FrozenRows<'_>> {
        self.0
            .iter()
            .find(|(other, _)| *other == order)
            .map(|(_, frozen)| frozen)
    }

    /// The runs of an order.
    pub(super) fn table(&self, order: u32, view: View) -> Batches<'_> {
        match self.find(order) {
            Some(frozen) => for_width!(FrozenRows, frozen, frozen => {
                Batch::list(frozen.runs(view).map(|rows| (rows, None))).into()
            }),
            None => Batches::W2(Vec::new()),
        }
    }

    /// Hands the runs of a relation to `visit`.
    pub(super) fn each_run(&self, relation: u32, view: View, mut visit: impl FnMut(RowsRef<'_>)) {
        if let Some(frozen) = self.find(relation) {
            for_width!(FrozenRows, frozen, frozen => frozen.runs(view).for_each(|rows| visit(rows.into())));
        }
    }
}

impl<const W: usize> Frozen<'_, W> {
    fn runs(&self, view: View) -> impl Iterator<Item = &Rel<W>> {
        let stable = if view == View::Recent {
            &[][..]
        } else {
            &self.stable[..]
        };
        let recent = (view != View::Stable).then_some(&*self.recent);
        stable.iter().chain(recent)
    }
}
