//! Why no tuple of a pattern holds: for each rule that could have made one, how far its body gets.
//!
//! A rule's body is gone through from left to right, with the values of the pattern put in. A literal that fails does not
//! end the attempt: the later ones are looked at too, unless they need a value that the failed one would have given.

mod approach;
mod attempt;
mod outcome;
#[cfg(test)]
mod tests;

use super::ast::Span;
use super::check::Checked;
use super::database::Model;
use super::fact::{Datum, Fact, Pattern};
use super::proof::PremiseKind;
use super::solve::{World, head};

use approach::Budget;
use attempt::Candidate;

/// So many rows are tried in all.
const MOST_ROWS: usize = 10_000;
/// At least so many are for each attempt.
const LEAST_ROWS: usize = 100;
/// So many rules are tried whose heads have other constants.
const MOST_MISFITS: usize = 20;

/// Finds out why tuples do not hold.
pub struct Refuter<'a> {
    world: World<'a>,
}

/// The ways in which a tuple of a pattern could have come to be.
#[derive(Clone, Debug, PartialEq)]
pub struct Attempts {
    /// The nearest miss first: by failed literals, by those that were not reached, by the order of the rules. Those whose
    /// head does not fit come last.
    pub attempts: Vec<Attempt>,
    /// A bound cut the search short: there may be nearer misses.
    pub bounded: bool,
}

/// A rule that could have made a tuple of the pattern, with the values by which it comes nearest to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Attempt {
    /// Index in [`Program::rules`](super::ast::Program::rules).
    pub rule: usize,
    /// Index in [`Rule::bodies`](super::ast::Rule::bodies).
    pub body: usize,
    /// The whole rule.
    pub span: Span,
    /// The atom of the head.
    pub head: Span,
    /// Whether the head can be, or is with these values, a tuple of the pattern.
    pub head_fits: bool,
    /// What became of each literal, in the order of the body.
    pub literals: Vec<Outcome>,
    /// How many of them fail.
    pub failed: usize,
    /// The named variables that have a value, by name.
    pub bindings: Vec<(String, Datum)>,
}

/// What became of a literal.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// The literal.
    pub span: Span,
    /// The literal with values in place of the variables that have one.
    pub text: String,
    /// What became of it.
    pub status: Status,
}

/// Whether a literal holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Status {
    /// It does, by this.
    Holds(PremiseKind),
    /// It does not.
    Fails(Failure),
    /// It needs a value that a literal which fails would have given.
    NotReached,
}

/// Why a literal does not hold.
#[derive(Clone, Debug, PartialEq)]
pub enum Failure {
    /// There is no such fact, for an atom; where a variable without a value stands in it twice, none with equal values.
    NoFact(Pattern),
    /// This fact is there, for a negated atom.
    Present(Fact),
    /// A comparison of these values, or a `contains` or `match` of these texts.
    Test {
        /// The first.
        left: Option<Datum>,
        /// The second.
        right: Option<Datum>,
    },
    /// An expression in it has no value, for this reason.
    NoValue(String),
}

impl<'a> Refuter<'a> {
    /// The model is one of the program. Relations that its evaluation left out have no tuples in it but those pushed, and
    /// what is said of them here means nothing.
    pub fn new(checked: &'a Checked, model: &'a Model) -> Self {
        Refuter {
            world: World::new(checked, model),
        }
    }

    /// One attempt for each rule, and each alternative of its body, that could have made a tuple of the pattern; none
    /// when there is such a tuple.
    pub fn attempts(&self, pattern: &Pattern) -> Attempts {
        let nothing = Attempts {
            attempts: Vec::new(),
            bounded: false,
        };
        let Some(codes) = self.world.codes(pattern) else {
            return nothing;
        };
        if self.world.lookup.exists(pattern.relation.0, codes.clone()) {
            return nothing;
        }
        let (candidates, mut bounded) = self.candidates(pattern);
        let mut rows_left = MOST_ROWS;
        let count = candidates.len();
        let mut attempts = Vec::with_capacity(count);
        for (at, candidate) in candidates.into_iter().enumerate() {
            let share = (rows_left / (count - at)).max(LEAST_ROWS);
            let mut budget = Budget::new(share);
            attempts.extend(attempt::best(&self.world, candidate, &codes, &mut budget));
            bounded |= budget.is_exceeded();
            rows_left = rows_left.saturating_sub(budget.spent());
        }
        attempts.sort_by_key(|attempt| {
            let literals = attempt.literals.iter();
            let not_reached = literals
                .filter(|literal| literal.status == Status::NotReached)
                .count();
            let misses = (!attempt.head_fits, attempt.failed, not_reached);
            (misses, attempt.rule, attempt.body, attempt.head)
        });
        Attempts { attempts, bounded }
    }

    /// The rules for a relation, those with fitting constants first; and whether some were left out.
    fn candidates(&self, pattern: &Pattern) -> (Vec<Candidate>, bool) {
        let (mut fitting, mut others) = (Vec::new(), Vec::new());
        for &(rule, head) in self.world.derived_by(pattern.relation) {
            let Some(ast) = self.world.checked.program.rules.get(rule) else {
                continue;
            };
            let Some(atom) = ast.heads.get(head) else {
                continue;
            };
            let differing = head::other_constants(atom, pattern);
            for body in 0..ast.bodies.len() {
                let candidate = Candidate { rule, head, body };
                if differing == 0 {
                    fitting.push(candidate);
                } else {
                    others.push((differing, candidate));
                }
            }
        }
        let left_out = others.len() > MOST_MISFITS;
        others.sort_by_key(|(differing, _)| *differing);
        others.truncate(MOST_MISFITS);
        fitting.extend(others.into_iter().map(|(_, candidate)| candidate));
        (fitting, left_out)
    }
}
