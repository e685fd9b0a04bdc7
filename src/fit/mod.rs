//! What a machine can serve: each model of the catalog, as it would be served if nothing but the model were
//! asked for.

mod answer;

pub use answer::Answer;

use crate::coverage::{Nearest, nearest};
use crate::launch::{Detail, MachineFacts, MachineView, Memory, Request, Selected, decide};
use crate::matrix::Axes;
use crate::policy::{Policy, PolicyError};
use crate::store::{Store, ViewError};

/// Models decided in one evaluation.
const AT_ONCE: usize = 1024;

/// What a machine can serve.
#[derive(Clone, Debug, Default)]
pub struct Fits {
    /// The machine as the rules see it.
    pub machine: MachineView,
    /// Every model, by name.
    pub models: Vec<Fit>,
}

/// How a model fares on the machine.
#[derive(Clone, Debug)]
pub struct Fit {
    /// Its name.
    pub model: String,
    /// How many recipes it has.
    pub recipes: u32,
    /// The configuration that serves it.
    pub selected: Option<Selected>,
    /// The memory of one GPU, where the model's figures are known.
    pub memory: Option<Memory>,
    /// What an operator should know.
    pub warnings: Vec<String>,
    /// Where nothing serves it, what comes nearest; none without a recipe.
    pub nearest: Option<Nearest>,
}

/// How many models fare how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Summary {
    /// All.
    pub models: usize,
    /// Those that are served.
    pub served: usize,
    /// Those of whose recipes none will do.
    pub rejected: usize,
    /// Those that have no recipe at all.
    pub without_recipe: usize,
}

/// Decides every model of the catalog for a machine.
///
/// # Errors
/// The store cannot be read, or the rules cannot be evaluated.
pub fn fits(store: &Store, policy: &Policy, machine: &MachineFacts) -> Result<Fits, PolicyError> {
    let axes = Axes::of(store).map_err(ViewError::from)?;
    let machines = std::slice::from_ref(machine);
    let decided = |models: &[&str], detail| {
        let requests: Vec<(Request, usize)> = models
            .iter()
            .map(|model| {
                let request = Request {
                    model: (*model).to_owned(),
                    ..Request::default()
                };
                (request, 0)
            })
            .collect();
        decide(store, policy, &requests, machines, detail)
    };
    let mut fits = Fits::default();
    for chunk in axes.models.chunks(AT_ONCE) {
        let models: Vec<&str> = chunk.iter().map(|axis| axis.model.as_ref()).collect();
        for (axis, decision) in chunk.iter().zip(decided(&models, Detail::Choice)?) {
            fits.machine = decision.machine;
            fits.models.push(Fit {
                model: axis.model.as_ref().to_owned(),
                recipes: axis.recipes,
                selected: decision.selected,
                memory: decision.memory,
                warnings: decision.warnings,
                nearest: None,
            });
        }
    }
    let usable = fits
        .machine
        .usable_gpus
        .and_then(|gpus| gpus.try_into().ok());
    let mut rejected: Vec<&mut Fit> = fits
        .models
        .iter_mut()
        .filter(|fit| fit.selected.is_none() && fit.recipes > 0)
        .collect();
    for chunk in rejected.chunks_mut(AT_ONCE) {
        let models: Vec<&str> = chunk.iter().map(|fit| fit.model.as_str()).collect();
        let decisions = decided(&models, Detail::Search)?;
        for (fit, decision) in chunk.iter_mut().zip(decisions) {
            fit.nearest = nearest(&decision.tried, usable.unwrap_or_default());
        }
    }
    Ok(fits)
}

impl Fits {
    /// How many models fare how.
    pub fn summary(&self) -> Summary {
        let mut summary = Summary {
            models: self.models.len(),
            ..Summary::default()
        };
        for fit in &self.models {
            *match (&fit.selected, fit.recipes) {
                (Some(_), _) => &mut summary.served,
                (None, 0) => &mut summary.without_recipe,
                (None, _) => &mut summary.rejected,
            } += 1;
        }
        summary
    }
}
