//! The kinds of documents a catalog holds.

use super::yaml::{Node, NodeKind};

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

    /// What a file in a plain folder is, by its keys: a model card has no precision.
    pub fn of(root: &Node) -> Kind {
        let has = |key| root.get(key).is_some();
        if has("recipe_id") || (has("hardware") && has("precision")) {
            Kind::Recipe
        } else if has("backend") && has("entrypoint") {
            Kind::Backend
        } else if has("gfx") && has("hardware") {
            Kind::Hardware
        } else if matches!(root.kind, NodeKind::Mapping(_)) && has("model_id") && has("size") {
            Kind::Model
        } else {
            Kind::Recipe
        }
    }
}
