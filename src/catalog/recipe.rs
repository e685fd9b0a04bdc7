//! Recipes: `catalog/recipes/**/*.yaml`, read as people write them.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::problem::Problem;
use super::secret;
use super::typed::{no_boolean, unknown_keys};
use super::yaml::{Node, NodeKind, Scalar};

/// A recipe: one model on one kind of GPU at one precision.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Recipe {
    /// Its name, else the file's stem.
    pub recipe_id: String,
    /// The model's name in the catalog.
    pub model_id: Option<String>,
    /// `org/name` on the hub.
    pub huggingface_id: Option<String>,
    /// The GPU it is for.
    pub hardware: String,
    /// Precision of the weights as served.
    pub precision: String,
    /// How far it is.
    pub readiness_level: Option<String>,
    /// What it is tuned for: `latency` or `throughput`.
    pub metric: Option<String>,
    /// Container image.
    pub image: Option<String>,
    /// The engine's version in that image.
    pub engine_version: Option<String>,
    /// Environment of the container; a secret has no value here and is passed on by name.
    pub env: Vec<(String, Option<String>)>,
    /// Its blocks by section, `vllm_serve` and so on.
    pub sections: Vec<Section>,
}

/// The blocks for one backend.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Section {
    /// The key, such as `vllm_serve`.
    pub name: String,
    /// Ordinal of that key in the file.
    pub node: u32,
    /// One block a GPU count.
    pub blocks: Vec<Block>,
}

/// A configuration: how to serve on one number of GPUs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Block {
    /// The key as written, such as `4_gpu`.
    pub key: String,
    /// GPUs.
    pub gpus: u32,
    /// Whether it may be used.
    pub enabled: bool,
    /// Ordinal of its key in the file.
    pub node: u32,
    /// Ordinal of the value of `enabled`, else of the block's key.
    pub enabled_node: u32,
    /// Container image.
    pub image: Option<String>,
    /// The engine's version in that image.
    pub engine_version: Option<String>,
    /// Environment of the container; a secret has no value here and is passed on by name.
    pub env: Vec<(String, Option<String>)>,
    /// Measured output, tokens per second.
    pub output_tokens_per_s: Option<f64>,
    /// Measured time to the first token, milliseconds.
    pub ttft_ms: Option<f64>,
    /// The engine's arguments in the order of the file.
    pub arguments: Vec<Argument>,
}

/// One argument of the engine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Argument {
    /// The flag as written.
    pub flag: String,
    /// Its value.
    pub value: ArgumentValue,
    /// Ordinal of the flag in the file.
    pub flag_node: u32,
    /// Ordinal of the value in the file.
    pub value_node: u32,
    /// Ordinals of the words of the value, of a flag alone its own.
    pub word_nodes: Vec<u32>,
}

/// What a recipe gives a flag.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ArgumentValue {
    /// `null`: the flag alone.
    None,
    /// One word as written.
    Word(String),
    /// Several words.
    Words(Vec<String>),
    /// A map, as JSON.
    Json(String),
    /// A secret, whose value is not kept.
    Secret,
}

pub(crate) const KEYS: &[&str] = &[
    "recipe_id",
    "model_id",
    "huggingface_id",
    "hardware",
    "precision",
    "readiness_level",
    "metric",
    "image",
    "engine_version",
    "env",
    "tags",
    "source",
    "description",
];
pub(crate) const BLOCK_KEYS: &[&str] = &[
    "enabled",
    "args",
    "image",
    "engine_version",
    "env",
    "benchmark",
];

/// Reads a recipe; `stem` is the file's name without its ending. Warnings stand beside it.
pub fn read(root: &Node, stem: &str) -> Result<(Recipe, Vec<Problem>), Vec<Problem>> {
    let mut reader = Reader {
        problems: Vec::new(),
    };
    let recipe = reader.recipe(root, stem);
    if reader
        .problems
        .iter()
        .any(|p| p.severity == super::problem::Severity::Error)
    {
        return Err(reader.problems);
    }
    Ok((recipe, reader.problems))
}

