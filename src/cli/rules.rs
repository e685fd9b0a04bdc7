//! `rules check` and `rules run`.

use std::path::PathBuf;

use crate::datalog::source::Sources;
use crate::datalog::{self, FromDisk, StopReport};
use crate::policy::{Policy, PolicyError, RuleSources};

use super::args::{RulesArgs, RulesCheckArgs, RulesCommand, RulesRunArgs};
use super::failure::{Exit, Failure};
use super::output;

pub(super) fn run(args: &RulesArgs) -> Result<Exit, Failure> {
    match &args.what {
        RulesCommand::Check(args) => check(args),
        RulesCommand::Run(args) => run_files(args),
    }
}

fn check(args: &RulesCheckArgs) -> Result<Exit, Failure> {
    let warnings = if args.alone {
        let (sources, checked) = load(&args.files)?;
        datalog::compile(&checked).map_err(|errors| too_wide(errors, sources.clone()))?;
        print(&sources, &checked.warnings)
    } else {
        let (sources, warnings) = Policy::check(RuleSources::read(&[], &args.files)?)?;
        print(&sources, &warnings)
    };
    let files = if args.files.len() == 1 {
        "1 file"
    } else {
        &format!("{} files", args.files.len())
    };
    let warned = match warnings {
        0 => String::new(),
        1 => ", 1 warning".to_owned(),
        count => format!(", {count} warnings"),
    };
    output::line("ok", &format!("{files} without errors{warned}"));
    Ok(Exit::Done)
}

fn print(sources: &Sources, warnings: &datalog::diagnostic::Diagnostics) -> usize {
    for report in warnings.reports(sources) {
        output::report(&miette::Report::new(report));
    }
    warnings.len()
}

/// Reads rule files from disk, by themselves.
fn load(files: &[PathBuf]) -> Result<(Sources, datalog::Checked), Failure> {
    let mut sources = Sources::new();
    let mut ids = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(file).map_err(|source| PolicyError::Unreadable {
            path: file.clone(),
            source,
        })?;
        ids.push(sources.add(file.display().to_string(), text));
    }
    match datalog::load(&mut sources, &ids, &mut FromDisk) {
        Ok(checked) => Ok((sources, checked)),
        Err(diagnostics) => Err(PolicyError::Rules {
            diagnostics,
            sources: Box::new(sources),
        }
        .into()),
    }
}

fn too_wide(errors: Vec<datalog::PlanError>, sources: Sources) -> Failure {
    PolicyError::Plan {
        errors,
        sources: Box::new(sources),
    }
    .into()
}

fn run_files(args: &RulesRunArgs) -> Result<Exit, Failure> {
    let _ = (args, StopReport::of_evaluation);
    Ok(Exit::Usage)
}
