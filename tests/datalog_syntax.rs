//! What the parser makes of rule files that are right.

use aim_engine::datalog::ast::{AggregateOp, BinaryOp, CompareOp, ExprKind, Literal, TemplatePart};
use aim_engine::datalog::source::Sources;
use aim_engine::datalog::{NoIncludes, ast::Program, parse};

fn program(text: &str) -> Program {
    let mut sources = Sources::new();
    let file = sources.add("test.dl", text);
    let (program, problems) = parse(&mut sources, file, &mut NoIncludes);
    let problems: Vec<String> = problems.iter().map(|e| e.message.clone()).collect();
    assert_eq!(problems, Vec::<String>::new(), "in {text}");
    program
}

#[test]
fn declarations_have_columns_types_and_spans() {
    let text = ".type node <: number\n.decl a(x: symbol, at: node)\n.decl b, c()\n\
                .input a, b(IO=file, filename=\"x.facts\", delimiter=\"\\t\", n=3, h=true)\n.output c()";
    let program = program(text);
    let names: Vec<&str> = program.decls.iter().map(|d| d.name.name.as_str()).collect();
    assert_eq!(names, ["a", "b", "c"]);
    assert_eq!(program.decls[0].columns[1].ty.name, "node");
    assert_eq!(program.types[0].base.name, "number");
    assert_eq!(program.directives.len(), 3);
    assert_eq!(program.directives[1].parameters.len(), 5);
    assert_eq!(program.directives[0].parameters[2].1.name, "\t");
    let span = program.decls[0].span;
    let source = &text[span.start as usize..span.end as usize];
    assert_eq!(source, ".decl a(x: symbol, at: node)");
}

#[test]
fn disjunctions_multiply_out() {
    let program = program("a(X) :- b(X), (c(X) ; d(X), !e(X)), (f(X); X = 1) ; g(X).");
    let sizes: Vec<usize> = program.rules[0].bodies.iter().map(Vec::len).collect();
    assert_eq!(sizes, [3, 3, 4, 4, 1]);
}

#[test]
fn arithmetic_binds_as_usual() {
    let program = program("a(X) :- X = 1 + 2 * -Y % 3 - (4 - 5), (X + 1) * 2 < Y, (X) = (Y).");
    let Literal::Compare { right, .. } = &program.rules[0].bodies[0][0] else {
        panic!("no comparison");
    };
    let ExprKind::Binary(BinaryOp::Sub, left, _) = &right.kind else {
        panic!("{right:?}");
    };
    let ExprKind::Binary(BinaryOp::Add, _, product) = &left.kind else {
        panic!("{left:?}");
    };
    let ExprKind::Binary(BinaryOp::Rem, product, _) = &product.kind else {
        panic!("{product:?}");
    };
    assert!(matches!(product.kind, ExprKind::Binary(BinaryOp::Mul, ..)));
    assert_eq!(program.rules[0].bodies[0].len(), 3);
}

#[test]
fn constants_have_the_value_that_is_written() {
    let program = program(
        r#"a(-9223372036854775808, 9223372036854775807, 0x1F, 0b101, -0xff, 007, "é\t\"\\'", -1.5)."#,
    );
    let kinds: Vec<&ExprKind> = program.rules[0].heads[0]
        .args
        .iter()
        .map(|a| &a.kind)
        .collect();
    assert_eq!(
        kinds,
        [
            &ExprKind::Number(i64::MIN),
            &ExprKind::Number(i64::MAX),
            &ExprKind::Number(31),
            &ExprKind::Number(5),
            &ExprKind::Number(-255),
            &ExprKind::Number(7),
            &ExprKind::Symbol("é\t\"\\'".to_owned()),
            &ExprKind::Float(-1.5),
        ]
    );
}

#[test]
fn aggregates_stand_anywhere_in_a_term() {
    let program = program(
        "a(N) :- N = 1 + sum P * 2 : { b(P, _) } * 3, N < count : { b(_, _) }, \
         N = min(1, 2), N = max (P + 1) * 2 : { b(P, P) }, N = min P : b(P, _), \
         N = sum (P) : { b(P, Q), Q = count : { c(_) } }.",
    );
    let ops: Vec<AggregateOp> = program.rules[0].bodies[0]
        .iter()
        .filter_map(first_aggregate)
        .collect();
    use AggregateOp::{Count, Max, Min, Sum};
    assert_eq!(ops, [Sum, Count, Max, Min, Sum]);
}

