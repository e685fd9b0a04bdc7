//! A program as a whole: which rules make which relations, and in which order.

use super::body::{Body, Goal, Term};
use super::chain::{self, MOST_COLUMNS, TooWide};
use super::constants::Constants;
use super::expr::{Check, Expr};
use super::lower::Lowering;
use super::orders::Orders;
use super::program::{
    Chain, CompiledProgram, Fact, RelationPlan, RulePlan, StratumPlan, Table, View,
};
use super::views::Views;
use crate::datalog::ast::{Atom, Literal, Rule};
use crate::datalog::check::{BodyTypes, Checked, Stratum};
use crate::datalog::diagnostic::{Code, Diagnostics, Found, RuleError};

/// Compiles a program that has been checked.
///
/// # Errors
/// Everything in it that is too wide for the evaluation, and patterns that are none.
pub fn compile(checked: &Checked) -> Result<CompiledProgram, Diagnostics> {
    let mut found = Found::default();
    for relation in &checked.relations {
        let columns = relation.columns.len();
        if let Some(decl) = checked.program.decls.get(relation.decl)
            && columns > MOST_COLUMNS
        {
            let message = format!(
                "`{}` has {columns} columns, and {MOST_COLUMNS} is the most",
                relation.name
            );
            let error = RuleError::new(Code::TooWide, message).label(decl.name.span, "too wide");
            found.push(error.help("make two relations of it that share a key"));
        }
    }
    let wide = Diagnostics::from(found);
    if !wide.is_empty() {
        return Err(wide);
    }
    let stratum = |stratum: &Stratum| StratumPlan {
        relations: stratum
            .relations
            .iter()
            .map(|relation| relation.0)
            .collect(),
        ..StratumPlan::default()
    };
    let mut compiler = Compiler {
        checked,
        lowering: Lowering {
            checked,
            constants: Constants::default(),
            found: Found::default(),
        },
        orders: Orders::new(
            checked
                .relations
                .iter()
                .map(|relation| relation.columns.len()),
        ),
        strata: checked.strata.iter().map(stratum).collect(),
    };
    for (rule, types) in checked.program.rules.iter().zip(&checked.bodies) {
        compiler.rule(rule, types);
    }
    compiler.finish()
}

struct Compiler<'a> {
    checked: &'a Checked,
    lowering: Lowering<'a>,
    orders: Orders,
    strata: Vec<StratumPlan>,
}

