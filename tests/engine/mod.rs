//! Running programs that are given as text.
#![allow(dead_code, reason = "each test file uses a part of it")]

pub mod generate;

use aim_engine::datalog::database::{Facts, Model};
use aim_engine::datalog::diagnostic::RuleError;
use aim_engine::datalog::eval::{Options, evaluate};
use aim_engine::datalog::plan::{CompiledProgram, compile};
use aim_engine::datalog::source::Sources;
use aim_engine::datalog::value::Value;
use aim_engine::datalog::{NoIncludes, load};

/// A model together with the program that it is of.
pub struct Outcome {
    pub program: CompiledProgram,
    pub model: Model,
}

pub fn compiled(text: &str) -> CompiledProgram {
    let mut sources = Sources::new();
    let file = sources.add("test.dl", text);
    let checked = load(&mut sources, &[file], &mut NoIncludes);
    let checked = checked.unwrap_or_else(|errors| {
        let errors: Vec<String> = errors.iter().map(|error| format!("{error:?}")).collect();
        panic!("{}\n{text}", errors.join("\n"))
    });
    compile(&checked).expect("it is not too wide")
}

pub fn try_run(text: &str, facts: &[(&str, Vec<Vec<Value<'_>>>)]) -> Result<Outcome, RuleError> {
    let program = compiled(text);
    let mut input = Facts::new(&program);
    for (relation, tuples) in facts {
        let relation = program
            .relation(relation)
            .expect("the relation is declared");
        for tuple in tuples {
            input.push(relation, tuple).expect("the tuple fits");
        }
    }
    let options = Options {
        stamps: true,
        ..Options::default()
    };
    let model = evaluate(&program, input, &[], &options)?;
    Ok(Outcome { program, model })
}

pub fn run(text: &str, facts: &[(&str, Vec<Vec<Value<'_>>>)]) -> Outcome {
    try_run(text, facts).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// The tuples of a relation, sorted, each as its values with spaces between.
pub fn answers(outcome: &Outcome, relation: &str) -> Vec<String> {
    let relation = outcome
        .program
        .relation(relation)
        .expect("the relation is declared");
    let tuples = outcome.model.sorted(relation).into_iter();
    tuples
        .map(|tuple| {
            tuple
                .values()
                .map(|value| value.to_string())
                .collect::<Vec<_>>()
                .join(" ")
        })
        .collect()
}

pub fn number(number: i64) -> Value<'static> {
    Value::Number(number)
}
