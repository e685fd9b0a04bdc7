//! What a checked program knows of itself: relations, strata, types, merged doc comments.

#![expect(clippy::expect_used, reason = "a test may fail")]

use aim_engine::datalog::ast::{BaseType, ExprKind, Literal};
use aim_engine::datalog::source::Sources;
use aim_engine::datalog::{Checked, NoIncludes, load};
use pretty_assertions::assert_eq;

fn checked(texts: &[&str]) -> Checked {
    let mut sources = Sources::new();
    let files: Vec<_> = texts
        .iter()
        .zip('a'..)
        .map(|(text, n)| sources.add(n.to_string(), *text))
        .collect();
    load(&mut sources, &files, &mut NoIncludes).expect("no mistakes")
}

#[test]
fn relations_know_their_columns_and_where_tuples_come_from() {
    let checked = checked(&[
        ".type node <: number\n.type place <: node\n.decl a(x: place, y: float)\n.input a\n.decl b()\n.output b\nb() :- a(_, _).",
    ]);
    let a = checked.info(checked.relation("a").expect("a")).expect("a");
    let columns: Vec<(&str, BaseType, &str)> = a
        .columns
        .iter()
        .map(|c| (c.name.as_str(), c.base, c.type_name.as_str()))
        .collect();
    assert_eq!(
        columns,
        [
            ("x", BaseType::Number, "place"),
            ("y", BaseType::Float, "float")
        ]
    );
    assert!(a.is_input && !a.is_output);
    let b = checked.info(checked.relation("b").expect("b")).expect("b");
    assert!(b.is_output && b.columns.is_empty());
    assert!(a.stratum < b.stratum);
    assert_eq!(checked.relation("c"), None);
    assert!(checked.warnings.is_empty());
}

#[test]
fn strata_come_after_what_they_need() {
    let checked = checked(&[
        ".decl top(x: number)\n.decl odd(x: number)\n.decl even(x: number)\n.decl next(x: number, y: number)\n.decl self(x: number)\n.input next\n\
         top(X) :- next(X, _), !odd(X), 1 < count : { self(_) }.\n\
         odd(Y) :- even(X), next(X, Y).\neven(Y) :- odd(X), next(X, Y).\neven(0).\n\
         self(X) :- self(X).\nself(X) :- even(X).",
    ]);
    let names = |index: usize| -> Vec<&str> {
        let stratum = &checked.strata[index];
        stratum
            .relations
            .iter()
            .filter_map(|id| Some(checked.info(*id)?.name.as_str()))
            .collect()
    };
    let all: Vec<(Vec<&str>, bool)> = (0..checked.strata.len())
        .map(|i| (names(i), checked.strata[i].recursive))
        .collect();
    assert_eq!(
        all,
        [
            (vec!["next"], false),
            (vec!["odd", "even"], true),
            (vec!["self"], true),
            (vec!["top"], false),
        ]
    );
    for (index, stratum) in checked.strata.iter().enumerate() {
        for id in &stratum.relations {
            assert_eq!(checked.info(*id).expect("a relation").stratum, index);
        }
    }
}

#[test]
fn every_term_has_a_type_in_its_scope() {
    let checked = checked(&[
        ".decl a(x: symbol, y: number, z: float)\n.input a\n.decl r(x: number, y: float, s: symbol)\n.output r\n\
         r(N, F, S) :- a(S, Y, _), N = count : { a(T, Y, V), T != S, V < 1.0 }, \
           F = max V * 2.0 : { a(T, _, V), strlen(T) = sum W : { a(T, W, _), W < Y } }, M = cat(S, S), M != \"\".",
    ]);
    let types = &checked.bodies[0][0];
    let variables: Vec<(&str, BaseType)> = types
        .variables
        .iter()
        .map(|(n, t)| (n.as_str(), *t))
        .collect();
    use BaseType::{Float, Number, Symbol};
    assert_eq!(
        variables,
        [
            ("F", Float),
            ("M", Symbol),
            ("N", Number),
            ("S", Symbol),
            ("Y", Number)
        ]
    );
    let [count, max] = types.aggregates.as_slice() else {
        panic!("{:?}", types.aggregates);
    };
    assert_eq!(count.outer, ["Y", "S"]);
    assert_eq!(max.outer, ["Y"]);
    let variables: Vec<(&str, BaseType)> = max
        .types
        .variables
        .iter()
        .map(|(n, t)| (n.as_str(), *t))
        .collect();
    assert_eq!(variables, [("T", Symbol), ("V", Float), ("Y", Number)]);
    assert_eq!(max.types.aggregates[0].outer, ["T", "Y"]);
    assert_eq!(max.types.aggregates[0].types.variable("W"), Some(Number));
    for literal in &checked.program.rules[0].bodies[0] {
        if let Literal::Compare { left, right, .. } = literal {
            assert!(types.expr_type(left).is_some());
            assert_eq!(types.expr_type(left), types.expr_type(right));
            if let ExprKind::Aggregate(_) = right.kind {
                assert!(types.aggregate(right).is_some());
            }
        }
    }
}