struct Reader {
    problems: Vec<Problem>,
}

impl Reader {
    fn recipe(&mut self, root: &Node, stem: &str) -> Recipe {
        if !matches!(root.kind, NodeKind::Mapping(_)) {
            self.wrong(
                root,
                "a recipe",
                "a map of keys",
                "write `recipe_id: ...` and the other keys, one a line",
            );
            return Recipe::default();
        }
        self.problems.extend(unknown_keys(root, KEYS, is_section));
        let model_id = self.text(root, "model_id");
        let huggingface_id = self.text(root, "huggingface_id");
        if model_id.is_none() && huggingface_id.is_none() {
            self.missing(root, "huggingface_id", "huggingface_id: org/name");
        }
        let hardware = self.required(root, "hardware", "hardware: MI300X");
        let precision = self.required(root, "precision", "precision: bf16");
        let recipe_id = self
            .text(root, "recipe_id")
            .unwrap_or_else(|| stem.to_owned());
        Recipe {
            recipe_id,
            model_id,
            huggingface_id,
            hardware,
            precision,
            readiness_level: self.text(root, "readiness_level"),
            metric: self.text(root, "metric"),
            image: self.text(root, "image"),
            engine_version: self.text(root, "engine_version"),
            env: self.env(root),
            sections: self.sections(root),
        }
    }

    fn sections(&mut self, root: &Node) -> Vec<Section> {
        let mut sections = Vec::new();
        for entry in root.entries() {
            let name = entry.key.text().unwrap_or_default();
            if !is_section(name) || entry.value.is_null() {
                continue;
            }
            if !matches!(entry.value.kind, NodeKind::Mapping(_)) {
                let help = "write its blocks below it: `1_gpu:` and so on";
                self.wrong(&entry.value, &quoted(name), "a map of GPU counts", help);
                continue;
            }
            let mut blocks: Vec<Block> = Vec::new();
            let mut places: Vec<Range<usize>> = Vec::new();
            for block in entry.value.entries() {
                let key = block.key.text().unwrap_or_default();
                let Some(gpus) = gpu_count(key) else {
                    self.problems.push(
                        Problem::warning("unknown-gpu-key", format!("`{key}` is no GPU count"))
                            .at(block.key.span.clone(), "left out")
                            .help("name the block after its GPU count: `1_gpu`, `2_gpu`, `4_gpu`, `8_gpu`"),
                    );
                    continue;
                };
                if let Some(first) = blocks.iter().position(|b| b.gpus == gpus) {
                    let mut problem = Problem::error(
                        "duplicate-key",
                        format!("two blocks of `{name}` are for {gpus} GPUs"),
                    )
                    .at(block.key.span.clone(), "again here")
                    .help("keep one of the two");
                    if let Some(place) = places.get(first) {
                        problem = problem.at(place.clone(), "first here");
                    }
                    self.problems.push(problem);
                    continue;
                }
                if let Some(read) = self.block(&block.key, &block.value, gpus) {
                    blocks.push(read);
                    places.push(block.key.span.clone());
                }
            }
            sections.push(Section {
                name: name.to_owned(),
                node: entry.key.ordinal,
                blocks,
            });
        }
        sections
    }

