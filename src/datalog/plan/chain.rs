//! The order of the joins of a body, and the stages that carry them out.
//!
//! The first rows are those of the leftmost atom (of the recursive atom whose new tuples are wanted, if any). Then, as
//! long as goals of the phase are left: whatever can be decided at once; values that can be computed; aggregates; and
//! the atom with the most known columns, of equals the one with the fewest unknown ones, of equals the leftmost.

use super::body::{AggregateGoal, Body, Goal, Term, Var, each_var};
use super::expr::{Check, Expr};
use super::orders::Orders;
use super::phases::{Bound, Phase, phases};
use super::program::{AggregatePlan, Chain, Head, Operand, Out, Probe, Source, Stage, Table, View};
use crate::datalog::ast::{CompareOp, Span};

/// The most columns that a row can have, stored or on the way.
pub(crate) const MOST_COLUMNS: usize = 16;

/// More than [`MOST_COLUMNS`] values have to be carried at once.
#[derive(Clone, Copy, Debug)]
pub(super) struct TooWide {
    pub(super) columns: usize,
    /// The aggregate, when it is in one.
    pub(super) span: Option<Span>,
}

/// Which tuples each recursive atom of a version of a rule looks at.
#[derive(Debug, Default)]
pub(super) struct Views {
    /// The goal whose new tuples are wanted.
    pub(super) delta: Option<usize>,
    /// Goals that are atoms of relations which still grow.
    pub(super) growing: Vec<(usize, View)>,
}

impl Views {
    /// One set of views for each growing goal: it sees what is new, those before it everything, those after it what
    /// is old, so that every combination with something new in it is made exactly once.
    pub(super) fn versions(growing: &[usize]) -> Vec<Views> {
        let version = |(delta, &goal): (usize, &usize)| Views {
            delta: Some(goal),
            growing: growing
                .iter()
                .enumerate()
                .map(|(other, &goal)| {
                    let view = match other.cmp(&delta) {
                        std::cmp::Ordering::Less => View::Known,
                        std::cmp::Ordering::Equal => View::Recent,
                        std::cmp::Ordering::Greater => View::Stable,
                    };
                    (goal, view)
                })
                .collect(),
        };
        growing.iter().enumerate().map(version).collect()
    }

    fn of(&self, goal: usize) -> View {
        self.growing
            .iter()
            .find(|(at, _)| *at == goal)
            .map_or(View::Complete, |(_, view)| *view)
    }
}

/// Plans a body.
pub(super) fn plan(body: &Body, views: &Views, orders: &mut Orders) -> Result<Chain, TooWide> {
    let mut planner = Planner {
        body,
        views,
        orders,
        bound: Bound::new(body),
        place: vec![None; body.variables],
        pending: Vec::new(),
        uses: uses(body),
        source: (body.given > 0).then_some(Source::Groups),
        stage: Stage::default(),
        stages: Vec::new(),
    };
    for var in 0..body.given {
        planner.place[var] = Some(Operand::Source(var as u8));
    }
    for phase in phases(body) {
        planner.phase(&phase)?;
    }
    planner.finish()
}

struct Planner<'a> {
    body: &'a Body,
    views: &'a Views,
    orders: &'a mut Orders,
    bound: Bound,
    /// Where each variable's value stands, seen from the stage that is being built.
    place: Vec<Option<Operand>>,
    /// Variables that the stage computes when it makes its rows.
    pending: Vec<(Var, Expr<Operand>)>,
    /// How many goals that are not placed yet, and heads, need each variable.
    uses: Vec<usize>,
    source: Option<Source>,
    stage: Stage,
    stages: Vec<Stage>,
}

