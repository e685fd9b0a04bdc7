//! The bindings that satisfy a body, one after the other, by backtracking.

use super::lookup::Matches;
use super::{Bindings, Lowered, World};
use crate::datalog::eval::Stamp;
use crate::datalog::eval::fault::Fault;
use crate::datalog::plan::body::{Body, Goal, Term};
use crate::datalog::plan::phases::phases;

/// A search for bindings. After each [`next`](Self::next) that found one, `bindings` and `rows` are those of it.
pub(in crate::datalog) struct Search<'s, 'a> {
    world: &'s World<'a>,
    body: &'s Body,
    constants: &'s [u32],
    /// The rule and the alternative, unless this is the body of an aggregate.
    owner: Option<(usize, usize)>,
    /// The goals of a smaller rank come first.
    ranks: Vec<usize>,
    /// Whether an expression without a value ends the search, or only spoils the binding.
    strict: bool,
    /// Atoms take only rows that came before, where those are of the same stratum.
    before: Option<Stamp>,
    pub(in crate::datalog) bindings: Bindings,
    /// By goal the row that a positive atom took.
    pub(in crate::datalog) rows: Vec<Option<usize>>,
    /// How many rows were tried.
    pub(in crate::datalog) tried: usize,
    done: Vec<bool>,
    finished: Vec<usize>,
    frames: Vec<Frame<'a>>,
    started: bool,
}

/// An atom with rows that are still to be tried.
struct Frame<'a> {
    goal: usize,
    matches: Matches<'a>,
    mark: usize,
    finished: usize,
}

enum Settled {
    Complete,
    Branch(usize),
    Conflict,
}

impl<'s, 'a> Search<'s, 'a> {
    /// Over the body of a rule.
    pub(in crate::datalog) fn of_rule(
        world: &'s World<'a>,
        lowered: &'s Lowered,
        before: Option<Stamp>,
    ) -> Self {
        let body = &lowered.alternative.body;
        let ranks = vec![0; body.goals.len()];
        Search {
            owner: Some((lowered.rule, lowered.number)),
            before,
            ..Search::new(world, body, &lowered.constants, ranks)
        }
    }

    /// Over the body of an aggregate, in the phases of an evaluation, so that it meets the same faults.
    pub(super) fn of_aggregate(
        world: &'s World<'a>,
        body: &'s Body,
        constants: &'s [u32],
        group: &[u32],
    ) -> Self {
        let mut ranks = vec![usize::MAX; body.goals.len()];
        for (at, phase) in phases(body).iter().enumerate() {
            let ranked = phase.goals.iter().map(|goal| (*goal, 2 * at));
            for (goal, rank) in ranked.chain(phase.barrier.map(|goal| (goal, 2 * at + 1))) {
                if let Some(slot) = ranks.get_mut(goal) {
                    *slot = rank;
                }
            }
        }
        let mut search = Search {
            strict: true,
            ..Search::new(world, body, constants, ranks)
        };
        for (var, code) in group.iter().enumerate() {
            search.bindings.bind(var, *code);
        }
        search
    }

    fn new(world: &'s World<'a>, body: &'s Body, constants: &'s [u32], ranks: Vec<usize>) -> Self {
        let goals = body.goals.len();
        Search {
            world,
            body,
            constants,
            owner: None,
            ranks,
            strict: false,
            before: None,
            bindings: Bindings::new(body.variables),
            rows: vec![None; goals],
            tried: 0,
            done: vec![false; goals],
            finished: Vec::with_capacity(goals),
            frames: Vec::new(),
            started: false,
        }
    }

    /// Goes on to the next binding; false when there is none.
    ///
    /// # Errors
    /// An expression without a value, in the body of an aggregate.
    pub(in crate::datalog) fn next(&mut self) -> Result<bool, Fault> {
        let mut forward = !std::mem::replace(&mut self.started, true);
        loop {
            if forward {
                match self.settle()? {
                    Settled::Complete => return Ok(true),
                    Settled::Branch(goal) => self.branch(goal),
                    Settled::Conflict => {}
                }
            }
            if !self.advance() {
                return Ok(false);
            }
            forward = true;
        }
    }

