//! A compiled program in words: what is evaluated for a goal, in which order, and how each rule finds its rows.
//!
//! Variables are gone from a compiled rule, so values are called by the columns that they were found in.

mod words;

use serde::Serialize;

use super::expr::Check;
use super::program::{
    AggregatePlan, Chain, CompiledProgram, Out, Probe, RulePlan, Source, Stage, StratumPlan, Table,
};
use crate::datalog::ast::{AggregateOp, CompareOp};
use crate::datalog::check::{Checked, RelId, signature};
use crate::datalog::database::Model;
use crate::datalog::source::Sources;

use words::{Names, seen};

/// What is evaluated for a goal.
#[derive(Clone, Debug, Serialize)]
pub struct PlanDescription {
    /// Relations whose rows come from outside.
    pub inputs: Vec<RelationRows>,
    /// Relations that are derived, in the order of their evaluation.
    pub strata: Vec<StratumDescription>,
}

/// A relation after the evaluation.
#[derive(Clone, Debug, Serialize)]
pub struct RelationRows {
    /// Its name.
    pub relation: String,
    /// How many rows it has.
    pub rows: usize,
}

/// Relations that are derived together.
#[derive(Clone, Debug, Serialize)]
pub struct StratumDescription {
    /// The relations; several when they need each other.
    pub relations: Vec<RelationRows>,
    /// How many of the rows are facts in files.
    pub facts: usize,
    /// The rules that derive them, one for each alternative of a body.
    pub rules: Vec<RuleDescription>,
}

/// How one alternative of a rule's body is evaluated.
#[derive(Clone, Debug, Serialize)]
pub struct RuleDescription {
    /// The file.
    pub file: String,
    /// The line of the rule's head.
    pub line: usize,
    /// Whether it is run again and again, each time for the rows that are new.
    pub recursive: bool,
    /// The steps; of a recursive rule one list for each atom whose new rows it begins with.
    pub ways: Vec<Vec<Step>>,
}

/// One step.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Step {
    /// The step in words.
    pub says: String,
    /// The relation that is looked into.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub relation: Option<String>,
    /// The columns that are known beforehand.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub bound: Vec<String>,
    /// The columns by which the copy of the relation is sorted in which rows are found; none when it is
    /// the relation as it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index: Option<Vec<String>>,
    /// The body of an aggregate.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<Step>,
}

impl PlanDescription {
    /// What was evaluated for `goal`, and what came of it.
    pub fn new(
        program: &CompiledProgram,
        checked: &Checked,
        sources: &Sources,
        goal: RelId,
        model: &Model,
    ) -> PlanDescription {
        let describer = Describer {
            program,
            checked,
            sources,
        };
        let rows = |relation: &u32| RelationRows {
            relation: describer.relation(*relation),
            rows: model.len(RelId(*relation)),
        };
        let inputs = program.inputs(&[goal]);
        let wanted = program.strata.iter().zip(program.wanted(&[goal]));
        let strata = wanted.filter_map(|(stratum, wanted)| {
            let is_derived = !stratum.facts.is_empty()
                || !stratum.rules.is_empty()
                || !stratum.recursive.is_empty();
            (wanted && is_derived).then(|| StratumDescription {
                relations: stratum.relations.iter().map(rows).collect(),
                facts: stratum.facts.len(),
                rules: describer.rules(stratum),
            })
        });
        PlanDescription {
            inputs: inputs.iter().map(|id| rows(&id.0)).collect(),
            strata: strata.collect(),
        }
    }
}

struct Describer<'a> {
    program: &'a CompiledProgram,
    checked: &'a Checked,
    sources: &'a Sources,
}

