//! A model card as it is written: what decisions read, and what only pages about models show.

#![expect(
    dead_code,
    reason = "the fields tell the form; values are read from the tree"
)]

use schemars::JsonSchema;
use serde_json::Value;

use crate::catalog::model::Model;

/// A language model: its names, and the figures that the memory it takes is computed from.
#[derive(JsonSchema)]
#[schemars(
    title = "AIM model card",
    extend("additionalProperties" = false),
    extend("anyOf" = [{"required": ["huggingface_id"]}, {"required": ["model_id"]}])
)]
pub(super) struct ModelFile {
    #[schemars(flatten)]
    model: Model,
    /// Who made it.
    builder: Option<Value>,
    /// What it is, for people.
    description: Option<Value>,
    /// A picture for pages.
    logo: Option<Value>,
    /// Badges for pages.
    status_badges: Option<Value>,
    /// Words to find it by.
    tags: Option<Value>,
    /// Where it is served for a demonstration.
    endpoint: Option<Value>,
    /// What a demonstration shows.
    demo_assets: Option<Value>,
    /// The recipes for it, each with its GPU, precision and file.
    aim_recipes: Option<Value>,
    /// Examples of requests, for pages.
    api_examples: Option<Value>,
    /// The text of its page.
    model_card: Option<Value>,
    /// Parameters that one token uses, where experts share the work.
    active_parameters: Option<Value>,
    /// Where the figures are from.
    sources: Option<Value>,
}
