//! The answers of the naive evaluator, which the tests of the engine are written against, beside those of the engine.

use std::collections::{BTreeMap, BTreeSet};

use aim_engine::datalog::fact::Datum;

use crate::naive::{self, Database, Val};
use crate::programs::cut::{atoms, rules_of};
use crate::programs::{Failed, Program};

/// The tuples of each goal.
pub type Answers = BTreeMap<String, BTreeSet<Vec<String>>>;

/// What the naive evaluator derives.
pub fn naively(program: &Program) -> Result<Answers, Failed> {
    let needed = needed(program);
    let mut database = Database::new();
    for (name, rows) in &program.facts {
        let rows = rows.iter().map(|row| row.iter().map(val).collect());
        database.insert(name.clone(), rows.collect());
    }
    let model = naive::evaluate_with(&program.checked, database, |name| needed.contains(name))?;
    let tuples = |goal: &String| {
        let tuples = model.get(goal).into_iter().flatten();
        tuples
            .map(|tuple| tuple.iter().map(text).collect())
            .collect()
    };
    let goals = program.goals.iter();
    Ok(goals.map(|goal| (goal.clone(), tuples(goal))).collect())
}

/// What the engine derives.
pub fn by_engine(program: &Program) -> Result<Answers, Failed> {
    let model = program.run()?;
    let mut answers = Answers::new();
    for goal in &program.goals {
        let rows = model.rows(program.relation(goal)?);
        let rows = rows.map(|row| {
            row.values()
                .map(|value| Datum::from(value).text())
                .collect()
        });
        answers.insert(goal.clone(), rows.collect());
    }
    Ok(answers)
}

/// How many tuples there are; an error where `found` and `expected` differ.
pub fn same(what: &str, found: &Answers, expected: &Answers) -> Result<usize, Failed> {
    let goals: BTreeSet<&String> = found.keys().chain(expected.keys()).collect();
    let none = BTreeSet::new();
    for goal in goals {
        let found = found.get(goal).unwrap_or(&none);
        let expected = expected.get(goal).unwrap_or(&none);
        if let Some(tuple) = found.symmetric_difference(expected).next() {
            let where_it_is = match found.contains(tuple) {
                true => "not in the naive evaluator's answer",
                false => "only in the naive evaluator's answer",
            };
            return Err(format!("{what}: {goal}({}) is {where_it_is}", tuple.join(", ")).into());
        }
    }
    Ok(found.values().map(BTreeSet::len).sum())
}

/// The relations that the goals are derived from.
fn needed(program: &Program) -> BTreeSet<&str> {
    let mut needed = BTreeSet::new();
    let mut open: Vec<&str> = program.goals.iter().map(String::as_str).collect();
    while let Some(name) = open.pop() {
        if needed.insert(name) {
            let rules = rules_of(program, name);
            open.extend(rules.flat_map(atoms).map(|atom| &*atom.relation.name));
        }
    }
    needed
}

fn val(datum: &Datum) -> Val {
    match datum {
        Datum::Symbol(text) => Val::Symbol(text.clone()),
        Datum::Number(number) => Val::Number(*number),
        Datum::Float(real) => Val::Float(*real),
    }
}

fn text(val: &Val) -> String {
    match val {
        Val::Symbol(text) => Datum::Symbol(text.clone()).text(),
        Val::Number(number) => Datum::Number(*number).text(),
        Val::Float(real) => Datum::Float(*real).text(),
    }
}
