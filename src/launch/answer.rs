//! The answer as JSON, with the keys that scripts rely on.

use serde::Serialize;

use crate::render::docker::DockerRun;

use super::{Decision, MachineFacts, Memory, ModelCache, Planned, Request, Tried};

/// What `generate --format json` prints.
#[derive(Debug, Serialize)]
pub struct Answer<'a> {
    request: &'a Request,
    machine: Machine<'a>,
    selected: Option<SelectedView<'a>>,
    exact: bool,
    tried: &'a [Tried],
    image: Option<&'a str>,
    model_cache: Option<&'a ModelCache>,
    env: serde_json::Map<String, serde_json::Value>,
    engine_argv: &'a [String],
    command: Vec<String>,
    memory: Option<Memory>,
    warnings: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
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
struct SelectedView<'a> {
    recipe_id: &'a str,
    backend: &'a str,
    gpus: u32,
    precision: &'a str,
    hardware: &'a str,
    file: &'a str,
}

impl<'a> Answer<'a> {
    /// The answer to a request; `planned` is there when something was chosen.
    pub fn new(
        request: &'a Request,
        machine: &'a MachineFacts,
        decision: &'a Decision,
        planned: Option<&'a (Planned, DockerRun)>,
    ) -> Answer<'a> {
        let plan = planned.map(|(planned, _)| &planned.plan);
        let selected = decision.selected.as_ref().map(|selected| SelectedView {
            recipe_id: &selected.recipe_id,
            backend: &selected.backend,
            gpus: selected.gpus,
            precision: &selected.precision,
            hardware: &selected.hardware,
            file: planned.map_or("", |(planned, _)| planned.file.as_str()),
        });
        let env = plan.map(|plan| {
            plan.environment()
                .into_iter()
                .map(|var| (var.name, var.value.into()))
                .collect()
        });
        let planning = planned
            .map(|(planned, _)| planned.warnings.as_slice())
            .unwrap_or_default();
        Answer {
            request,
            machine: Machine {
                hardware: decision.machine.hardware.as_deref(),
                gfx: decision.machine.gfx.as_deref(),
                usable_gpus: decision.machine.usable_gpus,
                vram_mib: decision.machine.vram_mib,
                source: &machine.source,
            },
            selected,
            exact: decision.exact,
            tried: &decision.tried,
            image: plan
                .map(|plan| plan.image.as_str())
                .or(decision.image.as_deref()),
            model_cache: planned.map(|(planned, _)| &planned.cache),
            env: env.unwrap_or_default(),
            engine_argv: plan.map(|plan| plan.argv.as_slice()).unwrap_or_default(),
            command: planned.map(|(_, docker)| docker.argv()).unwrap_or_default(),
            memory: decision.memory,
            warnings: decision
                .warnings
                .iter()
                .chain(planning)
                .chain(&decision.cached.unknown)
                .chain(decision.obstacles.iter().map(|obstacle| &obstacle.says))
                .map(String::as_str)
                .collect(),
            error: None,
        }
    }

    /// The same with what kept it from being complete.
    pub fn with_error(mut self, error: impl Into<String>) -> Answer<'a> {
        self.error = Some(error.into());
        self
    }
}
