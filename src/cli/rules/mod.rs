//! `rules list`, `rules show`, `rules check` and `rules run`.

mod list;

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::datalog::diagnostic::Diagnostics;
use crate::datalog::source::Sources;
use crate::datalog::{self, Checked, CompiledProgram, Facts, FromDisk, Options, facts_file};
use crate::policy::{Policy, PolicyError, RuleSources};

use super::args::{CatalogArgs, RulesArgs, RulesCheckArgs, RulesCommand, RulesRunArgs};
use super::failure::{Exit, Failure};
use super::output;
use super::session::Session;

pub(super) use list::{RulesListArgs, RulesShowArgs};

pub(super) fn run(args: &RulesArgs) -> Result<Exit, Failure> {
    match &args.what {
        RulesCommand::List(args) => list::list(args),
        RulesCommand::Show(args) => list::show(args),
        RulesCommand::Check(args) => check(args),
        RulesCommand::Run(args) => run_files(args),
    }
}

fn check(args: &RulesCheckArgs) -> Result<Exit, Failure> {
    let (sources, warnings) = if args.alone {
        let (sources, checked, _) = compiled(&args.files)?;
        (sources, checked.warnings)
    } else {
        let session = Session::open(&CatalogArgs::default(), None)?;
        Policy::check(RuleSources::read(&[], &args.files)?, &session.store)?
    };
    print(&sources, &warnings);
    let counted = |count: usize, noun: &str| match count {
        1 => format!("1 {noun}"),
        count => format!("{count} {noun}s"),
    };
    let files = counted(args.files.len(), "file");
    let warned = match warnings.len() {
        0 => String::new(),
        count => format!(", {}", counted(count, "warning")),
    };
    output::line("ok", &format!("{files} without errors{warned}"));
    Ok(Exit::Done)
}

fn print(sources: &Sources, warnings: &Diagnostics) {
    for report in warnings.reports(sources) {
        output::report(&miette::Report::new(report));
    }
}

/// Rule files by themselves, without the built-in ones.
fn compiled(files: &[PathBuf]) -> Result<(Sources, Checked, CompiledProgram), Failure> {
    let mut sources = Sources::new();
    let mut ids = Vec::new();
    for path in files {
        let text = fs::read_to_string(path).map_err(|source| PolicyError::Unreadable {
            path: path.clone(),
            source,
        })?;
        ids.push(sources.add(path.display().to_string(), text));
    }
    let compiled = datalog::load(&mut sources, &ids, &mut FromDisk)
        .and_then(|checked| Ok((datalog::compile(&checked)?, checked)));
    match compiled {
        Ok((program, checked)) => Ok((sources, checked, program)),
        Err(diagnostics) => Err(rules(diagnostics, sources)),
    }
}

fn rules(diagnostics: Diagnostics, sources: Sources) -> Failure {
    PolicyError::Rules {
        diagnostics,
        sources: Box::new(sources),
    }
    .into()
}

fn run_files(args: &RulesRunArgs) -> Result<Exit, Failure> {
    let (sources, checked, program) = compiled(&args.files)?;
    print(&sources, &checked.warnings);
    let mut facts = Facts::new(&program);
    let files = |wanted: fn(&datalog::RelationInfo) -> bool| {
        let infos = checked.relations.iter().filter(move |info| wanted(info));
        infos.filter_map(|info| Some((checked.relation(&info.name)?, info.name.as_str())))
    };
    for (relation, name) in files(|info| info.is_input) {
        let path = args.facts.join(format!("{name}.facts"));
        let text = fs::read_to_string(&path).map_err(|error| unreadable(&path, &error))?;
        let shown = path.display().to_string();
        facts_file::read(&program, relation, &shown, &text, &mut facts)
            .map_err(|error| facts_failure(&error))?;
    }
    let outputs: Vec<_> = files(|info| info.is_output).collect();
    let goals: Vec<_> = outputs.iter().map(|(relation, _)| *relation).collect();
    let evaluated = datalog::evaluate(&program, facts, &goals, &Options::default());
    let model = evaluated.map_err(|error| Failure::new(Exit::Usage, error.report(&sources)))?;
    if outputs.is_empty() {
        output::line(
            "note",
            "no relation is an `.output`: there is nothing to print",
        );
    }
    for (relation, name) in outputs {
        let tuples =
            facts_file::write(&program, relation, &model).map_err(|error| facts_failure(&error))?;
        match &args.output {
            Some(dir) => {
                fs::create_dir_all(dir)?;
                fs::write(dir.join(format!("{name}.csv")), tuples)?;
            }
            None => output::answer(&format!("{TOP}\n{name}\n{RULE}\n{tuples}{RULE}"))?,
        }
    }
    Ok(Exit::Done)
}

/// What separates relations where they are printed, as Soufflé does.
const TOP: &str = "---------------";
const RULE: &str = "===============";

fn unreadable(path: &Path, error: &std::io::Error) -> Failure {
    let help = if error.kind() == ErrorKind::NotFound {
        "an `.input` relation reads NAME.facts in the folder that `--facts` names; an empty file is an empty relation"
    } else {
        ""
    };
    let message = format!("cannot read `{}`: {error}", path.display());
    Failure::say(Exit::Usage, "rules::facts", message, help)
}

fn facts_failure(error: &facts_file::FactsFileError) -> Failure {
    let help = "a line is a tuple, its values separated by tabs";
    Failure::say(Exit::Usage, "rules::facts", error.to_string(), help)
}
