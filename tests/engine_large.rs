//! Sizes at which rows go through joins in pieces and lookups have directories, against answers computed by hand.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test says by panicking that something is wrong"
)]

mod engine;

use std::collections::{BTreeMap, BTreeSet};

use aim_engine::datalog::database::Facts;
use aim_engine::datalog::eval::{Options, evaluate};
use engine::{compiled, number};

/// Numbers that look random and are the same every time.
fn pairs(count: usize, left: i64, right: i64, seed: u64) -> BTreeSet<(i64, i64)> {
    let mut state = seed;
    let mut below = |bound: i64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as i64 % bound
    };
    (0..count).map(|_| (below(left), below(right))).collect()
}

fn answer(
    text: &str,
    relations: &[(&str, &BTreeSet<(i64, i64)>)],
    wanted: &str,
) -> BTreeSet<Vec<i64>> {
    let program = compiled(text);
    let mut facts = Facts::new(&program);
    for (name, tuples) in relations {
        let relation = program.relation(name).expect("declared");
        for (left, right) in *tuples {
            facts
                .push(relation, &[number(*left), number(*right)])
                .expect("it fits");
        }
    }
    let model = evaluate(&program, facts, &[], &Options::default()).expect("nothing fails");
    let rows = model.rows(program.relation(wanted).expect("declared"));
    rows.map(|tuple| {
        (0..tuple.len())
            .filter_map(|column| tuple.number(column))
            .collect()
    })
    .collect()
}

#[test]
fn joins_in_pieces_with_an_aggregate_in_the_middle() {
    let (a, b, c) = (
        pairs(8_000, 30_000, 500, 1),
        pairs(900, 500, 300, 2),
        pairs(600, 300, 40, 3),
    );
    let found = answer(
        ".decl a(x: number, y: number) .decl b(x: number, y: number) .decl c(x: number, y: number)
         .input a, b, c
         .decl out(x: number, w: number, n: number)
         out(X, W, N + M) :-
             a(X, Y), b(Y, Z), N = count : { a(_, Y) }, c(Z, W), M = max V : { c(Z, V) }, !b(W, X), W < X.",
        &[("a", &a), ("b", &b), ("c", &c)],
        "out",
    );
    let mut counts: BTreeMap<i64, i64> = BTreeMap::new();
    for (_, y) in &a {
        *counts.entry(*y).or_default() += 1;
    }
    let mut expected = BTreeSet::new();
    for (x, y) in &a {
        let n = counts[y];
        for (_, z) in b.range((*y, i64::MIN)..=(*y, i64::MAX)) {
            let here: Vec<i64> = c
                .range((*z, i64::MIN)..=(*z, i64::MAX))
                .map(|(_, w)| *w)
                .collect();
            for w in &here {
                let m = here.iter().max().expect("there is one");
                if !b.contains(&(*w, *x)) && w < x {
                    expected.insert(vec![*x, *w, n + m]);
                }
            }
        }
    }
    assert!(expected.len() > 10_000);
    assert!(
        found == expected,
        "{} instead of {}",
        found.len(),
        expected.len()
    );
}

#[test]
fn closures_of_sparse_and_dense_numbers() {
    for stretch in [1, 1 << 33] {
        let edges: BTreeSet<(i64, i64)> = pairs(240, 120, 120, 5)
            .into_iter()
            .map(|(a, b)| (a * stretch, b * stretch))
            .collect();
        let mut next: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
        for (a, b) in &edges {
            next.entry(*a).or_default().push(*b);
        }
        let mut expected = BTreeSet::new();
        for start in next.keys() {
            let mut waiting = next[start].clone();
            while let Some(at) = waiting.pop() {
                if expected.insert(vec![*start, at]) {
                    waiting.extend(next.get(&at).into_iter().flatten());
                }
            }
        }
        for step in [
            "path(X, Y), edge(Y, Z)",
            "edge(X, Y), path(Y, Z)",
            "path(X, Y), path(Y, Z)",
        ] {
            let text = format!(
                ".decl edge(a: number, b: number) .input edge
                 .decl path(a: number, b: number)
                 path(X, Y) :- edge(X, Y).
                 path(X, Z) :- {step}."
            );
            assert!(
                answer(&text, &[("edge", &edges)], "path") == expected,
                "{step}"
            );
        }
    }
}

/// The least of each group is found by going over the rows once: with as many groups as this, anything that looked at
/// all rows for each of them would take minutes.
#[test]
fn aggregates_are_computed_once_a_group() {
    let rows = pairs(60_000, 15_000, 1_000_000, 9);
    let found = answer(
        ".decl a(q: number, k: number) .input a
         .decl best(q: number, k: number)
         best(Q, K) :- a(Q, K), K = min J : { a(Q, J) }.",
        &[("a", &rows)],
        "best",
    );
    let mut expected: BTreeMap<i64, i64> = BTreeMap::new();
    for (group, value) in &rows {
        expected.entry(*group).or_insert(*value);
    }
    let expected: BTreeSet<Vec<i64>> = expected
        .into_iter()
        .map(|(group, value)| vec![group, value])
        .collect();
    assert!(found == expected);
}
