//! The binding by which a body comes nearest to holding, by backtracking that goes on behind literals that fail.

use crate::datalog::eval::fault::Fault;
use crate::datalog::plan::body::{Body, Goal, Term, Var};
use crate::datalog::plan::expr::Expr;
use crate::datalog::plan::phases::phases;
use crate::datalog::proof::bindings;
use crate::datalog::solve::{Bindings, Lowered, Matches, World};

/// How many rows may still be tried.
pub(super) struct Budget {
    given: usize,
    left: usize,
    exceeded: bool,
}

impl Budget {
    pub(super) fn new(given: usize) -> Self {
        Budget {
            given,
            left: given,
            exceeded: false,
        }
    }

    pub(super) fn is_exceeded(&self) -> bool {
        self.exceeded
    }

    pub(super) fn spent(&self) -> usize {
        self.given - self.left
    }

    fn spend(&mut self) -> bool {
        self.exceeded |= self.left == 0;
        self.left = self.left.saturating_sub(1);
        !self.exceeded
    }
}

/// What became of a goal.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum State {
    /// Nothing yet, which is for ever when the search is at its end.
    Waiting,
    Holds,
    /// With what is wrong with an expression.
    Failed(Option<String>),
    NotReached,
}

/// A binding with what became of each goal.
pub(super) struct Nearest {
    pub(super) states: Vec<State>,
    pub(super) bindings: Bindings,
    pub(super) rows: Vec<Option<usize>>,
    score: Score,
}

/// How far a binding is from making the tuple: less is nearer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Score {
    failed: usize,
    not_reached: usize,
    /// A body that gets further comes first.
    goals_behind_first_failure: usize,
}

impl Nearest {
    /// How many goals fail, and one more when the head does not fit.
    pub(super) fn failed(&self) -> usize {
        self.score.failed
    }
}

/// A search for the nearest binding.
pub(super) struct Approach<'s, 'a> {
    world: &'s World<'a>,
    lowered: &'s Lowered,
    goals: &'s Body,
    /// The goals, each behind those that give it values.
    order: Vec<usize>,
    pub(super) bindings: Bindings,
    rows: Vec<Option<usize>>,
    states: Vec<State>,
    finished: Vec<usize>,
    failed: usize,
    /// The variables that goals which fail would have given values to.
    missing: Vec<Var>,
    frames: Vec<Frame<'a>>,
}

/// An atom with rows that are still to be tried, and how everything was before it.
struct Frame<'a> {
    goal: usize,
    matches: Matches<'a>,
    mark: usize,
    finished: usize,
    missing: usize,
    failed: usize,
    /// Some row fitted.
    fitted: bool,
}

impl<'s, 'a> Approach<'s, 'a> {
    pub(super) fn new(world: &'s World<'a>, lowered: &'s Lowered) -> Self {
        let goals = &lowered.alternative.body;
        let phases = phases(goals);
        let order = phases
            .iter()
            .flat_map(|phase| phase.goals.iter().copied().chain(phase.barrier));
        Approach {
            world,
            lowered,
            goals,
            order: order.collect(),
            bindings: Bindings::new(goals.variables),
            rows: vec![None; goals.goals.len()],
            states: vec![State::Waiting; goals.goals.len()],
            finished: Vec::new(),
            failed: 0,
            missing: Vec::new(),
            frames: Vec::new(),
        }
    }

    /// The nearest binding; the first complete one when the budget does not last that long.
    pub(super) fn run(
        mut self,
        budget: &mut Budget,
        fits: impl Fn(&Bindings) -> bool,
    ) -> Option<Nearest> {
        let mut best: Option<Nearest> = None;
        loop {
            let most = best.as_ref().map_or(usize::MAX, |best| best.score.failed);
            if self.settle(most) {
                let mut score = self.score();
                score.failed += usize::from(!fits(&self.bindings));
                if best.as_ref().is_none_or(|best| self.is_nearer(score, best)) {
                    best = Some(Nearest {
                        states: self.states.clone(),
                        bindings: self.bindings.clone(),
                        rows: self.rows.clone(),
                        score,
                    });
                }
                if score.failed == 0 {
                    return best;
                }
            }
            if !self.advance(budget, best.is_some()) {
                return best;
            }
        }
    }

    fn is_nearer(&self, score: Score, best: &Nearest) -> bool {
        score < best.score
            || score == best.score
                && bindings(self.world, self.lowered, &self.bindings)
                    < bindings(self.world, self.lowered, &best.bindings)
    }

