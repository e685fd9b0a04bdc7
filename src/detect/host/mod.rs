//! The machine around its GPUs: device files, who may open them, the kernel's settings, and container engines.

mod engine;
mod files;
mod kernel;
mod room;
mod session;

use std::path::Path;

use super::observation::{Detected, Fact, FactValue, Level};

pub use room::Around;
pub(super) use room::observe as observe_around;

/// Adds all of it. On this machine device files are opened, and engines are asked.
pub(super) fn observe(root: &Path, found: &mut Detected) {
    files::observe(root, found);
    session::observe(root, found);
    kernel::observe(root, found);
    engine::observe(root, found);
}

/// Adds one fact.
fn note(
    found: &mut Detected,
    (level, source): (Level, &str),
    origin: &str,
    (about, property): (&str, &str),
    value: impl Into<FactValue>,
) {
    found.facts.push(Fact {
        level,
        source: source.to_owned(),
        origin: origin.to_owned(),
        time: None,
        about: about.to_owned(),
        property: property.to_owned(),
        value: value.into(),
    });
}
