//! What stops an evaluation: message, help and the underlined text of each label.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test says by panicking that something is wrong"
)]

mod engine;

use aim_engine::datalog::database::Facts;
use aim_engine::datalog::diagnostic::RuleError;
use aim_engine::datalog::eval::{Limits, Options, evaluate};
use aim_engine::datalog::plan::compile;
use aim_engine::datalog::source::Sources;
use aim_engine::datalog::{NoIncludes, load};
use engine::{answers, compiled, run, try_run};
use pretty_assertions::assert_eq;

const DECLARATIONS: &str =
    ".decl n(n: number) .decl f(f: float) .decl s(s: symbol) .decl out(n: number)
.decl real(f: float) .decl yes()
";

fn underlined<'a>(text: &'a str, error: &'a RuleError) -> Vec<(&'a str, &'a str)> {
    let label = |label: &'a aim_engine::datalog::diagnostic::Label| {
        (
            &text[label.span.start as usize..label.span.end as usize],
            label.text.as_str(),
        )
    };
    error.labels.iter().map(label).collect()
}

/// The rule stops with this code and message, and its label is under this text.
fn stops(rule: &str, code: &str, message: &str, under: &str) {
    let text = format!("{DECLARATIONS}{rule}");
    let Err(error) = try_run(&text, &[]) else {
        panic!("no error in {rule}")
    };
    assert_eq!(error.code.as_str(), code, "{rule}");
    assert_eq!(error.to_string(), message);
    let labels = underlined(&text, &error);
    assert_eq!(labels.first().map(|(text, _)| *text), Some(under), "{rule}");
    assert_eq!(labels.last().map(|(_, label)| *label), Some("in this rule"));
}

#[test]
fn overflow() {
    let fits = "does not fit a number of 64 bits";
    let most = i64::MAX;
    let least = i64::MIN;
    let of = |n: i64, expr: &str| format!("n({n}). out(E) :- n(N), E = {expr}.");
    let check = |n: i64, expr: &str, shown: &str| {
        stops(
            &of(n, expr),
            "rules::overflow",
            &format!("`{shown}` {fits}"),
            expr,
        );
    };
    check(most, "N + 1", &format!("{most} + 1"));
    check(least, "N - 1", &format!("{least} - 1"));
    check(most, "N * 2", &format!("{most} * 2"));
    check(least, "N / -1", &format!("{least} / -1"));
    check(least, "N % -1", &format!("{least} % -1"));
    check(least, "-N", &format!("-({least})"));
    check(0, "to_number(to_float(\"1e300\"))", "1e300");
    let sum = "sum M : { n(M) }";
    stops(
        &format!("n({most}). n(1). out(E) :- E = {sum}."),
        "rules::overflow",
        &format!("`{}` {fits}", i128::from(most) + 1),
        sum,
    );
}

#[test]
fn a_sum_may_pass_through_what_does_not_fit() {
    let most = i64::MAX;
    let text = format!("{DECLARATIONS} n({most}). n(5). n(-9). out(E) :- E = sum N : {{ n(N) }}.");
    assert_eq!(
        answers(&run(&text, &[]), "out"),
        [(i64::MAX - 4).to_string()]
    );
}

#[test]
fn division_by_zero() {
    stops(
        "n(0). out(5 / N) :- n(N).",
        "rules::division-by-zero",
        "`5 / 0` divides by zero",
        "5 / N",
    );
    stops(
        "n(0). out(5 % N) :- n(N).",
        "rules::division-by-zero",
        "`5 % 0` divides by zero",
        "5 % N",
    );
    stops(
        "f(0.0). real(1.5 / F) :- f(F).",
        "rules::division-by-zero",
        "`1.5 / 0` divides by zero",
        "1.5 / F",
    );
}

#[test]
fn floats_stay_finite() {
    stops(
        "f(to_float(\"1e300\")). real(F * F) :- f(F).",
        "rules::not-finite",
        "`1e300 * 1e300` is no finite number",
        "F * F",
    );
    let sum = "sum F : { f(F) }";
    stops(
        &format!("f(to_float(\"1e308\")). f(to_float(\"1.5e308\")). real(E) :- E = {sum}."),
        "rules::not-finite",
        "`sum of 2 floats` is no finite number",
        sum,
    );
}

