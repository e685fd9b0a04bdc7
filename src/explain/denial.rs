//! Why a fact does not hold: for each rule that could have made it, where that rule fails.

use crate::datalog::Pattern;
use crate::datalog::proof::PremiseKind;
use crate::datalog::refute::{Attempt, Failure, Outcome, Status as Reached};

use super::node::{Node, Status};
use super::proof::{MOST, Teller, aggregated, names_a_value};

impl Teller<'_> {
    /// "not so: ..."; of a helper, what it looks for and does not find.
    pub(super) fn denial(&self, pattern: &Pattern) -> String {
        if self.is_input(pattern)
            && let Some(says) = self.world.absent_given(pattern)
        {
            return says.to_owned();
        }
        if self.speaker.is_helper(pattern.relation)
            && let Some(missed) = self.nearest_miss(pattern)
        {
            return missed;
        }
        format!("not so: {}", self.speaker.pattern(pattern))
    }

    /// What the nearest miss of a helper fails at, where that is one condition.
    fn nearest_miss(&self, pattern: &Pattern) -> Option<String> {
        let attempts = self.refuter.attempts(pattern).attempts;
        let attempt = attempts.first().filter(|attempt| attempt.failed == 1)?;
        attempt
            .literals
            .iter()
            .find_map(|literal| match &literal.status {
                Reached::Fails(Failure::NoFact(missing)) if missing != pattern => {
                    Some(self.denial(missing))
                }
                Reached::Fails(Failure::Present(fact)) => Some(self.speaker.fact(fact)),
                Reached::Fails(Failure::Test { .. }) => Some(format!("not so: {}", literal.text)),
                _ => None,
            })
    }

    /// The documented facts that a helper's rules miss.
    pub(super) fn helper_ends(&self, pattern: &Pattern) -> Vec<Pattern> {
        let mut ends = Vec::new();
        for attempt in self.refuter.attempts(pattern).attempts {
            for literal in &attempt.literals {
                if let Reached::Fails(Failure::NoFact(missing)) = &literal.status
                    && missing != pattern
                {
                    if self.speaker.is_helper(missing.relation) {
                        ends.extend(self.helper_ends(missing));
                    } else {
                        ends.push(missing.clone());
                    }
                }
            }
        }
        ends.sort();
        ends.dedup();
        ends
    }

    /// Why nothing fits a pattern: each rule that could have made it, with what it fails at.
    pub(super) fn refuse(&mut self, pattern: &Pattern, level: usize) -> Vec<Node> {
        if !self.denied.insert(pattern.clone()) {
            return Vec::new();
        }
        let attempts = self.refuter.attempts(pattern);
        let mut nodes = Vec::new();
        for attempt in attempts.attempts.iter().filter(|attempt| attempt.head_fits) {
            self.made += 1;
            if self.made > MOST {
                break;
            }
            nodes.push(self.attempt(pattern, attempt, level));
        }
        if attempts.bounded {
            let says = "the search was cut short here: there may be a nearer miss".to_owned();
            nodes.push(Node::new(String::new(), says, Status::Cut));
        }
        nodes
    }

    /// A statement that does not hold, with why. Where one rule only could have made it, that rule
    /// is named with the statement, and what it fails at follows at once.
    fn refused(&mut self, mut node: Node, pattern: &Pattern, level: usize) -> Node {
        let mut attempts = self.refuse(pattern, level);
        if attempts.len() == 1
            && let Some(only) = attempts.pop()
        {
            node.rule = only.rule;
            node.rule_at = only.rule_at;
            node.premises = only.premises;
        } else {
            node.premises = attempts;
        }
        node
    }

    fn attempt(&mut self, pattern: &Pattern, attempt: &Attempt, level: usize) -> Node {
        let mut premises = Vec::new();
        for outcome in &attempt.literals {
            premises.extend(self.outcome(pattern, outcome, level));
        }
        let failed = premises.iter().filter(|node| node.status == Status::Failed);
        let says = match failed.count() {
            1 => "this rule fails at one condition".to_owned(),
            failed => format!("this rule fails at {failed} conditions"),
        };
        let mut node = Node::new(self.speaker.written_pattern(pattern), says, Status::Failed);
        node.rule = Some(self.speaker.name(pattern.relation).to_owned());
        node.rule_at = Some(self.world.rule_place(attempt.span));
        if level < self.depth {
            node.premises = premises;
        }
        node
    }

    fn outcome(&mut self, of: &Pattern, outcome: &Outcome, level: usize) -> Vec<Node> {
        let text = outcome.text.clone();
        match &outcome.status {
            Reached::NotReached => vec![Node::new(text.clone(), text, Status::NotReached)],
            Reached::Holds(PremiseKind::Fact(fact)) => {
                let mut node = self.prove(fact, usize::MAX);
                if node.status == Status::Cut {
                    node.status = Status::Holds;
                }
                vec![node]
            }
            Reached::Holds(PremiseKind::Absent(pattern)) => {
                vec![Node::new(text, self.denial(pattern), Status::Absent)]
            }
            Reached::Holds(PremiseKind::Aggregate {
                op,
                value,
                witnesses,
                total,
            }) => {
                let named = self.speaker.column_of(witnesses.first(), value);
                let says = aggregated(*op, named, value, *total);
                vec![Node::new(text, says, Status::Test)]
            }
            Reached::Holds(_) if names_a_value(&text) => Vec::new(),
            Reached::Holds(_) => vec![Node::new(text.clone(), text, Status::Test)],
            Reached::Fails(failure) => vec![self.failure(of, text, failure, level)],
        }
    }

    fn failure(&mut self, of: &Pattern, text: String, failure: &Failure, level: usize) -> Node {
        let deeper = level + 1 < self.depth && self.made <= MOST;
        match failure {
            Failure::NoFact(pattern) => {
                let mut node = Node::new(text, self.denial(pattern), Status::Failed);
                if self.is_input(pattern) {
                    node.at = self.world.pattern_origins(pattern);
                } else if self.speaker.is_helper(pattern.relation) {
                    let ends = self.helper_ends(pattern);
                    node.at = ends
                        .iter()
                        .flat_map(|end| self.world.pattern_origins(end))
                        .collect();
                } else if carries_on(of, pattern) && self.made <= MOST {
                    node = self.refused(node, pattern, level);
                    node.carries_on = true;
                } else if deeper {
                    node = self.refused(node, pattern, level + 1);
                }
                node
            }
            Failure::Present(fact) => {
                let says = format!("yet: {}", self.speaker.fact(fact));
                let mut node = Node::new(text, says, Status::Failed);
                // One level of the proof: it is the absent fact that is asked about.
                let last = self.depth.saturating_sub(1);
                let proof = self.prove(
                    fact,
                    if deeper {
                        last.max(level + 1)
                    } else {
                        usize::MAX
                    },
                );
                node.at = proof.at;
                node.rule = proof.rule;
                node.rule_at = proof.rule_at;
                node.premises = proof.premises;
                node
            }
            Failure::Test { .. } => {
                let says = format!("{text} does not hold");
                Node::new(text, says, Status::Failed)
            }
            Failure::NoValue(because) => {
                let says = format!("{text} has no value: {because}");
                Node::new(text, says, Status::Failed)
            }
        }
    }
}

/// Whether two patterns speak of the same subject, so that the statements about them read one after
/// the other: all the values that are known but perhaps the last, and at least two.
fn carries_on(of: &Pattern, pattern: &Pattern) -> bool {
    let pairs = of.values.iter().zip(&pattern.values);
    let common = pairs.take_while(|(a, b)| a.is_some() && a == b).count();
    let shorter = of.values.len().min(pattern.values.len());
    common >= 2 && common + 1 >= shorter
}
