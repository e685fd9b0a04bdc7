//! Which relations can be derived part by part.
//!
//! Facts fall into parts when some of their columns are keys, and equal values of one kind of key stand in one
//! part only. A relation that is derived from atoms which keys hold together then has in each part what it has of
//! that part in the whole, and nothing else: it need not be derived again where nothing of a part has changed.

use rustc_hash::FxHashSet;
use serde::{Deserialize, Serialize};

use super::ast::{Aggregate, Atom, Expr, ExprKind, Literal};
use super::check::{Checked, RelId, RelationInfo, terms};

/// From what a relation is derived.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Extent {
    /// From facts without keys: it is the same in each part.
    Shared,
    /// From facts of one part: the columns that are keys, with their kinds.
    Keyed(Vec<(usize, u32)>),
    /// From facts of several parts, or it cannot be told.
    Whole,
}

/// A variable and the kind of key that it stands for.
type Held<'p> = (&'p str, u32);

/// What each relation is derived from; `kind` tells the columns of base relations that are keys.
pub fn extents(
    checked: &Checked,
    kind: impl Fn(&RelationInfo, usize) -> Option<u32>,
) -> Vec<Extent> {
    let base = |info: &RelationInfo| {
        let columns = 0..info.columns.len();
        let keys = columns.filter_map(|at| Some((at, kind(info, at)?)));
        info.is_input.then(|| keyed(keys.collect()))
    };
    // Nothing is known of a relation until a rule can derive something.
    let mut extents: Vec<Option<Extent>> = checked.relations.iter().map(base).collect();
    let rules = &checked.program.rules;
    let heads = rules.iter().flat_map(|rule| &rule.heads);
    let derived: FxHashSet<&str> = heads.map(|head| head.relation.name.as_str()).collect();
    for (info, extent) in checked.relations.iter().zip(&mut extents) {
        if !derived.contains(info.name.as_str()) {
            extent.get_or_insert(Extent::Shared);
        }
    }
    settle(checked, &mut extents);
    // What waits for itself is empty, which is not worth finding out.
    let waits = extents.iter_mut().filter(|extent| extent.is_none());
    waits.for_each(|extent| *extent = Some(Extent::Whole));
    settle(checked, &mut extents);
    let known = extents.into_iter();
    known
        .map(|extent| extent.unwrap_or(Extent::Whole))
        .collect()
}

/// Follows the rules until they say nothing new.
fn settle(checked: &Checked, extents: &mut [Option<Extent>]) {
    let mut changed = true;
    while changed {
        changed = false;
        for rule in &checked.program.rules {
            for body in &rule.bodies {
                let Some(body) = Body::read(body, checked, extents) else {
                    continue;
                };
                for head in &rule.heads {
                    let Some(id) = checked.relation(&head.relation.name) else {
                        continue;
                    };
                    let Some(extent) = extents.get_mut(id.index()) else {
                        continue;
                    };
                    let met = meet(extent.as_ref(), body.of_head(head));
                    changed |= extent.as_ref() != Some(&met);
                    *extent = Some(met);
                }
            }
        }
    }
}

fn keyed(keys: Vec<(usize, u32)>) -> Extent {
    match keys.is_empty() {
        true => Extent::Shared,
        false => Extent::Keyed(keys),
    }
}

/// What a relation is that is derived in both ways.
fn meet(known: Option<&Extent>, found: Extent) -> Extent {
    match (known, found) {
        (None, found) => found,
        (Some(Extent::Shared), Extent::Shared) => Extent::Shared,
        (Some(Extent::Keyed(known)), Extent::Keyed(found)) => {
            let both = known.iter().filter(|key| found.contains(key));
            let both: Vec<(usize, u32)> = both.copied().collect();
            match both.is_empty() {
                true => Extent::Whole,
                false => Extent::Keyed(both),
            }
        }
        _ => Extent::Whole,
    }
}

/// What a body's atoms make of what it derives.
enum Body<'p> {
    Shared,
    /// Keys hold the atoms together; the variables that stand for keys.
    Held(FxHashSet<Held<'p>>),
    Whole,
}