    /// Goes on until an atom has to be tried (false), too many goals have failed (false), or nothing is left.
    fn settle(&mut self, most: usize) -> bool {
        while self.failed <= most {
            let waiting = self.order.iter().copied().filter_map(|at| {
                let goal = self.goals.goals.get(at)?;
                (self.states.get(at) == Some(&State::Waiting)).then_some((at, goal))
            });
            let is_atom = |goal: &Goal| matches!(goal, Goal::Atom { negated: false, .. });
            // What can be decided comes first, so that what fails is known before more rows are tried.
            let next = waiting
                .clone()
                .find(|(_, goal)| self.bindings.decides(goal))
                .or_else(|| {
                    let mut others = waiting.clone();
                    others.find(|(_, goal)| is_atom(goal) || self.needs_missing(goal))
                });
            let Some((at, goal)) = next else {
                return true;
            };
            if self.needs_missing(goal) {
                self.finish(at, State::NotReached);
                self.miss(goal);
            } else if self.bindings.decides(goal) {
                let state = match self.decide(at, goal) {
                    Ok(true) => State::Holds,
                    Ok(false) => State::Failed(None),
                    Err(fault) => State::Failed(Some(fault.message)),
                };
                self.settled(at, goal, state);
            } else if let Goal::Atom { relation, args, .. } = goal {
                let atom = (*relation, args.as_slice());
                let constants = &self.lowered.constants;
                self.frames.push(Frame {
                    goal: at,
                    matches: self.bindings.matches(self.world, atom, constants),
                    mark: self.bindings.mark(),
                    finished: self.finished.len(),
                    missing: self.missing.len(),
                    failed: self.failed,
                    fitted: false,
                });
                return false;
            }
        }
        false
    }

    fn decide(&mut self, at: usize, goal: &Goal) -> Result<bool, Fault> {
        let (world, lowered) = (self.world, self.lowered);
        if let Goal::Atom {
            relation,
            args,
            negated: false,
        } = goal
        {
            let atom = (*relation, args.as_slice());
            let row = self
                .bindings
                .matches(world, atom, &lowered.constants)
                .next();
            self.took(at, row);
            return Ok(row.is_some());
        }
        let constants = &lowered.constants;
        let place = Some((lowered.rule, lowered.number, at));
        self.bindings
            .decide(world, goal, constants, |aggregate, group| {
                world.aggregate(place, aggregate, constants, group)
            })
    }

    fn settled(&mut self, at: usize, goal: &Goal, state: State) {
        if matches!(state, State::Failed(_)) {
            self.failed += 1;
            self.miss(goal);
        }
        self.finish(at, state);
    }

    /// Goes on to the next row of the last atom that has one, or past an atom without any.
    fn advance(&mut self, budget: &mut Budget, bounded: bool) -> bool {
        loop {
            let Some(frame) = self.frames.last_mut() else {
                return false;
            };
            let at = frame.goal;
            self.bindings.undo(frame.mark);
            self.missing.truncate(frame.missing);
            self.failed = frame.failed;
            let next = frame.matches.next();
            let codes = next.map_or(&[][..], |row| frame.matches.codes(row));
            for again in self.finished.drain(frame.finished..) {
                if let Some(state) = self.states.get_mut(again) {
                    *state = State::Waiting;
                }
            }
            let Some((goal, args)) = self.atom(at) else {
                return false;
            };
            let Some(row) = next else {
                let frame = self.frames.last_mut();
                if frame.is_none_or(|frame| std::mem::replace(&mut frame.fitted, true)) {
                    self.frames.pop();
                    continue;
                }
                self.settled(at, goal, State::Failed(None));
                return true;
            };
            if !budget.spend() && bounded {
                return false;
            }
            if self.bindings.take(args, codes) {
                self.took(at, Some(row));
                self.finish(at, State::Holds);
                if let Some(frame) = self.frames.last_mut() {
                    frame.fitted = true;
                }
                return true;
            }
        }
    }

    fn score(&self) -> Score {
        let count = |wanted: fn(&State) -> bool| self.states.iter().filter(|s| wanted(s)).count();
        let first = self
            .states
            .iter()
            .position(|state| matches!(state, State::Failed(_)));
        Score {
            failed: self.failed,
            not_reached: count(|state| matches!(state, State::NotReached | State::Waiting)),
            goals_behind_first_failure: first.map_or(0, |first| self.states.len() - first),
        }
    }

    fn needs_missing(&self, goal: &Goal) -> bool {
        let mut missing = false;
        if !self.missing.is_empty() {
            goal.each_var(&mut |var| missing |= self.missing.contains(&var));
        }
        missing
    }

    /// The variables that the goal would have given values to have none.
    fn miss(&mut self, goal: &Goal) {
        let leaf = |side: &Expr<Term>| match side {
            Expr::Leaf(term, _) => term.var(),
            _ => None,
        };
        let given: Vec<Var> = match goal {
            Goal::Atom { args, .. } => args.iter().filter_map(|arg| arg.var()).collect(),
            Goal::Compare { left, right, .. } => {
                leaf(left).into_iter().chain(leaf(right)).collect()
            }
            Goal::Aggregate { var, .. } => vec![*var],
            Goal::Test { .. } => Vec::new(),
        };
        for var in given {
            if self.bindings.get(var).is_none() && !self.missing.contains(&var) {
                self.missing.push(var);
            }
        }
    }

    fn atom(&self, at: usize) -> Option<(&'s Goal, &'s [Term])> {
        let goal = self.goals.goals.get(at)?;
        match goal {
            Goal::Atom { args, .. } => Some((goal, args)),
            _ => None,
        }
    }

    fn took(&mut self, at: usize, row: Option<usize>) {
        if let Some(slot) = self.rows.get_mut(at) {
            *slot = row;
        }
    }

    fn finish(&mut self, at: usize, state: State) {
        if let Some(slot) = self.states.get_mut(at) {
            *slot = state;
        }
        self.finished.push(at);
    }
}
