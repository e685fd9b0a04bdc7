//! `launch`: the decision, and the container it asks for.

mod choose;
mod diagnose;
mod draft;
mod image;
mod progress;
mod ready;
mod running;
mod signals;
mod tail;

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::container::Engine;
use crate::detect::{self, Around, Extent};
use crate::doctor;
use crate::launch::{Detail, MachineFacts, Request, Wishes};
use crate::plan::LaunchPlan;
use crate::policy::Severity;
use crate::state::Outcome as Recorded;
use crate::state::{Launch, State};

use super::args::{CatalogArgs, ContainerArgs, MachineArgs, RequestArgs, TableFormat};
use super::engine::EngineArgs;
use super::failure::{Exit, Failure};
use super::generate::{recipe_file, request, wishes};
use super::machine::machine_to;
use super::made::{Made, made};
use super::output;
use super::session::Session;

use choose::Held;
use diagnose::Started;
use image::NoImage;
use progress::Progress;
use ready::Launched;
use running::{Outcome, Running};
use signals::Signals;

/// How long a container may take to end by itself.
const GRACE: Duration = Duration::from_secs(10);
/// How long an engine may take to answer where no rule says it.
const PATIENCE: Duration = Duration::from_secs(3600);

#[derive(Debug, Args)]
pub(in crate::cli) struct LaunchArgs {
    #[command(flatten)]
    pub request: RequestArgs,
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
    let session = Session::open(&args.catalog, file)?;
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
    let wishes = wishes(&args.container);
    let mut made = made(
        &session,
        &policy,
        &request,
        &machine,
        &wishes,
        Detail::Choice,
    )
    .map_err(|no| no.failure)?;
    made.say();
    if args.dry_run {
        let engine = args.engine.named().unwrap_or(Engine::Docker);
        made.planned.1 = made.planned.1.for_program(engine.program());
        output::answer(&made.printed(&[])?)?;
        return Ok(Exit::Done);
    }
    let engine = args.engine.find()?;
    check_up(&session, &machine, &request, &made)?;
    Start {
        args,
        session: &session,
        machine: &machine,
        engine,
        signals: Signals::listen()?,
        state: State::open(),
    }
    .run(made, wishes)
}

/// Says what the doctor finds that this launch needs: room for the model, its token, the variables. It stops
/// nothing: an image may bring its weights along.
fn check_up(
    session: &Session,
    machine: &MachineFacts,
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
    let detected = machine.detected.get_or_insert_default();
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

/// Makes the folders of the host that the container sees: podman wants them to be there, and Docker would make
/// them for root alone.
fn make_folders(plan: &LaunchPlan) {
    for mount in &plan.mounts {
        if let Err(error) = std::fs::create_dir_all(&mount.host) {
            let says = format!("the folder `{}` cannot be made: {error}", mount.host);
            output::line("warning", &says);
        }
    }
}

/// One start, and what it needs.
struct Start<'a> {
    args: &'a LaunchArgs,
    session: &'a Session,
    machine: &'a MachineFacts,
    engine: Engine,
    signals: Signals,
    state: State,
}

