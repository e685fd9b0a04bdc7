//! `lint`: what is wrong with a catalog, or with some files.

mod diff;
mod filter;
mod fix;
mod github;
mod human;
mod paths;
mod progress;
mod sarif;
mod statistics;

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::lint::lint;
use crate::policy::{Policy, documented};

use super::args::CatalogArgs;
use super::failure::{Exit, Failure};
use super::output;
use super::session::Session;

use filter::FilterArgs;
pub(in crate::cli) use human::shown;
use paths::Paths;
use progress::Progress;
use statistics::Statistics;

#[derive(Debug, Args)]
pub(in crate::cli) struct LintArgs {
    /// Catalog folders, recipes, model cards, or - for one of these on stdin [default: the catalog]
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Files and stdin are model cards, whatever their keys are; of folders only the cards are checked
    #[arg(long)]
    pub models: bool,
    /// Mend what is certain in the files, and show what remains
    #[arg(long, conflicts_with = "diff")]
    pub fix: bool,
    /// Show what `--fix` would change, and change nothing
    #[arg(long)]
    pub diff: bool,
    /// How to print it
    #[arg(long, value_enum, default_value_t = LintFormat::Human)]
    pub format: LintFormat,
    #[command(flatten)]
    pub filter: FilterArgs,
    #[command(flatten)]
    pub catalog: CatalogArgs,
}

/// How findings are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum LintFormat {
    /// Reports that show the lines
    Human,
    /// JSON
    Json,
    /// SARIF 2.1.0
    Sarif,
    /// Commands of a GitHub workflow
    Github,
}

impl LintArgs {
    /// Whether a second run would find what the first one did.
    pub(in crate::cli) fn can_run_again(&self) -> bool {
        !self.paths.iter().any(|path| paths::is_stdin(path))
    }
}

pub(in crate::cli) fn run(args: &LintArgs) -> Result<Exit, Failure> {
    fix::check(args)?;
    let Paths {
        catalog,
        files,
        subject,
    } = Paths::read(args)?;
    let progress = Progress::begin();
    let session = Session::open_silently(&catalog, None)?;
    let policy = Policy::load_lints(session.rule_sources()?, &session.store)?;
    let selection = args.filter.selection(&policy)?;
    if args.fix || args.diff {
        let stdin = files.iter().find(|file| file.name == paths::STDIN);
        let given = stdin.and_then(|file| file.text.clone());
        let store = match files.is_empty() {
            true => session.store,
            false => session.store.with_files(files)?,
        };
        return fix::run(
            args,
            &store,
            &policy,
            &subject,
            &selection,
            given.as_deref(),
        );
    }
    let mut findings = if files.is_empty() {
        lint(&session.store, &policy, &subject)?
    } else {
        lint(&session.store.with_files(files)?, &policy, &subject)?
    };
    drop(progress);
    let known = args.filter.apply(&selection, &mut findings)?;
    if let Some(exit) = args.filter.write_baseline(&findings)? {
        return Ok(exit);
    }
    let counts = || Statistics::of(&findings);
    match args.format {
        LintFormat::Human => {
            let body = match args.filter.statistics {
                true => counts().table(),
                false => shown(&findings),
            };
            output::answer(&(body + &human::summary(&findings, known)))?;
        }
        LintFormat::Json if args.filter.statistics => output::json(&counts())?,
        LintFormat::Json => output::json(&findings)?,
        LintFormat::Sarif => {
            let checks = documented(&session.open_rules()?);
            output::json(&sarif::log(&findings, &checks))?;
        }
        LintFormat::Github if findings.findings.is_empty() => {}
        LintFormat::Github => output::answer(&github::shown(&findings))?,
    }
    Ok(args.filter.exit(&findings.summary))
}
