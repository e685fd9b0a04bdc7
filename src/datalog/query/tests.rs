use super::*;
use crate::datalog::{Facts, NoIncludes, Options, evaluate, load};

const RULES: &str = r#"
.decl edge(from: symbol, to: symbol)
edge("a", "b"). edge("b", "c"). edge("c", "d").
.decl reaches(from: symbol, to: symbol)
reaches(X, Y) :- edge(X, Y).
reaches(X, Z) :- reaches(X, Y), edge(Y, Z).
.decl size(name: symbol, gpus: number, share: float)
size("a", 4, 0.5). size("b", 8, 0.25). size("c", 1, 1.0).
"#;

/// The columns and rows of an answer, or the messages with what they underline.
fn ask(text: &str) -> Result<Vec<String>, Vec<String>> {
    let mut sources = Sources::new();
    let file = sources.add("rules.dl", RULES);
    let base = load(&mut sources, &[file], &mut NoIncludes).unwrap();
    let file = sources.add("query", text);
    let query = Query::new(&base, &sources, file).map_err(|found| {
        let said = found.iter().map(|error| {
            let labels = error.labels.iter().map(|label| sources.slice(label.span));
            let labels: Vec<&str> = labels.collect();
            format!("{} | {}", error.message, labels.join(" | "))
        });
        said.collect::<Vec<_>>()
    })?;
    let facts = Facts::new(&query.program);
    let goals = [query.answer];
    let model = evaluate(&query.program, facts, &goals, &Options::default()).unwrap();
    let rows = model.sorted(query.answer);
    let rows = rows.iter().map(|row| {
        let values: Vec<String> = row.values().map(|value| value.to_string()).collect();
        values.join(" ")
    });
    Ok(std::iter::once(query.columns.join(" "))
        .chain(rows)
        .collect())
}

#[track_caller]
fn answers(text: &str, expected: &[&str]) {
    match ask(text) {
        Ok(lines) => assert_eq!(lines, expected, "{text}"),
        Err(said) => panic!("{text}: {said:#?}"),
    }
}

#[track_caller]
fn fails(text: &str, expected: &[&str]) {
    assert_eq!(ask(text).unwrap_err(), expected, "{text}");
}

#[test]
fn variables_are_columns_in_the_order_of_their_first_places() {
    answers(
        "size(S, N, _), N < 8, edge(S, T)",
        &["S N T", "a 4 b", "c 1 d"],
    );
    answers("size(S, _n, _).", &["S", "a", "b", "c"]);
    answers("X = 2 * 3 + 1", &["X", "7"]);
}

#[test]
fn a_body_may_be_everything_that_a_body_may_be() {
    answers("edge(X, _), !edge(_, X)", &["X", "a"]);
    answers("edge(X, \"b\") ; edge(\"b\", X)", &["X", "a", "c"]);
    answers("N = count : { reaches(\"a\", _) }", &["N", "3"]);
    answers(
        "edge(X, _), N = count : { reaches(X, Y) }",
        &["X N", "a 3", "b 2", "c 1"],
    );
    answers(
        "size(S, N, F), W = to_float(N) * F",
        &["S N F W", "a 4 0.5 2", "b 8 0.25 2", "c 1 1 1"],
    );
    answers(
        "(edge(X, Y) ; edge(Y, X)), X = cat(\"a\", \"\")",
        &["X Y", "a b"],
    );
}

#[test]
fn without_named_variables_the_answer_is_a_row_without_columns_or_none() {
    answers("reaches(\"a\", \"d\")", &["", ""]);
    answers("reaches(\"d\", _)", &[""]);
    answers("size(_s, 4, _)", &["", ""]);
}

#[test]
fn a_rule_is_a_query_for_its_head() {
    answers(
        "answer(Y, X) :- edge(X, Y), size(X, 8, _).",
        &["Y X", "c b"],
    );
    answers(
        "twice(S, N * 2, \"x\") :- size(S, N, _), N < 4",
        &["S N * 2 \"x\"", "c 2 x"],
    );
    answers("answer(X, X) :- edge(X, \"d\")", &["X X 2", "c c"]);
    answers(
        "edge(\"d\", \"e\"). reaches(\"a\", Y)",
        &["Y", "b", "c", "d", "e"],
    );
}

#[test]
fn rules_of_its_own_need_no_declarations() {
    answers(
        "big(S) :- size(S, N, _), N > 2. next(T) :- big(S), edge(S, T). next(T), !big(T)",
        &["T", "c"],
    );
    answers(
        "up(X, 0) :- X = \"a\". up(Y, N) :- up(X, _), edge(X, Y), size(X, N, _). up(X, N)",
        &["X N", "a 0", "b 4", "c 8", "d 1"],
    );
    answers(
        ".decl big(name: symbol) big(S) :- size(S, 8, _). big(S)",
        &["S", "b"],
    );
}

#[test]
fn mistakes_are_where_they_are() {
    fails("edgy(X, Y)", &["unknown relation `edgy` | edgy"]);
    fails(
        "edge(X)",
        &["`edge` has 2 columns, not 1 | edge(X) | .decl edge(from: symbol, to: symbol)"],
    );
    fails("elephant(X)", &["unknown relation `elephant` | elephant"]);
    fails("N < 4", &["nothing binds the variable `N` | N"]);
    fails(
        "edge(X, _), !size(Y, _, _)",
        &["nothing binds the variable `Y` | Y"],
    );
    fails(
        "size(X, N, _), edge(N, X)",
        &["`N` is a `number` and a `symbol` | N | N"],
    );
    fails(
        "size(X, N, _",
        &["expected `,` or `)`, found the end of the query | "],
    );
    fails(
        "edge(X, Y) edge(Y, Z)",
        &["expected `,`, `;` or the end of the query, found `edge` | edge"],
    );
    fails("", &["nothing is asked | "]);
    fails(
        ".decl a(x: number)",
        &["nothing is asked | .decl a(x: number)"],
    );
}

#[test]
fn alternatives_have_the_same_columns_of_the_same_types() {
    fails(
        "edge(X, Y) ; size(X, _, _)",
        &["`Y` has no value in one of the alternatives | size(X, _, _) | Y"],
    );
    fails(
        "edge(X, _) ; size(_, X, _)",
        &["`X` is a `symbol` in one alternative and a `number` in another | X | X"],
    );
}

#[test]
fn a_query_that_reaches_back_into_what_it_asks_is_told_so() {
    let said = ask("edge(X, Y) :- size(X, _, _), size(Y, _, _), !reaches(X, Y)").unwrap_err();
    assert!(
        said.iter()
            .all(|line| line.contains("goes through recursion")),
        "{said:?}"
    );
}

#[test]
fn a_query_goes_on_while_it_wants_more() {
    for text in [
        "edge(X,",
        "edge(X, Y),",
        "a(X) :-",
        "N = count : { edge(X, _)",
        "a(X) ;",
    ] {
        assert!(goes_on(text), "{text}");
    }
    for text in ["edge(X, Y)", "edge(X, \"(\")", "edge(X, Y)) // (", ""] {
        assert!(!goes_on(text), "{text}");
    }
}
