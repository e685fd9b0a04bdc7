//! Templates of the embedded catalog, and how they are filled.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::catalog::embedded;
use crate::catalog::yaml;
use crate::cli::failure::{Exit, Failure};

/// `catalog/templates/sizes.yaml`.
#[derive(Debug, Deserialize)]
pub(super) struct Sizes {
    pub sizes: Vec<Size>,
    pub dtypes: BTreeMap<String, String>,
    /// Engines that get blocks when none are named.
    pub backends: Vec<String>,
    /// The precision when neither the command line nor the card says one.
    pub precision: String,
}

/// What recipes for models of up to a size start from.
#[derive(Debug, Deserialize)]
pub(super) struct Size {
    pub up_to_millions: f64,
    pub memory_share: f64,
    pub max_model_len: u32,
    pub max_num_seqs: u32,
    batched_tokens: BTreeMap<u32, u32>,
}

impl Size {
    /// The figure of the greatest GPU count that is not above `gpus`.
    pub fn batched_tokens(&self, gpus: u32) -> u32 {
        let entry = self
            .batched_tokens
            .range(..=gpus)
            .next_back()
            .or(self.batched_tokens.iter().next());
        entry.map_or(8192, |(_, tokens)| *tokens)
    }
}

pub(super) fn sizes() -> Result<Sizes, Failure> {
    let text = embedded::template("sizes.yaml").ok_or_else(|| broken("sizes.yaml"))?;
    let root = yaml::read(text).map_err(|_| broken("sizes.yaml"))?;
    serde_yaml::from_value(root.to_value()).map_err(|_| broken("sizes.yaml"))
}

/// The last part of a model's id as recipes' names have it: `Qwen/Qwen2.5-7B` is `qwen2-5-7b`.
pub(super) fn slug(model: &str) -> String {
    let name = model.rsplit('/').next().unwrap_or(model).to_lowercase();
    name.chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect()
}

/// A YAML scalar that reads as this text.
pub(super) fn scalar(text: &str) -> String {
    let plain = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | ' '))
        && !text.ends_with(' ')
        && !matches!(
            text.to_ascii_lowercase().as_str(),
            "null" | "true" | "false" | "yes" | "no" | "on" | "off" | "y" | "n"
        );
    if plain {
        text.to_owned()
    } else {
        serde_json::Value::from(text).to_string()
    }
}

pub(super) fn fill(template: &str, values: &[(&str, &str)]) -> Result<String, Failure> {
    let mut text = embedded::template(template)
        .ok_or_else(|| broken(template))?
        .to_owned();
    for (name, value) in values {
        text = text.replace(&format!("{{{name}}}"), value);
    }
    Ok(text)
}

pub(super) fn broken(template: &str) -> Failure {
    Failure::say(
        Exit::Environment,
        "new::template",
        format!("the template `{template}` cannot be used"),
        "",
    )
}
