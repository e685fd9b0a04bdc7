//! A Datalog engine for rule files in a subset of Soufflé: parse, check, plan, evaluate.
//!
//! It knows nothing of what the rules are about and could stand as a crate of its own.

pub mod ast;
pub mod diagnostic;
pub mod doc;
mod lex;
mod nearest;
mod parse;
pub mod source;

pub use parse::{FromDisk, Loader, NoIncludes, parse, parse_all};
