//! The figures in the order and with the keys of a card.

use serde::Serialize;

use super::figure::Figure;
use super::made::Made;

/// A figure as a card has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Value {
    /// Its key; with a dot, that of a map.
    pub key: &'static str,
    /// What it is, as text.
    pub value: String,
    /// Whether it is a text, and not a number or a boolean.
    #[serde(skip)]
    pub is_text: bool,
    /// Where it is from.
    pub from: String,
    /// Why a person should look at it.
    pub doubt: Option<String>,
}

impl Value {
    /// The key of the entry of `sources` that speaks of it.
    pub fn source(&self) -> &'static str {
        self.key.split('.').next().unwrap_or(self.key)
    }
}

impl Made {
    /// All figures that are known.
    pub fn values(&self) -> Vec<Value> {
        let mut values = Vec::new();
        let mut add = |key, figure: Option<Figure<String>>, is_text| {
            values.extend(figure.map(|figure| Value {
                key,
                value: figure.value,
                is_text,
                from: figure.from,
                doubt: figure.doubt,
            }));
        };
        let number = |figure: &Option<Figure<u64>>| {
            let figure = figure.clone();
            figure.map(|figure| figure.map(|value| value.to_string()))
        };
        let small = |figure: &Option<Figure<u32>>| {
            let figure = figure.clone();
            figure.map(|figure| figure.map(|value| value.to_string()))
        };
        add("license", self.metadata.license.clone(), true);
        let gated = self.metadata.gated.clone();
        add(
            "gated",
            gated.map(|figure| figure.map(|gated| gated.to_string())),
            false,
        );
        add("parameters", number(&self.parameters), false);
        add("active_parameters", number(&self.active_parameters), false);
        add("weights_precision", self.weights_precision.clone(), true);
        add("context_length", small(&self.context_length), false);
        for (key, figure) in self.attention.named() {
            // Without its layers the others say nothing.
            if self.attention.layers.is_some() {
                add(key, small(figure), false);
            }
        }
        add("weights_gib", self.weights_gib.clone(), false);
        values
    }

    /// Where the figures with a key of `sources` are from, for people.
    pub fn source_of(&self, source: &str) -> Option<String> {
        let values = self.values();
        let of: Vec<&Value> = values
            .iter()
            .filter(|value| value.source() == source)
            .collect();
        let first = of.first()?;
        let from = match source {
            "attention" => self.config_file.clone(),
            "context_length" => format!("{}, {}", self.config_file, first.from),
            _ => first.from.clone(),
        };
        Some(match &self.commit {
            Some(commit) => format!("{from}; commit {}", commit.get(..12).unwrap_or(commit)),
            None => from,
        })
    }
}