impl Describer<'_> {
    fn rules(&self, stratum: &StratumPlan) -> Vec<RuleDescription> {
        let once = stratum.rules.iter().map(|rule| self.rule(rule, false));
        let rounds = stratum.recursive.iter().map(|rule| self.rule(rule, true));
        once.chain(rounds).collect()
    }

    fn rule(&self, rule: &RulePlan, recursive: bool) -> RuleDescription {
        let ways = rule
            .chains
            .iter()
            .map(|chain| self.chain(chain, Vec::new()).0);
        RuleDescription {
            file: self.sources.name(rule.span.file).to_owned(),
            line: self.sources.place(rule.span).line,
            recursive,
            ways: ways.collect(),
        }
    }

    /// The steps of a chain and what the columns of its rows are called, given those of its groups.
    fn chain(&self, chain: &Chain, groups: Vec<String>) -> (Vec<Step>, Vec<String>) {
        let mut steps = Vec::new();
        let mut row = match chain.source {
            Source::Unit => Vec::new(),
            Source::Groups => groups,
            Source::Scan { relation, view } => {
                let name = self.relation(relation);
                steps.push(Step {
                    says: format!("read {name}{}", seen(view)),
                    relation: Some(name),
                    ..Step::default()
                });
                self.columns(relation)
            }
        };
        for stage in &chain.stages {
            row = self.stage(stage, &row, &mut steps);
        }
        // Several heads are made of the same rows, and only the first one has steps of its own.
        let head = chain.heads.first();
        let made = head.map(|head| self.stage(&head.stage, &row, &mut steps));
        (steps, made.unwrap_or_default())
    }

    /// Adds the steps of a stage, and gives back what the columns of its rows are called.
    fn stage(&self, stage: &Stage, row: &[String], steps: &mut Vec<Step>) -> Vec<String> {
        let mut names = Names {
            row,
            found: Vec::new(),
        };
        for check in &stage.before {
            steps.push(self.check(check, &names));
        }
        if let Some(probe) = &stage.probe {
            let (step, found) = self.probe(probe, &names);
            steps.push(step);
            names.found = found;
        }
        for check in &stage.after {
            steps.push(self.check(check, &names));
        }
        let out = stage.out.iter();
        out.map(|out| match out {
            Out::Copy(operand) => self.operand(*operand, &names),
            Out::Compute(value) => {
                let says = self.expr(value, &names);
                let step = format!("compute {says}");
                // Several alternatives of one stage may need the same value.
                if steps.last().is_none_or(|last| last.says != step) {
                    steps.push(Step {
                        says: step,
                        ..Step::default()
                    });
                }
                says
            }
        })
        .collect()
    }

    /// The step of a lookup, and what the columns are called that it finds.
    fn probe(&self, probe: &Probe, names: &Names<'_>) -> (Step, Vec<String>) {
        match &probe.table {
            Table::Order { order, view } => {
                let (relation, columns, index) = self.order(*order);
                let name = self.relation(relation);
                let bound: Vec<String> = columns.iter().take(probe.key.len()).cloned().collect();
                let found = columns.into_iter().map(|column| {
                    if names.row.contains(&column) {
                        format!("{name}.{column}")
                    } else {
                        column
                    }
                });
                let found = found.collect();
                let known = self.known(&bound, &probe.key, names);
                let says = if bound.is_empty() {
                    format!("join all of {name}{}", seen(*view))
                } else {
                    format!("join {name}{} by {known}", seen(*view))
                };
                let step = Step {
                    says,
                    relation: Some(name),
                    bound,
                    index,
                    steps: Vec::new(),
                };
                (step, found)
            }
            Table::Aggregate(plan) => self.aggregate(plan, names),
        }
    }

    fn aggregate(&self, plan: &AggregatePlan, names: &Names<'_>) -> (Step, Vec<String>) {
        let group = plan.group.iter().map(|column| self.operand(*column, names));
        let group: Vec<String> = group.collect();
        let (steps, row) = self.chain(&plan.body, group.clone());
        let value = plan.value.and_then(|value| row.get(usize::from(value)));
        let op = signature::aggregate_name(plan.op);
        let what = match value {
            Some(value) if plan.op != AggregateOp::Count => format!("{op} {value}"),
            _ => op.to_owned(),
        };
        let says = if group.is_empty() {
            format!("aggregate {what}")
        } else {
            format!("aggregate {what} for each {}", group.join(", "))
        };
        let step = Step {
            says,
            bound: group.clone(),
            steps,
            ..Step::default()
        };
        (step, group.into_iter().chain([what]).collect())
    }

    fn check(&self, check: &Check, names: &Names<'_>) -> Step {
        let says = match check {
            Check::Exists {
                order,
                view,
                key,
                negated,
            } => {
                let (relation, columns, index) = self.order(*order);
                let name = self.relation(relation);
                let bound: Vec<String> = columns.into_iter().take(key.len()).collect();
                let verb = if *negated { "drop" } else { "keep" };
                let known = self.known(&bound, key, names);
                let by = if bound.is_empty() { "" } else { " by " };
                return Step {
                    says: format!("{verb} what is in {name}{}{by}{known}", seen(*view)),
                    relation: Some(name),
                    bound,
                    index,
                    steps: Vec::new(),
                };
            }
            Check::Same {
                left,
                right,
                negated,
            } => {
                let op = if *negated {
                    CompareOp::Ne
                } else {
                    CompareOp::Eq
                };
                let (left, right) = (self.operand(*left, names), self.operand(*right, names));
                format!("keep if {left} {} {right}", signature::comparison(op))
            }
            Check::Compare { op, left, right } => {
                let (left, right) = (self.expr(left, names), self.expr(right, names));
                format!("keep if {left} {} {right}", signature::comparison(*op))
            }
            Check::Test {
                test,
                args,
                negated,
                ..
            } => {
                let args = args.iter().map(|arg| self.expr(arg, names));
                let args: Vec<String> = args.collect();
                let not = if *negated { "!" } else { "" };
                let name = signature::test_name(*test);
                format!("keep if {not}{name}({})", args.join(", "))
            }
        };
        Step {
            says,
            ..Step::default()
        }
    }
}
