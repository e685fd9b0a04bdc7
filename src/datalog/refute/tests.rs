//! Attempts of small programs.

use pretty_assertions::assert_eq;

use super::*;
use crate::datalog::eval::{Options, evaluate};
use crate::datalog::source::Sources;
use crate::datalog::{Facts, NoIncludes, compile, load};

struct Program {
    checked: Checked,
    model: Model,
}

fn run(text: &str) -> Program {
    let mut sources = Sources::new();
    let file = sources.add("test.dl", text);
    let checked = load(&mut sources, &[file], &mut NoIncludes).unwrap();
    let program = compile(&checked).unwrap();
    let model = evaluate(&program, Facts::new(&program), &[], &Options::default()).unwrap();
    Program { checked, model }
}

fn any() -> Option<Datum> {
    None
}

fn n(number: i64) -> Option<Datum> {
    Some(Datum::Number(number))
}

fn s(text: &str) -> Option<Datum> {
    Some(Datum::Symbol(text.to_owned()))
}

impl Program {
    fn attempts(&self, relation: &str, values: Vec<Option<Datum>>) -> Attempts {
        let relation = self.checked.relation(relation).unwrap();
        Refuter::new(&self.checked, &self.model).attempts(&Pattern { relation, values })
    }

    /// Each attempt as its literals with what became of them.
    fn shown(&self, relation: &str, values: Vec<Option<Datum>>) -> Vec<String> {
        let attempts = self.attempts(relation, values).attempts;
        attempts
            .iter()
            .map(|attempt| self.attempt(attempt))
            .collect()
    }

    fn attempt(&self, attempt: &Attempt) -> String {
        let literals = attempt.literals.iter().map(|literal| {
            let status = match &literal.status {
                Status::Holds(_) => "holds".to_owned(),
                Status::NotReached => "not reached".to_owned(),
                Status::Fails(Failure::NoFact(pattern)) => {
                    format!("no {}", pattern.text(&self.checked))
                }
                Status::Fails(Failure::Present(fact)) => {
                    format!("there is {}", fact.text(&self.checked))
                }
                Status::Fails(Failure::Test { left, right }) => {
                    let side = |side: &Option<Datum>| side.as_ref().map_or("?".into(), Datum::text);
                    format!("not for {} and {}", side(left), side(right))
                }
                Status::Fails(Failure::NoValue(why)) => why.clone(),
            };
            format!("{}: {status}", literal.text)
        });
        let literals: Vec<String> = literals.collect();
        let other = if attempt.head_fits {
            ""
        } else {
            "other head; "
        };
        format!("{other}{}", literals.join("; "))
    }
}

const ELIGIBLE: &str = r#"
    .decl block(r: symbol, n: number)
    .decl enabled(r: symbol, n: number)
    .decl size(r: symbol, t: number)
    .decl heads(m: symbol, h: number)
    .decl model(r: symbol, m: symbol)
    .decl usable(n: number)
    .decl rejected(r: symbol, n: number)
    .decl eligible(r: symbol, n: number)
    block("a", 4). block("a", 8). block("b", 2). enabled("a", 4). enabled("b", 2). usable(4).
    model("b", "m"). heads("m", 6). size("b", 4).
    rejected(R, N) :- block(R, N), !enabled(R, N).
    rejected(R, N) :- block(R, N), usable(U), N > U.
    rejected(R, N) :- block(R, N), size(R, T), model(R, M), heads(M, H), H % T = 0.
    eligible(R, N) :- block(R, N), !rejected(R, N).
"#;

