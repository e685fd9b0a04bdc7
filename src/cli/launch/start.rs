//! One start: from the decision to a model that is served, or to why it is not.

use std::time::Duration;

use crate::cache;
use crate::cli::containers::duration;
use crate::cli::failure::{Exit, Failure};
use crate::cli::made::Made;
use crate::cli::output;
use crate::cli::session::Session;
use crate::cli::usage::Found;
use crate::container::{ContainerError, Engine};
use crate::launch::{MachineFacts, Selected, Wishes};
use crate::plan::LaunchPlan;
use crate::state::Outcome as Recorded;
use crate::state::{Launch, State};

use super::LaunchArgs;
use super::choose::{self, Held};
use super::diagnose::Started;
use super::image::{self, NoImage};
use super::progress::Progress;
use super::ready::{self, Launched};
use super::running::{Outcome, Running};
use super::signals::Signals;

/// How long a container may take to end by itself.
const GRACE: Duration = Duration::from_secs(10);
/// How long an engine may take to answer where no rule says it.
const PATIENCE: Duration = Duration::from_secs(3600);

/// One start, and what it needs.
pub(super) struct Start<'a> {
    pub args: &'a LaunchArgs,
    pub session: &'a Session,
    pub machine: &'a MachineFacts,
    pub engine: Engine,
    pub signals: Signals,
    pub state: State,
    /// What the cache had of the model when the launch began.
    pub found: Found,
}

/// Fetches the image; says whether it is there, and not when whoever waited has had enough.
pub(super) fn fetch_image(
    session: &Session,
    engine: Engine,
    made: &Made,
    signals: &Signals,
) -> Result<bool, Failure> {
    let plan = &made.planned.0.plan;
    let selected = made.decision.selected.as_ref();
    let started = Started {
        session,
        name: &plan.name,
        model: made.decision.model.as_deref().unwrap_or_default(),
        backend: selected.map_or("", |selected| &selected.backend),
    };
    match image::fetch(engine, plan, signals) {
        Ok(()) => Ok(true),
        Err(NoImage::Refused(tail)) => Err(started.no_image(&plan.image, &tail)),
        Err(NoImage::Interrupted) => Ok(false),
        Err(NoImage::Failed(failure)) => Err(failure),
    }
}

impl Start<'_> {
    /// Chooses, and sees the container through. The model is held until the container is there, which shows that it
    /// uses it.
    pub(super) fn run(
        &self,
        mut made: Made,
        wishes: Wishes,
        model_held: Option<cache::Held>,
    ) -> Result<Exit, Failure> {
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
        let lock = choose::lock(&self.signals)?;
        self.choose(&mut made, wishes, &selected)?;
        let plan = made.planned.0.plan.clone();
        let command = made.planned.1.clone().for_program(self.engine.program());
        let argv = command.argv();
        make_folders(&plan);
        tracing::info!(?argv, "starting the container");
        let mut running = Running::start(self.engine, &plan, &argv)?;
        let mut progress = Progress::begin("starting");
        let there = running.until_there(&self.signals);
        if let (Ok(None), Some(id)) = (&there, &running.id) {
            self.found.count(&made);
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
        drop((lock, model_held));
        let limit = self.limit(&made);
        let outcome = match there {
            Ok(None) if limit.is_zero() => Ok(Outcome::Ready),
            Ok(None) => {
                say_waiting(&plan, limit);
                running.until_ready(limit, &self.signals, &mut progress)
            }
            Ok(Some(outcome)) => Ok(outcome),
            Err(error) => Err(error),
        };
        progress.clear();
        if let Ok(Outcome::Ready) = outcome {
            let id = running.id.clone().unwrap_or_default();
            let took = (!limit.is_zero()).then(|| progress.elapsed());
            if took.is_some() {
                self.state.ready(&id);
            }
            let said = ready::say(
                &Launched {
                    engine: self.engine,
                    id: &id,
                    model: &model,
                    selected: &selected,
                    plan: &plan,
                    took,
                },
                self.args.format,
            );
            if plan.detach {
                running.leave();
                return said.map(|()| Exit::Done);
            }
            return self.stay(&mut running, &started, &progress);
        }
        self.not_ready(outcome, &mut running, &started, (limit, &progress))
    }

    /// Settles on a name, a port and GPUs that nobody else has.
    fn choose(
        &self,
        made: &mut Made,
        mut wishes: Wishes,
        selected: &Selected,
    ) -> Result<(), Failure> {
        let held = Held::by(&choose::containers(self.engine)?);
        let plan = &made.planned.0.plan;
        choose::name(self.engine, &plan.name)?;
        choose::port(plan.port, &held)?;
        let explicit = !self.args.container.gpu_ids.is_empty();
        if let Some(gpu_ids) = choose::gpu_ids(made, &held, explicit)? {
            wishes.gpu_ids = gpu_ids;
            made.plan_again(&self.session.store, selected, self.machine, &wishes)?;
        }
        Ok(())
    }

    /// Clears away what did not come up, and says why.
    fn not_ready(
        &self,
        outcome: Result<Outcome, ContainerError>,
        running: &mut Running<'_>,
        started: &Started<'_>,
        (limit, progress): (Duration, &Progress),
    ) -> Result<Exit, Failure> {
        let name = started.name;
        match outcome {
            Ok(Outcome::Ended(end)) => {
                let stopped = self.was_stopped(running);
                let after = progress.elapsed();
                self.give_up(running, Recorded::Died, None);
                if stopped {
                    output::line("note", &format!("`{name}` was stopped"));
                    return Ok(Exit::No);
                }
                Err(started.ended(end, &running.tail, after, false))
            }
            Ok(Outcome::TimedOut) => {
                self.give_up(running, Recorded::TimedOut, None);
                Err(started.timed_out(limit, &running.tail))
            }
            Ok(_) if self.args.container.detach && running.id.is_some() => {
                running.leave();
                let say = format!("`{name}` goes on starting; `aim-engine status` shows how it is");
                output::line("note", &say);
                Ok(Exit::No)
            }
            Ok(_) => {
                output::line("note", &format!("stopping `{name}`"));
                self.give_up(running, Recorded::Interrupted, None);
                Ok(Exit::No)
            }
            Err(error) => {
                self.give_up(running, Recorded::Died, None);
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
}

fn say_waiting(plan: &LaunchPlan, limit: Duration) {
    let url = format!("http://127.0.0.1:{}{}", plan.port, plan.health_path);
    let at_most = duration(limit.as_secs());
    output::line("note", &format!("waiting for {url}, {at_most} at most"));
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