    fn block(&mut self, key: &Node, node: &Node, gpus: u32) -> Option<Block> {
        if !matches!(node.kind, NodeKind::Mapping(_)) {
            self.wrong(
                node,
                &quoted(key.text().unwrap_or_default()),
                "a map with `enabled` and `args`",
                "write `enabled: true` below it",
            );
            return None;
        }
        self.problems
            .extend(unknown_keys(node, BLOCK_KEYS, |_| false));
        let (enabled, enabled_node) = self.enabled(key, node);
        let benchmark = node.get("benchmark");
        let measured = |name: &str| benchmark.and_then(|node| node.get(name));
        let output_tokens_per_s =
            measured("output_tokens_per_s").and_then(|node| self.number(node));
        let ttft_ms = measured("ttft_ms").and_then(|node| self.number(node));
        Some(Block {
            key: key.text().unwrap_or_default().to_owned(),
            gpus,
            enabled,
            node: key.ordinal,
            enabled_node,
            image: self.text(node, "image"),
            engine_version: self.text(node, "engine_version"),
            env: self.env(node),
            output_tokens_per_s,
            ttft_ms,
            arguments: self.arguments(node),
        })
    }

    fn enabled(&mut self, key: &Node, node: &Node) -> (bool, u32) {
        let Some(value) = node.get("enabled") else {
            self.problems.push(
                Problem::warning(
                    "missing-field",
                    "the block does not say whether it is enabled",
                )
                .at(key.span.clone(), "taken as not enabled")
                .help("add `enabled: true`"),
            );
            return (false, key.ordinal);
        };
        match value.text().map(str::to_ascii_lowercase).as_deref() {
            Some("true") => (true, value.ordinal),
            Some("false") => (false, value.ordinal),
            Some(_) => {
                self.problems.push(no_boolean(value, "`enabled`"));
                (false, value.ordinal)
            }
            None => {
                self.wrong(value, "`enabled`", "true or false", "write `enabled: true`");
                (false, value.ordinal)
            }
        }
    }

    fn arguments(&mut self, block: &Node) -> Vec<Argument> {
        let Some(args) = block.get("args") else {
            return Vec::new();
        };
        if args.is_null() {
            return Vec::new();
        }
        if !matches!(args.kind, NodeKind::Mapping(_)) {
            let help = "write each flag on a line of its own, its value behind a colon: `--max-num-seqs: 64`";
            self.wrong(args, "`args`", "a map of flags to values", help);
            return Vec::new();
        }
        let mut arguments = Vec::new();
        for entry in args.entries() {
            let flag = entry.key.text().unwrap_or_default().trim();
            if flag.is_empty() || flag.contains(char::is_whitespace) || flag.contains('=') {
                self.problems.push(
                    Problem::error("wrong-type", format!("`{flag}` is no flag"))
                        .at(entry.key.span.clone(), "here")
                        .help("a flag is one word such as `--max-model-len`, its value stands behind the colon"),
                );
                continue;
            }
            // People leave the dashes out; an engine does not.
            let flag = if flag.starts_with('-') {
                flag.to_owned()
            } else {
                format!("--{flag}")
            };
            let value = if secret::is_secret_flag(&flag) && !entry.value.is_null() {
                self.secret(&flag, &entry.value);
                Some(ArgumentValue::Secret)
            } else {
                self.argument(&entry.value)
            };
            if let Some(value) = value {
                arguments.push(Argument {
                    flag,
                    value,
                    flag_node: entry.key.ordinal,
                    value_node: entry.value.ordinal,
                    word_nodes: word_nodes(&entry.key, &entry.value),
                });
            }
        }
        arguments
    }

    fn argument(&mut self, node: &Node) -> Option<ArgumentValue> {
        match &node.kind {
            NodeKind::Scalar(Scalar::Null) => Some(ArgumentValue::None),
            NodeKind::Scalar(scalar) => Some(ArgumentValue::Word(scalar.text().to_owned())),
            NodeKind::Mapping(_) => Some(ArgumentValue::Json(node.to_json().to_string())),
            NodeKind::Sequence(items) => {
                let words = items
                    .iter()
                    .map(|item| match &item.kind {
                        NodeKind::Scalar(_) => item.text().unwrap_or_default().to_owned(),
                        _ => item.to_json().to_string(),
                    })
                    .collect();
                Some(ArgumentValue::Words(words))
            }
        }
    }

