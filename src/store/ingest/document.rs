//! From bytes to a typed document of whatever kind.

use crate::catalog::kind::Kind;
use crate::catalog::problem::Problem;
use crate::catalog::yaml::Node;
use crate::catalog::{backend, hardware, model, recipe};

/// A document of one of the kinds.
pub(super) enum Document {
    Recipe(Box<recipe::Recipe>),
    Model(Box<model::Model>),
    Hardware(Box<hardware::Hardware>),
    Backend(Box<backend::Backend>),
}

/// What reading a file gives: the document and what to know of it, or why there is none.
pub(super) type Parsed = Result<(Document, Vec<Problem>), Vec<Problem>>;

/// Reads a document of a kind.
pub(super) fn parse(root: &Node, kind: Kind, stem: &str) -> Parsed {
    match kind {
        Kind::Recipe => recipe::read(root, stem)
            .map(|(recipe, problems)| (Document::Recipe(Box::new(recipe)), problems)),
        Kind::Model => {
            model::read(root).map(|(model, problems)| (Document::Model(Box::new(model)), problems))
        }
        Kind::Hardware => hardware::read(root)
            .map(|hardware| (Document::Hardware(Box::new(hardware)), Vec::new())),
        Kind::Backend => {
            backend::read(root).map(|backend| (Document::Backend(Box::new(backend)), Vec::new()))
        }
    }
}
