//! The engine beside the same programs written out in typed datafrog.
//!
//! `BENCH_SEED` draws other facts, `BENCH_CATALOG` names the folder of a catalog to choose from and to check instead of
//! the embedded one, `BENCH_PROGRAM` and `BENCH_FACTS` name a rule file and a folder of facts to measure as well. Before
//! anything is measured, answers are compared: with the naive evaluator's on small facts, with those by hand on all.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a bench that cannot be set up has nothing to measure"
)]

mod closure;
mod command;
mod decide;
mod given;
mod join;
mod least;
mod lint;
#[path = "../../tests/naive/mod.rs"]
mod naive;
#[path = "../programs/naively.rs"]
mod naively;
#[path = "../programs/mod.rs"]
mod programs;
mod selection;
mod settings;
mod typed;

use aim_engine::datalog::Facts;
use aim_engine::datalog::eval::{Options, evaluate};

use naively::{by_engine, naively, same};
use programs::{Program, small_ones};

fn main() {
    for program in small_ones(settings::seed()).expect("the programs are valid") {
        let expected = naively(&program).expect("nothing can fail");
        let found = by_engine(&program).expect("nothing can fail");
        let tuples = same(&program.name, &found, &expected).expect("the same answers");
        let name = &program.name;
        eprintln!("{name}, small: {tuples} answers, those of the naive evaluator");
    }
    divan::main();
}

/// How many tuples of the goals there are.
fn run(program: &Program, facts: Facts) -> usize {
    let goals = program.goals().expect("the goals are declared");
    let model = evaluate(&program.compiled, facts, &goals, &Options::default());
    let model = model.expect("nothing can fail");
    goals.iter().map(|goal| model.len(*goal)).sum()
}

/// The tuples of the goal, two numbers each, sorted.
fn pairs(program: &Program) -> Vec<(u32, u32)> {
    let model = program.run().expect("nothing can fail");
    let goals = program.goals().expect("the goals are declared");
    let rows = model.rows(goals[0]).map(|row| {
        let number = |at| u32::try_from(row.number(at).expect("a number")).expect("a small one");
        (number(0), number(1))
    });
    let mut rows: Vec<_> = rows.collect();
    rows.sort_unstable();
    rows
}
