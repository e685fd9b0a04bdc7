//! From bytes to a typed document of whatever kind.

use crate::catalog::kind::Kind;
use crate::catalog::problem::Problem;
use crate::catalog::written::{self, Written};
use crate::catalog::{backend, hardware, model, recipe, yaml};

/// A document of one of the kinds.
pub(super) enum Document {
    Recipe(Box<recipe::Recipe>),
    Model(Box<model::Model>),
    Hardware(Box<hardware::Hardware>),
    Backend(Box<backend::Backend>),
}

/// What reading a file gives: the document and what to know of it, or why there is none.
type Parsed = Result<(Document, Vec<Problem>), Vec<Problem>>;

/// Reads a file; where the folder does not tell its kind, its keys do. The values as they are written
/// are given where the file is YAML, whatever else is wrong with it.
pub(super) fn parse(bytes: &[u8], kind: Option<Kind>, stem: &str) -> (Kind, Parsed, Vec<Written>) {
    let root = match yaml::read_bytes(bytes) {
        Ok(root) => root,
        Err(problems) => return (kind.unwrap_or(Kind::Recipe), Err(problems), Vec::new()),
    };
    let kind = kind.unwrap_or_else(|| Kind::of(&root));
    let result =
        match kind {
            Kind::Recipe => recipe::read(&root, stem)
                .map(|(recipe, problems)| (Document::Recipe(Box::new(recipe)), problems)),
            Kind::Model => model::read(&root)
                .map(|(model, problems)| (Document::Model(Box::new(model)), problems)),
            Kind::Hardware => hardware::read(&root)
                .map(|hardware| (Document::Hardware(Box::new(hardware)), Vec::new())),
            Kind::Backend => backend::read(&root)
                .map(|backend| (Document::Backend(Box::new(backend)), Vec::new())),
        };
    let written = written::values(&root, kind);
    (kind, result, written)
}
