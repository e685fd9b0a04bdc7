//! Steps of small programs.

use pretty_assertions::assert_eq;

use super::*;
use crate::datalog::eval::{Options, evaluate};
use crate::datalog::source::Sources;
use crate::datalog::value::Value;
use crate::datalog::{Facts, NoIncludes, compile, load};

struct Program {
    checked: Checked,
    model: Model,
    sources: Sources,
}

fn run(text: &str, given: &[(&str, &[Value<'_>])]) -> Program {
    let mut sources = Sources::new();
    let file = sources.add("test.dl", text);
    let checked = load(&mut sources, &[file], &mut NoIncludes).unwrap();
    let program = compile(&checked).unwrap();
    let mut facts = Facts::new(&program);
    for (relation, values) in given {
        facts
            .push(checked.relation(relation).unwrap(), values)
            .unwrap();
    }
    let options = Options {
        stamps: true,
        ..Options::default()
    };
    let model = evaluate(&program, facts, &[], &options).unwrap();
    Program {
        checked,
        model,
        sources,
    }
}

impl Program {
    fn fact(&self, relation: &str, values: &[Value<'_>]) -> Fact {
        Fact {
            relation: self.checked.relation(relation).unwrap(),
            values: values.iter().map(|value| Datum::from(*value)).collect(),
        }
    }

    fn step(&self, fact: &Fact) -> Option<Step> {
        Prover::new(&self.checked, &self.model).step(fact)
    }

    fn derivation(&self, relation: &str, values: &[Value<'_>]) -> Derivation {
        match self.step(&self.fact(relation, values)) {
            Some(Step::Derived(derivation)) => derivation,
            other => panic!("not derived: {other:?}"),
        }
    }

    /// The premises as text, with what they are.
    fn premises(&self, derivation: &Derivation) -> Vec<String> {
        let shown = derivation.premises.iter().map(|premise| {
            let kind = match &premise.kind {
                PremiseKind::Fact(fact) => fact.text(&self.checked),
                PremiseKind::Absent(pattern) => format!("no {}", pattern.text(&self.checked)),
                PremiseKind::Test { left, right } => {
                    let side = |side: &Option<Datum>| side.as_ref().map_or("?".into(), Datum::text);
                    format!("{} and {}", side(left), side(right))
                }
                PremiseKind::Aggregate {
                    value,
                    witnesses,
                    total,
                    ..
                } => {
                    let witnesses: Vec<String> = witnesses
                        .iter()
                        .map(|fact| fact.text(&self.checked))
                        .collect();
                    format!("{value} of {total}: {}", witnesses.join(" "))
                }
            };
            format!("{} | {kind}", premise.text)
        });
        shown.collect()
    }
}

use Value::{Number as N, Symbol as S};

#[test]
fn a_rule_is_shown_with_its_values() {
    let program = run(
        r#".decl block(r: symbol, n: number)
           .input block
           .decl enabled(r: symbol, n: number)
           .decl usable(n: number)
           .decl rejected(r: symbol, n: number, usable: number, text: symbol)
           usable(2).
           rejected(R, N, U, cat(R, T)) :-
               block(R, N), !enabled(R, N), usable(U), N * 2 > U + 1, T = to_string(N), match("q.*", R)."#,
        &[("block", &[S("qwen"), N(4)])],
    );
    let derivation = program.derivation("rejected", &[S("qwen"), N(4), N(2), S("qwen4")]);
    assert_eq!(
        program.premises(&derivation),
        [
            r#"block("qwen", 4) | block("qwen", 4)"#,
            r#"!enabled("qwen", 4) | no enabled("qwen", 4)"#,
            "usable(2) | usable(2)",
            "4 * 2 > 2 + 1 | 8 and 3",
            r#""4" = to_string(4) | 4 and 4"#,
            r#"match("q.*", "qwen") | q.* and qwen"#,
        ]
    );
    let names: Vec<&str> = derivation
        .bindings
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(names, ["N", "R", "T", "U"]);
    assert_eq!(
        derivation.sources,
        [
            vec![(0, 0)],
            vec![(0, 1)],
            vec![(2, 0)],
            vec![(0, 0), (0, 1)]
        ]
    );
    assert!(
        program
            .sources
            .slice(derivation.span)
            .starts_with("rejected(R")
    );
    assert_eq!(
        program.sources.slice(derivation.head),
        "rejected(R, N, U, cat(R, T))"
    );
    assert_eq!(
        program.step(&program.fact("block", &[S("qwen"), N(4)])),
        Some(Step::Given)
    );
    let stated = program.derivation("usable", &[N(2)]);
    assert_eq!(stated.premises, []);
    assert_eq!(program.sources.slice(stated.span), "usable(2).");
    assert_eq!(program.step(&program.fact("usable", &[N(3)])), None);
    assert_eq!(program.step(&program.fact("usable", &[S("2")])), None);
}

#[test]
fn what_was_pushed_is_given_though_a_rule_derives_it_too() {
    let program = run(
        ".decl a(x: number) .input a
         .decl b(x: number) .input b
         b(X) :- a(X).",
        &[("a", &[N(1)]), ("a", &[N(2)]), ("b", &[N(2)])],
    );
    assert_eq!(program.step(&program.fact("b", &[N(2)])), Some(Step::Given));
    let derived = program.derivation("b", &[N(1)]);
    assert_eq!(program.premises(&derived), ["a(1) | a(1)"]);
}

#[test]
fn a_cycle_is_not_proved_by_itself() {
    let program = run(
        ".decl edge(a: number, b: number)
         .decl path(a: number, b: number)
         edge(1, 2). edge(2, 3). edge(3, 1).
         path(X, Z) :- path(X, Y), path(Y, Z).
         path(X, Y) :- edge(X, Y).",
        &[],
    );
    let first = program.derivation("path", &[N(1), N(1)]);
    assert_eq!(first.rule, 3);
    let PremiseKind::Fact(fact) = &first.premises[0].kind else {
        panic!("no fact");
    };
    let second = program.step(fact);
    assert!(matches!(second, Some(Step::Derived(Derivation { .. }))));
    let direct = program.derivation("path", &[N(3), N(1)]);
    assert_eq!(program.premises(&direct), ["edge(3, 1) | edge(3, 1)"]);
}

#[test]
fn aggregates_name_the_facts_that_they_come_from() {
    let program = run(
        r#".decl place(q: number, r: symbol, k: number)
           .decl best(q: number, r: symbol)
           .decl size(q: number, n: number, total: number)
           .decl empty(q: number, n: number)
           place(1, "b", 2). place(1, "c", 2). place(1, "a", 3). place(2, "z", 1).
           best(Q, R) :- place(Q, R, K), K = min P : { place(Q, _, P) }.
           size(Q, N, S) :- place(Q, _, _), N = count : { place(Q, _, _) }, S = sum K : { place(Q, _, K) }.
           empty(Q, 1 + N) :- place(Q, _, _), N = count : { place(7, _, _) }."#,
        &[],
    );
    let best = program.derivation("best", &[N(1), S("c")]);
    assert_eq!(
        program.premises(&best),
        [
            r#"place(1, "c", 2) | place(1, "c", 2)"#,
            r#"2 = min P : { place(1, _, P) } | 2 of 3: place(1, "b", 2)"#
        ]
    );
    let size = program.derivation("size", &[N(1), N(3), N(7)]);
    assert_eq!(
        program.premises(&size)[1..],
        [
            r#"3 = count : { place(1, _, _) } | 3 of 3: place(1, "a", 3) place(1, "b", 2) place(1, "c", 2)"#,
            r#"7 = sum K : { place(1, _, K) } | 7 of 3: place(1, "a", 3) place(1, "b", 2) place(1, "c", 2)"#
        ]
    );
    assert_eq!(size.sources, [vec![(0, 0)], vec![], vec![]]);
    let empty = program.derivation("empty", &[N(1), N(1)]);
    assert_eq!(
        program.premises(&empty)[1],
        "0 = count : { place(7, _, _) } | 0 of 0: "
    );
}

#[test]
fn many_rows_are_found_by_any_column() {
    let mut text = String::from(
        ".decl wide(a: number, b: number)
         .decl ends(b: number)
         ends(B) :- wide(A, B), A > 0.\n",
    );
    for row in 0..500 {
        text.push_str(&format!("wide({}, {}).\n", row % 50, row));
    }
    let program = run(&text, &[]);
    let prover = Prover::new(&program.checked, &program.model);
    for row in (0..500).filter(|row| row % 50 > 0) {
        let step = prover.step(&program.fact("ends", &[N(row)]));
        let Some(Step::Derived(derivation)) = step else {
            panic!("{row} is not derived");
        };
        let wide = program.fact("wide", &[N(row % 50), N(row)]);
        assert_eq!(derivation.premises[0].kind, PremiseKind::Fact(wide));
    }
    let mut pattern = program.fact("wide", &[N(0), N(7)]).pattern();
    pattern.values[0] = None;
    let found = prover.facts(&pattern);
    assert_eq!(found, [program.fact("wide", &[N(7), N(7)])]);
}