impl Compiler<'_> {
    fn stratum_of(&self, relation: u32) -> usize {
        self.checked.relations[relation as usize].stratum
    }

    fn rule(&mut self, rule: &Rule, types: &[BodyTypes]) {
        let mut by_stratum: Vec<(usize, Vec<&Atom>)> = Vec::new();
        for head in &rule.heads {
            let Some(relation) = self.checked.relation(&head.relation.name) else {
                continue;
            };
            let stratum = self.stratum_of(relation.0);
            match by_stratum.iter_mut().find(|(other, _)| *other == stratum) {
                Some((_, heads)) => heads.push(head),
                None => by_stratum.push((stratum, vec![head])),
            }
        }
        for (stratum, heads) in by_stratum {
            for (literals, types) in rule.bodies.iter().zip(types) {
                self.alternative(rule, stratum, &heads, literals, types);
            }
        }
    }

    fn alternative(
        &mut self,
        rule: &Rule,
        stratum: usize,
        heads: &[&Atom],
        literals: &[Literal],
        types: &BodyTypes,
    ) {
        let body = self.lowering.rule(heads, literals, types);
        let mut read = Vec::new();
        reads(&body.goals, &mut read);
        for relation in read {
            let other = self.stratum_of(relation) as u32;
            let reads = &mut self.strata[stratum].reads;
            if other as usize != stratum && !reads.contains(&other) {
                reads.push(other);
            }
        }
        if body.goals.is_empty() && self.facts(stratum, &body) {
            return;
        }
        let growing = self.growing(stratum, &body);
        let versions = if growing.is_empty() {
            vec![Views::default()]
        } else {
            Views::versions(&growing)
        };
        let chains = versions
            .iter()
            .map(|views| chain::plan(&body, views, &mut self.orders));
        match chains.collect::<Result<Vec<_>, TooWide>>() {
            Ok(chains) => {
                let span = heads.first().map_or(rule.span, |head| head.span);
                let plan = RulePlan { span, chains };
                let stratum = &mut self.strata[stratum];
                let list = if growing.is_empty() {
                    &mut stratum.rules
                } else {
                    &mut stratum.recursive
                };
                list.push(plan);
            }
            Err(TooWide { columns, span }) => {
                let message = format!(
                    "{columns} values have to be kept at once, and {MOST_COLUMNS} is the most"
                );
                let error = RuleError::new(Code::TooWide, message)
                    .label(span.unwrap_or(rule.span), "too wide")
                    .help("split the rule: let another relation hold part of its body");
                self.lowering.found.push(error);
            }
        }
    }

    /// The atoms of a body that look at relations of its own recursive stratum.
    fn growing(&self, stratum: usize, body: &Body) -> Vec<usize> {
        let grows = |goal: &Goal| match goal {
            Goal::Atom {
                relation,
                negated: false,
                ..
            } => self.stratum_of(*relation) == stratum,
            _ => false,
        };
        if !self.checked.strata[stratum].recursive {
            return Vec::new();
        }
        (0..body.goals.len())
            .filter(|&goal| grows(&body.goals[goal]))
            .collect()
    }

    /// Takes heads of nothing but constants as tuples; says whether all were such.
    fn facts(&mut self, stratum: usize, body: &Body) -> bool {
        let constants = |columns: &[_]| columns.iter().map(constant).collect::<Option<Vec<u32>>>();
        let facts = body.heads.iter().map(|head| {
            Some(Fact {
                relation: head.relation,
                constants: constants(&head.columns)?,
            })
        });
        let Some(facts) = facts.collect::<Option<Vec<Fact>>>() else {
            return false;
        };
        self.strata[stratum].facts.extend(facts);
        true
    }

    fn finish(self) -> Result<CompiledProgram, Diagnostics> {
        let found = Diagnostics::from(self.lowering.found);
        if !found.is_empty() {
            return Err(found);
        }
        let orders = self.orders.into_inner();
        let mut strata = self.strata;
        for stratum in &mut strata {
            let looked_up = stratum
                .recursive
                .iter()
                .flat_map(|rule| &rule.chains)
                .flat_map(growing_orders);
            let mut looked_up: Vec<u32> = looked_up.collect();
            looked_up.sort_unstable();
            looked_up.dedup();
            stratum.orders = looked_up;
            stratum.reads.sort_unstable();
        }
        let relations = self.checked.relations.iter().map(|relation| RelationPlan {
            name: relation.name.clone(),
            columns: relation.columns.iter().map(|column| column.base).collect(),
            input: relation.is_input,
            output: relation.is_output,
            stratum: relation.stratum as u32,
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
                reads(&aggregate.body.goals, relations);
            }
            _ => {}
        }
    }
}

/// The orders of growing relations that a chain looks things up in.
fn growing_orders(chain: &Chain) -> impl Iterator<Item = u32> {
    let stages = chain
        .stages
        .iter()
        .chain(chain.heads.iter().map(|head| &head.stage));
    stages.flat_map(|stage| {
        let probe = stage.probe.iter().filter_map(|probe| match probe.table {
            Table::Order { order, view } => Some((order, view)),
            Table::Aggregate(_) => None,
        });
        let checks = stage
            .before
            .iter()
            .chain(&stage.after)
            .filter_map(|check| match check {
                Check::Exists { order, view, .. } => Some((*order, *view)),
                _ => None,
            });
        probe
            .chain(checks)
            .filter(|(_, view)| *view != View::Complete)
            .map(|(order, _)| order)
    })
}
