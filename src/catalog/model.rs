//! Model cards: `catalog/models/**/*.yaml`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::problem::Problem;
use super::size;
use super::typed::{scalar_text, typed, unknown_keys};
use super::yaml::Node;

/// What a model card says that decisions or plans need.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Model {
    /// The model's name in the catalog, usually its Hugging Face id.
    #[serde(default)]
    pub model_id: Option<String>,
    /// `org/name` on the Hugging Face hub.
    #[serde(default)]
    pub huggingface_id: Option<String>,
    /// Other names for the command line.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// Display name.
    #[serde(default)]
    pub name: Option<String>,
    /// Family, such as `Qwen3`.
    #[serde(default)]
    pub family: Option<String>,
    /// Parameters as people write them: `32.8B`.
    #[serde(default, deserialize_with = "optional_text")]
    #[schemars(with = "Option<crate::schema::Text>")]
    pub size: Option<String>,
    /// How far it is: `production`, `preview`, `experimental` or the hub's words for them.
    #[serde(default)]
    pub readiness_level: Option<String>,
    /// Licence.
    #[serde(default)]
    pub license: Option<String>,
    /// Whether the hub asks for a token.
    #[serde(default)]
    pub gated: bool,
    /// Exact number of parameters, of all experts.
    #[serde(default)]
    pub parameters: Option<u64>,
    /// Precision of the published weights.
    #[serde(default)]
    pub weights_precision: Option<String>,
    /// Longest context the model was made for, in tokens.
    #[serde(default)]
    pub context_length: Option<u32>,
    /// What the key/value cache needs.
    #[serde(default)]
    pub attention: Option<Attention>,
    /// Size of the published weights in GiB.
    #[serde(default)]
    pub weights_gib: Option<f64>,
    /// Keys whose figure has no stored source.
    #[serde(default)]
    pub uncertain: Vec<String>,
}

/// The figures of a model's attention.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("additionalProperties" = false))]
pub struct Attention {
    /// Hidden layers.
    pub layers: u32,
    /// Layers whose cache grows with the sequence, where fewer than all do.
    #[serde(default)]
    pub cached_layers: Option<u32>,
    /// Query heads.
    #[serde(default)]
    pub heads: Option<u32>,
    /// Key/value heads.
    #[serde(default)]
    pub kv_heads: Option<u32>,
    /// Values in one head.
    #[serde(default)]
    pub head_dim: Option<u32>,
    /// Rank of the compressed key/value cache (latent attention).
    #[serde(default)]
    pub kv_lora_rank: Option<u32>,
    /// Values of the rotary part beside it.
    #[serde(default)]
    pub rope_dim: Option<u32>,
    /// Tokens that a sliding-window layer holds.
    #[serde(default)]
    pub sliding_window: Option<u32>,
    /// How many layers have that window.
    #[serde(default)]
    pub sliding_layers: Option<u32>,
}

impl Model {
    /// Parameters in millions: the exact figure, else the size.
    pub fn parameters_millions(&self) -> Option<f64> {
        match self.parameters {
            #[expect(clippy::cast_precision_loss, reason = "exact below 2^53 parameters")]
            Some(parameters) => Some(parameters as f64 / 1e6),
            None => self.size.as_deref().and_then(size::millions),
        }
    }

    /// The name by which recipes and requests know it.
    pub fn id(&self) -> Option<&str> {
        self.huggingface_id.as_deref().or(self.model_id.as_deref())
    }
}

fn optional_text<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<String>, D::Error> {
    scalar_text(deserializer).map(Some)
}

/// Keys of a card: those above and those that only pages about models use.
pub(crate) const KEYS: &[&str] = &[
    "model_id",
    "huggingface_id",
    "aliases",
    "name",
    "builder",
    "family",
    "size",
    "description",
    "logo",
    "readiness_level",
    "status_badges",
    "tags",
    "license",
    "endpoint",
    "demo_assets",
    "aim_recipes",
    "api_examples",
    "model_card",
    "gated",
    "parameters",
    "active_parameters",
    "weights_precision",
    "context_length",
    "attention",
    "weights_gib",
    "uncertain",
    "sources",
];
const ATTENTION_KEYS: &[&str] = &[
    "layers",
    "cached_layers",
    "heads",
    "kv_heads",
    "head_dim",
    "kv_lora_rank",
    "rope_dim",
    "sliding_window",
    "sliding_layers",
];

/// Reads a model card; warnings stand beside it.
pub fn read(root: &Node) -> Result<(Model, Vec<Problem>), Vec<Problem>> {
    let mut problems = unknown_keys(root, KEYS, |_| false);
    if let Some(attention) = root.get("attention") {
        problems.extend(unknown_keys(attention, ATTENTION_KEYS, |_| false));
    }
    let model: Model = match typed(root) {
        Ok(model) => model,
        Err(problem) => {
            problems.insert(0, problem);
            return Err(problems);
        }
    };
    if model.id().is_none_or(|id| id.trim().is_empty()) {
        let start = root
            .entries()
            .first()
            .map_or(0..0, |entry| entry.key.span.clone());
        problems.insert(
            0,
            Problem::error("missing-field", "the card names no model")
                .at(start, "in this document")
                .help("add `huggingface_id: org/name`"),
        );
        return Err(problems);
    }
    if let (Some(size), None) = (root.get("size"), model.parameters_millions()) {
        problems.push(
            Problem::warning(
                "unreadable-size",
                format!("`{}` is no size", size.text().unwrap_or_default()),
            )
            .at(size.span.clone(), "not a number with a unit")
            .help("write it like `32.8B` or `135M`, or give `parameters`"),
        );
    }
    Ok((model, problems))
}
