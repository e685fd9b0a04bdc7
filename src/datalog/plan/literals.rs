//! One alternative of a rule's body for whoever asks about single tuples: the goals of each of its literals.

use std::ops::Range;

use super::body::Body;
use super::constants::Constants;
use super::lower::Lowering;
use super::program::Constant;
use crate::datalog::ast::{Atom, BaseType};
use crate::datalog::check::Checked;
use crate::datalog::diagnostic::Found;

/// A lowered body; its heads are those of the rule, in order.
#[derive(Debug)]
pub(in crate::datalog) struct Alternative {
    pub(in crate::datalog) body: Body,
    /// The named variables; they come first among the body's.
    pub(in crate::datalog) variables: Vec<(String, BaseType)>,
    /// What [`Term::Constant`](super::body::Term::Constant) refers to.
    pub(in crate::datalog) constants: Vec<Constant>,
    ends: Vec<usize>,
}

impl Alternative {
    /// A rule's alternative, both by their numbers.
    pub(in crate::datalog) fn new(checked: &Checked, rule: usize, body: usize) -> Option<Self> {
        let types = checked.bodies.get(rule)?.get(body)?;
        let rule = checked.program.rules.get(rule)?;
        let literals = rule.bodies.get(body)?;
        let heads: Vec<&Atom> = rule.heads.iter().collect();
        let mut lowering = Lowering {
            checked,
            constants: Constants::default(),
            found: Found::default(),
        };
        let (body, ends) = lowering.by_literal(&heads, literals, types);
        Some(Alternative {
            body,
            variables: types.variables.clone(),
            constants: lowering.constants.into_inner(),
            ends,
        })
    }

    /// The goals of a literal; what the literal itself says is the last one.
    pub(in crate::datalog) fn goals_of(&self, literal: usize) -> Range<usize> {
        let end = self.ends.get(literal).copied().unwrap_or_default();
        let before = literal
            .checked_sub(1)
            .and_then(|before| self.ends.get(before));
        before.copied().unwrap_or_default()..end
    }
}