impl<'p> Body<'p> {
    /// Nothing where it asks for what is not known yet.
    fn read(
        literals: &'p [Literal],
        checked: &Checked,
        extents: &[Option<Extent>],
    ) -> Option<Self> {
        let read = Reading { checked, extents };
        let mut groups: Vec<FxHashSet<Held<'p>>> = Vec::new();
        let mut others = Vec::new();
        for literal in literals {
            match literal {
                Literal::Positive(atom) => match read.keys(atom) {
                    Keys::None => {}
                    Keys::Held(keys) => join(&mut groups, keys),
                    Keys::Unknown => return Some(Body::Whole),
                    Keys::NotYet => return None,
                },
                Literal::Negative(atom) => others.push(Inner::Atom(atom)),
                Literal::Compare { .. } | Literal::Test { .. } => {}
            }
            terms(literal).for_each(|term| aggregates(term, &mut others));
        }
        if groups.len() > 1 {
            return Some(Body::Whole);
        }
        let outer = groups.pop();
        for inner in &others {
            if !read.holds(inner, outer.as_ref())? {
                return Some(Body::Whole);
            }
        }
        Some(outer.map_or(Body::Shared, Body::Held))
    }

    fn of_head(&self, head: &Atom) -> Extent {
        let variables = match self {
            Body::Shared => return Extent::Shared,
            Body::Whole => return Extent::Whole,
            Body::Held(variables) => variables,
        };
        let mut keys = Vec::new();
        for (at, arg) in head.args.iter().enumerate() {
            if let ExprKind::Variable(name) = &arg.kind {
                let of = variables.iter().filter(|(variable, _)| variable == name);
                keys.extend(of.map(|(_, kind)| (at, *kind)));
            }
        }
        keys.sort_unstable();
        match keys.is_empty() {
            true => Extent::Whole,
            false => Extent::Keyed(keys),
        }
    }
}

/// What stands in a body and binds nothing in it.
enum Inner<'p> {
    Atom(&'p Atom),
    Aggregate(&'p Aggregate),
}

/// The keys of an atom.
enum Keys<'p> {
    /// It is the same in all parts.
    None,
    /// The variables in its key columns.
    Held(FxHashSet<Held<'p>>),
    /// It is of several parts.
    Unknown,
    /// Nothing is known of its relation yet.
    NotYet,
}

struct Reading<'c> {
    checked: &'c Checked,
    extents: &'c [Option<Extent>],
}

impl Reading<'_> {
    fn keys<'p>(&self, atom: &'p Atom) -> Keys<'p> {
        let relation = self.checked.relation(&atom.relation.name);
        let extent = relation.and_then(|id: RelId| self.extents.get(id.index()));
        match extent {
            Some(None) => Keys::NotYet,
            Some(Some(Extent::Shared)) => Keys::None,
            None | Some(Some(Extent::Whole)) => Keys::Unknown,
            Some(Some(Extent::Keyed(keys))) => {
                let held = keys
                    .iter()
                    .filter_map(|(at, kind)| match &atom.args.get(*at)?.kind {
                        ExprKind::Variable(name) => Some((name.as_str(), *kind)),
                        _ => None,
                    });
                Keys::Held(held.collect())
            }
        }
    }

    /// Whether what is asked there is asked of the part that the rest of the body is in; nothing where it
    /// is not known yet.
    fn holds<'p>(&self, inner: &Inner<'p>, outer: Option<&FxHashSet<Held<'p>>>) -> Option<bool> {
        let aggregate = match inner {
            Inner::Atom(atom) => {
                return match self.keys(atom) {
                    Keys::None => Some(true),
                    Keys::Held(keys) => Some(outer.is_some_and(|outer| !outer.is_disjoint(&keys))),
                    Keys::Unknown => Some(false),
                    Keys::NotYet => None,
                };
            }
            Inner::Aggregate(aggregate) => aggregate,
        };
        for literals in &aggregate.bodies {
            let mut groups: Vec<FxHashSet<Held<'p>>> = outer.into_iter().cloned().collect();
            let mut others = Vec::new();
            for literal in literals {
                match literal {
                    Literal::Positive(atom) => match self.keys(atom) {
                        Keys::None => {}
                        Keys::Held(keys) => join(&mut groups, keys),
                        Keys::Unknown => return Some(false),
                        Keys::NotYet => return None,
                    },
                    Literal::Negative(atom) => others.push(Inner::Atom(atom)),
                    Literal::Compare { .. } | Literal::Test { .. } => {}
                }
                terms(literal).for_each(|term| aggregates(term, &mut others));
            }
            // With nothing around it, what is aggregated is of all parts.
            if groups.len() > usize::from(outer.is_some()) {
                return Some(false);
            }
            for inner in &others {
                if !self.holds(inner, groups.first())? {
                    return Some(false);
                }
            }
        }
        Some(true)
    }
}

