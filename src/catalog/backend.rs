//! A serving engine and its command line over its versions: `catalog/backends/*.yaml`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::problem::Problem;
use super::typed::{scalar_map, scalar_text, typed};
use super::version::Version;
use super::yaml::Node;

/// What a backend file says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Backend {
    /// The name that recipes and requests use.
    pub backend: String,
    /// The key of its blocks in a recipe.
    pub recipe_section: String,
    /// Display name.
    #[serde(default)]
    pub title: Option<String>,
    /// Container images; the first whose gfx is the machine's, one without gfx fits any.
    pub images: Vec<Image>,
    /// The command that starts the engine.
    pub entrypoint: Vec<String>,
    /// A command that succeeds where the engine is installed; empty where that is not to be found out.
    #[serde(default)]
    pub installed_if: Vec<String>,
    /// How the engine is told the model.
    pub model: ModelPlace,
    /// Path that answers with success once the engine serves.
    pub health_path: String,
    /// How to ask for that inside the container, where only the engine's own programs are.
    #[serde(default)]
    pub health_check: Option<HealthCheck>,
    /// The flag for the port and the engine's default.
    pub port: Port,
    /// The flag that says over how many GPUs each layer is split.
    pub tensor_parallel_flag: String,
    /// The flag for the longest sequence.
    #[serde(default)]
    pub max_model_len_flag: Option<String>,
    /// The share of memory the engine takes.
    pub memory_share: MemoryShare,
    /// The flag for the precision of the key/value cache.
    #[serde(default)]
    pub kv_cache_dtype_flag: Option<String>,
    /// Passed when a recipe does not set them.
    #[serde(default, deserialize_with = "scalar_map")]
    pub arguments: Vec<(String, String)>,
    /// Environment of the container.
    #[serde(default, deserialize_with = "scalar_map")]
    pub env: Vec<(String, String)>,
    /// Where it looks for models: variable and folder below the mounted cache, `.` for that itself.
    #[serde(default = "models_env", deserialize_with = "scalar_map")]
    pub models_env: Vec<(String, String)>,
    /// Variables for the folder with the models themselves, where that is not `hub` below the cache.
    #[serde(default)]
    pub hub_env: Vec<String>,
    /// What keeps it from asking a hub; empty where nothing does.
    #[serde(default, deserialize_with = "scalar_map")]
    pub offline_env: Vec<(String, String)>,
    /// Caches of its own: variable and folder below the mounted cache, where it may write into that.
    #[serde(default, deserialize_with = "scalar_map")]
    pub cache_env: Vec<(String, String)>,
    /// Where it writes what it would write beside the models, when it may not write there.
    #[serde(default, deserialize_with = "scalar_map")]
    pub read_only_env: Vec<(String, String)>,
    /// The flag for the model's revision.
    #[serde(default)]
    pub revision_flag: Option<String>,
    /// Flags by which it may need more of a hub than its model.
    #[serde(default)]
    pub hub_flags: Vec<String>,
    /// Flags whose value is a secret, and the variable that the engine reads it from instead.
    #[serde(default, deserialize_with = "scalar_map")]
    pub secret_env: Vec<(String, String)>,
    /// Whether `--max_model_len` is taken for `--max-model-len`.
    #[serde(default)]
    pub underscores: bool,
    /// Whether `--flag.key` sets a key of a JSON flag.
    #[serde(default)]
    pub dotted_json: bool,
    /// Names that people write, and what the engine calls it.
    #[serde(default, deserialize_with = "scalar_map")]
    pub misnamed: Vec<(String, String)>,
    /// Versions whose command line is known, oldest first.
    pub versions: Vec<String>,
    /// Every flag of any of those versions.
    pub flags: BTreeMap<String, Periods>,
    /// Keys whose figure has no stored source.
    #[serde(default)]
    pub uncertain: Vec<String>,
    /// Where the figures are from.
    #[serde(default)]
    pub sources: serde_json::Map<String, serde_json::Value>,
}

/// A container image of an engine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Image {
    /// The architecture it is built for; any when left out.
    #[serde(default)]
    pub gfx: Option<String>,
    /// The reference.
    pub image: String,
    /// The engine's version in it.
    pub version: String,
}

/// A command that is run again and again inside the container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HealthCheck {
    /// Its words; the words `{port}` and `{path}` stand for the engine's port and health path.
    pub command: Vec<String>,
    /// Seconds between two runs.
    pub interval_s: u32,
    /// Seconds after which a run has failed.
    pub timeout_s: u32,
    /// Failures in a row by which the engine counts as unhealthy.
    pub retries: u32,
    /// Seconds from the start in which failures do not count: the weights are being fetched.
    pub start_period_s: u32,
}

