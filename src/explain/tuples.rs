//! Why any tuple holds, or does not.

use crate::datalog::ast::BaseType;
use crate::datalog::{Datum, Fact, Pattern};

use super::node::Node;
use super::proof::Teller;
use super::world::World;

/// The tuples that a pattern means, by their values.
pub fn matching(world: &World<'_>, pattern: &Pattern) -> Vec<Fact> {
    Teller::new(world, 0).prover().facts(pattern)
}

/// A pattern with the numbers of the one request and machine that a run has, where it leaves them open.
pub fn of_this_run(world: &World<'_>, mut pattern: Pattern) -> Pattern {
    let Some(info) = world.checked.info(pattern.relation) else {
        return pattern;
    };
    for (column, value) in info.columns.iter().zip(&mut pattern.values) {
        let numbered = ["request", "machine"].contains(&column.name.as_str());
        if world.asked.is_some() && numbered && column.base == BaseType::Number && value.is_none() {
            *value = Some(Datum::Number(1));
        }
    }
    pattern
}

/// Why each of some facts holds, to so many levels.
pub fn prove_each(world: &World<'_>, facts: &[Fact], depth: usize) -> Vec<Node> {
    let mut teller = Teller::new(world, depth);
    facts.iter().map(|fact| teller.prove(fact, 0)).collect()
}

/// Why no tuple fits a pattern: each rule that could have made one, the nearest miss first.
pub fn refuse(world: &World<'_>, pattern: &Pattern, depth: usize) -> Vec<Node> {
    Teller::new(world, depth).refuse(pattern, 0)
}

impl World<'_> {
    /// A pattern as rule files write it, and as commands take it.
    pub fn written(&self, pattern: &Pattern) -> String {
        self.speaker().written_pattern(pattern)
    }

    /// What the tuples of a pattern mean.
    pub fn says(&self, pattern: &Pattern) -> String {
        self.speaker().pattern(pattern)
    }
}