    fn env(&mut self, node: &Node) -> Vec<(String, Option<String>)> {
        let Some(env) = node.get("env") else {
            return Vec::new();
        };
        if env.is_null() {
            return Vec::new();
        }
        if !matches!(env.kind, NodeKind::Mapping(_)) {
            let help = "write each variable on a line of its own: `VLLM_ROCM_USE_AITER: \"1\"`";
            self.wrong(env, "`env`", "a map of names to values", help);
            return Vec::new();
        }
        let mut vars = Vec::new();
        for entry in env.entries() {
            let name = entry.key.text().unwrap_or_default();
            let valid = !name.is_empty()
                && !name.starts_with(|c: char| c.is_ascii_digit())
                && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
            let scalar = matches!(entry.value.kind, NodeKind::Scalar(_));
            if valid && secret::is_secret_variable(name) {
                self.secret(name, &entry.value);
                vars.push((name.to_owned(), None));
            } else if valid && scalar {
                let value = entry.value.text().unwrap_or_default().to_owned();
                vars.push((name.to_owned(), Some(value)));
            } else if valid {
                self.wrong(
                    &entry.value,
                    &quoted(name),
                    "a single value",
                    "write one word behind it",
                );
            } else {
                self.problems.push(
                    Problem::error(
                        "wrong-type",
                        format!("`{name}` is no name of an environment variable"),
                    )
                    .at(entry.key.span.clone(), "here"),
                );
            }
        }
        vars
    }

    fn secret(&mut self, name: &str, value: &Node) {
        if !value.is_null() {
            self.problems.push(
                Problem::warning(
                    "secret",
                    format!("the value of `{name}` is a secret and is not read"),
                )
                .at(value.span.clone(), "take this out")
                .help("set it in the environment of whoever launches; it is passed on by name"),
            );
        }
    }

    fn number(&mut self, node: &Node) -> Option<f64> {
        if node.is_null() {
            return None;
        }
        let number = node.text().and_then(|text| text.parse::<f64>().ok());
        match number.filter(|n| n.is_finite() && *n >= 0.0) {
            Some(number) => Some(number),
            None => {
                self.wrong(
                    node,
                    "a measurement",
                    "a number of 0 or more",
                    "write what was measured without its unit",
                );
                None
            }
        }
    }

    fn text(&mut self, node: &Node, key: &str) -> Option<String> {
        let value = node.get(key)?;
        if value.is_null() {
            return None;
        }
        match value.text() {
            Some(text) if !text.trim().is_empty() => Some(text.trim().to_owned()),
            Some(_) => None,
            None => {
                self.wrong(
                    value,
                    &quoted(key),
                    "a single value",
                    "write one word behind it",
                );
                None
            }
        }
    }

    fn required(&mut self, node: &Node, key: &str, example: &str) -> String {
        self.text(node, key).unwrap_or_else(|| {
            self.missing(node, key, example);
            String::new()
        })
    }

    fn missing(&mut self, node: &Node, key: &str, example: &str) {
        let place = match node.entry(key) {
            Some(entry) => entry.key.span.clone(),
            None => node
                .entries()
                .first()
                .map_or(0..0, |entry| entry.key.span.clone()),
        };
        self.problems.push(
            Problem::error("missing-field", format!("the recipe has no `{key}`"))
                .at(place, "in this recipe")
                .help(format!("add `{example}`")),
        );
    }

    fn wrong(&mut self, node: &Node, what: &str, wanted: &str, help: &str) {
        self.problems.push(
            Problem::error(
                "wrong-type",
                format!("{what} must be {wanted}, not {}", node.describe()),
            )
            .at(node.span.clone(), "here")
            .help(help),
        );
    }
}

fn quoted(key: &str) -> String {
    format!("`{key}`")
}

