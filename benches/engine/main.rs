//! The engine beside the same programs written out in typed datafrog.
#![expect(
    clippy::expect_used,
    reason = "a bench that cannot be set up has nothing to measure"
)]

#[path = "../programs/mod.rs"]
mod programs;
mod selection;
mod typed;

use aim_engine::datalog::database::Facts;
use aim_engine::datalog::eval::{Options, evaluate};
use aim_engine::datalog::plan::{CompiledProgram, compile};
use aim_engine::datalog::source::Sources;
use aim_engine::datalog::value::Value;
use aim_engine::datalog::{NoIncludes, load};
use datafrog::{Iteration, Relation, RelationLeaper};
use divan::Bencher;

fn main() {
    divan::main();
}

/// Numbers that look random and are the same every time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: u32) -> u32 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % u64::from(bound)) as u32
    }
}

fn pairs(count: usize, left: u32, right: u32, seed: u64) -> Vec<(u32, u32)> {
    let mut numbers = Numbers(seed);
    (0..count)
        .map(|_| (numbers.below(left), numbers.below(right)))
        .collect()
}

fn program(text: &str) -> CompiledProgram {
    let mut sources = Sources::new();
    let file = sources.add("bench.dl", text);
    let checked = load(&mut sources, &[file], &mut NoIncludes).expect("the program is valid");
    compile(&checked).expect("the program is narrow enough")
}

fn facts(program: &CompiledProgram, relations: &[(&str, &[(u32, u32)])]) -> Facts {
    let mut facts = Facts::new(program);
    for (name, tuples) in relations {
        let relation = program.relation(name).expect("the relation is declared");
        for (left, right) in *tuples {
            let tuple = [
                Value::Number(i64::from(*left)),
                Value::Number(i64::from(*right)),
            ];
            facts.push(relation, &tuple).expect("the tuple fits");
        }
    }
    facts
}

fn run(program: &CompiledProgram, facts: Facts, wanted: &str) -> usize {
    let wanted = program.relation(wanted).expect("the relation is declared");
    let model = evaluate(program, facts, &[wanted], &Options::default());
    model.expect("nothing can fail").len(wanted)
}

/// 1,000 nodes, 3,000 edges, about 870,000 tuples.
#[divan::bench_group(sample_count = 5, sample_size = 1)]
mod closure {
    use super::*;

    fn edges() -> Vec<(u32, u32)> {
        pairs(3000, 1000, 1000, 1)
    }

    #[divan::bench]
    fn engine(bencher: Bencher) {
        let program = program(
            ".decl edge(a: number, b: number)
             .input edge
             .decl path(a: number, b: number)
             path(X, Y) :- edge(X, Y).
             path(X, Z) :- path(X, Y), edge(Y, Z).",
        );
        let facts = facts(&program, &[("edge", &edges())]);
        bencher
            .with_inputs(|| facts.clone())
            .bench_values(|facts| run(&program, facts, "path"));
    }

    #[divan::bench]
    fn datafrog(bencher: Bencher) {
        let edges = edges();
        bencher.bench(|| {
            let edges: Relation<(u32, u32)> = edges.iter().copied().collect();
            let mut iteration = Iteration::new();
            // Kept as (end, start), which is the key of the join.
            let path = iteration.variable::<(u32, u32)>("path");
            path.extend(edges.iter().map(|&(a, b)| (b, a)));
            while iteration.changed() {
                path.from_join(&path, &edges, |_, &start, &end| (end, start));
            }
            path.complete().len()
        });
    }

    #[divan::bench]
    fn datafrog_leapjoin(bencher: Bencher) {
        let edges = edges();
        bencher.bench(|| {
            let edges: Relation<(u32, u32)> = edges.iter().copied().collect();
            let mut iteration = Iteration::new();
            let path = iteration.variable::<(u32, u32)>("path");
            path.insert(edges.clone());
            while iteration.changed() {
                path.from_leapjoin(
                    &path,
                    edges.extend_with(|&(_, end)| end),
                    |&(start, _), &end| (start, end),
                );
            }
            path.complete().len()
        });
    }
}

/// Three relations of 100,000 rows, one negated.
#[divan::bench_group(sample_count = 10, sample_size = 1)]
mod join_with_negation {
    use super::*;

    const ROWS: usize = 100_000;

    fn relations() -> [Vec<(u32, u32)>; 4] {
        let rows = |seed| pairs(ROWS, 50_000, 50_000, seed);
        [rows(1), rows(2), rows(3), rows(4)]
    }

