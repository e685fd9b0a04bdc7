//! The whole way on a real Docker engine: launch, status, logs, stop, and everything that can go wrong.
//!
//! The engine and the image are the tests' own, nothing is pulled, and where no engine can be started the
//! tests say so and are skipped.

#![expect(clippy::expect_used, clippy::panic, reason = "a test may fail")]

#[path = "docker/cycle.rs"]
mod cycle;
#[path = "docker/engine.rs"]
mod engine;
#[path = "docker/world.rs"]
mod world;
