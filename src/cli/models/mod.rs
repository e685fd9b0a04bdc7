//! `models`: model cards from outside the catalog.

mod fetch;

use clap::{Args, Subcommand};

use super::failure::{Exit, Failure};

#[derive(Debug, Args)]
pub(super) struct ModelsArgs {
    #[command(subcommand)]
    what: ModelsCommand,
}

#[derive(Debug, Subcommand)]
enum ModelsCommand {
    /// Make a model card of a model's configuration and the headers of its weights
    #[command(
        after_help = "Examples:\n  aim-engine models fetch Qwen/Qwen3-32B\n  aim-engine models fetch Qwen/Qwen3-32B --catalog DIR\n  aim-engine models fetch Qwen/Qwen3-32B --catalog DIR --update"
    )]
    Fetch(fetch::FetchArgs),
}

pub(super) fn run(args: &ModelsArgs) -> Result<Exit, Failure> {
    match &args.what {
        ModelsCommand::Fetch(args) => fetch::run(args),
    }
}