fn word_nodes(flag: &Node, value: &Node) -> Vec<u32> {
    match &value.kind {
        NodeKind::Sequence(items) => items.iter().map(|item| item.ordinal).collect(),
        _ if value.is_null() => vec![flag.ordinal],
        _ => vec![value.ordinal],
    }
}

/// Whether a top-level key holds blocks of a backend.
fn is_section(key: &str) -> bool {
    key.ends_with("_serve")
}

/// The count of a block's key: `4_gpu`, `4_gpus` or `4`.
pub(crate) fn gpu_count(key: &str) -> Option<u32> {
    let digits = key
        .strip_suffix("_gpu")
        .or_else(|| key.strip_suffix("_gpus"))
        .unwrap_or(key);
    if digits.is_empty() || !digits.chars().all(|c| c.is_ascii_digit()) {
        return None;
    }
    digits
        .parse()
        .ok()
        .filter(|count| (1..=4096).contains(count))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::yaml;

    fn parse(text: &str) -> Result<(Recipe, Vec<Problem>), Vec<Problem>> {
        read(&yaml::read(text).unwrap(), "stem")
    }

    #[test]
    fn recipes_are_read_as_people_write_them() {
        let text = "model_id: a/b\nhardware: mi300x\nprecision: bf16\nextra: 1\nvllm_serve:\n  \"2_gpu\":\n    enabled: 'true'\n    env: {A: 1}\n    args:\n      --x: 0.90\n      --flag: true\n      --bare:\n      --list: [a, 2]\n      --map: {k: [1]}\n      no-dashes: y\n  1:\n    enabled: false\n";
        let (recipe, problems) = parse(text).unwrap();
        assert_eq!(recipe.recipe_id, "stem");
        assert_eq!(problems.len(), 1);
        assert_eq!(problems[0].code, "catalog::unknown-key");
        let blocks = &recipe.sections[0].blocks;
        assert_eq!((blocks[0].gpus, blocks[0].enabled), (2, true));
        assert_eq!((blocks[1].gpus, blocks[1].enabled), (1, false));
        assert_eq!(blocks[0].env, [("A".to_owned(), Some("1".to_owned()))]);
        let values: Vec<_> = blocks[0]
            .arguments
            .iter()
            .map(|argument| (argument.flag.as_str(), argument.value.clone()))
            .collect();
        assert_eq!(
            values,
            [
                ("--x", ArgumentValue::Word("0.90".into())),
                ("--flag", ArgumentValue::Word("true".into())),
                ("--bare", ArgumentValue::None),
                ("--list", ArgumentValue::Words(vec!["a".into(), "2".into()])),
                ("--map", ArgumentValue::Json("{\"k\":[1]}".into())),
                ("--no-dashes", ArgumentValue::Word("y".into())),
            ]
        );
    }

    #[test]
    fn all_that_is_wrong_is_reported_at_once_and_in_its_place() {
        let text = "recipe_id: r\nhardwear: MI300X\nvllm_serve:\n  1_gpu: yes\n  2_gpu: {enabled: maybe, args: [1]}\n";
        let problems = parse(text).unwrap_err();
        let found: Vec<_> = problems
            .iter()
            .map(|p| {
                (
                    p.message.as_str(),
                    &text[p.labels[0].start..p.labels[0].end],
                )
            })
            .collect();
        assert_eq!(
            found,
            [
                ("`hardwear` is no key of this kind of file", "hardwear"),
                ("the recipe has no `huggingface_id`", "recipe_id"),
                ("the recipe has no `hardware`", "recipe_id"),
                ("the recipe has no `precision`", "recipe_id"),
                (
                    "`1_gpu` must be a map with `enabled` and `args`, not text",
                    "yes"
                ),
                ("`enabled` must be true or false, not text", "maybe"),
                ("`args` must be a map of flags to values, not a list", "[1]"),
            ]
        );
        assert_eq!(
            problems[0].help.as_deref(),
            Some("did you mean `hardware`? The key is kept but means nothing")
        );
    }
}