    #[divan::bench]
    fn engine(bencher: Bencher) {
        let program = program(
            ".decl a(x: number, y: number) .decl b(x: number, y: number)
             .decl c(x: number, y: number) .decl d(x: number, y: number)
             .input a, b, c, d
             .decl found(x: number, y: number)
             found(X, W) :- a(X, Y), b(Y, Z), c(Z, W), !d(X, W).",
        );
        let [a, b, c, d] = relations();
        let facts = facts(&program, &[("a", &a), ("b", &b), ("c", &c), ("d", &d)]);
        bencher
            .with_inputs(|| facts.clone())
            .bench_values(|facts| run(&program, facts, "found"));
    }

    #[divan::bench]
    fn datafrog(bencher: Bencher) {
        let inputs = relations();
        bencher.bench(|| {
            let [a, b, c, d] = inputs.clone().map(Relation::from_vec);
            let by_y = Relation::from_map(&a, |&(x, y)| (y, x));
            let by_z = Relation::from_join(&by_y, &b, |_, &x, &z| (z, x));
            let joined = Relation::from_join(&by_z, &c, |_, &x, &w| ((x, w), ()));
            let mut iteration = Iteration::new();
            let (joined_variable, found) =
                (iteration.variable("joined"), iteration.variable("found"));
            joined_variable.insert(joined);
            while iteration.changed() {
                found.from_antijoin(&joined_variable, &d, |&pair, ()| pair);
            }
            found.complete().len()
        });
    }
}

/// The least of 24 for each of 20,000.
#[divan::bench_group(sample_count = 10, sample_size = 1)]
mod aggregate {
    use super::*;

    fn rows() -> Vec<(u32, u32)> {
        pairs(480_000, 20_000, 1_000_000, 1)
    }

    #[divan::bench]
    fn engine(bencher: Bencher) {
        let program = program(
            ".decl candidate(q: number, k: number)
             .input candidate
             .decl best(q: number, k: number)
             best(Q, K) :- candidate(Q, K), K = min J : { candidate(Q, J) }.",
        );
        let facts = facts(&program, &[("candidate", &rows())]);
        bencher
            .with_inputs(|| facts.clone())
            .bench_values(|facts| run(&program, facts, "best"));
    }

    #[divan::bench]
    fn datafrog(bencher: Bencher) {
        let rows = rows();
        bencher.bench(|| {
            let candidates = Relation::from_vec(rows.clone());
            let mut least: Vec<(u32, u32)> = Vec::new();
            for &(group, value) in candidates.iter() {
                match least.last_mut() {
                    Some((last, least)) if *last == group => *least = (*least).min(value),
                    _ => least.push((group, value)),
                }
            }
            let least = Relation::from_vec(least);
            let joined: Relation<(u32, u32, u32)> =
                Relation::from_join(&candidates, &least, |&group, &value, &least| {
                    (group, value, least)
                });
            joined
                .iter()
                .filter(|(_, value, least)| value == least)
                .count()
        });
    }
}

/// What a command pays that decides one thing: 150 rules over 100 facts.
#[divan::bench_group(sample_count = 200)]
mod small {
    use super::*;

