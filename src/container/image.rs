//! Fetching an image before it is run, so that waiting for it holds up nobody else.

use super::Engine;

/// The program and the words that fetch an image.
pub fn pull_command(engine: Engine, image: &str) -> (&'static str, Vec<String>) {
    (engine.program(), vec!["pull".into(), image.into()])
}
