//! A recipe as it is written.

#![expect(
    dead_code,
    reason = "the fields tell the form; values are read from the tree"
)]

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde_json::Value;

use super::text::{Flag, GpuCount, Readiness, SectionName, Switch, Text, Variable};

/// How to serve one model on one kind of GPU at one precision.
#[derive(JsonSchema)]
#[schemars(
    title = "AIM recipe",
    extend("additionalProperties" = false),
    extend("anyOf" = [{"required": ["huggingface_id"]}, {"required": ["model_id"]}])
)]
pub(super) struct RecipeFile {
    /// The recipe's name, unique in the catalog; the file's name without its ending when left out.
    recipe_id: Option<Text>,
    /// The model's name in the catalog, usually its Hugging Face id.
    model_id: Option<Text>,
    /// The model on the Hugging Face hub, `org/name`. It, or `model_id`, is required.
    huggingface_id: Option<Text>,
    /// The GPU that the recipe is for, as its hardware file names it, such as `MI300X`.
    hardware: Text,
    /// Precision of the weights as they are served, such as `bf16` or `fp8`.
    precision: Text,
    /// How far the recipe is: `production`, `preview`, `experimental` or the hub's words for them.
    readiness_level: Option<Readiness>,
    /// What the recipe is tuned for: `latency` or `throughput`.
    #[schemars(extend("examples" = ["latency", "throughput"]))]
    metric: Option<Text>,
    /// Container image of all blocks, in place of the backend's own.
    image: Option<Text>,
    /// The engine's version in that image, by which flags are judged.
    engine_version: Option<Text>,
    /// Environment variables of the container, for all blocks.
    env: Option<BTreeMap<Variable, Option<Text>>>,
    /// Words to find the recipe by; they decide nothing.
    tags: Option<Value>,
    /// Where the settings are from; it decides nothing.
    source: Option<Value>,
    /// What the recipe is, for people; it decides nothing.
    description: Option<Value>,
    /// The blocks of a backend, one for each number of GPUs.
    #[schemars(flatten)]
    sections: BTreeMap<SectionName, Option<Section>>,
}

/// The blocks of a backend: `1_gpu`, `2_gpu`, `4_gpu`, `8_gpu` …
#[derive(JsonSchema)]
#[schemars(extend("additionalProperties" = false))]
struct Section {
    /// How to serve on that number of GPUs.
    #[schemars(flatten)]
    blocks: BTreeMap<GpuCount, Block>,
}

/// How to serve on that number of GPUs.
#[derive(JsonSchema)]
#[schemars(extend("additionalProperties" = false))]
struct Block {
    /// Whether the block may be chosen.
    enabled: Switch,
    /// The engine's flags and their values. `null` or nothing is a flag alone, a list several words, a
    /// map JSON; `true` and `false` switch a flag on and off.
    args: Option<BTreeMap<Flag, Value>>,
    /// Container image of the block, in place of the recipe's.
    image: Option<Text>,
    /// The engine's version in that image, by which flags are judged.
    engine_version: Option<Text>,
    /// Environment variables of the container; they win over the recipe's.
    env: Option<BTreeMap<Variable, Option<Text>>>,
    /// What was measured with the block.
    benchmark: Option<Benchmark>,
}

/// What was measured with a block.
#[derive(JsonSchema)]
struct Benchmark {
    /// Output of all requests together, in tokens per second.
    #[schemars(range(min = 0))]
    output_tokens_per_s: Option<f64>,
    /// Time to the first token, in milliseconds.
    #[schemars(range(min = 0))]
    ttft_ms: Option<f64>,
}
