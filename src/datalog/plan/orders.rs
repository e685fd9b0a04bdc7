//! Which sorted copies of relations the joins need. One serves every lookup whose key columns it begins with.

use super::program::Order;

/// The orders of a program; number `r` is relation `r` as it is.
#[derive(Debug)]
pub(super) struct Orders(Vec<Order>);

impl Orders {
    pub(super) fn new(arities: impl Iterator<Item = usize>) -> Self {
        let natural = |(relation, arity): (usize, usize)| Order {
            relation: relation as u32,
            columns: (0..arity as u8).collect(),
        };
        Orders(arities.enumerate().map(natural).collect())
    }

    /// An order of `relation` that begins with the columns of `key`, in whatever sequence.
    pub(super) fn with_prefix(&mut self, relation: u32, key: &[u8]) -> (u32, &Order) {
        let serves = |order: &Order| {
            order.relation == relation
                && order
                    .columns
                    .get(..key.len())
                    .is_some_and(|prefix| prefix.iter().all(|c| key.contains(c)))
        };
        let at = match self.0.iter().position(serves) {
            Some(at) => at,
            None => {
                let arity = self.0[relation as usize].columns.len() as u8;
                let rest = (0..arity).filter(|column| !key.contains(column));
                let columns = key.iter().copied().chain(rest).collect();
                self.0.push(Order { relation, columns });
                self.0.len() - 1
            }
        };
        (at as u32, &self.0[at])
    }

    /// Whether the relation as it is begins with these columns.
    pub(super) fn natural(&self, relation: u32, key: &[u8]) -> bool {
        let columns = &self.0[relation as usize].columns;
        columns
            .get(..key.len())
            .is_some_and(|prefix| prefix.iter().all(|c| key.contains(c)))
    }

    pub(super) fn into_inner(self) -> Vec<Order> {
        self.0
    }
}
