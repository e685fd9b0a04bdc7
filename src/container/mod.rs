//! Containers that this program started, by the command line of Docker or podman.
//!
//! Nothing is decided here, and no container without the label [`LABEL_MANAGED`](crate::plan::LABEL_MANAGED)
//! is ever touched.

mod bounded_lines;
mod call;
mod engine;
mod error;
mod follow;
mod health;
mod image;
mod inspected;
mod port;
mod time;

pub use engine::Engine;
pub use error::ContainerError;
pub use follow::{Follower, Next};
pub use health::{Health, is_healthy, served_model};
pub use image::pull_words;
pub use inspected::{Container, Status};
pub use port::{is_free, next_free};
pub use time::{now_s, parse_rfc3339};
