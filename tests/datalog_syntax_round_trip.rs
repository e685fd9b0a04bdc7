//! What is parsed, written out and parsed again is the same.

use std::fmt::Write as _;

use aim_engine::datalog::ast::{
    Aggregate, AggregateOp, Atom, BinaryOp, CompareOp, Expr, ExprKind, Functor, Literal, Program,
    TextTest,
};
use aim_engine::datalog::source::Sources;
use aim_engine::datalog::{NoIncludes, parse};
use proptest::prelude::*;

fn program(text: &str) -> Result<Program, String> {
    let mut sources = Sources::new();
    let file = sources.add("a.dl", text);
    let (program, problems) = parse(&mut sources, file, &mut NoIncludes);
    match problems.iter().next() {
        Some(problem) => Err(problem.message.clone()),
        None => Ok(program),
    }
}

/// Rules as text, with every parenthesis that a term can have.
fn written(program: &Program) -> String {
    let mut out = String::new();
    for rule in &program.rules {
        let heads: Vec<String> = rule.heads.iter().map(atom).collect();
        out += &heads.join(", ");
        if rule.bodies != [Vec::new()] {
            let bodies: Vec<String> = rule.bodies.iter().map(|body| literals(body)).collect();
            let _ = write!(out, " :- {}", bodies.join(" ; "));
        }
        out += ".\n";
    }
    out
}

fn literals(body: &[Literal]) -> String {
    body.iter().map(literal).collect::<Vec<_>>().join(", ")
}

fn atom(atom: &Atom) -> String {
    format!("{}({})", atom.relation.name, terms(&atom.args))
}

fn terms(terms: &[Expr]) -> String {
    terms.iter().map(term).collect::<Vec<_>>().join(", ")
}

fn literal(literal: &Literal) -> String {
    match literal {
        Literal::Positive(inner) => atom(inner),
        Literal::Negative(inner) => format!("!{}", atom(inner)),
        Literal::Compare {
            left, op, right, ..
        } => {
            let op = match op {
                CompareOp::Eq => "=",
                CompareOp::Ne => "!=",
                CompareOp::Lt => "<",
                CompareOp::Le => "<=",
                CompareOp::Gt => ">",
                CompareOp::Ge => ">=",
            };
            format!("{} {op} {}", term(left), term(right))
        }
        Literal::Test {
            test,
            args,
            negated,
            ..
        } => {
            let name = match test {
                TextTest::Contains => "contains",
                TextTest::Match => "match",
            };
            format!("{}{name}({})", if *negated { "!" } else { "" }, terms(args))
        }
    }
}

fn term(expr: &Expr) -> String {
    match &expr.kind {
        ExprKind::Variable(name) => name.clone(),
        ExprKind::Wildcard => "_".to_owned(),
        ExprKind::Symbol(text) => {
            let text = text
                .replace('\\', "\\\\")
                .replace('"', "\\\"")
                .replace('\n', "\\n");
            format!("\"{text}\"")
        }
        ExprKind::Number(n) => n.to_string(),
        ExprKind::Float(f) => format!("{f:?}"),
        ExprKind::Negate(operand) => format!("-({})", term(operand)),
        ExprKind::Binary(op, left, right) => {
            let op = match op {
                BinaryOp::Add => "+",
                BinaryOp::Sub => "-",
                BinaryOp::Mul => "*",
                BinaryOp::Div => "/",
                BinaryOp::Rem => "%",
            };
            format!("({} {op} {})", term(left), term(right))
        }
        ExprKind::Call(functor, args) => {
            let name = match functor {
                Functor::Cat => "cat",
                Functor::Strlen => "strlen",
                Functor::Min => "min",
                Functor::Max => "max",
                Functor::ToString => "to_string",
                Functor::ToNumber => "to_number",
                Functor::ToFloat => "to_float",
            };
            format!("{name}({})", terms(args))
        }
        ExprKind::Aggregate(inner) => aggregate(inner),
    }
}

fn aggregate(aggregate: &Aggregate) -> String {
    let op = match aggregate.op {
        AggregateOp::Count => "count",
        AggregateOp::Min => "min",
        AggregateOp::Max => "max",
        AggregateOp::Sum => "sum",
    };
    let value = aggregate.value.as_ref().map(term).unwrap_or_default();
    let bodies: Vec<String> = aggregate.bodies.iter().map(|body| literals(body)).collect();
    format!("{op} {value} : {{ {} }}", bodies.join(" ; "))
}

fn some_term() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        "[A-Z][a-z_?0-9]{0,3}",
        any::<i64>().prop_map(|n| n.to_string()),
        (-1000.0..1000.0f64).prop_map(|f| format!("{f:.3}")),
        "[ -!#-\\[\\]-~é€]{0,6}".prop_map(|text| format!("\"{text}\"")),
        Just("_".to_owned()),
    ];
    leaf.prop_recursive(4, 24, 3, |inner| {
        let pair = (inner.clone(), inner.clone());
        prop_oneof![
            (pair.clone(), "[-+*/%]").prop_map(|((l, r), op)| format!("{l} {op} {r}")),
            inner.clone().prop_map(|t| format!("({t})")),
            inner.clone().prop_map(|t| format!("-({t})")),
            pair.clone().prop_map(|(l, r)| format!("min({l}, {r})")),
            pair.clone()
                .prop_map(|(l, r)| format!("cat({l},{r} , {l})")),
            inner.clone().prop_map(|t| format!("to_string({t})")),
            pair.clone()
                .prop_map(|(l, r)| format!("sum {l} : {{ a({r}, _) }}")),
            pair.prop_map(|(l, r)| format!("(max ({l}) * 2 : {{ a({r}), !b(), {l} < 1 }})")),
            inner.prop_map(|t| format!("count : {{ a({t}) }}")),
        ]
    })
}

fn some_body() -> impl Strategy<Value = String> {
    let literal = prop_oneof![
        some_term().prop_map(|t| format!("a({t})")),
        some_term().prop_map(|t| format!("!b({t}, {t})")),
        (some_term(), some_term(), "!?=|<=?|>=?").prop_map(|(l, r, op)| format!("{l} {op} {r}")),
        (some_term(), some_term()).prop_map(|(l, r)| format!("!contains({l}, {r})")),
    ];
    literal.prop_recursive(3, 12, 3, |inner| {
        let parts = prop::collection::vec(inner, 1..4);
        prop_oneof![
            parts
                .clone()
                .prop_map(|parts| format!("({})", parts.join(" ; "))),
            parts.prop_map(|parts| parts.join(", ")),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn rules_survive_being_written(bodies in prop::collection::vec(some_body(), 1..4)) {
        let rules = bodies.iter().map(|body| format!("h(X), g() :- {body}.\n"));
        let text = format!("f(1, \"x\").\n{}", rules.collect::<String>());
        let first = program(&text).map_err(|problem| TestCaseError::fail(format!("{problem} in {text}")))?;
        let once = written(&first);
        let second = program(&once).map_err(|problem| TestCaseError::fail(format!("{problem} in {once}")))?;
        prop_assert_eq!(&once, &written(&second), "from {}", text);
        prop_assert_eq!(first.rules.len(), 1 + bodies.len());
    }
}
