//! What is known of configurations and weights: `catalog/architectures.yaml`, as data.

use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use serde::Deserialize;

use crate::catalog::{embedded, yaml};

/// The whole table.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Knowledge {
    pub configs: Vec<String>,
    pub language_models: Vec<String>,
    pub keys: BTreeMap<String, Vec<String>>,
    pub window_switch: String,
    pub layer_lists: Vec<LayerList>,
    pub attention_layers: Vec<String>,
    pub context: ContextKeys,
    pub families: Vec<Family>,
    pub weights: WeightNames,
    pub precisions: HashMap<String, String>,
    pub dtype: Vec<String>,
    pub quantization: Quantization,
}

/// A list that says of each layer what it keeps.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LayerList {
    pub key: String,
    #[serde(default)]
    pub full: Vec<String>,
    #[serde(default)]
    pub window: Vec<String>,
    #[serde(default)]
    pub none: Vec<String>,
    /// The model types that it is read for; all when there are none.
    #[serde(default)]
    pub of: Vec<String>,
}

/// How the longest context is found.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ContextKeys {
    pub before_all: Vec<String>,
    pub smallest_of: Vec<String>,
    pub scaling: Vec<String>,
    pub scaling_type: Vec<String>,
    pub unchanged: Vec<String>,
    pub from_original: Vec<String>,
    pub original: Vec<String>,
}

/// What some model types leave unsaid.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Family {
    pub models: Vec<String>,
    pub windows: Layers,
    #[serde(default)]
    pub linear: Option<Layers>,
    /// The context is written as it is after scaling.
    #[serde(default)]
    pub scaled_context: bool,
    #[serde(default)]
    pub defaults: BTreeMap<String, Unsaid>,
    /// Keys of the card that cannot say all, with the reason.
    #[serde(default)]
    pub uncertain: BTreeMap<String, String>,
}

/// Some of the layers.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Layers {
    /// `all` or `none`.
    Word(Word),
    /// From the number on that a key says.
    From {
        /// The key.
        from: String,
    },
    /// All but each so-manieth.
    AllButEach {
        /// Where no key says it.
        all_but_each: u32,
        /// The key.
        #[serde(default)]
        key: Option<String>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Word {
    All,
    None,
}

/// A figure that is not in the configuration.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Unsaid {
    /// This.
    Number(u64),
    /// The same as another figure.
    Same(String),
}

/// What the names of tensors mean.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WeightNames {
    pub beside: Vec<String>,
    pub computed: Vec<String>,
    pub packed: Vec<Packed>,
    pub prediction: Vec<String>,
    pub layers: Vec<String>,
    pub tied: Vec<String>,
    pub tied_where: String,
    pub expert: String,
}

/// Tensors with several parameters in a value.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Packed {
    pub endings: Vec<String>,
    #[serde(default)]
    pub bits: Option<u64>,
}

/// How a quantisation is described.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Quantization {
    pub keys: Vec<String>,
    pub files: BTreeMap<String, String>,
    pub places: Vec<String>,
    pub bits: HashMap<String, u64>,
    pub bits_key: Vec<String>,
    pub rules: Vec<Rule>,
}

/// A precision, and what says so.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rule {
    #[serde(rename = "if")]
    pub conditions: BTreeMap<String, String>,
    pub is: String,
}

static KNOWLEDGE: LazyLock<Knowledge> = LazyLock::new(|| read().unwrap_or_default());

/// The table of this program.
pub(super) fn knowledge() -> &'static Knowledge {
    &KNOWLEDGE
}

/// A test holds that it can be read.
fn read() -> Result<Knowledge, String> {
    let bytes = embedded::read("architectures.yaml").ok_or("there is none")?;
    let root = yaml::read_bytes(bytes).map_err(|problems| format!("{problems:?}"))?;
    serde_path_to_error::deserialize(root.to_value()).map_err(|error| error.to_string())
}

impl Knowledge {
    /// What is known of a model type.
    pub fn family(&self, model_type: &str) -> Option<&Family> {
        let is_it = |family: &&Family| family.models.iter().any(|known| known == model_type);
        self.families.iter().find(is_it)
    }

    /// The keys that name a figure.
    pub fn keys(&self, figure: &str) -> &[String] {
        self.keys.get(figure).map_or(&[], Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_table_can_be_read_and_speaks_of_each_model_type_once() {
        let known = read().unwrap();
        let mut seen = HashSet::new();
        for model in known.families.iter().flat_map(|family| &family.models) {
            assert!(seen.insert(model), "{model}");
        }
        for rule in &known.quantization.rules {
            assert!(
                known.quantization.bits.contains_key(&rule.is),
                "{}",
                rule.is
            );
        }
        for family in &known.families {
            for figure in family.defaults.keys() {
                assert!(
                    figure == "context" || known.keys.contains_key(figure),
                    "{figure}"
                );
            }
        }
    }
}
