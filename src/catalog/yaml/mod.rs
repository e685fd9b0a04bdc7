//! YAML text to a tree in which every key and value knows its bytes.
//!
//! Hostile input is bounded: size, depth, number of nodes (which also bounds aliases), and duplicate keys are errors.

mod comments;
pub mod edit;
mod read;
mod resolve;
mod tree;

pub use comments::{Comment, comments};
pub use read::{MAX_BYTES, MAX_DEPTH, MAX_NODES, read, read_bytes};
pub use tree::{Entry, Node, NodeKind, Scalar};
