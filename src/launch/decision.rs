//! The answer to a request.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use super::argv::FlagReading;

/// What the rules decided for one request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decision {
    /// The model's name in the catalog, where the request's is one of its names.
    pub model: Option<String>,
    /// The machine as far as the rules know it.
    pub machine: MachineView,
    /// What was chosen.
    pub selected: Option<Selected>,
    /// Whether it differs from nothing that was asked for.
    pub exact: bool,
    /// In what it differs, one clause each.
    pub differs: Vec<String>,
    /// How many configurations of the model were considered.
    pub considered: usize,
    /// Every configuration that was considered, in the order of the search; empty when not asked for.
    pub tried: Vec<Tried>,
    /// The container image.
    pub image: Option<String>,
    /// What the engine's version makes of the block's flags, by the name in the block. Decisions for
    /// one block share it.
    pub flags: Arc<BTreeMap<String, FlagReading>>,
    /// The memory of one GPU, where the model's figures are known.
    pub memory: Option<Memory>,
    /// How long the engine may take until it answers, in seconds.
    pub timeout_s: Option<u64>,
    /// What the model cache has of the model, and what follows.
    pub cached: Cached,
    /// What keeps a launch from being begun.
    pub obstacles: Vec<Obstacle>,
    /// What an operator should know.
    pub warnings: Vec<String>,
}

/// What the model cache of a machine has of a chosen model, and what follows for its engine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cached {
    /// The branch, tag or commit that is served.
    pub revision: Option<String>,
    /// The commit that it names in the cache.
    pub commit: Option<String>,
    /// `complete`, `partial` or `corrupt`; none where the cache has nothing of it.
    pub state: Option<String>,
    /// Why the engine asks no hub, where it does not.
    pub offline: Option<String>,
    /// Why the engine may write into the cache; without a reason it may not.
    pub writes: Vec<String>,
    /// That the model is to be fetched, where it is.
    pub fetch: Option<String>,
    /// How much of it, in MiB, where that is known.
    pub fetch_mib: Option<u64>,
    /// What is not known of the fetch.
    pub unknown: Vec<String>,
}

/// Something that keeps a launch from being begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Obstacle {
    /// The relation that says so.
    pub relation: String,
    /// A sentence.
    pub says: String,
    /// What to do.
    pub help: Option<String>,
}

/// The machine as the rules see it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MachineView {
    /// Its hardware.
    pub hardware: Option<String>,
    /// The compiler's name of its architecture.
    pub gfx: Option<String>,
    /// GPUs that can be used.
    pub usable_gpus: Option<i64>,
    /// Memory of one GPU, in MiB.
    pub vram_mib: Option<i64>,
    /// The host's numbers of the usable GPUs, where they were seen.
    pub gpu_ids: Vec<u32>,
}

/// A configuration that was chosen.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Selected {
    /// The recipe.
    pub recipe_id: String,
    /// The backend.
    pub backend: String,
    /// GPUs.
    pub gpus: u32,
    /// Precision of its weights.
    pub precision: String,
    /// The GPU it was written for.
    pub hardware: String,
}

/// A configuration that was considered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Tried {
    /// The recipe.
    pub recipe_id: String,
    /// The backend.
    pub backend: String,
    /// Precision of its weights.
    pub precision: String,
    /// GPUs.
    pub gpus: u32,
    /// The GPU it was written for.
    pub hardware: String,
    /// What became of it.
    pub outcome: Outcome,
    /// Why, in a sentence or several.
    pub because: String,
    /// How many reasons reject it.
    #[serde(skip)]
    pub reasons: usize,
    /// The relations that these sentences are of: `rejected_...`, or one `after_...`.
    #[serde(skip)]
    pub relations: Vec<String>,
}

/// What became of a configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It is the answer.
    Chosen,
    /// It cannot serve the request.
    Rejected,
    /// It could, but comes after the answer.
    After,
}

/// The memory of one GPU in a decision, in MiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Memory {
    /// The weights.
    pub weights_mib: i64,
    /// The key/value cache of one sequence of the greatest length; none when the model's figures are unknown.
    pub kv_cache_mib: Option<i64>,
    /// What the engine may use.
    pub budget_mib: i64,
    /// Whether both fit.
    pub fits: bool,
    /// How many sequences of the greatest length fit beside the weights.
    #[serde(skip)]
    pub sequences: Option<i64>,
    /// How many tokens of sequences of the greatest length fit beside the weights.
    #[serde(skip)]
    pub cached_tokens: Option<i64>,
    /// The greatest length of a sequence, in tokens.
    #[serde(skip)]
    pub sequence_tokens: Option<i64>,
}

/// How much of the answer is wanted, each more than the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Detail {
    /// The model, the choice, whether and in what it differs from what was asked for, and how many
    /// configurations were considered: enough to count and compare decisions, not to plan.
    Selection,
    /// The choice and what a plan needs.
    Choice,
    /// Also what became of every other configuration.
    Search,
}