/// How the engine is told the model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "as", rename_all = "lowercase", deny_unknown_fields)]
pub enum ModelPlace {
    /// The first word after the command.
    Positional {
        /// The flag by which recipes may name it all the same.
        flag: String,
    },
    /// The value of a flag.
    Flag {
        /// The flag.
        flag: String,
    },
}

/// The flag for the port and its default.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Port {
    /// The flag.
    pub flag: String,
    /// The engine's own choice.
    pub default: u16,
}

/// The flag for the share of memory, and its default by version.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MemoryShare {
    /// The flag.
    pub flag: String,
    /// Defaults, oldest first.
    pub defaults: Vec<ShareSince>,
}

/// The default share from a version on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShareSince {
    /// First version.
    pub since: String,
    /// Share of the memory, 0 to 1.
    pub share: f64,
}

/// One or several stretches of versions with the same meaning of a flag.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Periods {
    /// Never changed.
    One(Box<FlagPeriod>),
    /// Changed.
    Several(Vec<FlagPeriod>),
}

impl Periods {
    /// The stretches, oldest first.
    pub fn all(&self) -> &[FlagPeriod] {
        match self {
            Periods::One(period) => std::slice::from_ref(&**period),
            Periods::Several(periods) => periods,
        }
    }
}

/// A flag over a stretch of versions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FlagPeriod {
    /// The parser's kind of value: `int`, `choice`, `bool`, ...
    #[serde(rename = "type")]
    pub kind: String,
    /// How many values: `one` when left out, `optional`, `one-or-more`, `zero-or-more`.
    #[serde(default)]
    pub values: Option<String>,
    /// The values of a choice.
    #[serde(default)]
    pub choices: Vec<Choice>,
    /// First version that has it.
    pub since: String,
    /// First version that does not.
    #[serde(default)]
    pub until: Option<String>,
    /// Other names.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// The form that switches it off.
    #[serde(default)]
    pub negation: Option<String>,
    /// First version that has that form.
    #[serde(default)]
    pub negation_since: Option<String>,
    /// Further names that switch it off.
    #[serde(default)]
    pub negation_aliases: Vec<String>,
    /// The flag that took its place.
    #[serde(default)]
    pub renamed_to: Option<String>,
    /// First version that warns of it.
    #[serde(default)]
    pub deprecated_since: Option<String>,
    /// Whether it may stand several times.
    #[serde(default)]
    pub repeatable: bool,
    /// Whether the engine does not start without it.
    #[serde(default)]
    pub required: bool,
}

/// One value of a choice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Choice(#[serde(deserialize_with = "scalar_text")] pub String);

/// The hub's own library reads models there, and so does nearly every engine.
fn models_env() -> Vec<(String, String)> {
    vec![("HF_HOME".to_owned(), ".".to_owned())]
}

impl Backend {
    /// The versions whose command line is known, as numbers; those that are no version are left out.
    pub fn examined(&self) -> Vec<Version> {
        self.versions
            .iter()
            .filter_map(|v| Version::parse(v))
            .collect()
    }
}

/// Reads a backend file.
pub fn read(root: &Node) -> Result<Backend, Vec<Problem>> {
    let backend: Backend = typed(root).map_err(|problem| vec![problem])?;
    let mut problems = Vec::new();
    if backend.entrypoint.is_empty() {
        let span = root
            .get("entrypoint")
            .map_or(0..0, |node| node.span.clone());
        problems
            .push(Problem::error("wrong-type", "`entrypoint` names no command").at(span, "empty"));
    }
    if backend.images.is_empty() {
        let span = root.get("images").map_or(0..0, |node| node.span.clone());
        problems.push(Problem::error("wrong-type", "`images` is empty").at(span, "empty"));
    }
    for (index, version) in backend.versions.iter().enumerate() {
        if Version::parse(version).is_none() {
            let span = match root.get("versions").map(|node| &node.kind) {
                Some(super::yaml::NodeKind::Sequence(items)) => {
                    items.get(index).map_or(0..0, |node| node.span.clone())
                }
                _ => 0..0,
            };
            problems.push(
                Problem::error("wrong-type", format!("`{version}` is no version"))
                    .at(span, "here")
                    .help("write it like \"0.24.0\""),
            );
        }
    }
    if problems.is_empty() {
        Ok(backend)
    } else {
        Err(problems)
    }
}
