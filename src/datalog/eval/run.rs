//! Running the chains of one rule.

use std::cell::{Cell, RefCell};

use super::aggregate;
use super::compute::{Computer, Place};
use super::fault::Fault;
use super::frog::Relation;
use super::growing::Snapshot;
use super::join;
use super::lookup::{Batches, Sorted};
use super::row::{Rows, RowsRef, for_width};
use super::store::Store;
use crate::datalog::plan::program::{Chain, Operand, Source, Stage, Table, View};

/// Sources longer than this go through chains of several stages in pieces, which keeps what is on the way small.
const PIECE: usize = 4096;

/// What is left of the limits, and what went wrong.
#[derive(Default)]
pub(super) struct Progress {
    rows_left: Cell<u64>,
    stopped: Cell<bool>,
    fault: RefCell<Option<Fault>>,
    limit: u64,
}

impl Progress {
    pub(super) fn new(limit: u64) -> Self {
        Progress {
            rows_left: Cell::new(limit),
            limit,
            ..Progress::default()
        }
    }

    pub(super) fn take_fault(&self) -> Option<Fault> {
        self.fault.borrow_mut().take()
    }

    pub(super) fn stop(&self, fault: Fault) {
        self.stopped.set(true);
        self.fault.borrow_mut().get_or_insert(fault);
    }
}

/// What chains look at while they run.
pub(super) struct Run<'a> {
    pub(super) store: &'a Store<'a>,
    pub(super) computer: &'a Computer,
    pub(super) progress: &'a Progress,
    /// The stratum's own relations, while they grow.
    pub(super) growing: Option<&'a Snapshot<'a>>,
}

impl<'a> Run<'a> {
    /// Runs a chain; what it makes is added to `made`, with the relation that it is for.
    pub(super) fn chain(
        &self,
        chain: &Chain,
        groups: Option<RowsRef<'_>>,
        made: &mut Vec<(u32, Rows)>,
    ) {
        match chain.source {
            Source::Unit => self.stages(chain, Rows::from_codes(0, 1, &[]).borrow(), made),
            Source::Groups => {
                if let Some(groups) = groups {
                    self.stages(chain, groups, made);
                }
            }
            Source::Scan {
                relation,
                view: View::Complete,
            } => {
                self.stages(chain, self.store.relation(relation).rows().borrow(), made);
            }
            Source::Scan { relation, view } => {
                if let Some(growing) = self.growing {
                    growing.each_run(relation, view, |rows| self.stages(chain, rows, made));
                }
            }
        }
    }

    fn stages(&self, chain: &Chain, source: RowsRef<'_>, made: &mut Vec<(u32, Rows)>) {
        let head = chain.heads.first().map(|head| &head.stage);
        let all = || chain.stages.iter().chain(head);
        // An aggregate is computed for all rows that reach it at once.
        let cut = all()
            .enumerate()
            .skip(1)
            .filter(|(_, stage)| aggregates(stage))
            .map(|(at, _)| at)
            .last();
        let mut heads = |rows: RowsRef<'_>| {
            for head in &chain.heads {
                made.push((head.relation, self.stage(&head.stage, rows)));
            }
        };
        let Some(cut) = cut else {
            return self.pieces(&chain.stages, source, &mut heads);
        };
        let mut from = 0;
        let mut collected: Option<Rows> = None;
        for at in (1..=cut).filter(|&at| all().nth(at).is_some_and(aggregates)) {
            let Some(stages) = chain.stages.get(from..at) else {
                return;
            };
            let columns = stages.last().map_or(0, |stage| stage.out.len());
            let mut parts = Vec::new();
            let rows = collected.as_ref().map_or(source, Rows::borrow);
            self.pieces_owned(stages, rows, &mut parts);
            collected = Some(Rows::union(parts, columns));
            from = at;
        }
        let rows = collected.as_ref().map_or(source, Rows::borrow);
        self.pieces(
            chain.stages.get(from..).unwrap_or_default(),
            rows,
            &mut heads,
        );
    }

    /// Runs stages over a source, piece by piece, and hands what comes out of the last one to `sink`.
    fn pieces(&self, stages: &[Stage], source: RowsRef<'_>, sink: &mut dyn FnMut(RowsRef<'_>)) {
        if source.len() == 0 || !self.goes_on() {
            return;
        }
        let Some((first, rest)) = stages.split_first() else {
            return sink(source);
        };
        let mut piece =
            |rows: RowsRef<'_>| self.pieces(rest, self.stage(first, rows).borrow(), sink);
        if source.len() <= PIECE || aggregates(first) {
            return piece(source);
        }
        for_width!(RowsRef, source, rows => {
            for rows in rows.chunks(PIECE) {
                piece((&Relation { elements: rows.to_vec() }).into());
            }
        });
    }

    fn pieces_owned(&self, stages: &[Stage], source: RowsRef<'_>, parts: &mut Vec<Rows>) {
        let Some((last, stages)) = stages.split_last() else {
            return;
        };
        self.pieces(stages, source, &mut |rows| {
            parts.push(self.stage(last, rows))
        });
    }

    fn stage(&self, stage: &Stage, source: RowsRef<'_>) -> Rows {
        let aggregated;
        let table = match stage.probe.as_ref().map(|probe| &probe.table) {
            None => None,
            Some(Table::Order { order, view }) => Some(self.table(*order, *view, source.len())),
            Some(Table::Aggregate(plan)) => {
                aggregated = Sorted::new(aggregate::values(self, plan, source));
                Some(aggregated.table(source.len()))
            }
        };
        join::stage(self, stage, source, table)
    }

    /// The runs of an order, for somebody who is going to look into it about so many times.
    pub(super) fn table(&self, order: u32, view: View, lookups: usize) -> Batches<'a> {
        match (view, self.growing) {
            (View::Complete, _) | (_, None) => self.store.order(order).table(lookups),
            (view, Some(growing)) => growing.table(order, view),
        }
    }

    #[inline]
    pub(super) fn code(&self, operand: Operand, place: Place<'_>) -> u32 {
        self.computer.code(operand, place)
    }

    /// The result, unless it is a fault, which ends the run.
    pub(super) fn unless_fault<T>(&self, result: Result<T, Fault>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(fault) => {
                self.progress.stop(fault);
                None
            }
        }
    }

    #[inline]
    pub(super) fn goes_on(&self) -> bool {
        !self.progress.stopped.get()
    }

    /// Counts rows that are about to be made, and stops when they are too many.
    #[inline]
    pub(super) fn spend(&self, rows: usize) -> bool {
        match self.progress.rows_left.get().checked_sub(rows as u64) {
            Some(left) => {
                self.progress.rows_left.set(left);
                true
            }
            None => {
                self.progress
                    .stop(Fault::too_many_rows(self.progress.limit));
                false
            }
        }
    }
}

fn aggregates(stage: &Stage) -> bool {
    stage
        .probe
        .as_ref()
        .is_some_and(|probe| matches!(probe.table, Table::Aggregate(_)))
}