    fn text() -> String {
        use std::fmt::Write;
        let mut text = String::new();
        for layer in 0..30 {
            let before = if layer == 0 {
                "base".to_owned()
            } else {
                format!("kept{}", layer - 1)
            };
            let _ = write!(
                text,
                ".decl seen{layer}(q: symbol, r: symbol, n: number)
                 .decl refused{layer}(q: symbol, r: symbol, n: number)
                 .decl kept{layer}(q: symbol, r: symbol, n: number)
                 .decl best{layer}(q: symbol, r: symbol, n: number)
                 seen{layer}(Q, R, N) :- {before}(Q, R, N), known(R, _).
                 refused{layer}(Q, R, N) :- seen{layer}(Q, R, N), known(R, K), limit(K, M), N > M + {layer}.
                 refused{layer}(Q, R, N) :- seen{layer}(Q, R, N), known(R, \"no{layer}\").
                 kept{layer}(Q, R, N) :- seen{layer}(Q, R, N), !refused{layer}(Q, R, N).
                 best{layer}(Q, R, N) :- kept{layer}(Q, R, N), N = max M : {{ kept{layer}(Q, _, M) }}.\n"
            );
        }
        text + ".decl base(q: symbol, r: symbol, n: number) .input base
                .decl known(r: symbol, k: symbol) .input known
                .decl limit(k: symbol, n: number) .input limit\n"
    }

    fn facts(program: &CompiledProgram) -> Facts {
        let mut facts = Facts::new(program);
        let relation = |name| program.relation(name).expect("the relation is declared");
        let (base, known, limit) = (relation("base"), relation("known"), relation("limit"));
        for number in 0..45 {
            let (recipe, kind) = (format!("recipe-{number}"), format!("kind-{}", number % 10));
            let candidate = [
                Value::Symbol("q"),
                Value::Symbol(&recipe),
                Value::Number(number % 8),
            ];
            facts.push(base, &candidate).expect("the tuple fits");
            facts
                .push(known, &[Value::Symbol(&recipe), Value::Symbol(&kind)])
                .expect("the tuple fits");
            if number < 10 {
                facts
                    .push(limit, &[Value::Symbol(&kind), Value::Number(6)])
                    .expect("the tuple fits");
            }
        }
        facts
    }

    #[divan::bench]
    fn evaluate_all(bencher: Bencher) {
        let program = program(&text());
        bencher
            .with_inputs(|| facts(&program))
            .bench_values(|facts| {
                evaluate(&program, facts, &[], &Options::default())
                    .expect("nothing can fail")
                    .len(
                        program
                            .relation("best29")
                            .expect("the relation is declared"),
                    )
            });
    }

    #[divan::bench]
    fn gather_facts(bencher: Bencher) {
        let program = program(&text());
        bencher.bench(|| facts(&program));
    }

    #[divan::bench]
    fn read_stored_program(bencher: Bencher) {
        let stored = postcard::to_allocvec(&program(&text())).expect("it can be stored");
        bencher.bench(|| postcard::from_bytes::<CompiledProgram>(&stored).expect("it can be read"));
    }

    #[divan::bench]
    fn parse_check_compile(bencher: Bencher) {
        let text = text();
        bencher.bench(|| program(&text));
    }
}

/// The whole choice by several criteria: 24 configurations for each of so many requests.
#[divan::bench_group(sample_count = 3, sample_size = 1)]
mod decide {
    use super::*;

    fn text(text: &str) -> Value<'_> {
        Value::Symbol(text)
    }

    fn number(number: u32) -> Value<'static> {
        Value::Number(i64::from(number))
    }

    fn facts(program: &CompiledProgram, requests: u32) -> Facts {
        let mut facts = Facts::new(program);
        let mut numbers = Numbers(7);
        let mut push = |name: &str, tuple: &[Value<'_>]| {
            let relation = program.relation(name).expect("the relation is declared");
            facts.push(relation, tuple).expect("the tuple fits");
        };
        let hardware = ["MI300X", "MI325X", "MI355X"];
        let precisions = ["bf16", "fp16", "fp8"];
        let backends = ["vllm", "sglang"];
        for (rank, backend) in (1..).zip(backends) {
            push("backend_rank", &[text(backend), number(rank)]);
        }
        for (rank, precision) in (1..).zip(precisions) {
            push("precision_rank", &[text(precision), number(rank)]);
        }
        for name in hardware {
            push("memory", &[text(name), number(196_608)]);
        }
        for model in 0..100 {
            let model = format!("org/model-{model}");
            for precision in precisions {
                let recipe = format!("{model}-{precision}");
                for name in hardware {
                    push("recipe", &[text(&recipe), text(name), text(precision)]);
                }
                push("weights", &[text(&recipe), number(numbers.below(400_000))]);
                for gpus in [1, 2, 4, 8] {
                    push(
                        "speed",
                        &[text(&recipe), number(gpus), number(numbers.below(10_000))],
                    );
                    for backend in backends {
                        push(
                            "configuration",
                            &[text(&model), text(&recipe), text(backend), number(gpus)],
                        );
                    }
                }
            }
        }
        for request in 0..requests {
            let (q, model) = (
                format!("q{request}"),
                format!("org/model-{}", numbers.below(100)),
            );
            let name = hardware[numbers.below(3) as usize];
            let gpus = 1 << numbers.below(4);
            let (precision, backend) = (
                precisions[numbers.below(3) as usize],
                backends[numbers.below(2) as usize],
            );
            push(
                "request",
                &[
                    text(&q),
                    text(&model),
                    text(name),
                    number(gpus),
                    text(precision),
                    text(backend),
                ],
            );
            push("usable", &[text(&q), number(8)]);
        }
        facts
    }

    #[divan::bench(args = [1, 1_000, 10_000, 100_000])]
    fn engine(bencher: Bencher, requests: u32) {
        let program = program(include_str!("decide.dl"));
        let facts = facts(&program, requests);
        bencher
            .with_inputs(|| facts.clone())
            .bench_values(|facts| run(&program, facts, "chosen"));
    }
}
