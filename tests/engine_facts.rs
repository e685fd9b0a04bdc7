//! Facts, models, and files of tuples.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test says by panicking that something is wrong"
)]

mod engine;

use aim_engine::datalog::database::{FactError, Facts, Field};
use aim_engine::datalog::eval::{Options, Stamp, evaluate};
use aim_engine::datalog::facts_file::{read, write};
use aim_engine::datalog::value::Value;
use engine::{compiled, number, run};
use pretty_assertions::assert_eq;

const MIXED: &str =
    ".decl mixed(s: symbol, n: number, f: float) .input mixed .decl none() .input none";

#[test]
fn facts_are_checked() {
    let program = compiled(MIXED);
    let mixed = program.relation("mixed").expect("declared");
    let mut facts = Facts::new(&program);
    let text = facts.intern("a");
    let push = |facts: &mut Facts, values: &[Value<'_>]| facts.push(mixed, values);
    assert_eq!(
        push(&mut facts, &[number(1)]),
        Err(FactError::WrongType {
            column: 1,
            expected: "symbol"
        })
    );
    assert_eq!(
        push(&mut facts, &[Value::Symbol("a")]),
        Err(FactError::WrongArity {
            given: 1,
            columns: 3
        })
    );
    let infinite = [Value::Symbol("a"), number(1), Value::Float(f64::INFINITY)];
    assert_eq!(
        push(&mut facts, &infinite),
        Err(FactError::NotFinite { column: 3 })
    );
    let fields = [
        Field::Interned(text),
        Field::Value(number(1)),
        Field::Value(Value::Float(0.5)),
    ];
    assert_eq!(facts.push_with(mixed, fields), Ok(()));
    assert_eq!(
        push(
            &mut facts,
            &[Value::Symbol("a"), number(1), Value::Float(0.5)]
        ),
        Ok(())
    );
    assert_eq!(facts.len(mixed), 2);
    let model = evaluate(&program, facts, &[], &Options::default()).expect("nothing fails");
    assert_eq!(model.len(mixed), 1);
}

#[test]
fn tuples_are_read_by_type_and_found_by_pattern() {
    let outcome = run(
        r#".decl t(s: symbol, n: number, f: float) t("a", 1, 0.5). t("a", 2, 0.5). t("b", 1, 2.0)."#,
        &[],
    );
    let t = outcome.program.relation("t").expect("declared");
    let first = *outcome.model.sorted(t).first().expect("there are three");
    assert_eq!(
        (first.symbol(0), first.number(1), first.float(2)),
        (Some("a"), Some(1), Some(0.5))
    );
    assert_eq!((first.symbol(1), first.number(7)), (None, None));
    let matching = |pattern: &[Option<Value<'_>>]| outcome.model.matching(t, pattern).count();
    assert_eq!(matching(&[]), 3);
    assert_eq!(matching(&[Some(Value::Symbol("a"))]), 2);
    assert_eq!(matching(&[None, Some(number(1))]), 2);
    assert_eq!(
        matching(&[Some(Value::Symbol("a")), None, Some(Value::Float(0.5))]),
        2
    );
    assert_eq!(matching(&[Some(Value::Symbol("nowhere"))]), 0);
    assert!(
        outcome
            .model
            .contains(t, &[Value::Symbol("b"), number(1), Value::Float(2.0)])
    );
    assert!(
        !outcome
            .model
            .contains(t, &[Value::Symbol("b"), number(2), Value::Float(2.0)])
    );
    assert!(!outcome.model.contains(t, &[number(2)]));
}

#[test]
fn stamps_say_when_a_tuple_appeared() {
    let outcome = run(
        ".decl edge(a: number, b: number) edge(1, 2). edge(2, 3). edge(3, 4).
         .decl path(a: number, b: number)
         path(X, Y) :- edge(X, Y).
         path(X, Z) :- path(X, Y), edge(Y, Z).",
        &[],
    );
    let path = outcome.program.relation("path").expect("declared");
    let stamp = |a, b| outcome.model.stamp(path, &[number(a), number(b)]);
    let stratum = stamp(1, 2).expect("it is there").stratum;
    assert_eq!(stamp(1, 2), Some(Stamp { stratum, round: 0 }));
    assert_eq!(stamp(1, 3), Some(Stamp { stratum, round: 1 }));
    assert_eq!(stamp(1, 4), Some(Stamp { stratum, round: 2 }));
    assert_eq!(stamp(4, 1), None);
}

#[test]
fn files_come_back_as_they_were_written() {
    let program = compiled(MIXED);
    let (mixed, none) = (
        program.relation("mixed").expect("declared"),
        program.relation("none").expect("declared"),
    );
    let mut facts = Facts::new(&program);
    let text = "b\t-3\t1e3\r\n\t0\t0.1\na b\t9223372036854775807\t-0.0\n";
    read(&program, mixed, "mixed.facts", text, &mut facts).expect("it is right");
    read(&program, none, "none.facts", "()\n", &mut facts).expect("it is right");
    let model = evaluate(&program, facts, &[], &Options::default()).expect("nothing fails");
    let written = write(&program, mixed, &model).expect("it can be written");
    assert_eq!(
        written,
        "\t0\t0.10000000000000001\na b\t9223372036854775807\t0\nb\t-3\t1000\n"
    );
    assert_eq!(write(&program, none, &model).as_deref(), Ok("()\n"));
}

#[test]
fn lines_that_are_no_tuples_are_named() {
    let program = compiled(MIXED);
    let mixed = program.relation("mixed").expect("declared");
    let problem = |line: &str| {
        let mut facts = Facts::new(&program);
        let text = format!("a\t1\t1\n{line}\n");
        let error =
            read(&program, mixed, "in/mixed.facts", &text, &mut facts).expect_err("it is wrong");
        error.to_string()
    };
    assert_eq!(
        problem("a"),
        "in/mixed.facts:2: 1 value for 3 columns (they are separated by tabs)"
    );
    assert_eq!(
        problem("a\t1\t1\t1"),
        "in/mixed.facts:2: 4 values for 3 columns (they are separated by tabs)"
    );
    assert_eq!(
        problem("a\tx\t1"),
        "in/mixed.facts:2: `x` in column 2 is not a whole number of 64 bits"
    );
    assert_eq!(
        problem("a\t1\tnan"),
        "in/mixed.facts:2: `nan` in column 3 is not a finite number"
    );
}

#[test]
fn a_symbol_that_would_not_come_back_is_refused() {
    let outcome = run(r#".decl s(s: symbol) s("a	b")."#, &[]);
    let s = outcome.program.relation("s").expect("declared");
    let error = write(&outcome.program, s, &outcome.model).expect_err("it has a tab");
    assert_eq!(
        error.to_string(),
        r"`s` has the symbol `a\tb`, which holds a tab or a line break"
    );
}

/// Partitions may be evaluated in threads of their own.
#[test]
fn facts_and_models_can_be_sent() {
    fn sent<T: Send + Sync>() {}
    sent::<Facts>();
    sent::<aim_engine::datalog::database::Model>();
    sent::<aim_engine::datalog::plan::CompiledProgram>();
}
