//! Small programs with answers that are known.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test says by panicking that something is wrong"
)]

mod engine;

use engine::{answers, run};
use pretty_assertions::assert_eq;

fn expect(text: &str, relation: &str, expected: &[&str]) {
    assert_eq!(answers(&run(text, &[]), relation), expected, "{text}");
}

#[test]
fn transitive_closure_left_right_and_non_linear() {
    let facts = r#".decl edge(a: symbol, b: symbol)
        .decl path(a: symbol, b: symbol)
        edge("a", "b"). edge("b", "c"). edge("c", "d"). edge("d", "b").
        path(X, Y) :- edge(X, Y)."#;
    let expected = [
        "a b", "a c", "a d", "b b", "b c", "b d", "c b", "c c", "c d", "d b", "d c", "d d",
    ];
    for step in [
        "path(X, Z) :- path(X, Y), edge(Y, Z).",
        "path(X, Z) :- edge(X, Y), path(Y, Z).",
        "path(X, Z) :- path(X, Y), path(Y, Z).",
    ] {
        expect(&format!("{facts} {step}"), "path", &expected);
    }
}

#[test]
fn same_generation() {
    expect(
        r#".decl parent(child: symbol, parent: symbol)
           .decl person(p: symbol)
           .decl same(a: symbol, b: symbol)
           parent("b", "a"). parent("c", "a"). parent("d", "b"). parent("e", "c"). parent("f", "e").
           person(X) :- parent(X, _) ; parent(_, X).
           same(X, X) :- person(X).
           same(X, Y) :- parent(X, P), same(P, Q), parent(Y, Q)."#,
        "same",
        &[
            "a a", "b b", "b c", "c b", "c c", "d d", "d e", "e d", "e e", "f f",
        ],
    );
}

#[test]
fn win_move_by_rounds() {
    // Positions from which the one to move wins, on a board without cycles, one stratum a depth.
    expect(
        r#".decl move(from: symbol, to: symbol)
           move("a", "b"). move("b", "c"). move("c", "d"). move("a", "e").
           .decl lost0(p: symbol) .decl won1(p: symbol) .decl lost2(p: symbol) .decl won3(p: symbol)
           lost0(P) :- move(_, P), !move(P, _).
           won1(P) :- move(P, Q), lost0(Q).
           .decl escapes(p: symbol)
           escapes(P) :- move(P, Q), !won1(Q).
           lost2(P) :- move(P, _), !escapes(P).
           won3(P) :- move(P, Q), lost2(Q).
           won3(P) :- won1(P)."#,
        "won3",
        &["a", "c"],
    );
}

#[test]
fn bill_of_materials() {
    expect(
        r#".decl part(whole: symbol, part: symbol, pieces: number)
           .decl cost(part: symbol, cents: number)
           .decl assembled(part: symbol, cents: number)
           .decl total(part: symbol, cents: number)
           part("bike", "wheel", 2). part("bike", "frame", 1). part("wheel", "spoke", 32). part("wheel", "rim", 1).
           cost("spoke", 10). cost("rim", 900). cost("frame", 10000).
           assembled(W, C) :- part(W, "spoke", _), C = sum N * K : { part(W, P, N), cost(P, K) }.
           .decl priced(part: symbol, cents: number)
           priced(P, K) :- cost(P, K) ; assembled(P, K).
           total("bike", C) :- C = sum N * K : { part("bike", P, N), priced(P, K) }."#,
        "total",
        &["bike 12440"],
    );
}

#[test]
fn aggregates_count_bindings_and_not_values() {
    let facts = r#".decl prefer(q: symbol, points: number, why: symbol)
        prefer("q", 3, "local"). prefer("q", 3, "tested"). prefer("q", 4, "new").
        .decl asked(q: symbol) asked("q"). asked("none").
        .decl answer(q: symbol, n: number)"#;
    let rule = |aggregate: &str| format!("{facts} answer(Q, N) :- asked(Q), N = {aggregate}.");
    expect(
        &rule("sum P : { prefer(Q, P, _) }"),
        "answer",
        &["none 0", "q 10"],
    );
    expect(
        &rule("count : { prefer(Q, _, _) }"),
        "answer",
        &["none 0", "q 3"],
    );
    expect(
        &rule("count : { prefer(Q, 3, _) }"),
        "answer",
        &["none 0", "q 2"],
    );
    expect(&rule("max P : { prefer(Q, P, _) }"), "answer", &["q 4"]);
    expect(&rule("min P + 1 : { prefer(Q, P, _) }"), "answer", &["q 4"]);
    expect(
        &rule("1 + count : { prefer(Q, _, W), W != \"new\" }"),
        "answer",
        &["none 1", "q 3"],
    );
    expect(
        &rule("count : { prefer(Q, P, _), P = max M : { prefer(_, M, _) } }"),
        "answer",
        &["none 0", "q 1"],
    );
}

