//! What a command pays that decides one thing: 150 rules over 100 facts.

use aim_engine::datalog::eval::{Options, evaluate};
use aim_engine::datalog::plan::{CompiledProgram, compile};
use aim_engine::datalog::source::Sources;
use aim_engine::datalog::value::Value;
use aim_engine::datalog::{Facts, NoIncludes, load};
use divan::Bencher;

fn program(text: &str) -> CompiledProgram {
    let mut sources = Sources::new();
    let file = sources.add("bench.dl", text);
    let checked = load(&mut sources, &[file], &mut NoIncludes).expect("the program is valid");
    compile(&checked).expect("the program is narrow enough")
}

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

#[divan::bench(sample_count = 200)]
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

#[divan::bench(sample_count = 200)]
fn gather_facts(bencher: Bencher) {
    let program = program(&text());
    bencher.bench(|| facts(&program));
}

#[divan::bench(sample_count = 200)]
fn read_stored_program(bencher: Bencher) {
    let stored = postcard::to_allocvec(&program(&text())).expect("it can be stored");
    bencher.bench(|| postcard::from_bytes::<CompiledProgram>(&stored).expect("it can be read"));
}

#[divan::bench(sample_count = 200)]
fn parse_check_compile(bencher: Bencher) {
    let text = text();
    bencher.bench(|| program(&text));
}
