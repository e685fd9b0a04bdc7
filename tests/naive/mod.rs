//! An evaluator that is as plain as can be: nested loops over the syntax tree until nothing is new, with tuples looked
//! up by what is known of them. It shares nothing with the planner and the evaluation but their documentation.

#![allow(dead_code, reason = "each test file uses a part of it")]

pub mod functors;
mod goals;
mod solve;

use std::collections::{BTreeMap, BTreeSet};

use aim_engine::datalog::Checked;
use aim_engine::datalog::ast::Rule;

pub use functors::Val;
use goals::Goals;
use solve::Solver;

/// Some expression has no value.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Failure(pub String);

pub type Tuple = Vec<Val>;

/// The tuples of each relation.
pub type Database = BTreeMap<String, BTreeSet<Tuple>>;

/// What a rule derives: relation, tuple, and the tuples of its positive atoms.
pub type Instance = (String, Tuple, Vec<(String, Tuple)>);

/// Variables and their values.
pub type Binding = BTreeMap<String, Val>;

/// The least model, stratum by stratum.
pub fn evaluate(checked: &Checked) -> Result<Database, Failure> {
    evaluate_with(checked, Database::new(), |_| true)
}

/// The least model over some facts, of the relations that are wanted.
pub fn evaluate_with(
    checked: &Checked,
    mut database: Database,
    wanted: impl Fn(&str) -> bool,
) -> Result<Database, Failure> {
    for relation in &checked.relations {
        database.entry(relation.name.clone()).or_default();
    }
    for stratum in &checked.strata {
        let inside = |name: &str| {
            stratum
                .relations
                .iter()
                .any(|id| checked.relations[id.index()].name == name)
                && wanted(name)
        };
        loop {
            let mut new: Vec<(String, Tuple)> = Vec::new();
            for (number, rule) in checked.program.rules.iter().enumerate() {
                if !rule.heads.iter().any(|head| inside(&head.relation.name)) {
                    continue;
                }
                for (head, tuple, _) in instances(checked, &database, number, rule)? {
                    if inside(&head) {
                        new.push((head, tuple));
                    }
                }
            }
            let mut changed = false;
            for (relation, tuple) in new {
                changed |= database.entry(relation).or_default().insert(tuple);
            }
            if !changed || !stratum.recursive {
                break;
            }
        }
    }
    Ok(database)
}

/// Everything that a rule derives from a database.
pub fn instances(
    checked: &Checked,
    database: &Database,
    number: usize,
    rule: &Rule,
) -> Result<Vec<Instance>, Failure> {
    let mut made = Vec::new();
    for (literals, types) in rule.bodies.iter().zip(&checked.bodies[number]) {
        let mut goals = Goals::new(literals, types);
        let heads: Vec<_> = rule
            .heads
            .iter()
            .map(|head| goals.head(head, types))
            .collect();
        let solver = Solver::new(database);
        for binding in solver.solve(&goals, Binding::new())? {
            for (head, args) in &heads {
                let tuple = args
                    .iter()
                    .map(|arg| functors::value(arg, &binding))
                    .collect::<Result<Tuple, _>>()?;
                made.push((head.clone(), tuple, goals.premises(&binding)));
            }
        }
    }
    Ok(made)
}

/// Whether a body holds when its named variables have these values: the tuples that its positive atoms take then, and
/// the tuple of the head, each way in which it does.
pub fn substituted(
    checked: &Checked,
    database: &Database,
    (rule, body, head): (usize, usize, usize),
    binding: Binding,
) -> Result<Vec<Instance>, Failure> {
    let (ast, types) = (&checked.program.rules[rule], &checked.bodies[rule][body]);
    let mut goals = Goals::new(&ast.bodies[body], types);
    let (relation, args) = goals.head(&ast.heads[head], types);
    let solver = Solver::new(database);
    let mut made = Vec::new();
    for binding in solver.solve(&goals, binding)? {
        let tuple = args.iter().map(|arg| functors::value(arg, &binding));
        let tuple = tuple.collect::<Result<Tuple, _>>()?;
        made.push((relation.clone(), tuple, goals.premises(&binding)));
    }
    Ok(made)
}