impl Start<'_> {
    fn run(&self, mut made: Made, mut wishes: Wishes) -> Result<Exit, Failure> {
        let Some(selected) = made.decision.selected.clone() else {
            return Ok(Exit::No);
        };
        let model = made.decision.model.clone().unwrap_or_default();
        let name = made.planned.0.plan.name.clone();
        let started = Started {
            session: self.session,
            name: &name,
            model: &model,
            backend: &selected.backend,
        };
        let image = made.planned.0.plan.image.clone();
        match image::fetch(self.engine, &made.planned.0.plan, &self.signals) {
            Ok(()) => {}
            Err(NoImage::Refused(tail)) => return Err(started.no_image(&image, &tail)),
            Err(NoImage::Interrupted) => return Ok(Exit::No),
            Err(NoImage::Failed(failure)) => return Err(failure),
        }
        let lock = choose::lock(&self.signals)?;
        let held = Held::by(&choose::containers(self.engine)?);
        choose::name(self.engine, &name)?;
        choose::port(made.planned.0.plan.port, &held)?;
        let explicit = !self.args.container.gpu_ids.is_empty();
        if let Some(gpu_ids) = choose::gpu_ids(&made, &held, explicit)? {
            wishes.gpu_ids = gpu_ids;
            made.plan_again(&self.session.store, &selected, self.machine, &wishes)?;
        }
        let plan = made.planned.0.plan.clone();
        let argv = made
            .planned
            .1
            .clone()
            .for_program(self.engine.program())
            .argv();
        make_folders(&plan);
        tracing::info!(?argv, "starting the container");
        let mut running = Running::start(self.engine, &plan, &argv)?;
        let mut progress = Progress::begin("starting");
        let outcome = running.until_there(&self.signals);
        if let (Ok(None), Some(id)) = (&outcome, &running.id) {
            self.state.begun(&Launch {
                container: id.clone(),
                engine: self.engine.program().to_owned(),
                name: name.clone(),
                model: model.clone(),
                recipe: selected.recipe_id.clone(),
                backend: selected.backend.clone(),
                gpu_ids: plan.gpu_list(),
                port: plan.port,
            });
        }
        drop(lock);
        let limit = self.limit(&made);
        let outcome = match outcome {
            Ok(None) if limit.is_zero() => Ok(Outcome::Ready),
            Ok(None) => {
                self.say_waiting(&plan, limit);
                running.until_ready(limit, &self.signals, &mut progress)
            }
            Ok(Some(outcome)) => Ok(outcome),
            Err(error) => Err(error),
        };
        progress.clear();
        let took = progress.elapsed();
        match outcome {
            Ok(Outcome::Ready) => {
                let id = running.id.clone().unwrap_or_default();
                if !limit.is_zero() {
                    self.state.ready(&id);
                }
                let launched = Launched {
                    engine: self.engine,
                    id: &id,
                    model: &model,
                    selected: &selected,
                    plan: &plan,
                    took: (!limit.is_zero()).then_some(took),
                };
                let said = ready::say(&launched, self.args.format);
                if plan.detach {
                    running.leave();
                    said?;
                    return Ok(Exit::Done);
                }
                self.stay(&mut running, &started, &progress)
            }
            Ok(Outcome::Ended(end)) => {
                let stopped = self.was_stopped(&running);
                self.give_up(&mut running, Recorded::Died, None);
                if stopped {
                    output::line("note", &format!("`{name}` was stopped"));
                    return Ok(Exit::No);
                }
                Err(started.ended(end, &running.tail, took, false))
            }
            Ok(Outcome::TimedOut) => {
                self.give_up(&mut running, Recorded::TimedOut, None);
                Err(started.timed_out(limit, &running.tail))
            }
            Ok(Outcome::Interrupted) if plan.detach && running.id.is_some() => {
                running.leave();
                let say = format!("`{name}` goes on starting; `aim-engine status` shows how it is");
                output::line("note", &say);
                Ok(Exit::No)
            }
            Ok(Outcome::Interrupted) => {
                output::line("note", &format!("stopping `{name}`"));
                self.give_up(&mut running, Recorded::Interrupted, None);
                Ok(Exit::No)
            }
            Err(error) => {
                self.give_up(&mut running, Recorded::Died, None);
                Err(error.into())
            }
        }
    }

    /// Shows what the container writes until it ends or is told to.
    fn stay(
        &self,
        running: &mut Running<'_>,
        started: &Started<'_>,
        progress: &Progress,
    ) -> Result<Exit, Failure> {
        let ended = running.until_ended(&self.signals, output::aside);
        match ended {
            Ok(Outcome::Ended(end)) => {
                let stopped = self.was_stopped(running);
                self.give_up(running, Recorded::Died, Some(GRACE));
                if stopped || end.code == 0 {
                    output::line("note", &format!("`{}` was stopped", started.name));
                    return Ok(Exit::Done);
                }
                Err(started.ended(end, &running.tail, progress.elapsed(), true))
            }
            Ok(_) => {
                output::line("note", &format!("stopping `{}`", started.name));
                self.give_up(running, Recorded::Stopped, Some(GRACE));
                Ok(Exit::Done)
            }
            Err(error) => {
                self.give_up(running, Recorded::Died, Some(GRACE));
                Err(error.into())
            }
        }
    }

    fn was_stopped(&self, running: &Running<'_>) -> bool {
        running
            .id
            .as_ref()
            .is_some_and(|id| self.state.was_stopped(id))
    }

    /// Leaves nothing of a container behind, and records why.
    fn give_up(&self, running: &mut Running<'_>, outcome: Recorded, grace: Option<Duration>) {
        if let Err(error) = running.remove(grace) {
            // It may still be there, and is not recorded as ended.
            let says = format!("the container may still be there: {error}");
            output::line("warning", &says);
            return;
        }
        if let Some(id) = &running.id {
            self.state.ended(id, outcome);
        }
    }

    /// How long to wait.
    fn limit(&self, made: &Made) -> Duration {
        let by_rule = || {
            made.decision
                .timeout_s
                .map_or(PATIENCE, Duration::from_secs)
        };
        self.args.timeout.unwrap_or_else(by_rule)
    }

    fn say_waiting(&self, plan: &LaunchPlan, limit: Duration) {
        let url = format!("http://127.0.0.1:{}{}", plan.port, plan.health_path);
        let at_most = super::containers::duration(limit.as_secs());
        output::line("note", &format!("waiting for {url}, {at_most} at most"));
    }
}
