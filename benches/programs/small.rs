//! The textbook's programs: transitive closure, a join with negation, an aggregate.

use std::collections::BTreeMap;

use aim_engine::datalog::fact::Datum;

use super::{Failed, Numbers, Program, Rows};

pub type Pairs = Vec<(u32, u32)>;

pub const CLOSURE: &str = "\
.decl edge(a: number, b: number)
.input edge
.decl path(a: number, b: number)
.output path
path(X, Y) :- edge(X, Y).
path(X, Z) :- path(X, Y), edge(Y, Z).
";

pub const JOIN: &str = "\
.decl a(x: number, y: number)
.decl b(x: number, y: number)
.decl c(x: number, y: number)
.decl d(x: number, y: number)
.input a, b, c, d
.decl found(x: number, y: number)
.output found
found(X, W) :- a(X, Y), b(Y, Z), c(Z, W), !d(X, W).
";

pub const LEAST: &str = "\
.decl candidate(q: number, k: number)
.input candidate
.decl best(q: number, k: number)
.output best
best(Q, K) :- candidate(Q, K), K = min J : { candidate(Q, J) }.
";

pub fn pairs(count: usize, left: u32, right: u32, seed: u64) -> Pairs {
    let mut numbers = Numbers(seed);
    (0..count)
        .map(|_| (numbers.below(left), numbers.below(right)))
        .collect()
}

/// Edges of a graph of so many nodes.
pub fn edges(nodes: u32, edges: usize, seed: u64) -> Pairs {
    pairs(edges, nodes, nodes, seed)
}

/// Four relations of so many rows.
pub fn four(rows: usize, seed: u64) -> [Pairs; 4] {
    let values = (rows / 2) as u32;
    [1, 2, 3, 4].map(|relation| pairs(rows, values, values, seed * 4 + relation))
}

/// 24 candidates for each of so many groups.
pub fn candidates(groups: u32, seed: u64) -> Pairs {
    pairs(groups as usize * 24, groups, 1_000_000, seed)
}

pub fn program(
    name: &str,
    text: &str,
    relations: &[(&str, &[(u32, u32)])],
    goal: &str,
) -> Result<Program, Failed> {
    let facts = relations
        .iter()
        .map(|(name, pairs)| ((*name).to_owned(), rows(pairs)))
        .collect::<BTreeMap<_, _>>();
    Program::new(name, text, facts, vec![goal.to_owned()])
}

fn rows(pairs: &[(u32, u32)]) -> Rows {
    let number = |number: u32| Datum::Number(i64::from(number));
    pairs
        .iter()
        .map(|&(left, right)| vec![number(left), number(right)])
        .collect()
}
