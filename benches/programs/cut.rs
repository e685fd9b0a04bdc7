//! A program without what a solver of whole numbers and atoms cannot say: relations that compute with reals or texts
//! are given instead of derived, to both sides alike.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use aim_engine::datalog::ast::{Aggregate, Atom, BaseType, Expr, ExprKind, Literal, Rule};
use aim_engine::datalog::eval::{Options, evaluate};
use aim_engine::datalog::fact::Datum;

use super::{Failed, Program, Rows};

/// The part of a program that derives its goals, cut as told above, with the facts that it needs.
pub fn cut(program: &Program) -> Result<Program, Failed> {
    let checked = &program.checked;
    let given: BTreeSet<&str> = checked
        .program
        .rules
        .iter()
        .filter(|rule| computes(program, rule))
        .flat_map(|rule| rule.heads.iter().map(|head| head.relation.name.as_str()))
        .filter(|name| !program.goals.iter().any(|goal| goal == name))
        .collect();
    // A goal that computes by itself cannot be asked for, nor one that something else than rules fills.
    let goals: Vec<String> = program
        .goals
        .iter()
        .filter(|goal| rules_of(program, goal).next().is_some())
        .filter(|goal| !rules_of(program, goal).any(|rule| computes(program, rule)))
        .cloned()
        .collect();
    let mut needed: BTreeSet<&str> = BTreeSet::new();
    let mut open: Vec<&str> = goals.iter().map(String::as_str).collect();
    while let Some(name) = open.pop() {
        if needed.insert(name) && !given.contains(name) {
            let rules = rules_of(program, name);
            open.extend(
                rules
                    .flat_map(|rule| atoms(rule))
                    .map(|atom| &*atom.relation.name),
            );
        }
    }
    let mut text = String::new();
    let mut inputs = Vec::new();
    for ty in &checked.program.types {
        let _ = writeln!(text, ".type {} <: {}", ty.name.name, ty.base.name);
    }
    for relation in checked
        .relations
        .iter()
        .filter(|one| needed.contains(&*one.name))
    {
        let columns: Vec<String> = relation
            .columns
            .iter()
            .map(|column| format!("{}: {}", column.name, column.type_name))
            .collect();
        let _ = writeln!(text, ".decl {}({})", relation.name, columns.join(", "));
        let derived = rules_of(program, &relation.name).next().is_some();
        if !derived || given.contains(&*relation.name) {
            let _ = writeln!(text, ".input {}", relation.name);
            inputs.push(relation.name.clone());
        }
        if goals.contains(&relation.name) {
            let _ = writeln!(text, ".output {}", relation.name);
        }
    }
    for rule in &checked.program.rules {
        let derives = |head: &Atom| {
            let name = head.relation.name.as_str();
            needed.contains(name) && !given.contains(name)
        };
        if rule.heads.iter().any(derives) {
            let _ = writeln!(text, "{}", program.sources.slice(rule.span));
        }
    }
    let mut facts: BTreeMap<String, Rows> = program
        .facts
        .iter()
        .filter(|(name, _)| needed.contains(name.as_str()))
        .map(|(name, rows)| (name.clone(), rows.clone()))
        .collect();
    let wanted: Vec<&str> = needed.intersection(&given).copied().collect();
    let ids: Result<Vec<_>, _> = wanted.iter().map(|name| program.relation(name)).collect();
    let ids = ids?;
    let model = evaluate(
        &program.compiled,
        program.given()?,
        &ids,
        &Options::default(),
    );
    let model = model.map_err(|error| format!("{error:?}"))?;
    for (name, id) in wanted.iter().zip(ids) {
        let rows = model
            .rows(id)
            .map(|tuple| tuple.values().map(Datum::from).collect());
        facts.insert((*name).to_owned(), rows.collect());
    }
    for name in inputs {
        facts.entry(name).or_default();
    }
    Program::new(&format!("{}.dl", program.name), &text, facts, goals)
}

pub fn rules_of<'p>(program: &'p Program, relation: &str) -> impl Iterator<Item = &'p Rule> {
    program
        .checked
        .program
        .rules
        .iter()
        .filter(move |rule| rule.heads.iter().any(|head| head.relation.name == relation))
}

/// Whether a rule computes with texts or reals.
fn computes(program: &Program, rule: &Rule) -> bool {
    let real = |atom: &Atom| {
        let id = program.checked.relation(&atom.relation.name);
        let info = id.and_then(|id| program.checked.info(id));
        info.is_some_and(|info| {
            info.columns
                .iter()
                .any(|column| column.base == BaseType::Float)
        })
    };
    let has_reals = rule.heads.iter().any(real) || atoms(rule).into_iter().any(real);
    let mut found = false;
    let mut look = |expr: &Expr| {
        found |= match &expr.kind {
            ExprKind::Call(..) => true,
            ExprKind::Negate(_) | ExprKind::Binary(..) => has_reals,
            _ => false,
        };
    };
    for head in &rule.heads {
        head.args.iter().for_each(|arg| every(arg, &mut look));
    }
    for literal in rule.bodies.iter().flatten() {
        terms(literal, &mut look);
    }
    found || rule.bodies.iter().flatten().any(tests)
}

fn tests(literal: &Literal) -> bool {
    match literal {
        Literal::Test { .. } => true,
        Literal::Compare { left, right, .. } => [left, right].into_iter().any(|side| {
            let ExprKind::Aggregate(aggregate) = &side.kind else {
                return false;
            };
            aggregate.bodies.iter().flatten().any(tests)
        }),
        _ => false,
    }
}

fn terms(literal: &Literal, look: &mut impl FnMut(&Expr)) {
    match literal {
        Literal::Positive(atom) | Literal::Negative(atom) => {
            atom.args.iter().for_each(|arg| every(arg, look));
        }
        Literal::Compare { left, right, .. } => {
            every(left, look);
            every(right, look);
        }
        Literal::Test { args, .. } => args.iter().for_each(|arg| every(arg, look)),
    }
}

fn every(expr: &Expr, look: &mut impl FnMut(&Expr)) {
    look(expr);
    match &expr.kind {
        ExprKind::Negate(inner) => every(inner, look),
        ExprKind::Binary(_, left, right) => {
            every(left, look);
            every(right, look);
        }
        ExprKind::Call(_, args) => args.iter().for_each(|arg| every(arg, look)),
        ExprKind::Aggregate(aggregate) => {
            let Aggregate { value, bodies, .. } = &**aggregate;
            value.iter().for_each(|value| every(value, look));
            for literal in bodies.iter().flatten() {
                terms(literal, look);
            }
        }
        _ => {}
    }
}

/// The atoms of a rule's bodies, those inside aggregates too.
pub fn atoms(rule: &Rule) -> Vec<&Atom> {
    let mut found = Vec::new();
    rule.bodies
        .iter()
        .flatten()
        .for_each(|literal| atoms_of(literal, &mut found));
    found
}

fn atoms_of<'r>(literal: &'r Literal, found: &mut Vec<&'r Atom>) {
    match literal {
        Literal::Positive(atom) | Literal::Negative(atom) => found.push(atom),
        Literal::Compare { left, right, .. } => {
            for side in [left, right] {
                if let ExprKind::Aggregate(aggregate) = &side.kind {
                    let inner = aggregate.bodies.iter().flatten();
                    inner.for_each(|literal| atoms_of(literal, found));
                }
            }
        }
        Literal::Test { .. } => {}
    }
}
