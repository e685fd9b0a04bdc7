//! Why a tuple holds: one step at a time, from a tuple to the rule that derives it and to what that rule's body matched.
//!
//! The body is solved anew over the complete model, so an evaluation keeps nothing for it but the round in which each
//! tuple appeared. That makes proofs well founded: of the fact's own stratum a step uses only tuples of earlier rounds.

mod candidates;
mod premise;
mod sources;
#[cfg(test)]
mod tests;

use super::ast::{AggregateOp, Span};
use super::check::Checked;
use super::database::Model;
use super::fact::{Datum, Fact, Pattern};
use super::solve::World;

pub(super) use premise::{bindings, kinds, text, value};

/// Finds out why tuples hold.
pub struct Prover<'a> {
    world: World<'a>,
}

/// How a fact came to be.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// It was pushed from outside.
    Given,
    /// A rule derives it, or a rule file states it (then there are no premises).
    Derived(Derivation),
}

/// A rule, and what its body matched.
#[derive(Clone, Debug, PartialEq)]
pub struct Derivation {
    /// Index in [`Program::rules`](super::ast::Program::rules).
    pub rule: usize,
    /// Index in [`Rule::bodies`](super::ast::Rule::bodies).
    pub body: usize,
    /// The whole rule.
    pub span: Span,
    /// The atom of the head.
    pub head: Span,
    /// What holds for it, in the order of the body. A literal has one; one in which aggregates stand has one for each of
    /// them, beside its own unless it is a comparison.
    pub premises: Vec<Premise>,
    /// The rule's named variables, by name.
    pub bindings: Vec<(String, Datum)>,
    /// For each column of the head, the columns of premises that its value is read from: pairs of a premise and a column
    /// of its fact. Values of aggregates are read from no single column.
    pub sources: Vec<Vec<(usize, usize)>>,
}

/// Something that a derivation rests on.
#[derive(Clone, Debug, PartialEq)]
pub struct Premise {
    /// The literal.
    pub span: Span,
    /// The literal with values in place of its variables.
    pub text: String,
    /// What it is.
    pub kind: PremiseKind,
}

/// What a premise is.
#[derive(Clone, Debug, PartialEq)]
pub enum PremiseKind {
    /// A fact, for an atom.
    Fact(Fact),
    /// No such fact, for a negated atom.
    Absent(Pattern),
    /// A comparison's sides, or the two texts of a `contains` or `match`.
    Test {
        /// The first.
        left: Option<Datum>,
        /// The second.
        right: Option<Datum>,
    },
    /// An aggregate.
    Aggregate {
        /// Which.
        op: AggregateOp,
        /// What it gives.
        value: Datum,
        /// For `min` and `max` the facts, in the order of its body, by which it is attained (the smallest of several
        /// such); for `count` and `sum` the facts that are counted, sorted, at most 20.
        witnesses: Vec<Fact>,
        /// In how many ways its body holds.
        total: usize,
    },
}

impl<'a> Prover<'a> {
    /// The model is one of the program, evaluated with
    /// [`Options::stamps`](super::eval::Options::stamps); without, tuples of recursive relations may have no step.
    pub fn new(checked: &'a Checked, model: &'a Model) -> Self {
        Prover {
            world: World::new(checked, model),
        }
    }

    /// The tuples that fit a pattern, sorted by their values.
    pub fn facts(&self, pattern: &Pattern) -> Vec<Fact> {
        self.world.facts(pattern)
    }

    /// How the fact came to be; nothing when it does not hold.
    ///
    /// Of several ways it is the one with the fewest premises, then the one whose premises appeared first, then the one
    /// of the first rule.
    pub fn step(&self, fact: &Fact) -> Option<Step> {
        let codes = self.world.codes(&fact.pattern())?;
        let relation = fact.relation.0;
        let row = self.world.lookup.matches(relation, codes.clone()).next()?;
        if self.world.model.was_pushed(relation, row) {
            return Some(Step::Given);
        }
        candidates::best(&self.world, fact, &codes, row).map(Step::Derived)
    }
}