fn first_aggregate(literal: &Literal) -> Option<AggregateOp> {
    let Literal::Compare { right, .. } = literal else {
        return None;
    };
    let mut expr = right;
    loop {
        match &expr.kind {
            ExprKind::Aggregate(aggregate) => return Some(aggregate.op),
            ExprKind::Binary(BinaryOp::Mul, left, _) => expr = left,
            ExprKind::Binary(_, _, right) => expr = right,
            _ => return None,
        }
    }
}

#[test]
fn a_negated_comparison_is_the_opposite_one() {
    let program = program("a(X) :- b(X), !X < 1, !contains(\"a\", \"b\"), !b(2).");
    let body = &program.rules[0].bodies[0];
    assert!(matches!(
        body[1],
        Literal::Compare {
            op: CompareOp::Ge,
            ..
        }
    ));
    assert!(matches!(body[2], Literal::Test { negated: true, .. }));
    assert!(matches!(body[3], Literal::Negative(_)));
}

#[test]
fn several_clauses_may_share_a_line() {
    let program = program("a(1).b(2). c(X),d(X):-a(X).e().\n/* x */ ?x(_y):-a(_y).// end");
    assert_eq!(program.rules.len(), 5);
    assert_eq!(program.rules[2].heads.len(), 2);
}

#[test]
fn doc_comments_are_read_with_exact_placeholders() {
    let text = "/// not this one\n\n/// {a} is {{{b}}}\n/// and more.\n/// code: T1\n/// help: do {b}\n///   and {a}\n\
                ///\n/// Long\n///   text (an extension point, if you like).\n///\n/// End.\n.decl r(a: symbol, b: symbol)";
    let program = program(text);
    let doc = program.decls[0].doc.as_ref().expect("a doc comment");
    assert!(doc.extension_point);
    assert_eq!(
        doc.long,
        "Long\n  text (an extension point, if you like).\n\nEnd."
    );
    let show = |parts: &[TemplatePart]| -> String {
        let show = |part: &TemplatePart| match part {
            TemplatePart::Text(text) => text.clone(),
            TemplatePart::Column(name) => {
                let source = &text[name.span.start as usize..name.span.end as usize];
                assert_eq!(source, name.name);
                format!("<{}>", name.name)
            }
        };
        parts.iter().map(show).collect()
    };
    assert_eq!(show(&doc.sentence.parts), "<a> is {<b>} and more.");
    assert_eq!(
        show(&doc.field("help").expect("help").value.parts),
        "do <b> and <a>"
    );
    let code = doc.field("code").expect("code");
    assert_eq!(code.value.literal(), Some("T1"));
    assert_eq!(
        &text[code.value_span.start as usize..code.value_span.end as usize],
        "T1"
    );
}

#[test]
fn files_are_included_once_and_cycles_do_no_harm() {
    let mut sources = Sources::new();
    let main = sources.add(
        "rules/main.dl",
        ".include \"sub/a.dl\"\na(1).\n.include \"b.dl\"",
    );
    let mut asked = Vec::new();
    let mut loader = |name: &str| {
        asked.push(name.to_owned());
        match name {
            "rules/sub/a.dl" => {
                Ok(".include \"../main.dl\"\n.include \"../b.dl\" b(1).".to_owned())
            }
            "rules/b.dl" => Ok(".include \"b.dl\"\nc(1).".to_owned()),
            _ => Err("no such file".to_owned()),
        }
    };
    let (program, problems) = parse(&mut sources, main, &mut loader);
    assert!(problems.is_empty(), "{problems:?}");
    assert_eq!(asked, ["rules/sub/a.dl", "rules/b.dl"]);
    let heads: Vec<&str> = program
        .rules
        .iter()
        .map(|rule| rule.heads[0].relation.name.as_str())
        .collect();
    assert_eq!(heads, ["a", "b", "c"]);
}