#[test]
fn texts_that_are_no_numbers() {
    for text in ["x", "", "1.5", " 1", "0x10", "9223372036854775808"] {
        stops(
            &format!("s(\"{text}\"). out(to_number(S)) :- s(S)."),
            "rules::not-a-number",
            &format!("`{text}` is not a whole number"),
            "to_number(S)",
        );
    }
    for text in ["x", "", "nan", "inf", "1e999"] {
        stops(
            &format!("s(\"{text}\"). real(to_float(S)) :- s(S)."),
            "rules::not-a-number",
            &format!("`{text}` is not a finite float"),
            "to_float(S)",
        );
    }
}

#[test]
fn patterns_that_are_none() {
    stops(
        "s(\"(\"). yes() :- s(S), match(S, \"a\").",
        "rules::invalid-pattern",
        &try_run(
            &format!("{DECLARATIONS} s(\"(\"). yes() :- s(S), match(S, \"a\")."),
            &[],
        )
        .err()
        .map(|error| error.to_string())
        .filter(|message| message.starts_with("`(` is no regular expression: "))
        .expect("the message says why"),
        "match(S, \"a\")",
    );
}

#[test]
fn a_pattern_that_is_written_out_is_refused_before_anything_runs() {
    let text = format!("{DECLARATIONS} s(\"a\"). yes() :- s(S), match(\"(\", S).");
    let mut sources = Sources::new();
    let file = sources.add("test.dl", text.as_str());
    let checked = load(&mut sources, &[file], &mut NoIncludes).expect("it is valid otherwise");
    let errors = compile(&checked).expect_err("the pattern is none");
    let error = errors.iter().next().expect("one error");
    assert_eq!(error.code.as_str(), "rules::invalid-pattern");
    assert_eq!(error.to_string(), "`(` is no regular expression");
    assert_eq!(
        underlined(&text, error).first().map(|(text, _)| *text),
        Some("\"(\"")
    );
}

#[test]
fn the_rule_is_shown_and_help_given() {
    let text = format!("{DECLARATIONS}n(0).\nout(5 / N) :-\n  n(N).");
    let Err(error) = try_run(&text, &[]) else {
        panic!("it divides by zero")
    };
    assert_eq!(
        underlined(&text, &error),
        [
            ("5 / N", "divides by zero here"),
            ("out(5 / N)", "in this rule")
        ]
    );
    assert_eq!(
        error.help.as_deref(),
        Some("add a condition to the rule that keeps zero out, such as `N != 0`")
    );
}

/// Wherever the guard stands, only rows that pass it are divided.
#[test]
fn guards_count_wherever_they_stand() {
    for body in [
        "n(N), N != 0, E = 6 / N",
        "n(N), E = 6 / N, N != 0",
        "E = 6 / N, n(N), !zero(N)",
        "E = 6 / N, !zero(N), n(N)",
        "n(N), m(E, N), E = 6 / N, N != 0",
        "m(E, N), n(N), E = 6 / N, N > count : { zero(_), n(5) }",
    ] {
        let text = format!(
            "{DECLARATIONS} .decl zero(n: number) .decl m(e: number, n: number)
             zero(0). n(0). n(2). m(3, 2). m(7, 0).
             out(E) :- {body}."
        );
        assert_eq!(answers(&run(&text, &[]), "out"), ["3"], "{body}");
    }
}

/// Of several expressions that can fail the left one decides whether the others are reached.
#[test]
fn what_can_fail_goes_from_left_to_right() {
    let text = |body: &str| format!("{DECLARATIONS} n(0). out(1) :- n(N), {body}.");
    assert!(answers(&run(&text("N + 1 > 5, 6 / N > 1"), &[]), "out").is_empty());
    assert!(try_run(&text("6 / N > 1, N + 1 > 5"), &[]).is_err());
    // The value is wanted by nobody, and must exist all the same.
    assert!(try_run(&text("_E = 6 / N, N + 1 > 5"), &[]).is_err());
    assert!(try_run(&text("_E = 6 / N"), &[]).is_err());
}

