//! What the reference reads: recipes, model cards, hardware, backends, site rules and requests.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_yaml::Value;

use super::version::Version;

/// A recipe; what is no key of it is a section of blocks.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Recipe {
    pub recipe_id: String,
    pub model_id: String,
    pub huggingface_id: String,
    pub hardware: String,
    pub precision: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub readiness_level: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metric: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engine_version: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    #[serde(flatten)]
    pub sections: BTreeMap<String, BTreeMap<String, Block>>,
}

/// One GPU count of a section.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Block {
    pub enabled: bool,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub args: BTreeMap<String, Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub benchmark: Option<Benchmark>,
}

/// What was measured of a block.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Benchmark {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_tokens_per_s: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttft_ms: Option<f64>,
}

impl Recipe {
    /// The blocks of a section by GPU count.
    pub fn blocks(&self, section: &str) -> impl Iterator<Item = (u32, &Block)> {
        let blocks = self.sections.get(section).into_iter().flatten();
        blocks.map(|(key, block)| {
            let gpus = key.strip_suffix("_gpu").unwrap();
            (gpus.parse().unwrap(), block)
        })
    }
}

/// A model card.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Card {
    pub model_id: String,
    pub huggingface_id: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameters: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub readiness_level: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attention: Option<Attention>,
}

/// The part of a card's attention figures that selection looks at.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Attention {
    pub layers: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heads: Option<u32>,
}

impl Card {
    /// The exact count, else what the size says.
    pub fn parameters(&self) -> Option<f64> {
        if let Some(parameters) = self.parameters {
            #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
            return Some(parameters as f64);
        }
        let size = self.size.as_deref()?;
        let (number, unit) = size.split_at(size.len() - 1);
        let factor = match unit {
            "M" => 1e6,
            "B" => 1e9,
            "T" => 1e12,
            _ => return None,
        };
        Some(number.parse::<f64>().unwrap() * factor)
    }
}

/// A kind of GPU.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Hardware {
    pub hardware: String,
    pub gfx: String,
    pub vram_mib: u32,
}

/// A serving engine and its flags.
#[derive(Clone, Debug, Deserialize)]
pub struct Backend {
    pub backend: String,
    pub recipe_section: String,
    pub images: Vec<Image>,
    pub tensor_parallel_flag: String,
    pub memory_share: MemoryShare,
    #[serde(default)]
    pub underscores: bool,
    #[serde(default)]
    pub dotted_json: bool,
    #[serde(default)]
    pub misnamed: BTreeMap<String, String>,
    pub versions: Vec<Version>,
    pub flags: BTreeMap<String, Periods>,
    /// The flags that ever had another name, by that name.
    #[serde(skip)]
    pub other_names: BTreeMap<String, Vec<String>>,
}

/// An image of an engine, for one gfx target or any.
#[derive(Clone, Debug, Deserialize)]
pub struct Image {
    #[serde(default)]
    pub gfx: Option<String>,
    pub version: Version,
}

/// The flag for the share of memory and its default by version.
#[derive(Clone, Debug, Deserialize)]
pub struct MemoryShare {
    pub flag: String,
    pub defaults: Vec<ShareSince>,
}

/// The default from a version on.
#[derive(Clone, Debug, Deserialize)]
pub struct ShareSince {
    pub since: Version,
    pub share: f64,
}

/// A flag that never changed, or one that did.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Periods {
    One(Box<Period>),
    Several(Vec<Period>),
}

impl Periods {
    /// The stretches, oldest first.
    pub fn all(&self) -> &[Period] {
        match self {
            Periods::One(period) => std::slice::from_ref(period.as_ref()),
            Periods::Several(periods) => periods,
        }
    }
}

/// A flag over a stretch of versions.
#[derive(Clone, Debug, Deserialize)]
pub struct Period {
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(default)]
    pub choices: Vec<String>,
    pub since: Version,
    #[serde(default)]
    pub until: Option<Version>,
    #[serde(default)]
    pub aliases: Vec<String>,
    #[serde(default)]
    pub negation: Option<String>,
    #[serde(default)]
    pub negation_since: Option<Version>,
    #[serde(default)]
    pub negation_aliases: Vec<String>,
    #[serde(default)]
    pub renamed_to: Option<String>,
}

/// A rule that a site adds: a veto, or points when there are some.
#[derive(Clone, Debug, Default)]
pub struct SiteRule {
    /// Only this recipe.
    pub recipe: Option<String>,
    /// Only this backend.
    pub backend: Option<String>,
    /// Only this GPU count.
    pub gpus: Option<u32>,
    /// Points of `prefer`; none makes it a `veto`.
    pub points: Option<i64>,
}

impl SiteRule {
    /// Whether it speaks of a configuration.
    pub fn covers(&self, recipe: &str, backend: &str, gpus: u32) -> bool {
        self.recipe.as_deref().is_none_or(|id| id == recipe)
            && self.backend.as_deref().is_none_or(|name| name == backend)
            && self.gpus.is_none_or(|count| count == gpus)
    }

    fn write(&self, number: usize, out: &mut String) {
        let head = match self.points {
            Some(points) => format!("prefer(Q, R, B, N, {points}, \"site rule {number}\")"),
            None => format!("veto(Q, R, B, N, \"site rule {number}\")"),
        };
        write!(out, "{head} :- considered(Q, R, B, N)").unwrap();
        if let Some(recipe) = &self.recipe {
            write!(out, ", R = \"{recipe}\"").unwrap();
        }
        if let Some(backend) = &self.backend {
            write!(out, ", B = \"{backend}\"").unwrap();
        }
        if let Some(gpus) = self.gpus {
            write!(out, ", N = {gpus}").unwrap();
        }
        out.push_str(".\n");
    }
}