#[test]
fn the_nearest_miss_comes_first() {
    let program = run(ELIGIBLE);
    assert_eq!(
        program.shown("eligible", vec![s("a"), n(8)]),
        [r#"block("a", 8): holds; !rejected("a", 8): there is rejected("a", 8)"#]
    );
    assert_eq!(
        program.shown("rejected", vec![s("b"), n(2)]),
        [
            r#"block("b", 2): holds; !enabled("b", 2): there is enabled("b", 2)"#,
            r#"block("b", 2): holds; usable(4): holds; 2 > 4: not for 2 and 4"#,
            r#"block("b", 2): holds; size("b", 4): holds; model("b", "m"): holds; heads("m", 6): holds; 6 % 4 = 0: not for 2 and 0"#,
        ]
    );
    assert_eq!(
        program.shown("eligible", vec![s("c"), n(2)]),
        [r#"block("c", 2): no block("c", 2); !rejected("c", 2): holds"#]
    );
    let none = program.attempts("eligible", vec![s("b"), any()]);
    assert_eq!(
        none,
        Attempts {
            attempts: Vec::new(),
            bounded: false
        }
    );
}

#[test]
fn what_needs_a_missing_value_is_not_reached() {
    let program = run(ELIGIBLE);
    let shown = program.shown("rejected", vec![s("a"), n(4)]);
    assert_eq!(
        shown[2],
        r#"block("a", 4): holds; size("a", T): no size("a", _); model("a", M): no model("a", _); heads(M, H): not reached; H % T = 0: not reached"#
    );
}

#[test]
fn the_binding_that_fails_least_is_taken() {
    let program = run(
        ".decl a(x: number) .decl b(x: number) .decl c(x: number, y: number) .decl r(y: number)
        a(1). a(2). a(3). b(2). b(3). c(2, 5). c(3, 6).
        r(Y) :- a(X), b(X), c(X, Y), Y > 5, X != 3.",
    );
    assert_eq!(
        program.shown("r", vec![any()]),
        ["a(3): holds; b(3): holds; c(3, 6): holds; 6 > 5: holds; 3 != 3: not for 3 and 3"]
    );
    assert_eq!(
        program.shown("r", vec![n(5)]),
        ["a(2): holds; b(2): holds; c(2, 5): holds; 5 > 5: not for 5 and 5; 2 != 3: holds"]
    );
}

#[test]
fn values_that_are_not_there_say_why() {
    let program = run(
        r#".decl text(s: symbol) .decl amount(n: number) .decl r(n: number) .decl low(n: number)
        text("x"). amount(0).
        r(N) :- text(S), match("[0-9]+", S), N = to_number(S), N < 9.
        r(N) :- amount(D), D != 0, N = 8 / D.
        low(N) :- text(_), N = min K : { amount(K), K > 3 }."#,
    );
    assert_eq!(
        program.shown("r", vec![n(3)]),
        [
            r#"text("x"): holds; match("[0-9]+", "x"): not for [0-9]+ and x; 3 = to_number("x"): `x` is not a whole number; 3 < 9: holds"#,
            r#"amount(0): holds; 0 != 0: not for 0 and 0; 3 = 8 / 0: `8 / 0` divides by zero"#,
        ]
    );
    assert_eq!(
        program.shown("low", vec![n(3)]),
        [r#"text(_): holds; 3 = min K : { amount(K), K > 3 }: there is nothing to aggregate"#]
    );
}

#[test]
fn heads_that_do_not_fit_come_last() {
    let program = run(
        r#".decl place(b: symbol, k: number) .decl known(b: symbol) .decl n(k: number)
        known("a"). n(1).
        place(B, 1) :- known(B).
        place("c", 2).
        place(B, K + 1) :- known(B), n(K).
        place(B, 3) :- known(B), n(7)."#,
    );
    assert_eq!(
        program.shown("place", vec![s("a"), n(3)]),
        [
            r#"known("a"): holds; n(7): no n(7)"#,
            r#"other head; known("a"): holds"#,
            "other head; ",
            r#"other head; known("a"): holds; n(1): holds"#,
        ]
    );
}

#[test]
fn a_long_search_ends_and_says_so() {
    let mut text = String::from(
        ".decl a(x: number) .decl r(x: number)
         r(X + Y) :- a(X), a(Y), X + Y > 100000.\n",
    );
    for number in 0..400 {
        text.push_str(&format!("a({number}).\n"));
    }
    let attempts = run(&text).attempts("r", vec![n(5)]);
    assert!(attempts.bounded);
    assert_eq!(attempts.attempts.len(), 1);
    assert_eq!(attempts.attempts[0].failed, 1);
}
