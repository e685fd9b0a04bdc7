//! Picking codes out of a source row and a found row: keys, and the rows that a stage makes.

use super::compute::Place;
use super::run::Run;
use crate::datalog::plan::expr::Expr;
use crate::datalog::plan::program::{Operand, Out};

/// Codes of which some are constants and the others are picked for each pair of rows. Made once a stage, so that the
/// work for a row is a few moves.
pub(super) struct Gather<const W: usize> {
    codes: [u32; W],
    length: usize,
    moves: [Move; W],
    moved: usize,
}

#[derive(Clone, Copy, Default)]
struct Move {
    to: u8,
    from: u8,
    found: bool,
}

impl<const W: usize> Gather<W> {
    pub(super) fn new(run: &Run<'_>, operands: impl Iterator<Item = Operand>) -> Self {
        let mut gather = Gather {
            codes: [0; W],
            length: 0,
            moves: [Move::default(); W],
            moved: 0,
        };
        for (at, operand) in operands.take(W).enumerate() {
            let to = at as u8;
            let (from, found) = match operand {
                Operand::Constant(_) => {
                    gather.codes[at] = run.code(
                        operand,
                        Place {
                            source: &[],
                            found: &[],
                        },
                    );
                    (0, None)
                }
                Operand::Source(column) => (column, Some(false)),
                Operand::Found(column) => (column, Some(true)),
            };
            if let Some(found) = found {
                gather.moves[gather.moved] = Move { to, from, found };
                gather.moved += 1;
            }
            gather.length = at + 1;
        }
        gather
    }

    /// The codes for these rows.
    #[inline]
    pub(super) fn pick(&mut self, place: Place<'_>) -> &[u32] {
        self.fill(place);
        &self.codes[..self.length]
    }

    #[inline]
    fn fill(&mut self, place: Place<'_>) {
        for step in &self.moves[..self.moved] {
            let row = if step.found {
                place.found
            } else {
                place.source
            };
            if let (Some(slot), Some(code)) = (
                self.codes.get_mut(usize::from(step.to)),
                row.get(usize::from(step.from)),
            ) {
                *slot = *code;
            }
        }
    }
}

/// The rows that a stage makes.
pub(super) struct Projection<'a, const W: usize> {
    copied: Gather<W>,
    computed: Vec<(usize, &'a Expr<Operand>)>,
}

impl<'a, const W: usize> Projection<'a, W> {
    pub(super) fn new(run: &Run<'_>, out: &'a [Out]) -> Self {
        // Where a value is computed, something harmless is copied first.
        let copied = out.iter().map(|column| match column {
            Out::Copy(operand) => *operand,
            Out::Compute(_) => Operand::Constant(u32::MAX),
        });
        let computed = out
            .iter()
            .enumerate()
            .filter_map(|(at, column)| match column {
                Out::Copy(_) => None,
                Out::Compute(expr) => Some((at, expr)),
            });
        Projection {
            copied: Gather::new(run, copied),
            computed: computed.collect(),
        }
    }

    #[inline(always)]
    pub(super) fn row(&mut self, run: &Run<'_>, place: Place<'_>) -> [u32; W] {
        self.copied.fill(place);
        let mut row = self.copied.codes;
        for (at, expr) in &self.computed {
            if let Some(slot) = row.get_mut(*at) {
                *slot = run
                    .unless_fault(run.computer.compute(expr, place))
                    .unwrap_or(0);
            }
        }
        row
    }
}
