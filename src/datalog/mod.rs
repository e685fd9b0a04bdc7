//! A Datalog engine for rule files in a subset of Soufflé: parse, check, plan, evaluate.
//!
//! It knows nothing of what the rules are about and could stand as a crate of its own.

pub mod ast;
mod check;
pub mod database;
pub mod diagnostic;
pub mod difference;
pub mod doc;
pub mod eval;
pub mod fact;
pub mod facts_file;
mod lex;
pub mod mend;
mod nearest;
mod parse;
pub mod parts;
mod pattern;
pub mod plan;
pub mod proof;
pub mod query;
mod reduce;
pub mod refute;
pub mod remark;
mod solve;
pub mod sought;
pub mod source;
pub mod value;

pub use check::{
    AggregateTypes, BodyTypes, Checked, ColumnInfo, RelId, RelationInfo, SEVERITIES, Stratum,
    check, load, parse_pattern,
};
pub use database::{Aside, ByNumber, FactError, Facts, Model, Tuple};
pub use eval::{Limits, Options, Stamp, evaluate, evaluate_with};
pub use fact::{Datum, Fact, Pattern};
pub(crate) use nearest::nearest;
pub use parse::{FromDisk, Loader, NoIncludes, parse, parse_all};
pub use parts::{Extent, extents};
pub use plan::{CompiledProgram, compile};
pub use reduce::reduced;
pub use sought::{Sought, sought};
pub use value::{Symbol, Value};
