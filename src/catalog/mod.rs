//! Reading a catalog: YAML text to a tree with byte spans, and from there to typed documents.
//!
//! Nothing here knows how documents are stored or what is decided from them.

pub mod backend;
pub mod embedded;
pub mod folder;
pub mod hardware;
pub mod kind;
pub mod model;
pub mod problem;
pub mod recipe;
pub mod secret;
pub mod size;
pub mod typed;
pub mod version;
pub mod written;
pub mod yaml;
