//! The kinds of documents a catalog holds.

use super::yaml::Node;

/// What a file describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// How to serve one model on one kind of GPU at one precision.
    Recipe,
    /// A model card.
    Model,
    /// A GPU.
    Hardware,
    /// A serving engine.
    Backend,
}

impl Kind {
    /// All of them, in the order in which they are read.
    pub const ALL: [Kind; 4] = [Kind::Hardware, Kind::Backend, Kind::Model, Kind::Recipe];

    /// The folder of a catalog that holds such files.
    pub fn folder(self) -> &'static str {
        match self {
            Kind::Recipe => "recipes",
            Kind::Model => "models",
            Kind::Hardware => "hardware",
            Kind::Backend => "backends",
        }
    }

    /// The name of the kind in the store.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Recipe => "recipe",
            Kind::Model => "model",
            Kind::Hardware => "hardware",
            Kind::Backend => "backend",
        }
    }

    /// What a file in a plain folder is, by its keys: a model card where more of them are a card's than a recipe's.
    pub fn of(root: &Node) -> Kind {
        let has = |key| root.get(key).is_some();
        if has("recipe_id") || (has("hardware") && has("precision")) {
            Kind::Recipe
        } else if has("backend") && has("entrypoint") {
            Kind::Backend
        } else if has("gfx") && has("hardware") {
            Kind::Hardware
        } else {
            let keys = root.entries().iter();
            let keys: Vec<&str> = keys.filter_map(|entry| entry.key.text()).collect();
            let of_cards = keys.iter().filter(|key| OF_CARDS.contains(*key)).count();
            let is_of_recipes = |key: &&&str| OF_RECIPES.contains(*key) || key.ends_with("_serve");
            match of_cards > keys.iter().filter(is_of_recipes).count() {
                true => Kind::Model,
                false => Kind::Recipe,
            }
        }
    }
}

/// Keys that cards have and recipes have not.
const OF_CARDS: &[&str] = &[
    "size",
    "parameters",
    "active_parameters",
    "weights_precision",
    "context_length",
    "attention",
    "gated",
    "license",
    "aliases",
    "builder",
    "family",
    "aim_recipes",
    "model_card",
    "api_examples",
    "status_badges",
];
/// Keys that recipes have and cards have not.
const OF_RECIPES: &[&str] = &[
    "hardware",
    "precision",
    "metric",
    "image",
    "engine_version",
    "env",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::yaml;

    #[test]
    fn keys_tell_what_a_file_is() {
        for (text, kind) in [
            ("huggingface_id: a/b\nsize: 8B", Kind::Model),
            ("model_id: a/b\nattention: {}\ngated: true", Kind::Model),
            ("model_id: a/b", Kind::Recipe),
            ("huggingface_id: a/b\nvllm_serve: {}", Kind::Recipe),
            (
                "huggingface_id: a/b\nprecision: bf16\nsize: 8B",
                Kind::Recipe,
            ),
            ("recipe_id: a\nsize: 8B\nlicense: x", Kind::Recipe),
            ("hardware: MI300X\ngfx: gfx942", Kind::Hardware),
            ("backend: x\nentrypoint: [x]", Kind::Backend),
            ("- a", Kind::Recipe),
            ("text", Kind::Recipe),
        ] {
            assert_eq!(Kind::of(&yaml::read(text).unwrap()), kind, "{text}");
        }
    }
}
