//! A program as a whole: which rules make which relations, and in which order.

use rustc_hash::FxHashMap;

use super::body::{Body, Goal, Term};
use super::chain::{self, MOST_COLUMNS, TooWide, Views};
use super::constants::Constants;
use super::expr::{Check, Expr};
use super::lower::{Lowering, Relations};
use super::orders::Orders;
use super::program::{Chain, CompiledProgram, Fact, RelationPlan, RulePlan, StratumPlan, Table, View};
use crate::datalog::ast::{Atom, BaseType, Literal, Program, Rule, Span};

/// What compilation needs to know of a relation.
#[derive(Clone, Debug)]
pub struct Relation {
    pub name: String,
    pub columns: Vec<BaseType>,
    pub input: bool,
    pub output: bool,
    pub span: Span,
}

/// What compilation needs to know of a stratum.
#[derive(Clone, Debug)]
pub struct Stratum {
    pub relations: Vec<u32>,
    pub recursive: bool,
}

/// A rule or relation that is too wide for the evaluation.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// A relation has too many columns.
    #[error("`{relation}` has {columns} columns, and {MOST_COLUMNS} is the most")]
    Relation { relation: String, columns: usize, span: Span },
    /// A body has too many values alive at once.
    #[error("{columns} values have to be kept at once, and {MOST_COLUMNS} is the most")]
    Body { columns: usize, span: Span },
}

/// Compiles a program that has been checked.
pub fn compile(
    program: &Program,
    relations: &[Relation],
    strata: &[Stratum],
) -> Result<CompiledProgram, Vec<PlanError>> {
    let mut errors: Vec<PlanError> = Vec::new();
    for relation in relations.iter().filter(|relation| relation.columns.len() > MOST_COLUMNS) {
        let (name, columns) = (relation.name.clone(), relation.columns.len());
        errors.push(PlanError::Relation { relation: name, columns, span: relation.span });
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    let names = Relations {
        ids: relations.iter().zip(0..).map(|(relation, id)| (relation.name.as_str(), id)).collect(),
        columns: relations.iter().map(|relation| relation.columns.as_slice()).collect(),
    };
    let mut stratum_of = vec![0; relations.len()];
    for (number, stratum) in strata.iter().enumerate() {
        for &relation in &stratum.relations {
            stratum_of[relation as usize] = number as u32;
        }
    }
    let mut compiler = Compiler {
        lowering: Lowering { relations: &names, constants: Constants::default() },
        orders: Orders::new(relations.iter().map(|relation| relation.columns.len())),
        strata: strata
            .iter()
            .map(|stratum| StratumPlan { relations: stratum.relations.clone(), ..StratumPlan::default() })
            .collect(),
        stratum_of: &stratum_of,
        recursive: strata.iter().map(|stratum| stratum.recursive).collect(),
        errors,
    };
    for rule in &program.rules {
        compiler.rule(rule);
    }
    compiler.finish(relations)
}

struct Compiler<'a> {
    lowering: Lowering<'a>,
    orders: Orders,
    strata: Vec<StratumPlan>,
    stratum_of: &'a [u32],
    recursive: Vec<bool>,
    errors: Vec<PlanError>,
}

