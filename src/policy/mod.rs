//! The rules in force: the built-in ones, those of the catalog and those of the command line, compiled.
//!
//! What a tuple says is told by its declaration's doc comment, and nowhere else.

mod apart;
mod compiled;
mod documented;
mod error;
mod evaluate;
mod gather;
mod kept_model;
mod lint;
mod portions;
mod purpose;
mod question;
mod sources;
mod text;
mod views;

pub use apart::Shared;
pub use compiled::Policy;
pub use documented::{RelationDoc, documented};
pub use error::PolicyError;
pub use lint::{Change, ChangeKind, Commands, Lint, Names, Severity};
pub use portions::Portions;
pub use purpose::{OF_FAILURES, VERIFY, decides, is_of_machine};
pub use question::{OpenRules, Question};
pub use sources::{RuleSources, builtin_names, read_builtin};
pub use text::{RelationText, singular};
pub use views::{OF_CONTAINERS, OF_MACHINES, OF_REQUESTS, OF_SURROUNDINGS, ViewMistake, is_given};
