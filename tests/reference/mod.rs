//! The selection policy a second time, in loops and comparisons, to hold the program against.
//!
//! Points are numbered as in the policy: 1–4 read the request and the machine ([`targets`]), 5–12
//! reject configurations ([`eligibility`]), 13–21 order the others ([`order`]). Nothing here uses
//! the program's own code: documents are read by types of this folder, and the answers are compared
//! as the JSON that the command line prints.

pub mod arguments;
pub mod compare;
pub mod documents;
pub mod eligibility;
pub mod folder;
pub mod order;
mod points;
pub mod program;
pub mod random;
pub mod shrink;
pub mod targets;
pub mod version;

use documents::{Backend, Block, Catalog, Recipe, Request};
use eligibility::HardwareMatch;
use targets::Targets;

/// One block of a recipe for the model that was asked for.
#[derive(Clone, Debug)]
pub struct Configuration<'a> {
    /// The recipe it stands in.
    pub recipe: &'a Recipe,
    /// The backend that it is for.
    pub backend: &'a Backend,
    /// GPUs.
    pub gpus: u32,
    /// The block itself.
    pub block: &'a Block,
    /// How its hardware relates to the machine's.
    pub hardware: HardwareMatch,
    /// The first point that rejects it.
    pub rejected_by: Option<u8>,
}

/// The policy's answer to one request.
#[derive(Debug)]
pub struct Decision<'a> {
    /// What the search starts from.
    pub targets: Targets,
    /// Every configuration of the model; the eligible ones first and in order.
    pub considered: Vec<Configuration<'a>>,
    /// Whether the chosen one differs from nothing that was asked for. Not set when nothing was
    /// chosen, and when only the metric differs.
    pub exact: Option<bool>,
}

impl<'a> Decision<'a> {
    /// The eligible configurations, the chosen one first.
    pub fn eligible(&self) -> impl Iterator<Item = &Configuration<'a>> {
        self.considered.iter().filter(|c| c.rejected_by.is_none())
    }
}

/// Decides `request` over `catalog`.
pub fn decide<'a>(catalog: &'a Catalog, request: &Request) -> Decision<'a> {
    let card = catalog.card(&request.model);
    let targets = targets::read(request, card);
    let mut considered = Vec::new();
    for recipe in catalog.recipes_for(&request.model) {
        if request
            .recipe
            .as_ref()
            .is_some_and(|id| *id != recipe.recipe_id)
        {
            continue;
        }
        for backend in catalog.backends {
            for (gpus, block) in recipe.blocks(&backend.recipe_section) {
                let mut configuration = Configuration {
                    recipe,
                    backend,
                    gpus,
                    block,
                    hardware: eligibility::hardware_match(catalog, request, recipe),
                    rejected_by: None,
                };
                configuration.rejected_by =
                    eligibility::rejected_by(catalog, request, card, &targets, &configuration);
                considered.push(configuration);
            }
        }
    }
    considered.sort_by_cached_key(|c| {
        let rejected = c.rejected_by.is_some();
        (rejected, order::place(catalog, request, card, &targets, c))
    });
    let exact = considered
        .first()
        .filter(|c| c.rejected_by.is_none())
        .and_then(|chosen| exact(request, chosen));
    Decision {
        targets,
        considered,
        exact,
    }
}

fn exact(request: &Request, chosen: &Configuration) -> Option<bool> {
    let as_asked = eligibility::as_asked(request, chosen);
    let metric_differs = request.metric.is_some() && request.metric != chosen.recipe.metric;
    // Whether a metric that was asked for and not found makes a decision inexact is not said.
    (!as_asked || !metric_differs).then_some(as_asked)
}
