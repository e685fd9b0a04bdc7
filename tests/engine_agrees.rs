//! On random programs the engine and the naive evaluator give the same relations, or both an error.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test says by panicking that something is wrong"
)]

mod engine;
mod naive;

use std::cell::Cell;
use std::collections::BTreeMap;

use aim_engine::datalog::database::{Facts, Model};
use aim_engine::datalog::eval::{Options, Stamp, evaluate};
use aim_engine::datalog::plan::{CompiledProgram, compile};
use aim_engine::datalog::source::Sources;
use aim_engine::datalog::value::Value;
use aim_engine::datalog::{Checked, NoIncludes, load};
use naive::{Database, Val};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

#[derive(Default)]
struct Tally {
    refused: Cell<u32>,
    aggregates: Cell<u32>,
    failed: Cell<u32>,
    recursive: Cell<u32>,
    tuples: Cell<usize>,
}

#[test]
fn the_engine_agrees_with_the_naive_evaluator() {
    let cases = std::env::var("ENGINE_CASES")
        .ok()
        .and_then(|cases| cases.parse().ok())
        .unwrap_or(2000);
    let config = Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    };
    let tally = Tally::default();
    let bytes = proptest::collection::vec(any::<u8>(), 20..250);
    let result = TestRunner::new(config).run(&bytes, |bytes| {
        agree(&engine::generate::program(&bytes), &tally)
    });
    if let Err(error) = result {
        let shown = match &error {
            proptest::test_runner::TestError::Fail(reason, bytes) => {
                format!("{reason}\n{}", engine::generate::program(bytes))
            }
            other => other.to_string(),
        };
        panic!("{shown}");
    }
    let Tally {
        refused,
        aggregates,
        failed,
        recursive,
        tuples,
    } = tally;
    println!(
        "{refused:?} refused, {aggregates:?} with aggregates, {failed:?} failed, {recursive:?} recursive, {tuples:?} tuples of {cases}"
    );
    assert!(
        refused.get() < cases / 2,
        "the generator makes too few valid programs"
    );
    assert!(
        failed.get() > cases / 50 && failed.get() < cases / 2,
        "some programs fail, not most"
    );
    assert!(recursive.get() > cases / 20, "some programs are recursive");
}

fn agree(text: &str, tally: &Tally) -> Result<(), TestCaseError> {
    let count = |cell: &Cell<u32>| cell.set(cell.get() + 1);
    let mut sources = Sources::new();
    let file = sources.add("random.dl", text);
    let Ok(checked) = load(&mut sources, &[file], &mut NoIncludes) else {
        count(&tally.refused);
        return Ok(());
    };
    let Ok(program) = compile(&checked) else {
        count(&tally.refused);
        return Ok(());
    };
    let stored = postcard::to_allocvec(&program).expect("it can be stored");
    let program: CompiledProgram = postcard::from_bytes(&stored).expect("it can be read");
    let options = Options {
        stamps: true,
        ..Options::default()
    };
    let model = evaluate(&program, Facts::new(&program), &[], &options);
    let expected = naive::evaluate(&checked);
    match (model, expected) {
        (Err(_), Err(_)) => count(&tally.failed),
        (Ok(_), Err(failure)) => {
            return Err(TestCaseError::fail(format!("no error, but {failure}")));
        }
        (Err(error), Ok(_)) => return Err(TestCaseError::fail(format!("an error: {error}"))),
        (Ok(model), Ok(expected)) => {
            same(&program, &model, &expected)?;
            well_founded(&checked, &program, &model, &expected)?;
            if text.contains(" : {") {
                count(&tally.aggregates);
            }
            if checked.strata.iter().any(|stratum| stratum.recursive) {
                count(&tally.recursive);
            }
            tally.tuples.set(
                tally.tuples.get() + expected.values().map(|tuples| tuples.len()).sum::<usize>(),
            );
        }
    }
    Ok(())
}

fn same(
    program: &CompiledProgram,
    model: &Model,
    expected: &Database,
) -> Result<(), TestCaseError> {
    for (relation, tuples) in expected {
        let id = program.relation(relation).expect("it is declared");
        let found: Vec<Vec<Val>> = model
            .sorted(id)
            .into_iter()
            .map(|tuple| tuple.values().map(own).collect())
            .collect();
        let wanted: Vec<Vec<Val>> = tuples.iter().cloned().collect();
        prop_assert_eq!(&found, &wanted, "{}", relation);
        prop_assert_eq!(model.len(id), wanted.len());
    }
    Ok(())
}

fn own(value: Value<'_>) -> Val {
    match value {
        Value::Symbol(text) => Val::Symbol(text.to_owned()),
        Value::Number(number) => Val::Number(number),
        Value::Float(float) => Val::Float(float),
    }
}

fn borrowed(tuple: &[Val]) -> Vec<Value<'_>> {
    let value = |value: &'_ Val| match value {
        Val::Symbol(text) => Value::Symbol(text.clone().leak()),
        Val::Number(number) => Value::Number(*number),
        Val::Float(float) => Value::Float(*float),
    };
    tuple.iter().map(value).collect()
}

/// Every tuple has a rule, or is a fact, all of whose atoms appeared before it.
fn well_founded(
    checked: &Checked,
    program: &CompiledProgram,
    model: &Model,
    database: &Database,
) -> Result<(), TestCaseError> {
    let stamp = |relation: &str, tuple: &[Val]| -> Option<Stamp> {
        model.stamp(program.relation(relation)?, &borrowed(tuple))
    };
    let mut founded: BTreeMap<(String, Vec<Val>), bool> = BTreeMap::new();
    for (relation, tuples) in database {
        for tuple in tuples {
            founded.insert((relation.clone(), tuple.clone()), false);
        }
    }
    for (number, rule) in checked.program.rules.iter().enumerate() {
        let Ok(instances) = naive::instances(checked, database, number, rule) else {
            continue;
        };
        for (relation, tuple, premises) in instances {
            let own = stamp(&relation, &tuple);
            prop_assert!(own.is_some(), "{relation} {tuple:?} has a stamp");
            if premises
                .iter()
                .all(|(relation, tuple)| stamp(relation, tuple) < own)
            {
                founded.insert((relation, tuple), true);
            }
        }
    }
    for (tuple, founded) in founded {
        prop_assert!(founded, "{tuple:?} has no earlier premises");
    }
    Ok(())
}
