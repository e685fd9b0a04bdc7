//! Relations that are said to be of one part at a time: evaluated part by part, with what all parts share derived
//! once, they have the tuples that they have in the whole.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use std::collections::BTreeSet;

use aim_engine::datalog::source::Sources;
use aim_engine::datalog::{
    CompiledProgram, Extent, Facts, Model, NoIncludes, Options, RelId, Value, compile, evaluate,
    evaluate_with, extents, load,
};

const PROGRAM: &str = "
    .decl node(part: symbol, n: number)
    .input node
    .decl edge(part: symbol, from: number, to: number)
    .input edge
    .decl weight(n: number, w: number)
    .input weight

    .decl heavy(n: number)
    heavy(N) :- weight(N, W), W > 2.
    .decl heaviest(w: number)
    heaviest(W) :- W = max V : { weight(_, V) }.

    .decl path(part: symbol, from: number, to: number)
    path(P, A, B) :- edge(P, A, B).
    path(P, A, C) :- path(P, A, B), edge(P, B, C).
    .decl apart(part: symbol, a: number, b: number)
    apart(P, A, B) :- node(P, A), node(P, B), A < B, !path(P, A, B), !path(P, B, A).
    .decl degree(part: symbol, n: number, edges: number)
    degree(P, N, E) :- node(P, N), E = count : { edge(P, N, _) }.
    .decl first_heavy(part: symbol, n: number)
    first_heavy(P, N) :- node(P, N), heavy(N), N = min M : { node(P, M), heavy(M) }.
    .decl is_heaviest(part: symbol, n: number)
    is_heaviest(P, N) :- node(P, N), weight(N, W), heaviest(W).
    .decl somewhere(n: number)
    somewhere(N) :- node(_, N).
    .decl elsewhere(part: symbol, n: number)
    elsewhere(P, N) :- node(P, _), somewhere(N), !node(P, N).
";

/// Numbers that look random and are the same for the same seed (splitmix64).
fn below(state: &mut u64, most: u64) -> i64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    i64::try_from((z ^ (z >> 31)) % most).unwrap()
}

/// Rows of `node` and `edge` with their parts, and of `weight`.
struct Rows {
    nodes: Vec<(String, i64)>,
    edges: Vec<(String, i64, i64)>,
    weights: Vec<(i64, i64)>,
}

fn rows(seed: u64) -> Rows {
    let mut state = seed;
    let mut dice = |most| below(&mut state, most);
    let mut rows = Rows {
        nodes: Vec::new(),
        edges: Vec::new(),
        weights: (0..6).map(|node| (node, node % 5)).collect(),
    };
    for part in ["a", "b", "c"] {
        for _ in 0..4 {
            rows.nodes.push((part.to_owned(), dice(6)));
            rows.edges.push((part.to_owned(), dice(6), dice(6)));
        }
    }
    rows
}

fn push_weights(program: &CompiledProgram, facts: &mut Facts, rows: &Rows) {
    let weight = program.relation("weight").unwrap();
    for (node, w) in &rows.weights {
        let tuple = [Value::Number(*node), Value::Number(*w)];
        facts.push(weight, &tuple).unwrap();
    }
}

fn push_part(program: &CompiledProgram, facts: &mut Facts, rows: &Rows, wanted: Option<&str>) {
    let is_wanted = |part: &str| wanted.is_none_or(|wanted| wanted == part);
    let (node, edge) = (program.relation("node"), program.relation("edge"));
    for (part, n) in rows.nodes.iter().filter(|(part, _)| is_wanted(part)) {
        let tuple = [Value::Symbol(part), Value::Number(*n)];
        facts.push(node.unwrap(), &tuple).unwrap();
    }
    for (part, a, b) in rows.edges.iter().filter(|(part, ..)| is_wanted(part)) {
        let tuple = [Value::Symbol(part), Value::Number(*a), Value::Number(*b)];
        facts.push(edge.unwrap(), &tuple).unwrap();
    }
}

fn tuples(model: &Model, relation: RelId) -> BTreeSet<String> {
    let rows = model.rows(relation);
    rows.map(|tuple| tuple.values().map(|value| format!("{value:?} ")).collect())
        .collect()
}

#[test]
fn part_by_part_there_are_the_tuples_of_the_whole() {
    let mut sources = Sources::new();
    let file = sources.add("parts.dl", PROGRAM);
    let checked = load(&mut sources, &[file], &mut NoIncludes).unwrap();
    let program = compile(&checked).unwrap();
    let extents = extents(&checked, |info, column| {
        (info.columns[column].name == "part").then_some(1)
    });
    let ids = || (0..).map(RelId).take(checked.relations.len());
    let of = |wanted: fn(&Extent) -> bool| -> Vec<RelId> {
        let all = ids().zip(&extents);
        all.filter(|(_, extent)| wanted(extent))
            .map(|(id, _)| id)
            .collect()
    };
    let shared = of(|extent| *extent == Extent::Shared);
    let apart = of(|extent| matches!(extent, Extent::Keyed(_)));
    let name = |id: &RelId| program.name(*id).to_owned();
    let names: Vec<String> = apart.iter().map(name).collect();
    let wanted = "node edge path apart degree first_heavy is_heaviest";
    assert_eq!(names.join(" "), wanted);
    let names: Vec<String> = shared.iter().map(name).collect();
    assert_eq!(names.join(" "), "weight heavy heaviest");

    let options = Options::default();
    for seed in 0..200 {
        let rows = rows(seed);
        let mut facts = Facts::new(&program);
        push_weights(&program, &mut facts, &rows);
        let base = evaluate(&program, facts.clone(), &shared, &options).unwrap();
        let base = Facts::of(&program, &base, &shared);
        push_part(&program, &mut facts, &rows, None);
        let whole = evaluate(&program, facts, &[], &options).unwrap();
        let parts = ["a", "b", "c"].map(|part| {
            let mut facts = base.clone();
            push_part(&program, &mut facts, &rows, Some(part));
            evaluate_with(&program, facts, &shared, &apart, &options).unwrap()
        });
        for id in &apart {
            let found: Vec<BTreeSet<String>> =
                parts.iter().map(|model| tuples(model, *id)).collect();
            let count: usize = found.iter().map(BTreeSet::len).sum();
            let all: BTreeSet<String> = found.into_iter().flatten().collect();
            assert_eq!(all.len(), count, "a tuple of {} is of two parts", name(id));
            assert_eq!(all, tuples(&whole, *id), "{}, seed {seed}", name(id));
        }
    }
}

#[test]
fn rules_of_known_relations_are_not_followed() {
    let mut sources = Sources::new();
    let file = sources.add("parts.dl", PROGRAM);
    let checked = load(&mut sources, &[file], &mut NoIncludes).unwrap();
    let program = compile(&checked).unwrap();
    let (heavy, weight) = ("heavy", "weight");
    let (heavy, weight) = (
        program.relation(heavy).unwrap(),
        program.relation(weight).unwrap(),
    );
    let mut facts = Facts::new(&program);
    facts
        .push(weight, &[Value::Number(1), Value::Number(9)])
        .unwrap();
    facts.push(heavy, &[Value::Number(7)]).unwrap();
    let model = evaluate_with(&program, facts, &[heavy], &[heavy], &Options::default()).unwrap();
    let found: Vec<Option<i64>> = model.rows(heavy).map(|tuple| tuple.number(0)).collect();
    assert_eq!(found, [Some(7)]);
}
