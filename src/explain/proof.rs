//! Why a fact holds, as a tree of sentences that ends in places.

use std::collections::HashSet;

use crate::datalog::ast::AggregateOp;
use crate::datalog::proof::{Derivation, Premise, PremiseKind, Prover, Step};
use crate::datalog::refute::Refuter;
use crate::datalog::{Datum, Fact, Pattern};

use super::node::{Node, Status};
use super::saying::{Speaker, plain};
use super::world::World;

/// Statements beyond this many are cut, whatever depth was asked for.
pub(super) const MOST: usize = 5_000;

/// Builds trees; what was shown once is only named afterwards.
pub(super) struct Teller<'w> {
    pub(super) world: &'w World<'w>,
    pub(super) speaker: Speaker<'w>,
    prover: Prover<'w>,
    pub(super) refuter: Refuter<'w>,
    pub(super) depth: usize,
    shown: HashSet<Fact>,
    pub(super) denied: HashSet<Pattern>,
    pub(super) made: usize,
}

impl<'w> Teller<'w> {
    /// Tells to so many levels beside the main line.
    pub(super) fn new(world: &'w World<'w>, depth: usize) -> Teller<'w> {
        Teller {
            world,
            speaker: world.speaker(),
            prover: Prover::new(&world.checked, &world.model),
            refuter: Refuter::new(&world.checked, &world.model),
            depth,
            shown: HashSet::new(),
            denied: HashSet::new(),
            made: 0,
        }
    }

    pub(super) fn prover(&self) -> &Prover<'w> {
        &self.prover
    }

    /// Why a fact holds.
    pub(super) fn prove(&mut self, fact: &Fact, level: usize) -> Node {
        self.made += 1;
        let speaker = self.speaker;
        let mut node = Node::new(speaker.written(fact), speaker.fact(fact), Status::Failed);
        match self.prover.step(fact) {
            None => {}
            Some(Step::Given) => {
                node.status = Status::Fact;
                node.at = self.world.origins(fact);
            }
            Some(Step::Derived(derived)) => {
                node.rule = Some(speaker.name(fact.relation).to_owned());
                node.rule_at = Some(self.world.rule_place(derived.head));
                if derived.premises.is_empty() {
                    node.status = Status::Fact;
                } else if self.shown.contains(fact) {
                    node.status = Status::Above;
                } else if level >= self.depth || self.made > MOST {
                    node.status = Status::Cut;
                } else {
                    node.status = Status::Holds;
                    self.shown.insert(fact.clone());
                    node.premises = self.premises(fact, &derived, level);
                }
            }
        }
        node
    }

    /// What a fact was derived from. Helpers without a sentence give way to what they rest on.
    fn premises(&mut self, of: &Fact, derived: &Derivation, level: usize) -> Vec<Node> {
        let mut nodes = Vec::new();
        for premise in &derived.premises {
            match &premise.kind {
                PremiseKind::Fact(fact) if self.speaker.is_helper(fact.relation) => {
                    match self.prover.step(fact) {
                        Some(Step::Derived(inner)) if !inner.premises.is_empty() => {
                            nodes.extend(self.premises(of, &inner, level));
                        }
                        _ => nodes.push(self.prove(fact, level + 1)),
                    }
                }
                PremiseKind::Fact(fact) => {
                    let carries_on =
                        carries_on(of, fact) && nodes.iter().all(|node: &Node| !node.carries_on);
                    let mut node = self.prove(fact, if carries_on { level } else { level + 1 });
                    node.carries_on = carries_on && node.status == Status::Holds;
                    nodes.push(node);
                }
                PremiseKind::Absent(pattern) => {
                    nodes.push(self.absent(premise, pattern, level + 1))
                }
                other => nodes.extend(self.test(premise, other, level + 1)),
            }
        }
        nodes.dedup();
        nodes
    }

    /// A negation that holds, with why nothing of the kind is there.
    fn absent(&mut self, premise: &Premise, pattern: &Pattern, level: usize) -> Node {
        let says = self.denial(pattern);
        let mut node = Node::new(premise.text.clone(), says, Status::Absent);
        if self.speaker.is_helper(pattern.relation) {
            node.at = self
                .helper_ends(pattern)
                .iter()
                .flat_map(|end| self.world.pattern_origins(end))
                .collect();
        } else if self.is_input(pattern) {
            node.at = self.world.pattern_origins(pattern);
        } else if level < self.depth && self.made <= MOST {
            node.premises = self.refuse(pattern, level + 1);
        }
        node
    }

    pub(super) fn is_input(&self, pattern: &Pattern) -> bool {
        let info = self.world.checked.info(pattern.relation);
        info.is_some_and(|info| info.is_input)
    }

    /// A comparison or an aggregate that holds. Equalities that only give a value its name say nothing.
    fn test(&mut self, premise: &Premise, kind: &PremiseKind, level: usize) -> Option<Node> {
        let node = |says: String| Node::new(premise.text.clone(), says, Status::Test);
        match kind {
            PremiseKind::Aggregate {
                op,
                value,
                witnesses,
                total,
            } => {
                let named = self.speaker.column_of(witnesses.first(), value);
                let mut node = node(aggregated(*op, named, value, *total));
                if level < self.depth && self.made <= MOST {
                    let speaker = self.speaker;
                    for witness in witnesses
                        .iter()
                        .filter(|fact| !speaker.is_helper(fact.relation))
                    {
                        let mut named = self.prove(witness, usize::MAX);
                        if named.status == Status::Cut {
                            named.status = Status::Holds;
                        }
                        node.premises.push(named);
                    }
                }
                Some(node)
            }
            _ if names_a_value(&premise.text) => None,
            _ => Some(node(premise.text.clone())),
        }
    }
}

/// Whether a premise speaks of the same subject as what follows from it, so that the two read one
/// after the other: all their values but perhaps the last, and at least two.
fn carries_on(conclusion: &Fact, premise: &Fact) -> bool {
    let common = conclusion
        .values
        .iter()
        .zip(&premise.values)
        .take_while(|(a, b)| a == b)
        .count();
    let shorter = conclusion.values.len().min(premise.values.len());
    common >= 2 && common + 1 >= shorter
}

/// What an aggregate says: "place 1 is the smallest of 7".
pub(super) fn aggregated(op: AggregateOp, named: &str, value: &Datum, total: usize) -> String {
    let value = plain(value);
    let value = if named.is_empty() {
        value
    } else {
        format!("{named} {value}")
    };
    let of = if total == 1 {
        ", being the only one".to_owned()
    } else {
        format!(" of {total}")
    };
    match op {
        AggregateOp::Count => format!("{value} in all"),
        AggregateOp::Sum if total == 0 => format!("{value} is the sum of nothing"),
        AggregateOp::Sum => format!("{value} is the sum of {total}"),
        AggregateOp::Min => format!("{value} is the smallest{of}"),
        AggregateOp::Max => format!("{value} is the largest{of}"),
    }
}

/// `X = 4 + 4`, with the value put in `8 = 8`: an equality that gives a value its name.
pub(super) fn names_a_value(text: &str) -> bool {
    text.split_once(" = ")
        .is_some_and(|(left, right)| left == right)
}
