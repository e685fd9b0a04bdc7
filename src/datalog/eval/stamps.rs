//! When each tuple first appeared.

use super::row::{Rows, RowsRef, for_width};

/// The first appearance of a tuple. A derived tuple has a rule whose atoms all have smaller stamps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stamp {
    /// The stratum, counted from 0.
    pub stratum: u32,
    /// The round in it: 0 for what was there when recursion began.
    pub round: u32,
}

/// The new tuples of each round of one relation.
#[derive(Default)]
pub(super) struct Rounds(Vec<Rows>);

impl Rounds {
    pub(super) fn push(&mut self, recent: RowsRef<'_>) {
        self.0
            .push(for_width!(RowsRef, recent, rows => rows.clone().into()));
    }

    /// The round of each row of the complete relation; nothing when all are of round 0.
    pub(super) fn align(&self, complete: &Rows) -> Vec<u32> {
        if self.0.iter().skip(1).all(Rows::is_empty) {
            return Vec::new();
        }
        let mut rounds = vec![0; complete.len()];
        for (round, rows) in (0..).zip(&self.0) {
            let mut from = 0;
            for row in 0..rows.len() {
                let row = rows.row(row);
                from = complete.lower_bound_after(from, row);
                if let Some(slot) = rounds.get_mut(from) {
                    *slot = round;
                }
            }
        }
        rounds
    }
}
