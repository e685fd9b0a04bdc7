//! Which rules of a program a query needs.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::datalog::ast::{Expr, ExprKind, Literal, Rule};
use crate::datalog::check::terms;

/// The rules that derive what the query's own rules speak of, and what these depend on, in their order.
pub(super) fn rules(all: &[Rule], own: &[Rule]) -> Vec<Rule> {
    let mut derived_by: FxHashMap<&str, Vec<usize>> = FxHashMap::default();
    for (index, rule) in all.iter().enumerate() {
        for head in &rule.heads {
            derived_by
                .entry(&head.relation.name)
                .or_default()
                .push(index);
        }
    }
    let mut wanted: FxHashSet<usize> = FxHashSet::default();
    let mut seen: FxHashSet<&str> = FxHashSet::default();
    let mut waiting: Vec<&str> = Vec::new();
    for rule in own {
        mentioned(rule, &mut waiting);
    }
    while let Some(relation) = waiting.pop() {
        if !seen.insert(relation) {
            continue;
        }
        for index in derived_by.get(relation).into_iter().flatten() {
            if let Some(rule) = all.get(*index).filter(|_| wanted.insert(*index)) {
                mentioned(rule, &mut waiting);
            }
        }
    }
    let wanted = all
        .iter()
        .enumerate()
        .filter(|(index, _)| wanted.contains(index));
    wanted.map(|(_, rule)| rule.clone()).collect()
}

/// The relations of a rule's heads and bodies.
fn mentioned<'p>(rule: &'p Rule, names: &mut Vec<&'p str>) {
    names.extend(rule.heads.iter().map(|head| head.relation.name.as_str()));
    rule.bodies
        .iter()
        .flatten()
        .for_each(|literal| in_literal(literal, names));
}

fn in_literal<'p>(literal: &'p Literal, names: &mut Vec<&'p str>) {
    if let Literal::Positive(atom) | Literal::Negative(atom) = literal {
        names.push(&atom.relation.name);
    }
    terms(literal).for_each(|term| in_term(term, names));
}

fn in_term<'p>(term: &'p Expr, names: &mut Vec<&'p str>) {
    match &term.kind {
        ExprKind::Negate(inner) => in_term(inner, names),
        ExprKind::Binary(_, left, right) => {
            in_term(left, names);
            in_term(right, names);
        }
        ExprKind::Call(_, args) => args.iter().for_each(|arg| in_term(arg, names)),
        ExprKind::Aggregate(aggregate) => {
            aggregate
                .value
                .iter()
                .for_each(|value| in_term(value, names));
            let literals = aggregate.bodies.iter().flatten();
            literals.for_each(|literal| in_literal(literal, names));
        }
        _ => {}
    }
}
