//! How a container engine finds out, inside the container, whether the engine serves.

use serde::Serialize;

/// A command that is run again and again inside the container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HealthCheck {
    /// Its words; it succeeds when the engine serves.
    pub command: Vec<String>,
    /// Seconds between two runs.
    pub interval_s: u32,
    /// Seconds after which a run has failed.
    pub timeout_s: u32,
    /// Failures in a row by which the engine counts as unhealthy.
    pub retries: u32,
    /// Seconds from the start in which failures do not count.
    pub start_period_s: u32,
}
