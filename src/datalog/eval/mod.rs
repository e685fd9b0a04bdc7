//! Evaluation: the strata of a compiled program in order, each to its least fixed point, on datafrog.
//!
//! A rule's body is a chain of leapjoins ([`join`]) from the rows of its first atom to the rows of its heads. A stratum
//! that is not recursive runs each rule once; a recursive one is a datafrog iteration ([`growing`]).
//!
//! What can fail is evaluated only for rows that really reach it; see `plan::phases` for which those are.

pub(in crate::datalog) mod aggregate;
mod arithmetic;
mod barren;
pub(in crate::datalog) mod compute;
pub(in crate::datalog) mod fault;
mod frog;
mod gather;
mod growing;
mod join;
mod lookup;
pub(crate) mod row;
mod run;
mod stamps;
mod store;

use barren::is_barren;
use compute::Computer;
use fault::Fault;
use growing::Growing;
use row::Rows;
use run::{Progress, Run};
use stamps::Rounds;
pub use stamps::Stamp;
use store::Store;

use super::check::RelId;
use super::database::{Facts, Model};
use super::diagnostic::RuleError;
use super::plan::program::{CompiledProgram, Constant, RulePlan, StratumPlan};
use super::value::Value;

/// How to evaluate.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Remember when each tuple first appeared ([`Model::stamp`]).
    pub stamps: bool,
    /// When to give up.
    pub limits: Limits,
}

/// Counts beyond which an evaluation is an error, so that it ends whatever the rules are.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Rounds of one stratum.
    pub rounds: u32,
    /// Rows made altogether, those on the way included. Rows take 8 to 64 bytes.
    pub rows: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            rounds: 1_000_000,
            rows: 400_000_000,
        }
    }
}

/// Evaluates a program over facts.
///
/// Only `goals` and what they depend on are complete in the model (no goals: everything is); of other relations it has
/// those facts that were pushed.
///
/// # Errors
/// The first expression without a value, in a fixed order, or a limit that was reached.
pub fn evaluate(
    program: &CompiledProgram,
    facts: Facts,
    goals: &[RelId],
    options: &Options,
) -> Result<Model, RuleError> {
    evaluate_with(program, facts, &[], goals, options)
}

/// The same where all tuples of the `known` relations are among the facts: their rules are not followed.
///
/// # Errors
/// Those of [`evaluate`].
pub fn evaluate_with(
    program: &CompiledProgram,
    facts: Facts,
    known: &[RelId],
    goals: &[RelId],
    options: &Options,
) -> Result<Model, RuleError> {
    let (mut values, relations) = facts.into_parts();
    let constants = program.constants.iter().map(|constant| match constant {
        Constant::Symbol(text) => values.symbol(text),
        Constant::Number(number) => values.number(*number),
        Constant::Float(float) => values.encode(Value::Float(*float)),
    });
    let constants = constants.collect();
    let mut evaluation = Evaluation {
        program,
        options,
        store: Store::new(relations, &program.orders),
        computer: Computer::new(values, constants),
        progress: Progress::new(options.limits.rows),
        rounds: Vec::new(),
        pushed: Vec::new(),
    };
    let wanted = wanted(program, goals);
    for (stratum, _) in program
        .strata
        .iter()
        .zip(wanted)
        .filter(|(_, wanted)| *wanted)
    {
        let is_known = |relation: &u32| known.contains(&RelId(*relation));
        if !stratum.relations.iter().all(is_known) {
            evaluation.stratum(stratum)?;
        } else {
            evaluation.known(stratum);
        }
    }
    Ok(evaluation.into_model())
}

/// Which strata the goals need.
fn wanted(program: &CompiledProgram, goals: &[RelId]) -> Vec<bool> {
    let mut wanted = vec![goals.is_empty(); program.strata.len()];
    for goal in goals {
        if let Some(relation) = program.relations.get(goal.0 as usize) {
            wanted[relation.stratum as usize] = true;
        }
    }
    // What a stratum reads comes before it.
    for (at, stratum) in program.strata.iter().enumerate().rev() {
        if wanted[at] {
            for &read in &stratum.reads {
                wanted[read as usize] = true;
            }
        }
    }
    wanted
}

struct Evaluation<'a> {
    program: &'a CompiledProgram,
    options: &'a Options,
    store: Store<'a>,
    computer: Computer,
    progress: Progress,
    rounds: Vec<(u32, Vec<u32>)>,
    /// What was pushed to relations that rules add to.
    pushed: Vec<(u32, Rows)>,
}

