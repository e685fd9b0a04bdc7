//! From a decision to the launch plan.

use std::collections::hash_map::Entry;
use std::path::PathBuf;

use miette::Diagnostic;
use rustc_hash::FxHashMap;
use thiserror::Error;

use crate::catalog::backend::Backend;
use crate::detect::{Detected, device_owner_groups};
use crate::plan::{self, CACHE_PATH, CdiDevices, Group, HealthCheck, LaunchPlan, Mount, TOKEN};
use crate::store::{BlockDetails, Store, StoreError};

use super::argv::{Defaults, EngineCommand, engine_command};
use super::{Decision, MachineFacts, ModelCache, Selected};

/// What an operator asks of the container beside the decision.
#[derive(Clone, Debug, Default)]
pub struct Wishes {
    /// The port, inside and outside.
    pub port: Option<u16>,
    /// The image.
    pub image: Option<String>,
    /// The container's name.
    pub name: Option<String>,
    /// The GPUs to use.
    pub gpu_ids: Vec<u32>,
    /// Where models are kept on the host.
    pub cache_dir: Option<PathBuf>,
    /// Give the container its GPUs by CDI.
    pub cdi: bool,
    /// Whether the engine runs without a container, beside the cache.
    pub bare: bool,
    /// Return once the container has started.
    pub detach: bool,
}

/// A plan and what was learned in making it.
#[derive(Clone, Debug)]
pub struct Planned {
    /// The plan.
    pub plan: LaunchPlan,
    /// The recipe's file, below its catalog.
    pub file: String,
    /// What it makes of the model cache.
    pub cache: ModelCache,
    /// What an operator should know.
    pub warnings: Vec<String>,
}

/// Why a decision cannot become a plan.
#[derive(Debug, Error, Diagnostic)]
pub enum PlanningError {
    /// The store fails.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Store(#[from] StoreError),
    /// The chosen block or its backend is not in the store.
    #[error("the catalog has no {what} any more")]
    #[diagnostic(
        code(launch::gone),
        help("the catalog changed meanwhile; run the command again")
    )]
    Gone {
        /// What is gone.
        what: String,
    },
    /// More or fewer GPUs are named than the configuration takes.
    #[error("`--gpu-ids` names {given}, and the chosen configuration takes {gpus}")]
    #[diagnostic(
        code(launch::gpu_ids),
        help("name as many ids as GPUs with `--gpu-ids`, or ask for that many GPUs")
    )]
    GpuIds {
        /// Ids named.
        given: usize,
        /// GPUs of the configuration.
        gpus: u32,
    },
    /// There is no place for models.
    #[error("there is no folder for models: neither HOME nor HF_HOME is set")]
    #[diagnostic(code(launch::no_cache), help("name one with `--cache-dir DIR`"))]
    NoCache,
}

/// Makes plans of decisions' choices, and reads each block and each backend once for all of them.
#[derive(Debug)]
pub struct Planner<'s> {
    store: &'s Store,
    /// By recipe, backend and GPU count.
    blocks: FxHashMap<(String, String, u32), BlockDetails>,
    backends: FxHashMap<String, Backend>,
}

impl<'s> Planner<'s> {
    /// One that has read nothing yet.
    pub fn new(store: &'s Store) -> Planner<'s> {
        Planner {
            store,
            blocks: FxHashMap::default(),
            backends: FxHashMap::default(),
        }
    }

    /// Makes the plan of a decision's choice.
    ///
    /// # Errors
    /// The wishes do not fit the choice, or the catalog changed since it was made.
    pub fn plan(
        &mut self,
        decision: &Decision,
        selected: &Selected,
        machine: &MachineFacts,
        wishes: &Wishes,
    ) -> Result<Planned, PlanningError> {
        let Selected {
            recipe_id,
            backend,
            gpus,
            ..
        } = selected;
        let block = match self
            .blocks
            .entry((recipe_id.clone(), backend.clone(), *gpus))
        {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => {
                let read = self.store.block(recipe_id, backend, i64::from(*gpus))?;
                place.insert(read.ok_or_else(|| PlanningError::Gone {
                    what: format!("recipe `{recipe_id}`"),
                })?)
            }
        };
        let backend = match self.backends.entry(backend.clone()) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => {
                let read = self.store.backend(backend)?;
                place.insert(read.ok_or_else(|| PlanningError::Gone {
                    what: format!("backend `{backend}`"),
                })?)
            }
        };
        planned(block, backend, decision, selected, machine, wishes)
    }
}

/// Makes the plan of a decision's choice.
///
/// # Errors
/// The wishes do not fit the choice, or the catalog changed since it was made.
pub fn plan(
    store: &Store,
    decision: &Decision,
    selected: &Selected,
    machine: &MachineFacts,
    wishes: &Wishes,
) -> Result<Planned, PlanningError> {
    Planner::new(store).plan(decision, selected, machine, wishes)
}

