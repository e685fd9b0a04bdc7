//! `launch`: the decision, and the container it asks for.

mod choose;
mod diagnose;
mod draft;
mod image;
pub(in crate::cli) mod prefetch;
mod progress;
mod ready;
mod running;
pub(in crate::cli) mod signals;
mod start;
mod tail;

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use miette::MietteDiagnostic;

use crate::container::Engine;
use crate::detect::{self, Around, Extent};
use crate::doctor;
use crate::launch::{Detail, MachineFacts, Obstacle, Request};
use crate::policy::Severity;
use crate::state::State;

use super::args::{CatalogArgs, ContainerArgs, MachineArgs, RequestArgs, TableFormat};
use super::engine::EngineArgs;
use super::failure::{Exit, Failure};
use super::generate::{recipe_file, request, wishes};
use super::machine::machine_to;
use super::made::{Made, made};
use super::output;
use super::session::Session;
use super::usage::{self, Found};

use prefetch::Fetched;
use signals::Signals;
use start::Start;

#[derive(Debug, Args)]
pub(in crate::cli) struct LaunchArgs {
    #[command(flatten)]
    pub request: RequestArgs,
    /// Fetch the model, where it is not in the cache, before anything is started
    #[arg(long, help_heading = "Container")]
    pub prefetch: bool,
    /// Print the command, and run nothing
    #[arg(long, help_heading = "Container")]
    pub dry_run: bool,
    /// How long it may take until it answers, such as 90, 30m or 2h; 0: do not wait [default: by the model's size]
    #[arg(long, value_name = "TIME", env = "AIM_START_TIMEOUT", value_parser = timeout, help_heading = "Container")]
    pub timeout: Option<Duration>,
    /// Launch a recipe's file in spite of its errors
    #[arg(long, requires = "recipe", help_heading = "Request")]
    pub force: bool,
    /// How to print what was launched
    #[arg(long, value_enum, default_value_t = TableFormat::Human, help_heading = "Output")]
    pub format: TableFormat,
    #[command(flatten)]
    pub engine: EngineArgs,
    #[command(flatten)]
    pub machine: MachineArgs,
    #[command(flatten)]
    pub catalog: CatalogArgs,
    #[command(flatten)]
    pub container: ContainerArgs,
}

/// Seconds, or a number with `s`, `m` or `h`.
fn timeout(text: &str) -> Result<Duration, String> {
    let number = text.trim_end_matches(['s', 'm', 'h']);
    let unit = match text.get(number.len()..) {
        Some("" | "s") => 1,
        Some("m") => 60,
        Some("h") => 3600,
        _ => return Err("not a time such as 90, 30m or 2h".to_owned()),
    };
    let number: u64 = number
        .parse()
        .map_err(|_| "not a time such as 90, 30m or 2h".to_owned())?;
    let seconds = number
        .checked_mul(unit)
        .filter(|seconds| *seconds < 1 << 32);
    seconds
        .map(Duration::from_secs)
        .ok_or_else(|| "longer than anybody waits".to_owned())
}

pub(super) fn run(args: &LaunchArgs) -> Result<Exit, Failure> {
    let wanted = &args.request.wanted;
    let file = recipe_file(wanted);
    let mut session = Session::open(&args.catalog, file)?;
    let wishes = wishes(&args.container);
    // Whatever machine it is decided for, it is launched here.
    session.look_into(wishes.cache_dir.clone());
    if let Some(file) = file {
        draft::check(&session, file, args.force)?;
    }
    let policy = session.policy()?;
    let request = request(
        &session,
        &args.request.model,
        args.request.count.get(),
        wanted,
    )?;
    let machine = machine_to(Extent::Usage, &args.machine, request.gpus, &session.store)?;
    let make = |session: &Session| {
        let detail = Detail::Choice;
        made(session, &policy, &request, &machine, &wishes, detail).map_err(|no| no.failure)
    };
    let mut made = make(&session)?;
    if args.dry_run {
        made.say();
        let engine = args.engine.named().unwrap_or(Engine::Docker);
        made.planned.1 = made.planned.1.for_program(engine.program());
        output::answer(&made.printed(&[])?)?;
        return Ok(Exit::Done);
    }
    let engine = args.engine.find()?;
    // From here on no cleanup takes the model, and what was there before is looked at again.
    let held = usage::hold(&made, args.prefetch);
    if held.is_some() {
        session.look_into(wishes.cache_dir.clone());
        made = make(&session)?;
    }
    made.say_choice();
    nothing_in_the_way(&made.decision.obstacles)?;
    let is_here = args.machine.host.is_none() && args.machine.root.is_none();
    check_up(&session, &machine, is_here, &request, &made)?;
    let signals = Signals::listen()?;
    let found = Found::by(&made);
    let prefetch = args.prefetch && made.planned.0.cache.prefetch.is_some();
    if prefetch {
        choose::see(engine, &made, !args.container.gpu_ids.is_empty())?;
    }
    if !start::fetch_image(&session, engine, &made, &signals)? {
        return Ok(Exit::No);
    }
    if prefetch {
        let (model, cache) = (made.decision.model.clone(), made.planned.0.cache.clone());
        let model = model.unwrap_or_default();
        match prefetch::fetch(&mut session, &model, &cache, &signals)? {
            Fetched::Whole => {}
            Fetched::Interrupted => return Ok(Exit::No),
        }
        session.look_into(wishes.cache_dir.clone());
        made = make(&session)?;
    }
    made.say_model();
    Start {
        args,
        session: &session,
        machine: &machine,
        engine,
        signals,
        state: State::open(),
        found,
    }
    .run(made, wishes, held)
}

/// Ends a launch that would come to nothing, before anything is begun.
fn nothing_in_the_way(obstacles: &[Obstacle]) -> Result<(), Failure> {
    let reports = obstacles.iter().map(|obstacle| {
        let code = obstacle.relation.replacen("obstacle_", "launch::", 1);
        let report = MietteDiagnostic::new(obstacle.says.trim_end_matches('.'))
            .with_code(code)
            .with_severity(miette::Severity::Error);
        match &obstacle.help {
            Some(help) => report.with_help(help.clone()),
            None => report,
        }
    });
    let reports: Vec<miette::Report> = reports.map(Into::into).collect();
    match reports.is_empty() {
        true => Ok(()),
        false => Err(Failure {
            exit: Exit::Environment,
            reports,
        }),
    }
}

/// Says what the doctor finds that this launch needs: room for the model, its token, the variables and, where
/// the machine's GPUs were seen and not named, its device files, kernel and engines. It stops nothing: an image may
/// bring its weights along.
fn check_up(
    session: &Session,
    machine: &MachineFacts,
    is_here: bool,
    request: &Request,
    made: &Made,
) -> Result<(), Failure> {
    let cache = made.planned.0.plan.mounts.first();
    let around = Around {
        cache_dir: cache.map(|mount| PathBuf::from(&mount.host)),
        model: made.decision.model.clone(),
        port: None,
    };
    let mut machine = machine.clone();
    let was_seen = is_here && machine.detected.is_some();
    let detected = machine.detected.get_or_insert_default();
    if was_seen {
        detect::look_at_host(detected);
    }
    detect::look_around(&around, detected);
    let rules = session.rule_sources()?;
    let findings = doctor::check(&session.store, &rules, &machine, Some(request))?;
    for finding in findings {
        if finding.severity > Severity::Note {
            let help = finding.help.map(|help| format!("; {help}"));
            let says = format!("{}{}", finding.message, help.unwrap_or_default());
            output::line("warning", &says);
        }
    }
    Ok(())
}
