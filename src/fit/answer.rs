//! What fits, as JSON with the keys that scripts rely on.

use serde::Serialize;

use crate::coverage::Nearest;
use crate::launch::{MachineFacts, Memory, Selected};

use super::{Fit, Fits, Summary};

/// What `fit --format json` prints.
#[derive(Debug, Serialize)]
pub struct Answer<'a> {
    machine: Machine<'a>,
    summary: Summary,
    models: Vec<Model<'a>>,
}

#[derive(Debug, Serialize)]
struct Machine<'a> {
    hardware: Option<&'a str>,
    gfx: Option<&'a str>,
    usable_gpus: Option<i64>,
    vram_mib: Option<i64>,
    source: &'a str,
}

#[derive(Debug, Serialize)]
struct Model<'a> {
    model: &'a str,
    recipes: u32,
    selected: Option<&'a Selected>,
    memory: Option<MemoryView>,
    warnings: &'a [String],
    nearest: Option<&'a Nearest>,
}

#[derive(Debug, Serialize)]
struct MemoryView {
    #[serde(flatten)]
    memory: Memory,
    sequence_tokens: Option<i64>,
    sequences: Option<i64>,
    cached_tokens: Option<i64>,
}

impl<'a> Answer<'a> {
    /// What fits; with `all`, also what does not.
    pub fn new(machine: &'a MachineFacts, fits: &'a Fits, all: bool) -> Answer<'a> {
        let models = fits.models.iter();
        Answer {
            machine: Machine {
                hardware: fits.machine.hardware.as_deref(),
                gfx: fits.machine.gfx.as_deref(),
                usable_gpus: fits.machine.usable_gpus,
                vram_mib: fits.machine.vram_mib,
                source: &machine.source,
            },
            summary: fits.summary(),
            models: models
                .filter(|fit| all || fit.selected.is_some())
                .map(model)
                .collect(),
        }
    }
}

fn model(fit: &Fit) -> Model<'_> {
    Model {
        model: &fit.model,
        recipes: fit.recipes,
        selected: fit.selected.as_ref(),
        memory: fit.memory.map(|memory| MemoryView {
            memory,
            sequence_tokens: memory.sequence_tokens,
            sequences: memory.sequences,
            cached_tokens: memory.cached_tokens,
        }),
        warnings: &fit.warnings,
        nearest: fit.nearest.as_ref(),
    }
}