impl Evaluation<'_> {
    fn stratum(&mut self, plan: &StratumPlan) -> Result<(), RuleError> {
        let mut made = Vec::new();
        let run = Run {
            store: &self.store,
            computer: &self.computer,
            progress: &self.progress,
            growing: None,
        };
        for rule in &plan.rules {
            self.rule(&run, rule, &mut made)?;
        }
        let columns = |relation: u32| self.program.relations[relation as usize].columns.len();
        let mut initial = Vec::with_capacity(plan.relations.len());
        for &relation in &plan.relations {
            let mut pieces: Vec<Rows> = Vec::new();
            pieces.extend(self.facts(plan, relation));
            let (own, others) = made.into_iter().partition(|(other, _)| *other == relation);
            made = others;
            let own: Vec<(u32, Rows)> = own;
            pieces.extend(own.into_iter().map(|(_, rows)| rows));
            let pushed = self.store.take(relation, columns(relation));
            if !plan.recursive.is_empty() || pieces.iter().any(|rows| !rows.is_empty()) {
                self.pushed.push((relation, pushed.clone()));
            }
            pieces.push(pushed);
            initial.push((
                relation,
                columns(relation),
                Rows::union(pieces, columns(relation)),
            ));
        }
        if plan.recursive.is_empty() {
            for (relation, _, rows) in initial {
                self.store.complete(relation, rows);
            }
            return Ok(());
        }
        self.recursive(plan, initial)
    }

    /// Takes a stratum's relations as they were pushed.
    fn known(&mut self, plan: &StratumPlan) {
        for &relation in &plan.relations {
            let columns = self.program.relations[relation as usize].columns.len();
            let pushed = self.store.take(relation, columns);
            let rows = Rows::union(vec![pushed], columns);
            self.store.complete(relation, rows);
        }
    }

    fn facts(&self, plan: &StratumPlan, relation: u32) -> Option<Rows> {
        let facts: Vec<_> = plan
            .facts
            .iter()
            .filter(|fact| fact.relation == relation)
            .collect();
        let constants = &self.computer.constants;
        let code = |constant: &u32| {
            constants
                .get(*constant as usize)
                .copied()
                .unwrap_or_default()
        };
        let codes: Vec<u32> = facts
            .iter()
            .flat_map(|fact| fact.constants.iter().map(code))
            .collect();
        let arity = self.program.relations[relation as usize].columns.len();
        (!facts.is_empty()).then(|| Rows::from_codes(arity, facts.len(), &codes))
    }

    fn rule(
        &self,
        run: &Run<'_>,
        rule: &RulePlan,
        made: &mut Vec<(u32, Rows)>,
    ) -> Result<(), RuleError> {
        for chain in &rule.chains {
            if !is_barren(chain, &self.store) {
                run.chain(chain, None, made);
            }
        }
        match self.progress.take_fault() {
            Some(fault) => Err(fault.in_rule(Some(rule))),
            None => Ok(()),
        }
    }

    fn recursive(
        &mut self,
        plan: &StratumPlan,
        initial: Vec<(u32, usize, Rows)>,
    ) -> Result<(), RuleError> {
        let natural = self.program.relations.len();
        let orders = plan
            .orders
            .iter()
            .filter(|order| **order as usize >= natural);
        let orders = orders.map(|&order| (order, self.program.orders[order as usize].clone()));
        let mut growing = Growing::new(initial, orders.collect());
        let mut stamps: Vec<(u32, Rounds)> = Vec::new();
        if self.options.stamps {
            stamps.extend(
                plan.relations
                    .iter()
                    .map(|&relation| (relation, Rounds::default())),
            );
        }
        let mut round = 0;
        // The first round runs even when nothing is there yet: a rule may fail before it looks at what grows.
        while growing.advance() || round == 0 {
            if round > self.options.limits.rounds {
                let fault = Fault::too_many_rounds(self.options.limits.rounds);
                return Err(fault.in_rule(plan.recursive.first()));
            }
            for (relation, rounds) in &mut stamps {
                growing.each_recent(|other, rows| {
                    if other == *relation {
                        rounds.push(rows);
                    }
                });
            }
            let snapshot = growing.snapshot();
            let run = Run {
                store: &self.store,
                computer: &self.computer,
                progress: &self.progress,
                growing: Some(&snapshot),
            };
            let mut made = Vec::new();
            for rule in &plan.recursive {
                self.rule(&run, rule, &mut made)?;
            }
            drop(snapshot);
            for (relation, rows) in made {
                growing.insert(relation, rows);
            }
            round += 1;
        }
        for (relation, rows) in growing.complete() {
            if let Some((_, rounds)) = stamps.iter().find(|(other, _)| *other == relation) {
                self.rounds.push((relation, rounds.align(&rows)));
            }
            self.store.complete(relation, rows);
        }
        Ok(())
    }

    fn into_model(self) -> Model {
        let relations = self.store.into_relations();
        Model::new(
            self.program,
            self.computer.values.into_inner(),
            relations,
            self.rounds,
            self.pushed,
        )
    }
}
