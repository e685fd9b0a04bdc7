//! A Datalog engine for rule files in a subset of Soufflé: parse, check, plan, evaluate.
//!
//! It knows nothing of what the rules are about and could stand as a crate of its own.

pub mod ast;