    /// Decides what can be decided.
    fn settle(&mut self) -> Result<Settled, Fault> {
        loop {
            let Some(rank) = self.waiting().map(|goal| self.rank(goal)).min() else {
                return Ok(Settled::Complete);
            };
            let body = self.body;
            let decided = self
                .waiting()
                .filter(|goal| self.rank(*goal) == rank)
                .find_map(|at| {
                    let goal = body.goals.get(at)?;
                    self.bindings.decides(goal).then_some((at, goal))
                });
            let Some((at, goal)) = decided else {
                return Ok(self.smallest(rank));
            };
            let holds = match self.decide(at, goal) {
                Ok(holds) => holds,
                Err(fault) if self.strict => return Err(fault),
                Err(_) => false,
            };
            if !holds {
                return Ok(Settled::Conflict);
            }
            self.finish(at);
        }
    }

    fn decide(&mut self, at: usize, goal: &Goal) -> Result<bool, Fault> {
        if let Goal::Atom {
            relation,
            args,
            negated: false,
        } = goal
        {
            let atom = (*relation, args.as_slice());
            let mut matches = self.bindings.matches(self.world, atom, self.constants);
            let row = matches.find(|row| self.is_before(*relation, *row));
            self.took(at, row);
            return Ok(row.is_some());
        }
        let (world, constants) = (self.world, self.constants);
        let place = self.owner.map(|(rule, body)| (rule, body, at));
        self.bindings
            .decide(world, goal, constants, |aggregate, group| {
                world.aggregate(place, aggregate, constants, group)
            })
    }

    /// The atom that has the fewest rows.
    fn smallest(&self, rank: usize) -> Settled {
        let atoms = self.waiting().filter(|goal| self.rank(*goal) == rank);
        let sizes = atoms.filter_map(|goal| {
            let (relation, args) = self.atom(goal)?;
            let pattern = self.bindings.pattern(args, self.constants);
            Some((self.world.lookup.estimate(relation, &pattern), goal))
        });
        sizes
            .min()
            .map_or(Settled::Conflict, |(_, goal)| Settled::Branch(goal))
    }

    fn branch(&mut self, goal: usize) {
        let Some(atom) = self.atom(goal) else {
            return;
        };
        let matches = self.bindings.matches(self.world, atom, self.constants);
        self.frames.push(Frame {
            goal,
            matches,
            mark: self.bindings.mark(),
            finished: self.finished.len(),
        });
    }

    /// Goes on to the next row of the last atom that has one.
    fn advance(&mut self) -> bool {
        loop {
            let Some(frame) = self.frames.last_mut() else {
                return false;
            };
            let goal = frame.goal;
            self.bindings.undo(frame.mark);
            let next = frame.matches.next();
            let codes = next.map_or(&[][..], |row| frame.matches.codes(row));
            for again in self.finished.drain(frame.finished..) {
                if let Some(done) = self.done.get_mut(again) {
                    *done = false;
                }
            }
            let (Some(row), Some((relation, args))) = (next, self.atom(goal)) else {
                self.frames.pop();
                continue;
            };
            self.tried += 1;
            if self.is_before(relation, row) && self.bindings.take(args, codes) {
                self.took(goal, Some(row));
                self.finish(goal);
                return true;
            }
        }
    }

    fn is_before(&self, relation: u32, row: usize) -> bool {
        let (Some(limit), Some(own)) = (self.before, self.world.model.stamp_at(relation, row))
        else {
            return true;
        };
        own.stratum != limit.stratum || own.round < limit.round
    }

    fn waiting(&self) -> impl Iterator<Item = usize> + '_ {
        let goals = self.done.iter().enumerate();
        goals.filter(|(_, done)| !**done).map(|(goal, _)| goal)
    }

    fn rank(&self, goal: usize) -> usize {
        self.ranks.get(goal).copied().unwrap_or(usize::MAX)
    }

    /// A positive atom.
    fn atom(&self, goal: usize) -> Option<(u32, &'s [Term])> {
        match self.body.goals.get(goal)? {
            Goal::Atom {
                relation,
                args,
                negated: false,
            } => Some((*relation, args)),
            _ => None,
        }
    }

    fn took(&mut self, goal: usize, row: Option<usize>) {
        if let Some(slot) = self.rows.get_mut(goal) {
            *slot = row;
        }
    }

    fn finish(&mut self, goal: usize) {
        if let Some(done) = self.done.get_mut(goal) {
            *done = true;
        }
        self.finished.push(goal);
    }
}
