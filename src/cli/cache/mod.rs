//! `cache`: the models on this machine's disk.

mod add;
mod cleanup;
mod fetch;
mod list;
mod progress;
mod remove;
mod stats;
mod verify;

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::cache::{Cache, CacheError, Uses, cache_dir};
use crate::hub::{Hub, HubError, HubSettings, SettingsError};

use super::failure::{Exit, Failure};
use super::output;

pub(in crate::cli) use add::{JOBS, index};
pub(in crate::cli) use fetch::wanted;
pub(in crate::cli) use progress::shown;

#[derive(Debug, Args)]
pub(super) struct CacheArgs {
    #[command(subcommand)]
    what: CacheCommand,
}

#[derive(Debug, Subcommand)]
enum CacheCommand {
    /// Fetch a model, or take it from a folder
    #[command(
        after_help = "Examples:\n  aim-engine cache add Qwen/Qwen3-32B\n  aim-engine cache add Qwen/Qwen3-32B --revision v1.0 --exclude '*.md'\n  aim-engine cache add acme/Rocket-7B --from ./rocket"
    )]
    Add(add::AddArgs),
    /// List the models that are there
    #[command(
        after_help = "Examples:\n  aim-engine cache list\n  aim-engine cache list --format json"
    )]
    List(list::CacheListArgs),
    /// Show how much there is, what is shared, and how often launches found their model
    #[command(after_help = "Example:\n  aim-engine cache stats")]
    Stats(stats::StatsArgs),
    /// Say what is incomplete, wrong or foreign, and what mends it
    #[command(
        after_help = "Examples:\n  aim-engine cache verify\n  aim-engine cache verify Qwen/Qwen3-32B --deep"
    )]
    Verify(verify::VerifyArgs),
    /// Remove a model, or one revision of it
    #[command(
        after_help = "Examples:\n  aim-engine cache remove Qwen/Qwen3-32B\n  aim-engine cache remove Qwen/Qwen3-32B --revision v1.0"
    )]
    Remove(remove::RemoveArgs),
    /// Remove what the rules let go, and say why the rest stays
    #[command(
        after_help = "Examples:\n  aim-engine cache cleanup --dry-run\n  aim-engine cache cleanup --max-idle 30 --max-size 500G"
    )]
    Cleanup(cleanup::CleanupArgs),
}

/// Where the cache is.
#[derive(Clone, Debug, Args)]
struct CachePlace {
    /// Folder of the models [default: AIM_CACHE_DIR, else HF_HUB_CACHE, else HF_HOME, else the user's cache folder]
    #[arg(long, value_name = "DIR")]
    cache_dir: Option<PathBuf>,
}

impl CachePlace {
    fn open(&self) -> Result<Cache, Failure> {
        let place = cache_dir(self.cache_dir.clone()).ok_or_else(|| {
            Failure::say(
                Exit::Environment,
                "cache::no_place",
                "there is no folder for models: neither HOME nor XDG_CACHE_HOME is set",
                "name one with `--cache-dir`",
            )
        })?;
        Ok(Cache::new(place))
    }
}

pub(super) fn run(args: &CacheArgs) -> Result<Exit, Failure> {
    match &args.what {
        CacheCommand::Add(args) => add::run(args),
        CacheCommand::List(args) => list::run(args),
        CacheCommand::Stats(args) => stats::run(args),
        CacheCommand::Verify(args) => verify::run(args),
        CacheCommand::Remove(args) => remove::run(args),
        CacheCommand::Cleanup(args) => cleanup::run(args),
    }
}

/// Says whose containers are not known, so that what they mount may go.
fn say_unasked(uses: &Uses) {
    for (engine, said) in &uses.unasked {
        let says = format!(
            "`{engine}` does not tell what its containers mount, which is taken for not in use: {said}"
        );
        output::line("warning", &says);
    }
}

/// The hub that the environment names.
pub(in crate::cli) fn hub() -> Result<Hub, Failure> {
    Hub::new(HubSettings::of_this_process())
        .map_err(|error: SettingsError| Failure::new(Exit::Usage, error))
}

impl From<HubError> for Failure {
    fn from(error: HubError) -> Self {
        let exit = match error.is_no() {
            true => Exit::No,
            false => Exit::Environment,
        };
        Failure::new(exit, error)
    }
}

impl From<CacheError> for Failure {
    fn from(error: CacheError) -> Self {
        let exit = match &error {
            CacheError::Hub(error) if error.is_no() => Exit::No,
            CacheError::NoFiles { .. } | CacheError::Empty { .. } => Exit::No,
            CacheError::Name(_)
            | CacheError::Settings(_)
            | CacheError::NoFolder { .. }
            | CacheError::NotPlain { .. } => Exit::Usage,
            _ => Exit::Environment,
        };
        Failure::new(exit, error)
    }
}

impl From<crate::hub::NameError> for Failure {
    fn from(error: crate::hub::NameError) -> Self {
        Failure::new(Exit::Usage, error)
    }
}

/// `1 file`, `2 files`.
fn count(number: usize, what: &str) -> String {
    match number {
        1 => format!("1 {what}"),
        _ => format!("{number} {what}s"),
    }
}
