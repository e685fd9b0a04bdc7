//! A choice by several criteria, written for one evaluation: 24 configurations for each of so many requests.

use std::collections::BTreeMap;

use aim_engine::datalog::fact::Datum;

use super::{Failed, Numbers, Program, Rows};

const HARDWARE: [&str; 3] = ["MI300X", "MI325X", "MI355X"];
const PRECISIONS: [&str; 3] = ["bf16", "fp16", "fp8"];
const BACKENDS: [&str; 2] = ["vllm", "sglang"];

pub fn decide(models: u32, requests: u32, seed: u64) -> Result<Program, Failed> {
    let mut numbers = Numbers(seed);
    let mut facts = BTreeMap::new();
    rank(&mut facts, "backend_rank", &BACKENDS);
    rank(&mut facts, "precision_rank", &PRECISIONS);
    for name in HARDWARE {
        push(&mut facts, "memory", vec![text(name), number(196_608)]);
    }
    for model in 0..models {
        configurations(&mut facts, &format!("org/model-{model}"), &mut numbers);
    }
    for request in 0..requests {
        let q = format!("q{request}");
        let model = format!("org/model-{}", numbers.below(models));
        let row = vec![
            text(&q),
            text(&model),
            text(HARDWARE[numbers.below(3) as usize]),
            number(1 << numbers.below(4)),
            text(PRECISIONS[numbers.below(3) as usize]),
            text(BACKENDS[numbers.below(2) as usize]),
        ];
        push(&mut facts, "request", row);
        push(&mut facts, "usable", vec![text(&q), number(8)]);
    }
    for relation in ["disabled", "prefer"] {
        facts.entry(relation.to_owned()).or_insert_with(Rows::new);
    }
    let goals = vec!["chosen".to_owned()];
    Program::new("decide", include_str!("decide.dl"), facts, goals)
}

fn configurations(facts: &mut BTreeMap<String, Rows>, model: &str, numbers: &mut Numbers) {
    for precision in PRECISIONS {
        let recipe = format!("{model}-{precision}");
        let named = text(&recipe);
        for name in HARDWARE {
            let row = vec![named.clone(), text(name), text(precision)];
            push(facts, "recipe", row);
        }
        let weights = number(numbers.below(400_000));
        push(facts, "weights", vec![named.clone(), weights]);
        for gpus in [1, 2, 4, 8].map(number) {
            let tokens = number(numbers.below(10_000));
            push(facts, "speed", vec![named.clone(), gpus.clone(), tokens]);
            for backend in BACKENDS {
                let row = vec![text(model), named.clone(), text(backend), gpus.clone()];
                push(facts, "configuration", row);
            }
        }
    }
}

fn rank(facts: &mut BTreeMap<String, Rows>, relation: &str, names: &[&str]) {
    for (rank, name) in (1..).zip(names) {
        push(facts, relation, vec![text(name), number(rank)]);
    }
}

fn push(facts: &mut BTreeMap<String, Rows>, relation: &str, row: Vec<Datum>) {
    facts.entry(relation.to_owned()).or_default().push(row);
}

fn text(text: &str) -> Datum {
    Datum::Symbol(text.to_owned())
}

fn number(number: u32) -> Datum {
    Datum::Number(i64::from(number))
}