impl Compiler<'_> {
    fn rule(&mut self, rule: &Rule) {
        let mut by_stratum: FxHashMap<u32, Vec<&Atom>> = FxHashMap::default();
        let mut order = Vec::new();
        for head in &rule.heads {
            let Some(&relation) = self.lowering.relations.ids.get(head.relation.name.as_str()) else { continue };
            let stratum = self.stratum_of[relation as usize];
            let heads = by_stratum.entry(stratum).or_default();
            if heads.is_empty() {
                order.push(stratum);
            }
            heads.push(head);
        }
        for stratum in order {
            let heads = by_stratum.remove(&stratum).unwrap_or_default();
            for literals in &rule.bodies {
                self.alternative(rule, stratum as usize, &heads, literals);
            }
        }
    }

    fn alternative(&mut self, rule: &Rule, stratum: usize, heads: &[&Atom], literals: &[Literal]) {
        let body = self.lowering.rule(heads, literals);
        let mut read = Vec::new();
        reads(&body.goals, &mut read);
        let plan = &mut self.strata[stratum];
        for relation in read {
            let other = self.stratum_of[relation as usize];
            if other as usize != stratum && !plan.reads.contains(&other) {
                plan.reads.push(other);
            }
        }
        if body.goals.is_empty() && self.facts(stratum, &body) {
            return;
        }
        let growing = self.growing(stratum, &body);
        let versions = if growing.is_empty() { vec![Views::default()] } else { Views::versions(&growing) };
        let chains = versions.iter().map(|views| chain::plan(&body, views, &mut self.orders));
        match chains.collect::<Result<Vec<_>, TooWide>>() {
            Ok(chains) => {
                let name = heads.first().map(|head| head.relation.name.clone()).unwrap_or_default();
                let plan = RulePlan { name, span: rule.span, chains };
                let stratum = &mut self.strata[stratum];
                let list = if growing.is_empty() { &mut stratum.rules } else { &mut stratum.recursive };
                list.push(plan);
            }
            Err(TooWide { columns, span }) => {
                let error = PlanError::Body { columns, span: span.unwrap_or(rule.span) };
                if !self.errors.contains(&error) {
                    self.errors.push(error);
                }
            }
        }
    }

    /// The atoms of a body that look at relations of its own recursive stratum.
    fn growing(&self, stratum: usize, body: &Body) -> Vec<usize> {
        let grows = |goal: &Goal| match goal {
            Goal::Atom { relation, negated: false, .. } => self.stratum_of[*relation as usize] as usize == stratum,
            _ => false,
        };
        if !self.recursive[stratum] {
            return Vec::new();
        }
        (0..body.goals.len()).filter(|&goal| grows(&body.goals[goal])).collect()
    }

    /// Takes heads of nothing but constants as tuples; says whether all were such.
    fn facts(&mut self, stratum: usize, body: &Body) -> bool {
        let constants = |columns: &[_]| columns.iter().map(constant).collect::<Option<Vec<u32>>>();
        let facts = body.heads.iter().map(|head| {
            Some(Fact { relation: head.relation, constants: constants(&head.columns)? })
        });
        let Some(facts) = facts.collect::<Option<Vec<Fact>>>() else { return false };
        self.strata[stratum].facts.extend(facts);
        true
    }

    fn finish(self, relations: &[Relation]) -> Result<CompiledProgram, Vec<PlanError>> {
        if !self.errors.is_empty() {
            return Err(self.errors);
        }
        let orders = self.orders.into_inner();
        let mut strata = self.strata;
        for stratum in &mut strata {
            let looked_up = stratum.recursive.iter().flat_map(|rule| &rule.chains).flat_map(growing_orders);
            let mut looked_up: Vec<u32> = looked_up.collect();
            looked_up.sort_unstable();
            looked_up.dedup();
            stratum.orders = looked_up;
            stratum.reads.sort_unstable();
        }
        let relations = relations.iter().zip(self.stratum_of).map(|(relation, stratum)| RelationPlan {
            name: relation.name.clone(),
            columns: relation.columns.clone(),
            input: relation.input,
            output: relation.output,
            stratum: *stratum,
        });
        Ok(CompiledProgram {
            relations: relations.collect(),
            orders,
            constants: self.lowering.constants.into_inner(),
            strata,
        })
    }
}

fn constant(column: &Expr<Term>) -> Option<u32> {
    match column {
        Expr::Leaf(Term::Constant(constant), _) => Some(*constant),
        _ => None,
    }
}

/// The relations that goals look at, also inside aggregates.
fn reads(goals: &[Goal], relations: &mut Vec<u32>) {
    for goal in goals {
        match goal {
            Goal::Atom { relation, .. } => relations.push(*relation),
            Goal::Aggregate { aggregate, .. } => {
                aggregate.bodies.iter().for_each(|body| reads(&body.goals, relations));
            }
            _ => {}
        }
    }
}

/// The orders of growing relations that a chain looks things up in.
fn growing_orders(chain: &Chain) -> impl Iterator<Item = u32> {
    let stages = chain.stages.iter().chain(chain.heads.iter().map(|head| &head.stage));
    stages.flat_map(|stage| {
        let probe = stage.probe.iter().filter_map(|probe| match probe.table {
            Table::Order { order, view } => Some((order, view)),
            Table::Aggregate(_) => None,
        });
        let checks = stage.before.iter().chain(&stage.after).filter_map(|check| match check {
            Check::Exists { order, view, .. } => Some((*order, *view)),
            _ => None,
        });
        probe.chain(checks).filter(|(_, view)| *view != View::Complete).map(|(order, _)| order)
    })
}