#[test]
fn rows_and_rounds_are_limited() {
    let program = compiled(
        ".decl n(n: number) .decl big(a: number, b: number, c: number)
         .input n
         big(A, B, C) :- n(A), n(B), n(C).
         .decl next(a: number, b: number) .decl path(a: number, b: number)
         .input next
         path(A, B) :- next(A, B).
         path(A, C) :- path(A, B), next(B, C).",
    );
    let mut facts = Facts::new(&program);
    let (n, next) = (
        program.relation("n").expect("declared"),
        program.relation("next").expect("declared"),
    );
    for number in 0..100 {
        let (this, following) = (engine::number(number), engine::number(number + 1));
        facts.push(n, &[this]).expect("it fits");
        facts.push(next, &[this, following]).expect("it fits");
    }
    let with = |rows: u64, rounds: u32| {
        let options = Options {
            limits: Limits { rows, rounds },
            ..Options::default()
        };
        evaluate(&program, facts.clone(), &[], &options)
            .map(|_| ())
            .map_err(|error| error.to_string())
    };
    assert_eq!(with(2_000_000, 200), Ok(()));
    assert_eq!(
        with(2_000_000, 50),
        Err("the recursion did not end after 50 rounds".into())
    );
    assert_eq!(
        with(100_000, 200),
        Err("more than 100000 rows were made".into())
    );
}

#[test]
fn only_what_the_goals_need_is_evaluated() {
    let text = ".decl n(n: number) n(0).
        .decl good(n: number) good(N) :- n(N).
        .decl bad(n: number) bad(1 / N) :- good(N).
        .decl worse(n: number) worse(N) :- bad(N).";
    let program = compiled(text);
    let goal = |name: &str| {
        let goal = program.relation(name).expect("declared");
        let model = evaluate(&program, Facts::new(&program), &[goal], &Options::default());
        model
            .map(|model| model.len(goal))
            .map_err(|error| error.code.as_str())
    };
    assert_eq!(goal("good"), Ok(1));
    assert_eq!(goal("worse"), Err("rules::division-by-zero"));
}

#[test]
fn what_is_too_wide_is_said_so() {
    let columns: Vec<String> = (0..17).map(|n| format!("c{n}: number")).collect();
    let text = format!(".decl wide({}) .input wide", columns.join(", "));
    let mut sources = Sources::new();
    let file = sources.add("test.dl", text.as_str());
    let checked = load(&mut sources, &[file], &mut NoIncludes).expect("it is valid");
    let errors = compile(&checked).expect_err("it is too wide");
    let error = errors.iter().next().expect("one error");
    assert_eq!(
        error.to_string(),
        "`wide` has 17 columns, and 16 is the most"
    );
    assert_eq!(underlined(&text, error), [("wide", "too wide")]);

    let text = ".decl a(a: number, b: number, c: number, d: number, e: number, f: number) .input a
        .decl n(n: number)
        n(count : { a(_, _, _, _, _, _), a(_, _, _, _, _, _), a(_, _, _, _, _, _) }) :- a(_, _, _, _, _, _)."
        .replace("n(count", "n(N) :- N = count")
        .replace(") :- a(_, _, _, _, _, _).", ".");
    let mut sources = Sources::new();
    let file = sources.add("test.dl", text.as_str());
    let checked = load(&mut sources, &[file], &mut NoIncludes).expect("it is valid");
    let errors = compile(&checked).expect_err("it is too wide");
    let error = errors.iter().next().expect("one error");
    assert_eq!(
        error.to_string(),
        "18 values have to be kept at once, and 16 is the most"
    );
    assert!(
        underlined(&text, error)
            .first()
            .is_some_and(|(text, _)| text.starts_with("count : {"))
    );
}
