//! Small programs with answers that are known.

mod engine;

use engine::{answers, run};

#[test]
fn transitive_closure() {
    let model = run(
        ".decl edge(a: symbol, b: symbol)
         .decl path(a: symbol, b: symbol)
         edge(\"a\", \"b\"). edge(\"b\", \"c\"). edge(\"c\", \"d\"). edge(\"d\", \"b\").
         path(X, Y) :- edge(X, Y).
         path(X, Z) :- path(X, Y), edge(Y, Z).",
        &[],
    );
    let expected = [
        "a b", "a c", "a d", "b b", "b c", "b d", "c b", "c c", "c d", "d b", "d c", "d d",
    ];
    assert_eq!(answers(&model, "path"), expected);
}
