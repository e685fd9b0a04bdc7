//! The whole way on a real Docker engine: launch, status, logs, stop, and everything that can go wrong.
//!
//! The engine and the image are the tests' own, nothing is pulled, and where no engine can be started the
//! tests say so and are skipped.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may fail"
)]

mod hub;
mod program;

#[path = "docker/cycle.rs"]
mod cycle;
#[path = "docker/deaths.rs"]
mod deaths;
#[path = "docker/engine.rs"]
mod engine;
#[path = "docker/fights.rs"]
mod fights;
#[path = "docker/model_cache.rs"]
mod model_cache;
#[path = "docker/outside.rs"]
mod outside;
#[path = "docker/podman.rs"]
mod podman;
#[path = "docker/signals.rs"]
mod signals;
#[path = "docker/world.rs"]
mod world;
