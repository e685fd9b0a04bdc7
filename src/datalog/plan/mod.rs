//! From a checked program to one that can be evaluated: strata, the order of joins, the indexes that they need.
//!
//! Sizes of relations are not known here; who cares for the order of joins writes the atom to begin with first.

pub(in crate::datalog) mod body;
mod chain;
mod compile;
mod constants;
mod describe;
pub(crate) mod expr;
mod inputs;
pub(in crate::datalog) mod literals;
mod lower;
mod orders;
pub(in crate::datalog) mod phases;
pub(crate) mod program;
#[cfg(test)]
mod tests;
mod views;

pub use compile::compile;
pub use describe::{PlanDescription, RelationRows, RuleDescription, Step, StratumDescription};
pub use program::{CompiledProgram, RelationPlan};
