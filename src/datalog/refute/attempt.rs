//! The attempt of one rule: its nearest binding, and what it makes of each literal.

use super::approach::{Approach, Budget};
use super::{Attempt, outcome};
use crate::datalog::proof::bindings;
use crate::datalog::solve::{World, head};

/// A head and an alternative of a rule, by number.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate {
    pub(super) rule: usize,
    pub(super) head: usize,
    pub(super) body: usize,
}

/// The best attempt of a candidate; nothing when the body holds and its head fits.
pub(super) fn best(
    world: &World<'_>,
    candidate: Candidate,
    codes: &[Option<u32>],
    budget: &mut Budget,
) -> Option<Attempt> {
    let Candidate {
        rule,
        head: head_at,
        body,
    } = candidate;
    let lowered = world.alternative(rule, body)?;
    let ast = world.checked.program.rules.get(rule)?;
    let mut approach = Approach::new(world, &lowered);
    let differing = head::bind(&lowered, head_at, codes, &mut approach.bindings);
    let nearest = approach.run(budget, |bindings| {
        head::agrees(world, &lowered, head_at, codes, bindings)
    })?;
    let head_fits =
        differing == 0 && head::agrees(world, &lowered, head_at, codes, &nearest.bindings);
    if head_fits && nearest.failed() == 0 {
        return None;
    }
    let literals = outcome::outcomes(world, &lowered, ast.bodies.get(body)?, &nearest);
    Some(Attempt {
        rule,
        body,
        span: ast.span,
        head: ast.heads.get(head_at)?.span,
        head_fits,
        failed: outcome::failed(&literals),
        literals,
        bindings: bindings(world, &lowered, &nearest.bindings),
    })
}
