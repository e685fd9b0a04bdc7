//! What is asked for.

use serde::{Deserialize, Serialize};

/// A request for a model, with what was asked for beside it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Request {
    /// Hugging Face id or alias.
    pub model: String,
    /// GPU count.
    #[serde(default)]
    pub gpus: Option<u32>,
    /// Precision.
    #[serde(default)]
    pub precision: Option<String>,
    /// Backend.
    #[serde(default)]
    pub backend: Option<String>,
    /// `latency` or `throughput`.
    #[serde(default)]
    pub metric: Option<String>,
    /// Exactly what was asked for, or nothing.
    #[serde(default)]
    pub strict: bool,
    /// Only this recipe, by its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipe: Option<String>,
    /// Let flags and values through that the engine is not known to take.
    #[serde(default, skip_serializing_if = "is_false")]
    pub allow_unknown_flags: bool,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde asks for a reference"
)]
fn is_false(value: &bool) -> bool {
    !value
}

impl Request {
    /// The same with names in the form in which they are compared: without case, and empty ones as
    /// not asked for.
    pub fn folded(mut self) -> Request {
        for name in [&mut self.precision, &mut self.backend, &mut self.metric] {
            *name = name
                .take()
                .map(|text| text.trim().to_lowercase())
                .filter(|text| !text.is_empty());
        }
        self.model = self.model.trim().to_owned();
        self
    }
}