/// Adds an atom's keys to the groups of those that are in one part.
fn join<'p>(groups: &mut Vec<FxHashSet<Held<'p>>>, mut keys: FxHashSet<Held<'p>>) {
    groups.retain(|group| {
        let is_apart = group.is_disjoint(&keys);
        if !is_apart {
            keys.extend(group.iter().copied());
        }
        is_apart
    });
    groups.push(keys);
}

fn aggregates<'p>(term: &'p Expr, found: &mut Vec<Inner<'p>>) {
    match &term.kind {
        ExprKind::Negate(inner) => aggregates(inner, found),
        ExprKind::Binary(_, left, right) => {
            aggregates(left, found);
            aggregates(right, found);
        }
        ExprKind::Call(_, args) => args.iter().for_each(|arg| aggregates(arg, found)),
        ExprKind::Aggregate(aggregate) => found.push(Inner::Aggregate(aggregate)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::{Extent, extents};
    use crate::datalog::source::Sources;
    use crate::datalog::{Checked, NoIncludes, load};

    const BASE: &str = "
        .decl file(d: number, name: symbol)
        .input file
        .decl line(d: number, text: symbol)
        .input line
        .decl known(text: symbol)
        .input known
    ";

    fn checked(rules: &str) -> Checked {
        let mut sources = Sources::new();
        let file = sources.add("test.dl", format!("{BASE}{rules}"));
        load(&mut sources, &[file], &mut NoIncludes).unwrap()
    }

    /// What `p` is derived from, where `d` and `name` are keys.
    fn extent(rules: &str) -> Extent {
        let checked = checked(rules);
        let extents = extents(&checked, |info, column| {
            match (info.name.as_str(), info.columns[column].name.as_str()) {
                ("file" | "line", "d") => Some(1),
                ("file", "name") => Some(2),
                _ => None,
            }
        });
        extents[checked.relation("p").unwrap().index()].clone()
    }

    #[test]
    fn what_keys_hold_together_is_of_one_part() {
        for (rules, wanted) in [
            ("p(T) :- known(T).", Extent::Shared),
            ("p(D) :- line(D, T), known(T).", Extent::Keyed(vec![(0, 1)])),
            (
                "p(D) :- file(D, _), !line(D, _).",
                Extent::Keyed(vec![(0, 1)]),
            ),
            (
                "p(D) :- file(D, N), file(E, N), D < E.",
                Extent::Keyed(vec![(0, 1)]),
            ),
            (
                "p(D) :- file(D, _), 2 = count : { line(D, _) }.",
                Extent::Keyed(vec![(0, 1)]),
            ),
            (
                "q(D, E) :- file(D, N), file(E, N). p(E) :- q(D, E), line(D, _).",
                Extent::Keyed(vec![(0, 1)]),
            ),
        ] {
            let decls = ".decl q(d: number, e: number)\n";
            let ty = if wanted == Extent::Shared {
                "symbol"
            } else {
                "number"
            };
            let rules = format!("{decls}.decl p(x: {ty})\n{rules}\nq(D, D) :- line(D, _).");
            assert_eq!(extent(&rules), wanted, "{rules}");
        }
    }

    #[test]
    fn what_nothing_holds_together_is_of_the_whole() {
        for rules in [
            "p(D) :- line(D, T), line(E, T), D != E.",
            "p(D) :- file(D, _), line(_, T), known(T).",
            "p(D) :- file(D, _), !line(1, _).",
            "p(N) :- N = count : { file(_, _) }.",
            "p(D) :- file(D, _), 2 = count : { line(_, T), known(T) }.",
            "p(1). p(D) :- file(D, _).",
            // The texts of all parts: asked for in another part they are there all the same.
            "q(T) :- line(_, T). p(D) :- file(D, T), q(T).",
            "p(D) :- p(D), file(D, _).",
        ] {
            let rules =
                format!(".decl q(t: symbol)\n.decl p(x: number)\n{rules}\nq(T) :- known(T).");
            assert_eq!(extent(&rules), Extent::Whole, "{rules}");
        }
    }

    #[test]
    fn a_recursion_keeps_the_keys_that_all_its_rules_keep() {
        let rules = ".decl p(d: number, e: number)
            p(D, E) :- file(D, N), file(E, N).
            p(D, F) :- p(D, E), line(E, T), file(F, T), F > 3, p(E, F).";
        assert_eq!(extent(rules), Extent::Keyed(vec![(0, 1), (1, 1)]));
    }
}
