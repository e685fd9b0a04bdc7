//! What a plan makes of the model cache: whether the engine asks a hub, whether it may write into the cache, and
//! how to fetch the model before it starts.

use std::path::Path;

use serde::Serialize;

use crate::cache::Cache;
use crate::catalog::backend::Backend;
use crate::hub::{Commit, ModelId};
use crate::plan::{CACHE_PATH, LaunchPlan};

use super::Decision;

/// The branch that a model is served from where nothing else is said.
const MAIN: &str = "main";

/// The model cache in a plan.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ModelCache {
    /// The folder of the host.
    pub folder: String,
    /// The branch, tag or commit that is served.
    pub revision: Option<String>,
    /// The commit that the plan relies on: what the revision names in the cache.
    pub commit: Option<String>,
    /// `complete`, `partial`, `corrupt` or `missing`; none where no cache was looked at, or none has the model.
    pub state: Option<String>,
    /// Whether the engine asks no hub.
    pub offline: bool,
    /// Whether the engine may write into the cache.
    pub writable: bool,
    /// Why, a sentence each.
    pub because: Vec<String>,
    /// How to fetch the model before the engine starts, where that is to be done.
    pub prefetch: Option<Prefetch>,
    #[serde(skip)]
    is_bare: bool,
}

/// A step before a start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Prefetch {
    /// The words of the command.
    pub command: Vec<String>,
    /// How much there is to fetch, in MiB, where that is known.
    pub missing_mib: Option<u64>,
}

impl ModelCache {
    pub(super) fn new(decision: &Decision, backend: &Backend, folder: &str) -> ModelCache {
        let cached = &decision.cached;
        let model = decision.model.as_deref().unwrap_or_default();
        let offline = cached.offline.is_some() && !backend.offline_env.is_empty();
        let prefetch = cached.fetch.as_ref().map(|_| {
            let mut command = vec!["aim-engine", "cache", "add", model];
            let other = cached.revision.as_deref().filter(|name| *name != MAIN);
            if let Some(revision) = other {
                command.extend(["--revision", revision]);
            }
            command.extend(["--cache-dir", folder]);
            Prefetch {
                command: command.into_iter().map(str::to_owned).collect(),
                missing_mib: cached.fetch_mib,
            }
        });
        let missing = cached.fetch.as_ref().map(|_| "missing".to_owned());
        ModelCache {
            folder: folder.to_owned(),
            revision: cached.revision.clone(),
            commit: cached.commit.clone(),
            state: cached.state.clone().or(missing),
            offline,
            writable: !offline || !cached.writes.is_empty(),
            because: (cached.offline.iter())
                .chain(&cached.fetch)
                .chain(&cached.writes)
                .cloned()
                .collect(),
            prefetch,
            is_bare: false,
        }
    }

    /// Nothing is mounted then: whether it may be written to is how it is found.
    pub(super) fn is_beside_engine(&mut self) {
        let there = Path::new(&self.folder)
            .ancestors()
            .find(|path| path.exists());
        let may = |path| rustix::fs::access(path, rustix::fs::Access::WRITE_OK).is_ok();
        self.writable = there.is_some_and(may);
        self.is_bare = true;
    }

    /// The folder with the files of the commit that the plan relies on.
    pub(super) fn files(&self, model: &str) -> Option<String> {
        let commit = Commit::parse(self.commit.as_deref()?)?;
        let folder = Cache::new(&self.folder).model(&ModelId::parse(model).ok()?);
        (self.offline).then(|| folder.snapshot(&commit).display().to_string())
    }

    /// Whether all of the model is there; none where nothing is known of it.
    pub fn was_there(&self) -> Option<bool> {
        self.state.as_ref().map(|state| state == "complete")
    }

    /// The variables that an engine gets before those of its recipe.
    pub(super) fn set_defaults(&self, plan: &mut LaunchPlan, backend: &Backend) {
        if self.writable {
            set_folders(plan, &backend.cache_env);
        } else if !self.is_bare {
            // Beside the engine this may be a folder where others write too.
            for (name, value) in &backend.read_only_env {
                plan.set_env(name, value.clone());
            }
        }
    }

    /// The variables that no recipe may change.
    pub(super) fn set(&self, plan: &mut LaunchPlan, backend: &Backend) {
        set_folders(plan, &backend.models_env);
        let cache = Cache::new(&self.folder);
        let below = cache.hub().strip_prefix(cache.root()).map(Path::to_owned);
        let below = below.unwrap_or_default().display().to_string();
        for variable in &backend.hub_env {
            // An engine without a container would inherit another one.
            let inherits = self.is_bare && std::env::var_os(variable).is_some();
            if below.is_empty() || inherits {
                let path = format!("{CACHE_PATH}/{below}");
                plan.set_env(variable, path.trim_end_matches('/'));
            }
        }
        if self.offline {
            for (name, value) in &backend.offline_env {
                plan.set_env(name, value.clone());
            }
        }
    }
}

/// Sets variables to folders below the mounted cache.
fn set_folders(plan: &mut LaunchPlan, folders: &[(String, String)]) {
    for (variable, folder) in folders {
        let path = match folder.as_str() {
            "." => CACHE_PATH.to_owned(),
            folder => format!("{CACHE_PATH}/{folder}"),
        };
        plan.set_env(variable, path);
    }
}
