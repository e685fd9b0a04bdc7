//! A place of a document that something is asked about, and what stands there.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::catalog::hardware::Hardware;
use crate::catalog::kind::Kind;
use crate::catalog::yaml::{self, Node};

use super::catalog::{Catalog, kind_by_place};
use super::flags::Engine;
use super::spot::{self, Spot, What};

/// A place of a document.
pub(super) struct Question<'a> {
    /// The catalog of the document.
    pub catalog: &'a Catalog,
    /// Its path.
    pub path: &'a Path,
    /// Its text.
    pub text: &'a str,
    /// The byte.
    pub at: usize,
    /// What the document describes.
    pub kind: Kind,
    /// The document, where it is YAML as it is.
    pub root: Option<Node>,
}

/// What a value stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Named {
    /// A model.
    Model,
    /// A GPU.
    Hardware,
    /// A precision.
    Precision,
    /// A recipe's file, by its name below the catalog.
    RecipeFile,
}

impl<'a> Question<'a> {
    pub(super) fn new(catalog: &'a Catalog, path: &'a Path, text: &'a str, at: usize) -> Self {
        let root = yaml::read(text).ok();
        let by_place = kind_by_place(&path.to_string_lossy());
        let kind = by_place.or_else(|| root.as_ref().map(Kind::of));
        Question {
            catalog,
            path,
            text,
            at,
            kind: kind.unwrap_or(Kind::Recipe),
            root,
        }
    }

    /// The key or value there.
    pub(super) fn spot(&self) -> Option<Spot> {
        match &self.root {
            Some(root) => spot::in_tree(root, self.at),
            None => spot::in_lines(self.text, self.at),
        }
    }

    /// The schema of such documents.
    pub(super) fn schema(&self) -> Option<Value> {
        crate::schema::schema(self.kind)
    }

    /// What a value of this key stands for.
    pub(super) fn named(&self, spot: &Spot) -> Option<Named> {
        let What::ValueOf(key) = &spot.what else {
            return None;
        };
        let above: Vec<&str> = spot.above.iter().map(String::as_str).collect();
        match (self.kind, above.as_slice(), key.as_str()) {
            (Kind::Recipe, [], "model_id" | "huggingface_id") => Some(Named::Model),
            (Kind::Recipe, [], "hardware") | (Kind::Model, ["aim_recipes"], "hardware") => {
                Some(Named::Hardware)
            }
            (Kind::Recipe, [], "precision")
            | (Kind::Model, [], "weights_precision")
            | (Kind::Model, ["aim_recipes"], "precision") => Some(Named::Precision),
            (Kind::Model, ["aim_recipes"], "recipe_file") => Some(Named::RecipeFile),
            _ => None,
        }
    }

    /// The engine of the block whose arguments these keys lead to.
    pub(super) fn engine(&self, above: &[String]) -> Option<Engine<'a>> {
        let [section, block, args] = above else {
            return None;
        };
        let is_args = self.kind == Kind::Recipe && args == "args";
        let backend = self.catalog.backend_of(section).filter(|_| is_args)?;
        let hardware = self.hardware();
        let root = self.root.as_ref();
        Some(Engine::of_block(
            backend,
            root,
            section,
            block,
            hardware.as_ref(),
        ))
    }

    /// The GPU of a recipe.
    fn hardware(&self) -> Option<Hardware> {
        let written = match &self.root {
            Some(root) => root.get("hardware")?.text()?.to_owned(),
            None => {
                let mut lines = self.text.lines();
                let value = lines.find_map(|line| line.strip_prefix("hardware:"))?;
                let value = value.split(" #").next().unwrap_or_default();
                value.trim().trim_matches(['"', '\'']).to_owned()
            }
        };
        self.catalog.store.hardware(&written).ok().flatten()
    }

    /// The file on disk that a value stands for.
    pub(super) fn definition(&self) -> Option<PathBuf> {
        let spot = self.spot()?;
        let store = &self.catalog.store;
        let file = |kind| store.file_of(kind, &spot.text).ok().flatten();
        match self.named(&spot)? {
            Named::Model => file(Kind::Model),
            Named::Hardware => file(Kind::Hardware),
            Named::RecipeFile => {
                let above = self.path.ancestors().skip(1);
                above
                    .map(|dir| dir.join(&spot.text))
                    .find(|path| path.is_file())
                    .or_else(|| {
                        // A recipe is known by its name, wherever the card says that it lies.
                        let stem = Path::new(&spot.text).file_stem()?.to_str()?.to_owned();
                        store.file_of(Kind::Recipe, &stem).ok().flatten()
                    })
            }
            Named::Precision => None,
        }
    }
}
