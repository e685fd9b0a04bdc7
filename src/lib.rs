//! AIM Engine: which recipe serves a model on this machine, decided by Datalog rules.

pub mod cache;
pub mod card;
pub mod catalog;
pub mod cli;
pub mod container;
pub mod coverage;
pub mod datalog;
pub mod detect;
pub mod diff;
pub mod doctor;
pub mod explain;
pub mod fit;
pub mod hub;
pub mod launch;
pub mod lint;
pub mod lsp;
pub mod matrix;
pub mod plan;
pub mod policy;
pub mod query;
pub mod render;
pub mod schema;
pub mod state;
pub mod store;
