//! Why a decision is as it is, why it is not otherwise, and what would change it.
//!
//! Everything said here is read off the rules that decided: their doc comments, their proofs, and the
//! places of the facts that they began with.

mod beaten;
mod change;
mod configuration;
mod denial;
mod node;
mod place;
mod proof;
mod refusal;
mod saying;
mod text;
mod tuples;
mod why;
mod why_not;
mod world;

pub use beaten::BeatenBy;
pub use change::{Change, Proposal};
pub use configuration::Configuration;
pub use node::{Node, RulePlace, Status};
pub use place::{At, AtFile};
pub use refusal::{Failed, Sourced, Telling};
pub use text::{Style, tree, wrapped};
pub use tuples::{matching, of_this_run, prove_each, refuse};
pub use why::{Beaten, Why, why};
pub use why_not::{Verdict, WhyNot, WhyNotConfiguration, why_not};
pub use world::{Asked, Rules, Wanted, World};
