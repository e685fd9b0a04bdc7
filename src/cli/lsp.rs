//! `lsp`: a language server on stdin and stdout.

use clap::Args;

use crate::lsp::{self, Settings};

use super::args::CatalogArgs;
use super::failure::{Exit, Failure};

#[derive(Debug, Args)]
pub(in crate::cli) struct LspArgs {
    /// Speak over stdin and stdout, which is the only way there is
    #[arg(long)]
    pub stdio: bool,
    #[command(flatten)]
    pub catalog: CatalogArgs,
}

pub(in crate::cli) fn run(args: &LspArgs) -> Result<Exit, Failure> {
    let settings = Settings {
        catalog: args.catalog.catalog.clone(),
        overlays: args.catalog.overlay.clone(),
        rules: args.catalog.rules.clone(),
        store: args.catalog.store.clone(),
    };
    Ok(match lsp::serve(settings)? {
        true => Exit::Done,
        false => Exit::No,
    })
}
