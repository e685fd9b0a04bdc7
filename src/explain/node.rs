//! The structure that explanations are shown from, as text and as JSON alike.

use serde::Serialize;

use super::place::At;

/// A statement, and what it rests on.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Node {
    /// The tuple as rule files write it, or the literal with its values put in.
    pub fact: String,
    /// What it means.
    pub says: String,
    /// The relation whose rule makes the statement; none for a fact from outside.
    pub rule: Option<String>,
    /// Where that rule stands.
    pub rule_at: Option<RulePlace>,
    /// Where a fact from outside comes from.
    pub at: Vec<At>,
    /// Whether it holds, and how that is known.
    pub status: Status,
    /// What it rests on.
    pub premises: Vec<Node>,
    /// It carries on the statement that it supports: the same subject, one rule earlier.
    #[serde(skip)]
    pub carries_on: bool,
}

/// A rule's place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RulePlace {
    /// The rule file.
    pub file: String,
    /// Its line, from 1.
    pub line: usize,
    /// The character in the line, from 1.
    pub column: usize,
    /// The rule's first byte.
    pub offset: usize,
    /// Its bytes.
    pub length: usize,
}

/// Whether a statement holds, and how that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// It follows from its premises.
    Holds,
    /// It follows, and its premises are left out: deeper than was asked for.
    Cut,
    /// It was shown before.
    Above,
    /// It was given, or is stated in a rule file.
    Fact,
    /// A comparison, or another test of values, that comes out true.
    Test,
    /// A negation that holds: nothing of the kind is there.
    Absent,
    /// It does not hold.
    Failed,
    /// It was not looked at, since something before it fails.
    NotReached,
}

impl Node {
    /// A statement without premises.
    pub fn new(fact: String, says: String, status: Status) -> Node {
        Node {
            fact,
            says,
            rule: None,
            rule_at: None,
            at: Vec::new(),
            status,
            premises: Vec::new(),
            carries_on: false,
        }
    }

    /// How many statements it takes, itself included.
    pub fn size(&self) -> usize {
        1 + self.premises.iter().map(Node::size).sum::<usize>()
    }
}
