//! The order of the joins of a body, and the stages that carry them out.
//!
//! The first rows are those of the leftmost atom (of the recursive atom whose new tuples are wanted, if any). From there
//! on [`choice`] says which goal of the phase comes next, and [`stages`] what is carried.

mod choice;
mod stages;

use super::body::{AggregateGoal, Body, Goal, Term, Var, each_var};
use super::expr::{Check, Expr};
use super::orders::Orders;
use super::phases::{Bound, Phase, phases};
use super::program::{AggregatePlan, Chain, Operand, Probe, Source, Stage, Table, View};
use super::views::Views;
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
        let body = plan(&goal.body, &Views::default(), self.orders);
        let body = body.map_err(|wide| TooWide {
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
            body,
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
