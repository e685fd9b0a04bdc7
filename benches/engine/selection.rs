//! The rules of the choice over a catalog, beside the same written by hand.

use aim_engine::datalog::Facts;
use aim_engine::datalog::eval::{Options, evaluate};
use divan::Bencher;

use crate::programs::{Program, real};
use crate::{settings, typed};

fn program(requests: usize) -> Program {
    let (_folder, store) = settings::store();
    real::selection(&store, requests, settings::seed()).expect("the rules are valid")
}

fn by_engine(program: &Program, facts: Facts) -> Vec<(i64, String, String, i64)> {
    let goals = program.goals().expect("the goals are declared");
    let model = evaluate(&program.compiled, facts, &goals, &Options::default());
    let model = model.expect("nothing can fail");
    let rows = model.rows(goals[0]).map(|row| {
        let text = |at| row.symbol(at).expect("a symbol").to_owned();
        let number = |at| row.number(at).expect("a number");
        (number(0), text(1), text(2), number(3))
    });
    rows.collect()
}

#[divan::bench(args = [1, 100, 1_000, 10_000])]
fn engine(bencher: Bencher, requests: usize) {
    let program = program(requests);
    let facts = program.given().expect("the facts fit");
    bencher
        .with_inputs(|| facts.clone())
        .bench_values(|facts| by_engine(&program, facts));
}

#[divan::bench(args = [1, 100, 1_000, 10_000])]
fn datafrog(bencher: Bencher, requests: usize) {
    let program = program(requests);
    let facts = typed::Facts::new(&program, &typed::words());
    let mut expected = by_engine(&program, program.given().expect("the facts fit"));
    expected.sort();
    let mut found: Vec<_> = typed::chosen(&facts)
        .into_iter()
        .map(|(q, r, b, n)| {
            let text = |symbol| facts.text(symbol).to_owned();
            (i64::from(q), text(r), text(b), i64::from(n))
        })
        .collect();
    found.sort();
    assert!(found == expected, "both choose the same");
    bencher.bench(|| typed::chosen(&facts));
}
