//! The command line: what is asked, where answers go, and how a run ends.

mod args;
mod batch;
mod cache;
mod completions;
mod containers;
mod coverage;
mod detect;
mod diff;
mod doctor;
mod engine;
mod explain;
mod failure;
mod file;
mod fit;
mod generate;
mod idle;
mod launch;
mod lint;
mod list;
mod logs;
mod lsp;
mod machine;
mod made;
mod models;
mod new;
mod output;
mod query;
mod rules;
mod schema;
mod serve;
mod session;
mod shell;
mod status;
mod stop;
mod table;
mod usage;

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use clap::Parser;

pub use args::Cli;
use args::Command;
use failure::{Exit, Failure};

/// Runs the program with the arguments of its process.
pub fn main() -> ExitCode {
    let mut cli = Cli::parse_from(called_by_name(std::env::args_os().collect()));
    output::set_up(&cli.global);
    let mut result = run(&cli);
    // Damage shows when a row is read, and nothing was answered yet: the store is only a cache.
    if matches!(&result, Err(failure) if failure.is_damaged_store())
        && let Some(catalog) = cli.command.catalog_mut()
    {
        tracing::info!("the store is damaged and made again");
        catalog.store_anew = true;
        result = run(&cli);
    }
    let exit = result.unwrap_or_else(Failure::report);
    ExitCode::from(exit as u8)
}

fn run(cli: &Cli) -> Result<Exit, Failure> {
    match &cli.command {
        Command::Generate(args) => generate::run(args),
        Command::Launch(args) => launch::run(args),
        Command::Status(args) => status::run(args),
        Command::Logs(args) => logs::run(args),
        Command::Stop(args) => stop::run(args),
        Command::Serve(args) => serve::run(args),
        Command::Lint(args) => lint::run(args),
        Command::List(args) => list::run(args),
        Command::ListRecipes(args) => list::recipes(args, None),
        Command::ShowConfigurations(args) => list::configurations(args),
        Command::Coverage(args) => coverage::run(args),
        Command::Fit(args) => fit::run(args),
        Command::Diff(args) => diff::run(args),
        Command::Detect(args) => detect::run(args),
        Command::Doctor(args) => doctor::run(args),
        Command::Models(args) => models::run(args),
        Command::New(args) => new::run(args),
        Command::Schema(args) => schema::run(args),
        Command::Lsp(args) => lsp::run(args),
        Command::Cache(args) => cache::run(args),
        Command::Query(args) => query::run(args),
        Command::Rules(args) => rules::run(args),
        Command::Why(args) => explain::why(args),
        Command::WhyNot(args) => explain::why_not(args),
        Command::Shell(args) => shell::run(args),
        Command::Completions(args) => completions::completions(args),
        Command::Man => completions::man(),
    }
}

/// The names (of links to the program) by which it is one of its commands.
const NAMES: &[(&str, &str)] = &[
    ("aim-generate", "generate"),
    ("aim-serve", "serve"),
    ("aim-shell", "shell"),
    ("aim-cache", "cache"),
];

/// Called by the name `aim-generate` (a link to the program), it is `aim-engine generate`.
fn called_by_name(mut words: Vec<OsString>) -> Vec<OsString> {
    let name = words
        .first()
        .and_then(|word| Path::new(word).file_name())
        .map(|name| name.to_string_lossy().into_owned());
    let known = NAMES
        .iter()
        .find(|(known, _)| Some(*known) == name.as_deref());
    if let Some((_, command)) = known {
        words.insert(1, (*command).into());
    }
    words
}