fn planned(
    block: &BlockDetails,
    backend: &Backend,
    decision: &Decision,
    selected: &Selected,
    machine: &MachineFacts,
    wishes: &Wishes,
) -> Result<Planned, PlanningError> {
    let model = decision.model.clone().unwrap_or_default();
    let defaults = Defaults {
        model: &model,
        gpus: selected.gpus,
        port: wishes.port,
    };
    let EngineCommand {
        argv,
        port,
        secrets,
        mut warnings,
    } = engine_command(backend, &block.arguments, &decision.flags, defaults);
    let image = wishes
        .image
        .clone()
        .or_else(|| decision.image.clone())
        .unwrap_or_default();
    let name = wishes
        .name
        .clone()
        .unwrap_or_else(|| plan::container_name(&model));
    let mut plan = LaunchPlan::for_rocm(image, name, port);
    plan.argv = argv;
    plan.detach = wishes.detach;
    plan.health_path.clone_from(&backend.health_path);
    plan.health_check = health_check(backend, port);
    plan.gpu_ids = gpu_ids(selected, decision, wishes)?;
    plan.cdi = wishes.cdi.then(|| cdi_devices(&plan.gpu_ids, machine));
    if machine.here {
        let groups = device_owner_groups(std::path::Path::new("/"));
        if !groups.is_empty() {
            plan.groups = groups.into_iter().map(Group::Id).collect();
        }
    }
    let folder = wishes.cache_dir.as_ref().ok_or(PlanningError::NoCache)?;
    let folder = folder.display().to_string();
    let mut cache = ModelCache::new(decision, backend, &folder);
    if wishes.bare {
        cache.is_beside_engine();
    }
    label(&mut plan, selected, &model, port);
    if let (true, Some(commit)) = (cache.offline, &cache.commit) {
        let label = plan::LABEL_REVISION.to_owned();
        plan.labels.insert(label, commit.clone());
    }
    plan.relies_on = cache.files(&model);
    environment(&mut plan, (backend, &cache), block, decision, &mut warnings);
    for variable in secrets {
        if !plan.env_by_name.contains(&variable) {
            plan.env_by_name.push(variable);
        }
    }
    plan.mounts.push(Mount {
        host: folder,
        container: CACHE_PATH.to_owned(),
        writable: cache.writable,
    });
    plan.prefetch = (cache.prefetch.as_ref()).map(|step| step.command.clone());
    Ok(Planned {
        plan,
        file: block.file.clone(),
        cache,
        warnings,
    })
}

/// The GPUs to use: those asked for, else the first usable ones, else the first of a machine that was
/// not seen.
fn gpu_ids(
    selected: &Selected,
    decision: &Decision,
    wishes: &Wishes,
) -> Result<Vec<u32>, PlanningError> {
    let wanted = usize::try_from(selected.gpus).unwrap_or(usize::MAX);
    if wishes.gpu_ids.is_empty() {
        return Ok(match decision.machine.gpu_ids.get(..wanted) {
            Some(usable) => usable.to_vec(),
            None => (0..selected.gpus).collect(),
        });
    }
    if wishes.gpu_ids.len() != wanted {
        return Err(PlanningError::GpuIds {
            given: wishes.gpu_ids.len(),
            gpus: selected.gpus,
        });
    }
    Ok(wishes.gpu_ids.clone())
}

fn cdi_devices(gpu_ids: &[u32], machine: &MachineFacts) -> CdiDevices {
    let seen = machine.detected.as_ref().and_then(Detected::devices);
    let seen: Vec<(u32, Option<&str>)> = seen
        .unwrap_or_default()
        .iter()
        .map(|device| (device.index, device.location.as_deref()))
        .collect();
    CdiDevices::of(gpu_ids, &seen)
}

fn health_check(backend: &Backend, port: u16) -> Option<HealthCheck> {
    let check = backend.health_check.as_ref();
    let check = check.filter(|check| !check.command.is_empty())?;
    let word = |word: &String| match word.as_str() {
        "{port}" => port.to_string(),
        "{path}" => backend.health_path.clone(),
        _ => word.clone(),
    };
    Some(HealthCheck {
        command: check.command.iter().map(word).collect(),
        interval_s: check.interval_s,
        timeout_s: check.timeout_s,
        retries: check.retries,
        start_period_s: check.start_period_s,
    })
}

fn label(plan: &mut LaunchPlan, selected: &Selected, model: &str, port: u16) {
    for (label, value) in [
        (plan::LABEL_RECIPE, selected.recipe_id.clone()),
        (plan::LABEL_MODEL, model.to_owned()),
        (plan::LABEL_BACKEND, selected.backend.clone()),
        (plan::LABEL_PORT, port.to_string()),
        (plan::LABEL_GPU_IDS, plan.gpu_list()),
        (plan::LABEL_HEALTH_PATH, plan.health_path.clone()),
    ] {
        plan.labels.insert(label.to_owned(), value);
    }
}

/// The backend's variables, then the recipe's and the block's, which win; last what the plan itself
/// decides and nobody may change.
fn environment(
    plan: &mut LaunchPlan,
    (backend, cache): (&Backend, &ModelCache),
    block: &BlockDetails,
    decision: &Decision,
    warnings: &mut Vec<String>,
) {
    plan.env_by_name.push(TOKEN.to_owned());
    cache.set_defaults(plan, backend);
    for (name, value) in &backend.env {
        plan.set_env(name, value.clone());
    }
    for (name, value) in &block.env {
        match value {
            _ if name == plan::VISIBLE_DEVICES => warnings.push(format!(
                "the recipe's {name} is left out: the GPUs to use are part of the plan"
            )),
            Some(value) => plan.set_env(name, value.clone()),
            None if plan.env_by_name.contains(name) => {}
            None => plan.env_by_name.push(name.clone()),
        }
    }
    cache.set(plan, backend);
    if let Some(gfx) = &decision.machine.gfx {
        // What compiles kernels when the engine starts compiles them for this architecture only.
        plan.set_env("PYTORCH_ROCM_ARCH", gfx.clone());
    }
}