impl Planner<'_> {
    fn phase(&mut self, phase: &Phase) -> Result<(), TooWide> {
        let mut goals = phase.goals.clone();
        while !goals.is_empty() {
            let next = self.next(&goals);
            let goal = goals.remove(next);
            self.put(goal)?;
        }
        match phase.barrier {
            Some(goal) => self.put(goal),
            None => Ok(()),
        }
    }

    /// Which of the goals comes next: a place in the list.
    fn next(&self, goals: &[usize]) -> usize {
        let ready = |goal: &usize| {
            let goal = &self.body.goals[*goal];
            self.bound.ready(goal).then(|| match goal {
                Goal::Aggregate { .. } => 2,
                Goal::Compare { .. } if self.computes(goal) => 1,
                _ => 0,
            })
        };
        let decided = |goal: &usize| match ready(goal) {
            Some(rank) => Some(rank),
            None => self.is_test(*goal).then_some(0),
        };
        // Before there are rows, only constants are worth more than rows.
        let begins = self.source.is_none() && goals.iter().any(|&goal| self.is_join(goal));
        let soonest = goals
            .iter()
            .enumerate()
            .filter(|(_, goal)| !begins || self.is_constant(**goal));
        let soonest = soonest
            .filter_map(|(at, goal)| Some((decided(goal)?, at)))
            .min();
        if let Some((_, at)) = soonest {
            return at;
        }
        let rank = |goal: usize| {
            let delta = self.views.delta == Some(goal);
            let waits = !self.bound.plain(self.body, goal);
            let (known, unknown) = if begins { (0, 0) } else { self.columns(goal) };
            (
                !self.is_join(goal),
                !delta,
                waits,
                usize::MAX - known,
                unknown,
                goal,
            )
        };
        goals
            .iter()
            .enumerate()
            .min_by_key(|(_, goal)| rank(**goal))
            .map_or(0, |(at, _)| at)
    }

    fn is_join(&self, goal: usize) -> bool {
        matches!(self.body.goals[goal], Goal::Atom { negated: false, .. })
    }

    /// `X = 3`
    fn is_constant(&self, goal: usize) -> bool {
        let leaf = |expr: &Expr<Term>| matches!(expr, Expr::Leaf(..));
        matches!(&self.body.goals[goal], Goal::Compare { op: CompareOp::Eq, left, right } if leaf(left) && leaf(right))
            && self.bound.ready(&self.body.goals[goal])
    }

    /// Whether the goal gives a variable a value that has to be computed.
    fn computes(&self, goal: &Goal) -> bool {
        let Goal::Compare { left, right, .. } = goal else {
            return false;
        };
        let unknown = |expr: &Expr<Term>| matches!(expr, Expr::Leaf(Term::Var(var), _) if !self.bound.has(*var));
        let compound = |expr: &Expr<Term>| !matches!(expr, Expr::Leaf(..));
        unknown(left) && compound(right) || unknown(right) && compound(left)
    }

    /// How many columns of an atom are known and unknown.
    fn columns(&self, goal: usize) -> (usize, usize) {
        let Goal::Atom { args, .. } = &self.body.goals[goal] else {
            return (0, 0);
        };
        let known = args.iter().filter(|arg| self.known(**arg)).count();
        let unknown = args
            .iter()
            .filter(|arg| arg.var().is_some_and(|var| !self.bound.has(var)))
            .count();
        (known, unknown)
    }

    fn known(&self, term: Term) -> bool {
        match term {
            Term::Var(var) => self.bound.has(var),
            Term::Constant(_) => true,
            Term::Wildcard => false,
        }
    }

    /// Whether a positive atom only asks if there is such a tuple: nobody needs what it would bind.
    fn is_test(&self, goal: usize) -> bool {
        let Goal::Atom {
            args,
            negated: false,
            ..
        } = &self.body.goals[goal]
        else {
            return false;
        };
        if self.source.is_none() {
            return false;
        }
        let unknown = || {
            args.iter()
                .filter_map(|arg| arg.var())
                .filter(|var| !self.bound.has(*var))
        };
        unknown()
            .all(|var| unknown().filter(|other| *other == var).count() == 1 && !self.needed(var, 1))
    }

    /// Whether a variable is needed by more than `goals` goals or heads.
    fn needed(&self, var: Var, goals: usize) -> bool {
        self.uses.get(var).is_some_and(|&uses| uses > goals)
    }

    fn put(&mut self, at: usize) -> Result<(), TooWide> {
        let body = self.body;
        let goal = &body.goals[at];
        // What may fail is computed for every row that came so far, before anything later drops some of them.
        if !self.computes(goal) && self.pending.iter().any(|(_, value)| value.can_fail()) {
            self.close()?;
        }
        match goal {
            Goal::Atom {
                relation,
                args,
                negated,
            } => {
                if *negated || self.is_test(at) {
                    self.exists(at, *relation, args, *negated)?;
                } else {
                    self.join(at, *relation, args)?;
                }
            }
            Goal::Compare { op, left, right } => self.compare(*op, left, right)?,
            Goal::Test {
                test,
                args,
                negated,
                span,
            } => {
                let [first, second] = args.as_ref();
                self.reach(&[first, second])?;
                let args = Box::new([self.expr(first), self.expr(second)]);
                self.check(Check::Test {
                    test: *test,
                    args,
                    negated: *negated,
                    span: *span,
                });
            }
            Goal::Aggregate { var, aggregate } => self.aggregate(*var, aggregate)?,
        }
        let mut seen = Vec::new();
        each_var_once(goal, &mut seen);
        for var in seen {
            self.uses[var] = self.uses[var].saturating_sub(1);
        }
        self.bound.bind(goal);
        Ok(())
    }

    /// Makes sure that the values of these expressions stand in columns, not only in what the stage will compute.
    fn reach(&mut self, exprs: &[&Expr<Term>]) -> Result<(), TooWide> {
        let mut computed = false;
        for expr in exprs {
            each_var(expr, &mut |var| computed |= self.is_pending(var));
        }
        if computed { self.close() } else { Ok(()) }
    }

    fn reach_terms(&mut self, terms: &[Term]) -> Result<(), TooWide> {
        let computed = terms
            .iter()
            .filter_map(|term| term.var())
            .any(|var| self.is_pending(var));
        if computed { self.close() } else { Ok(()) }
    }

    fn is_pending(&self, var: Var) -> bool {
        self.pending.iter().any(|(pending, _)| *pending == var)
    }

    fn check(&mut self, check: Check) {
        self.source.get_or_insert(Source::Unit);
        if self.stage.probe.is_some() {
            self.stage.after.push(check);
        } else {
            self.stage.before.push(check);
        }
    }

    fn operand(&self, term: Term) -> Option<Operand> {
        match term {
            Term::Var(var) => self.place.get(var).copied().flatten(),
            Term::Constant(constant) => Some(Operand::Constant(constant)),
            Term::Wildcard => None,
        }
    }

    fn expr(&self, expr: &Expr<Term>) -> Expr<Operand> {
        expr.map(&|term| self.operand(*term).unwrap_or(Operand::Source(u8::MAX)))
    }

    fn compare(
        &mut self,
        op: CompareOp,
        left: &Expr<Term>,
        right: &Expr<Term>,
    ) -> Result<(), TooWide> {
        let unknown = |expr: &Expr<Term>| match expr {
            Expr::Leaf(Term::Var(var), _) => Some(*var).filter(|var| !self.bound.has(*var)),
            _ => None,
        };
        let assignment = match (op, unknown(left), unknown(right)) {
            (CompareOp::Eq, Some(var), None) => Some((var, right)),
            (CompareOp::Eq, None, Some(var)) => Some((var, left)),
            _ => None,
        };
        self.reach(&[left, right])?;
        if let Some((var, value)) = assignment {
            let value = self.expr(value);
            match value {
                Expr::Leaf(operand, _) => self.place[var] = Some(operand),
                value => {
                    self.source.get_or_insert(Source::Unit);
                    self.pending.push((var, value));
                }
            }
            return Ok(());
        }
        let (left, right) = (self.expr(left), self.expr(right));
        self.check(match (op, &left, &right) {
            (CompareOp::Eq | CompareOp::Ne, Expr::Leaf(left, _), Expr::Leaf(right, _)) => {
                Check::Same {
                    left: *left,
                    right: *right,
                    negated: op == CompareOp::Ne,
                }
            }
            _ => Check::Compare { op, left, right },
        });
        Ok(())
    }

    /// The known columns of an atom, as an order that begins with them and the key in its sequence.
    fn key(&mut self, relation: u32, args: &[Term]) -> (u32, Vec<u8>, Vec<Operand>) {
        let known: Vec<u8> = (0..args.len())
            .filter(|&c| self.known(args[c]))
            .map(|c| c as u8)
            .collect();
        let (order, columns) = self.orders.with_prefix(relation, &known);
        let columns = columns.columns.clone();
        let key = columns
            .iter()
            .take(known.len())
            .filter_map(|&c| self.operand(args[c as usize]))
            .collect();
        (order, columns, key)
    }

    fn exists(
        &mut self,
        at: usize,
        relation: u32,
        args: &[Term],
        negated: bool,
    ) -> Result<(), TooWide> {
        self.reach_terms(args)?;
        let (order, _, key) = self.key(relation, args);
        self.check(Check::Exists {
            order,
            view: self.views.of(at),
            key,
            negated,
        });
        Ok(())
    }

    fn join(&mut self, at: usize, relation: u32, args: &[Term]) -> Result<(), TooWide> {
        let view = self.views.of(at);
        if self.source.is_none() {
            let constants: Vec<u8> = (0..args.len())
                .filter(|&c| self.constant(args[c]))
                .map(|c| c as u8)
                .collect();
            let lookup = !constants.is_empty()
                && view == View::Complete
                && self.orders.natural(relation, &constants);
            if !lookup {
                self.source = Some(Source::Scan { relation, view });
                self.bind_columns(args, |column| Operand::Source(column as u8));
                return Ok(());
            }
            self.source = Some(Source::Unit);
        }
        if self.stage.probe.is_some() || !self.pending.is_empty() {
            self.close()?;
        }
        let (order, columns, key) = self.key(relation, args);
        let position = |column: usize| {
            let at = columns.iter().position(|&c| usize::from(c) == column);
            Operand::Found(at.unwrap_or(column) as u8)
        };
        self.stage.probe = Some(Probe {
            table: Table::Order { order, view },
            key,
        });
        let known = args.iter().map(|arg| {
            if self.known(*arg) {
                Term::Wildcard
            } else {
                *arg
            }
        });
        let unknown: Vec<Term> = known.collect();
        self.bind_columns(&unknown, position);
        Ok(())
    }

    fn constant(&self, term: Term) -> bool {
        matches!(self.operand(term), Some(Operand::Constant(_)))
    }

    /// Gives variables their places in a row that was found; what is known already, or stands twice, must agree.
    fn bind_columns(&mut self, args: &[Term], place: impl Fn(usize) -> Operand) {
        for (column, arg) in args.iter().enumerate() {
            let here = place(column);
            match (self.operand(*arg), arg.var()) {
                (Some(known), _) => self.check(Check::Same {
                    left: here,
                    right: known,
                    negated: false,
                }),
                (None, Some(var)) => self.place[var] = Some(here),
                (None, None) => {}
            }
        }
    }

    fn aggregate(&mut self, var: Var, goal: &AggregateGoal) -> Result<(), TooWide> {
        self.source.get_or_insert(Source::Unit);
        let untouched = self.stage == Stage::default() && self.pending.is_empty();
        if !untouched {
            self.close()?;
        }
        if goal.columns.max(goal.group.len() + 1) > MOST_COLUMNS {
            return Err(TooWide {
                columns: goal.columns,
                span: Some(goal.span),
            });
        }
        let none = Views::default();
        let bodies = goal
            .bodies
            .iter()
            .map(|body| plan(body, &none, self.orders));
        let bodies = bodies.collect::<Result<Vec<_>, _>>();
        let bodies = bodies.map_err(|wide| TooWide {
            span: wide.span.or(Some(goal.span)),
            ..wide
        })?;
        let group: Vec<Operand> = goal
            .group
            .iter()
            .filter_map(|&var| self.operand(Term::Var(var)))
            .collect();
        let aggregate = AggregatePlan {
            op: goal.op,
            ty: goal.ty,
            group: group.clone(),
            bodies,
            value: goal.value.map(|value| value as u8),
            columns: goal.columns as u8,
            span: goal.span,
        };
        let value = Operand::Found(group.len() as u8);
        self.stage.probe = Some(Probe {
            table: Table::Aggregate(Box::new(aggregate)),
            key: group,
        });
        match self.operand(Term::Var(var)) {
            // `1 = count : { ... }` knows it beforehand.
            Some(known) => self.check(Check::Same {
                left: value,
                right: known,
                negated: false,
            }),
            None => self.place[var] = Some(value),
        }
        Ok(())
    }

    /// Ends the stage: its rows hold the variables that somebody still needs.
    fn close(&mut self) -> Result<(), TooWide> {
        self.source.get_or_insert(Source::Unit);
        let mut live: Vec<(Operand, Var)> = Vec::new();
        for var in 0..self.body.variables {
            let Some(operand @ (Operand::Source(_) | Operand::Found(_))) = self.place[var] else {
                continue;
            };
            if self.needed(var, 0) {
                live.push((operand, var));
            } else {
                self.place[var] = None;
            }
        }
        // Rows that keep their first columns first stay sorted.
        live.sort_by_key(|(operand, var)| match operand {
            Operand::Source(column) => (0, *column, *var),
            Operand::Found(column) => (1, *column, *var),
            Operand::Constant(_) => (2, 0, *var),
        });
        let mut out: Vec<Out> = Vec::new();
        let mut last = None;
        for (operand, var) in live {
            if last != Some(operand) {
                out.push(Out::Copy(operand));
                last = Some(operand);
            }
            self.place[var] = Some(Operand::Source((out.len() - 1) as u8));
        }
        for (var, value) in std::mem::take(&mut self.pending) {
            if !self.needed(var, 0) && !value.can_fail() {
                continue;
            }
            out.push(Out::Compute(value));
            self.place[var] = Some(Operand::Source((out.len() - 1) as u8));
        }
        if out.len() > MOST_COLUMNS {
            return Err(TooWide {
                columns: out.len(),
                span: None,
            });
        }
        let mut stage = std::mem::take(&mut self.stage);
        stage.out = out;
        self.stages.push(stage);
        Ok(())
    }

    fn finish(mut self) -> Result<Chain, TooWide> {
        let heads = &self.body.heads;
        let several = heads.len() > 1;
        let computed: Vec<&Expr<Term>> = heads
            .iter()
            .flat_map(|head| &head.columns)
            .filter(|column| !matches!(column, Expr::Leaf(..)))
            .collect();
        // A value that nobody uses is still an error when it does not exist.
        let unused = |(var, value): &(Var, Expr<Operand>)| {
            value.can_fail()
                && !heads
                    .iter()
                    .any(|head| head.columns.iter().any(|column| is_var(column, *var)))
        };
        if several || self.pending.iter().any(unused) {
            self.close()?;
        } else {
            self.reach(&computed)?;
        }
        let mut last = std::mem::take(&mut self.stage);
        let heads = heads.iter().map(|head| {
            let mut stage = std::mem::take(&mut last);
            stage.out = head
                .columns
                .iter()
                .map(|column| self.column(column))
                .collect();
            Head {
                relation: head.relation,
                stage,
            }
        });
        let heads = heads.collect();
        Ok(Chain {
            source: self.source.unwrap_or(Source::Unit),
            stages: self.stages,
            heads,
        })
    }

    fn column(&self, column: &Expr<Term>) -> Out {
        if let Expr::Leaf(Term::Var(var), _) = column
            && let Some((_, value)) = self.pending.iter().find(|(pending, _)| pending == var)
        {
            return Out::Compute(value.clone());
        }
        match self.expr(column) {
            Expr::Leaf(operand, _) => Out::Copy(operand),
            value => Out::Compute(value),
        }
    }
}

/// How many goals and heads mention each variable.
fn uses(body: &Body) -> Vec<usize> {
    let mut uses = vec![0; body.variables];
    let mut seen = Vec::new();
    for goal in &body.goals {
        seen.clear();
        each_var_once(goal, &mut seen);
        seen.iter().for_each(|&var| uses[var] += 1);
    }
    for column in body.heads.iter().flat_map(|head| &head.columns) {
        each_var(column, &mut |var| uses[var] += 1);
    }
    uses
}

fn each_var_once(goal: &Goal, seen: &mut Vec<Var>) {
    goal.each_var(&mut |var| {
        if !seen.contains(&var) {
            seen.push(var);
        }
    });
}

fn is_var(column: &Expr<Term>, var: Var) -> bool {
    matches!(column, Expr::Leaf(Term::Var(other), _) if *other == var)
}