#[test]
fn an_aggregate_may_be_known_beforehand() {
    expect(
        r#".decl p(x: symbol, y: number) p("a", 1). p("a", 2). p("b", 1).
           .decl once(x: symbol)
           once(X) :- 1 = count : { p(X, _) }, p(X, _)."#,
        "once",
        &["b"],
    );
}

/// `Relation::from_antijoin` of datafrog 2.0.1 gives nothing between two relations. Negation that
/// was built on it would pass every test whose answer is empty.
#[test]
fn negation_leaves_what_is_not_there() {
    for (body, expected) in [
        ("a(X), !b(X)", &["1", "3"][..]),
        ("a(X), !c(X, _)", &["1", "2"]),
        ("a(X), !c(_, X)", &["2", "3"]),
        ("a(X), !b(2), !c(X, X)", &[]),
        ("a(X), !b(7), !c(X, X)", &["1", "2", "3"]),
        ("a(X), !empty()", &["1", "2", "3"]),
        ("a(X), !b(X + 1)", &["2", "3"]),
        ("!b(7), X = 5", &["5"]),
    ] {
        let text = format!(
            ".decl a(x: number) .decl b(x: number) .decl c(x: number, y: number) .decl empty()
             .input empty
             a(1). a(2). a(3). b(2). c(3, 1).
             .decl found(x: number) found(X) :- {body}."
        );
        expect(&text, "found", expected);
    }
}

#[test]
fn symbols_compare_by_text() {
    expect(
        r#".decl s(s: symbol) s("z"). s("b"). s("ab"). s("").
           .decl first(s: symbol) .decl after(s: symbol) .decl least(s: symbol)
           after(S) :- s(S), s(T), T < S.
           first(S) :- s(S), !after(S).
           least(min(S, T)) :- s(S), s(T), S >= "ab", T > S."#,
        "least",
        &["ab", "b"],
    );
}

#[test]
fn values_of_every_size_and_kind_are_kept() {
    expect(
        r#".decl n(n: number) n(-1). n(0). n(2147483647). n(2147483648). n(-9223372036854775808). n(9223372036854775807).
           .decl next(n: number)
           next(N + 1) :- n(N), N < 9223372036854775807."#,
        "next",
        &["-9223372036854775807", "0", "1", "2147483648", "2147483649"],
    );
    expect(
        r#".decl f(f: float) f(0.5). f(-0.0). f(0.0).
           .decl doubled(f: float, s: symbol, n: number)
           doubled(F + F, to_string(F), to_number(F * 5.0)) :- f(F)."#,
        "doubled",
        &["0 0.000000 0", "1 0.500000 2"],
    );
}

#[test]
fn tests_of_texts() {
    expect(
        r#".decl s(s: symbol) s("vllm"). s("vllm-rocm"). s("sglang").
           .decl found(s: symbol, how: symbol)
           found(S, "contains") :- s(S), contains("lm", S).
           found(S, "match") :- s(S), match("v.*m", S).
           found(S, "not") :- s(S), !match("v.*", S).
           found(S, "its own") :- s(S), s(P), P != S, match(cat(P, ".*"), S)."#,
        "found",
        &[
            "sglang not",
            "vllm contains",
            "vllm match",
            "vllm-rocm contains",
            "vllm-rocm its own",
            "vllm-rocm match",
        ],
    );
}

#[test]
fn relations_without_columns() {
    expect(
        ".decl yes() .decl no() .decl both() .decl either()
         .input no
         yes().
         both() :- yes(), no().
         either() :- yes() ; no().",
        "either",
        &[""],
    );
}

#[test]
fn several_heads_in_different_strata() {
    expect(
        ".decl a(x: number) .decl b(x: number) .decl c(x: number)
         a(1). a(2).
         b(X), c(X) :- a(X), X > 1.
         a(X) :- b(X).",
        "c",
        &["2"],
    );
}

#[test]
fn sixteen_columns_are_carried() {
    let columns = |name: &str| (0..16).map(|n| format!("{name}{n}")).collect::<Vec<_>>();
    let typed: Vec<String> = columns("c")
        .iter()
        .map(|column| format!("{column}: number"))
        .collect();
    let numbers: Vec<String> = (0..16).map(|n| n.to_string()).collect();
    let (variables, mut swapped) = (columns("V").join(", "), columns("V"));
    swapped.reverse();
    let text = format!(
        ".decl wide({}) .decl turned({}) wide({}). turned({}) :- wide({variables}), V0 < V15.",
        typed.join(", "),
        typed.join(", "),
        numbers.join(", "),
        swapped.join(", "),
    );
    let reversed: Vec<String> = (0..16).rev().map(|n: i32| n.to_string()).collect();
    expect(&text, "turned", &[&reversed.join(" ")]);
}