#[test]
fn equations_in_and_around_aggregates_are_typed_in_order() {
    let checked = checked(&[
        ".decl a(x: number)\n.decl b(x: float, y: number)\n.input a, b\n.decl r(x: float, y: number)\n.output r\n\
         r(M, S) :- M = N * 2.0, N = max P : { P = Q / 2.0, Q = Y, b(Y, W), W < K }, K = 3 + L, a(L), \
           S = sum T : { T = U + V, a(V), U = count : { a(Z), Z = V + G } }, G = K.",
    ]);
    let types = &checked.bodies[0][0];
    use BaseType::{Float, Number};
    let outside = ["M", "N", "K", "L", "S", "G"].map(|name| types.variable(name));
    assert_eq!(
        outside,
        [Float, Float, Number, Number, Number, Number].map(Some)
    );
    let max = &types.aggregates[0].types;
    assert_eq!(
        ["P", "Q", "Y", "W"].map(|name| max.variable(name)),
        [Float, Float, Float, Number].map(Some)
    );
    let sum = &types.aggregates[1].types;
    assert_eq!(
        ["T", "U", "V", "G"].map(|name| sum.variable(name)),
        [Some(Number); 4]
    );
    assert_eq!(sum.aggregates[0].types.variable("Z"), Some(Number));
}

#[test]
fn alternatives_have_types_of_their_own() {
    let checked = checked(&[
        ".decl a(x: symbol)\n.decl b(x: number)\n.input a, b\n.decl r()\n.output r\nr() :- a(X), X != \"\" ; b(X), X != 1.",
    ]);
    let types: Vec<Option<BaseType>> = checked.bodies[0]
        .iter()
        .map(|body| body.variable("X"))
        .collect();
    assert_eq!(types, [Some(BaseType::Symbol), Some(BaseType::Number)]);
}

#[test]
fn repeated_declarations_add_what_the_first_does_not_say() {
    let checked = checked(&[
        "/// {x} is one.\n/// help: first\n.decl a(x: symbol)\n.input a",
        "/// {x} is another (extension point).\n/// help: second\n/// found: {x}\n.decl a(x: symbol)",
    ]);
    assert_eq!(checked.relations.len(), 1);
    let info = &checked.relations[0];
    assert!(info.is_extension_point);
    let doc = checked.program.decls[info.decl]
        .doc
        .as_ref()
        .expect("a doc comment");
    assert_eq!(doc.sentence.columns().count(), 1);
    assert_eq!(
        doc.field("help").and_then(|f| f.value.literal()),
        Some("first")
    );
    assert!(doc.field("found").is_some());
}

#[test]
fn what_the_subset_has_is_taken() {
    let checked = checked(&[
        ".decl edge(x: symbol, y: symbol)\n.input edge\n.decl path(x: symbol, y: symbol)\n.output path\n\
         path(X, Y) :- edge(X, Y).\npath(X, Z) :- path(X, Y), edge(Y, Z).\n\
         .decl far(x: symbol, n: number)\nfar(X, N), near(X, N) :- path(X, _), N = count : { path(X, _) }, N > 1 + 1.\n\
         .decl near(x: symbol, n: number)\nnear(\"a\" , -1).\n\
         .decl long(x: symbol)\nlong(Z) :- near(X, N), Z = cat(X, to_string(N)), Y = strlen(Z), 3 < Y, \
         (contains(\"a\", X) ; match(\"b.*\", X) ; !far(X, _)).",
    ]);
    assert!(checked.warnings.is_empty(), "{:?}", checked.warnings);
}