/// What is asked, in the keys of a batch line.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Request {
    pub model: String,
    pub gpus: Option<u32>,
    pub precision: Option<String>,
    pub backend: Option<String>,
    pub metric: Option<String>,
    pub strict: bool,
    pub hardware: String,
    pub available_gpus: u32,
    pub recipe: Option<String>,
    pub allow_unknown_flags: bool,
}

impl Request {
    /// The batch line; a sparse one leaves out what was not asked.
    pub fn line(&self, sparse: bool) -> String {
        let mut value = serde_json::to_value(self).unwrap();
        if let (true, Some(keys)) = (sparse, value.as_object_mut()) {
            keys.retain(|_, value| !value.is_null() && *value != false);
        }
        value.to_string()
    }
}

impl Request {
    /// The same as words of a command line.
    pub fn words(&self) -> Vec<String> {
        let mut words = vec![self.model.clone()];
        let available = Some(self.available_gpus.to_string());
        for (flag, value) in [
            ("--gpus", &self.gpus.map(|count| count.to_string())),
            ("--precision", &self.precision),
            ("--backend", &self.backend),
            ("--metric", &self.metric),
            ("--hardware", &Some(self.hardware.clone())),
            ("--available-gpus", &available),
            ("--recipe", &self.recipe),
        ] {
            if let Some(value) = value {
                words.extend([flag.to_owned(), value.clone()]);
            }
        }
        if self.strict {
            words.push("--strict".into());
        }
        if self.allow_unknown_flags {
            words.push("--allow-unknown-flags".into());
        }
        words
    }
}

/// A catalog: documents of its own, and the project's hardware and backends.
#[derive(Clone, Debug)]
pub struct Catalog {
    pub recipes: Vec<Recipe>,
    pub cards: Vec<Card>,
    /// Hardware files of its own.
    pub own_hardware: Vec<Hardware>,
    pub site_rules: Vec<SiteRule>,
    pub backends: &'static [Backend],
}

impl Catalog {
    /// The card of a model, by its id or an alias.
    pub fn card(&self, model: &str) -> Option<&Card> {
        let named = |name: &String| name.eq_ignore_ascii_case(model);
        self.cards
            .iter()
            .find(|card| named(&card.huggingface_id) || card.aliases.iter().any(named))
    }

    /// The recipes for a model, by its id or an alias.
    pub fn recipes_for(&self, model: &str) -> impl Iterator<Item = &Recipe> {
        let id = match self.card(model) {
            Some(card) => card.huggingface_id.clone(),
            None => model.to_owned(),
        };
        self.recipes
            .iter()
            .filter(move |recipe| recipe.model_id.eq_ignore_ascii_case(&id))
    }

    /// A kind of GPU by its name.
    pub fn hardware(&self, name: &str) -> Option<&Hardware> {
        let mut all = self.own_hardware.iter().chain(built_in_hardware());
        all.find(|hardware| hardware.hardware == name)
    }

    /// The catalog's files: path and text.
    pub fn files(&self) -> Vec<(String, String)> {
        let mut files = Vec::new();
        for card in &self.cards {
            let name = card.huggingface_id.replace('/', "--").to_lowercase();
            files.push((format!("models/{name}.yaml"), yaml(card)));
        }
        for recipe in &self.recipes {
            files.push((format!("recipes/{}.yaml", recipe.recipe_id), yaml(recipe)));
        }
        for hardware in &self.own_hardware {
            let name = hardware.hardware.to_lowercase();
            files.push((format!("hardware/{name}.yaml"), yaml(hardware)));
        }
        if !self.site_rules.is_empty() {
            let mut text = String::new();
            for (number, rule) in self.site_rules.iter().enumerate() {
                rule.write(number, &mut text);
            }
            files.push(("rules/site.dl".into(), text));
        }
        files
    }
}

fn yaml<T: Serialize>(document: &T) -> String {
    serde_yaml::to_string(document).unwrap()
}

/// The project's hardware files.
pub fn built_in_hardware() -> &'static [Hardware] {
    static HARDWARE: OnceLock<Vec<Hardware>> = OnceLock::new();
    HARDWARE.get_or_init(|| read_all("catalog/hardware"))
}

/// The project's backend files.
pub fn built_in_backends() -> &'static [Backend] {
    static BACKENDS: OnceLock<Vec<Backend>> = OnceLock::new();
    BACKENDS.get_or_init(|| {
        let mut backends: Vec<Backend> = read_all("catalog/backends");
        for backend in &mut backends {
            backend.other_names = other_names(&backend.flags);
        }
        backends
    })
}

fn other_names(flags: &BTreeMap<String, Periods>) -> BTreeMap<String, Vec<String>> {
    let mut names: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (flag, periods) in flags {
        for period in periods.all() {
            let others = period.aliases.iter().chain(&period.negation_aliases);
            for name in others.chain(&period.negation) {
                names.entry(name.clone()).or_default().push(flag.clone());
            }
        }
    }
    names
}

fn read_all<T: DeserializeOwned>(folder: &str) -> Vec<T> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut paths: Vec<_> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "yaml"))
        .collect();
    paths.sort();
    paths
        .iter()
        .map(|path| serde_yaml::from_str(&fs::read_to_string(path).unwrap()).unwrap())
        .collect()
}
