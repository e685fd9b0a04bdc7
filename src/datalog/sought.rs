//! Which texts the rules of a program look for in a column: whoever fills a base relation may leave out the others.

use rustc_hash::{FxHashMap, FxHashSet};

use super::ast::{Atom, Expr, ExprKind, Literal};
use super::check::{Checked, RelId, terms};

/// A column of a base relation, and the only texts that any rule looks for in it.
pub type Sought = (RelId, usize, Vec<String>);

/// For each base relation that is only ever asked for some texts: a column where that is so.
pub fn sought(checked: &Checked) -> Vec<Sought> {
    let listed = listed(checked);
    let mut found: FxHashMap<(RelId, usize), Option<FxHashSet<&str>>> = FxHashMap::default();
    for rule in &checked.program.rules {
        for body in &rule.bodies {
            in_body(body, checked, &listed, &mut found);
        }
    }
    let mut sought: Vec<Sought> = Vec::new();
    for ((relation, column), texts) in found {
        if let Some(texts) = texts {
            let mut texts: Vec<String> = texts.into_iter().map(str::to_owned).collect();
            texts.sort();
            sought.push((relation, column, texts));
        }
    }
    sought.sort();
    sought.dedup_by_key(|(relation, ..)| *relation);
    sought
}

/// The texts in the columns of relations that are lists of facts.
type Listed<'p> = FxHashMap<(&'p str, usize), FxHashSet<&'p str>>;

fn listed(checked: &Checked) -> Listed<'_> {
    let mut derived: FxHashSet<&str> = FxHashSet::default();
    let mut listed: Listed<'_> = FxHashMap::default();
    for rule in &checked.program.rules {
        let is_fact = rule.bodies.iter().all(Vec::is_empty);
        for head in &rule.heads {
            let name = head.relation.name.as_str();
            let relation = checked.relation(name).and_then(|id| checked.info(id));
            if !is_fact || relation.is_none_or(|info| info.is_input) {
                derived.insert(name);
            }
            for (column, arg) in head.args.iter().enumerate() {
                if let ExprKind::Symbol(text) = &arg.kind {
                    listed.entry((name, column)).or_default().insert(text);
                }
            }
        }
    }
    listed.retain(|(name, _), _| !derived.contains(name));
    listed
}

fn in_body<'p>(
    body: &'p [Literal],
    checked: &Checked,
    listed: &Listed<'p>,
    found: &mut FxHashMap<(RelId, usize), Option<FxHashSet<&'p str>>>,
) {
    let bound = |variable: &str| {
        let positive = body.iter().filter_map(|literal| match literal {
            Literal::Positive(atom) => Some(atom),
            _ => None,
        });
        let mut lists = positive.flat_map(|atom| {
            let is_it = move |(_, arg): &(usize, &Expr)| {
                matches!(&arg.kind, ExprKind::Variable(name) if name == variable)
            };
            let columns = atom.args.iter().enumerate().filter(is_it);
            columns.filter_map(|(column, _)| listed.get(&(atom.relation.name.as_str(), column)))
        });
        lists.next()
    };
    let mut look = |atom: &'p Atom| {
        let Some(id) = checked.relation(&atom.relation.name) else {
            return;
        };
        if !checked.info(id).is_some_and(|info| info.is_input) {
            return;
        }
        for (column, arg) in atom.args.iter().enumerate() {
            let texts = match &arg.kind {
                ExprKind::Symbol(text) => Some(FxHashSet::from_iter([text.as_str()])),
                ExprKind::Variable(name) => bound(name).cloned(),
                _ => None,
            };
            let known = found
                .entry((id, column))
                .or_insert_with(|| Some(FxHashSet::default()));
            match (known.as_mut(), texts) {
                (Some(known), Some(texts)) => known.extend(texts),
                _ => *known = None,
            }
        }
    };
    for literal in body {
        if let Literal::Positive(atom) | Literal::Negative(atom) = literal {
            look(atom);
        }
    }
    for term in body.iter().flat_map(terms) {
        in_term(term, checked, listed, found);
    }
}

fn in_term<'p>(
    term: &'p Expr,
    checked: &Checked,
    listed: &Listed<'p>,
    found: &mut FxHashMap<(RelId, usize), Option<FxHashSet<&'p str>>>,
) {
    match &term.kind {
        ExprKind::Negate(inner) => in_term(inner, checked, listed, found),
        ExprKind::Binary(_, left, right) => {
            in_term(left, checked, listed, found);
            in_term(right, checked, listed, found);
        }
        ExprKind::Call(_, args) => {
            for arg in args {
                in_term(arg, checked, listed, found);
            }
        }
        ExprKind::Aggregate(aggregate) => {
            for body in &aggregate.bodies {
                in_body(body, checked, listed, found);
            }
        }
        _ => {}
    }
}
