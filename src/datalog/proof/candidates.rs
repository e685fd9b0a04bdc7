//! The rules that may have derived a fact, and the best way in which one of them did.

use super::sources::sources;
use super::{Derivation, Premise, PremiseKind, bindings, kinds, text};
use crate::datalog::eval::Stamp;
use crate::datalog::fact::Fact;
use crate::datalog::plan::body::Goal;
use crate::datalog::solve::{Bindings, Lowered, Search, World, head};

/// So many ways to derive a fact are compared.
const MOST_WAYS: usize = 1000;
/// At least so many of one rule are.
const LEAST_WAYS: usize = 50;
/// So many rows are tried when a way is known already.
const MOST_ROWS: usize = 20_000;

/// A rule that may have derived the fact; by number, with the number of its literals first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Candidate {
    literals: usize,
    rule: usize,
    head: usize,
    body: usize,
}

/// A way to derive the fact.
struct Way {
    candidate: Candidate,
    bindings: Bindings,
    rows: Vec<Option<usize>>,
    latest: Option<Stamp>,
}

/// The best derivation of a fact that has these codes and is this row.
pub(super) fn best(
    world: &World<'_>,
    fact: &Fact,
    codes: &[Option<u32>],
    row: usize,
) -> Option<Derivation> {
    let stamp = world.model.stamp_at(fact.relation.0, row)?;
    let mut best: Option<Way> = None;
    let candidates = candidates(world, fact);
    let most = (MOST_WAYS / candidates.len().max(1)).max(LEAST_WAYS);
    for candidate in candidates {
        if let Some(best) = &best
            && best.candidate.literals < candidate.literals
        {
            break;
        }
        try_candidate(world, candidate, (codes, stamp), most, &mut best);
    }
    derivation(world, &best?)
}

fn candidates(world: &World<'_>, fact: &Fact) -> Vec<Candidate> {
    let pattern = fact.pattern();
    let mut found = Vec::new();
    for &(rule, head) in world.derived_by(fact.relation) {
        let Some(ast) = world.checked.program.rules.get(rule) else {
            continue;
        };
        let atom = ast.heads.get(head);
        if atom.is_none_or(|atom| head::other_constants(atom, &pattern) > 0) {
            continue;
        }
        found.extend(
            ast.bodies
                .iter()
                .enumerate()
                .map(|(body, literals)| Candidate {
                    literals: literals.len(),
                    rule,
                    head,
                    body,
                }),
        );
    }
    found.sort_unstable();
    found
}

fn try_candidate(
    world: &World<'_>,
    candidate: Candidate,
    (codes, stamp): (&[Option<u32>], Stamp),
    most: usize,
    best: &mut Option<Way>,
) {
    let Some(lowered) = world.alternative(candidate.rule, candidate.body) else {
        return;
    };
    let mut search = Search::of_rule(world, &lowered, Some(stamp));
    if head::bind(&lowered, candidate.head, codes, &mut search.bindings) > 0 {
        return;
    }
    let mut ways = 0;
    while search.next().unwrap_or(false) {
        if head::agrees(world, &lowered, candidate.head, codes, &search.bindings) {
            ways += 1;
            let latest = latest(world, &lowered, &search.rows);
            let better = best.as_ref().is_none_or(|best| {
                latest < best.latest
                    || latest == best.latest
                        && candidate == best.candidate
                        && facts(world, &lowered, &search.rows) < facts(world, &lowered, &best.rows)
            });
            if better {
                *best = Some(Way {
                    candidate,
                    bindings: search.bindings.clone(),
                    rows: search.rows.clone(),
                    latest,
                });
            }
        }
        if ways >= most || ways > 0 && search.tried > MOST_ROWS {
            return;
        }
    }
}

/// The positive atoms' relations and rows.
fn taken<'a>(
    lowered: &'a Lowered,
    rows: &'a [Option<usize>],
) -> impl Iterator<Item = (u32, usize)> + 'a {
    let goals = lowered.alternative.body.goals.iter().zip(rows);
    goals.filter_map(|(goal, row)| match goal {
        Goal::Atom {
            relation,
            negated: false,
            ..
        } => Some((*relation, (*row)?)),
        _ => None,
    })
}

fn latest(world: &World<'_>, lowered: &Lowered, rows: &[Option<usize>]) -> Option<Stamp> {
    let stamps = taken(lowered, rows);
    stamps
        .filter_map(|(relation, row)| world.model.stamp_at(relation, row))
        .max()
}

fn facts(world: &World<'_>, lowered: &Lowered, rows: &[Option<usize>]) -> Vec<Fact> {
    let facts = taken(lowered, rows);
    facts
        .map(|(relation, row)| world.fact(relation, row))
        .collect()
}

fn derivation(world: &World<'_>, way: &Way) -> Option<Derivation> {
    let Candidate {
        rule, head, body, ..
    } = way.candidate;
    let lowered = world.alternative(rule, body)?;
    let ast = world.checked.program.rules.get(rule)?;
    let known = bindings(world, &lowered, &way.bindings);
    let mut premises = Vec::new();
    let mut premise_of = Vec::new();
    for (at, literal) in ast.bodies.get(body)?.iter().enumerate() {
        let text = text(literal, &known);
        let kinds = kinds(world, &lowered, at, &way.bindings, &way.rows);
        let is_fact = matches!(kinds.first(), Some(PremiseKind::Fact(_)));
        premise_of.push(is_fact.then_some(premises.len()));
        premises.extend(kinds.into_iter().map(|kind| Premise {
            span: literal.span(),
            text: text.clone(),
            kind,
        }));
    }
    Some(Derivation {
        rule,
        body,
        span: ast.span,
        head: ast.heads.get(head)?.span,
        premises,
        bindings: known,
        sources: sources(&lowered, head, &premise_of),
    })
}
