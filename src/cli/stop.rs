//! `stop`: ends and removes containers that `launch` started.

use std::time::Duration;

use clap::Args;

use crate::container::{Container, Status};
use crate::state::{Outcome, State};

use super::containers::{managed, named, unknown};
use super::engine::EngineArgs;
use super::failure::{Exit, Failure};
use super::output;

#[derive(Debug, Args)]
pub(in crate::cli) struct StopArgs {
    /// The containers
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    pub names: Vec<String>,
    /// All that `launch` started
    #[arg(long)]
    pub all: bool,
    /// How many seconds a container may take to end by itself
    #[arg(long, value_name = "SECONDS", default_value_t = 10)]
    pub grace: u64,
    #[command(flatten)]
    pub engine: EngineArgs,
}

pub(super) fn run(args: &StopArgs) -> Result<Exit, Failure> {
    let all = managed(&args.engine.all()?)?;
    let state = State::open();
    let mut failures = Failure {
        exit: Exit::Done,
        reports: Vec::new(),
    };
    let mut fail = |failure: Failure| {
        failures.exit = failure.exit;
        failures.reports.extend(failure.reports);
    };
    let mut meant: Vec<&Container> = Vec::new();
    for name in &args.names {
        match named(&all, name) {
            Some(container) if meant.contains(&container) => {}
            Some(container) => meant.push(container),
            None => fail(unknown(&all, name)),
        }
    }
    if args.all {
        meant.extend(&all);
        if meant.is_empty() {
            output::line("note", "nothing that was launched is there");
        }
    }
    let grace = Duration::from_secs(args.grace);
    for container in meant {
        match stop(container, grace, &state) {
            Ok(()) => output::answer(&format!("stopped: {}", container.name))?,
            Err(failure) => fail(failure),
        }
    }
    match failures.reports.is_empty() {
        true => Ok(Exit::Done),
        false => Err(failures),
    }
}

fn stop(container: &Container, grace: Duration, state: &State) -> Result<(), Failure> {
    // First the record: whoever launched it and still waits learns by it that this is no failure.
    if container.is_live() {
        state.ended(&container.id, Outcome::Stopped);
    } else {
        state.ended(&container.id, Outcome::Died);
    }
    if container.status == Status::Running {
        container.engine.stop(&container.id, grace)?;
    }
    container.engine.remove(&container.id)?;
    Ok(())
}
