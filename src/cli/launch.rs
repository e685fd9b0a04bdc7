//! `launch`: the decision, and the container it asks for.

use std::process::Command;

use crate::launch::Detail;

use super::args::LaunchArgs;
use super::failure::{Exit, Failure};
use super::generate::{recipe_file, request, wishes};
use super::machine::machine;
use super::made::made;
use super::output;
use super::session::Session;

pub(super) fn run(args: &LaunchArgs) -> Result<Exit, Failure> {
    let wanted = &args.request.wanted;
    let session = Session::open(&args.catalog, recipe_file(wanted))?;
    let policy = session.policy()?;
    let request = request(
        &session,
        &args.request.model,
        args.request.count.get(),
        wanted,
    )?;
    let machine = machine(&args.machine, request.gpus, &session.store)?;
    let mut wishes = wishes(&args.container);
    wishes.detach = args.detach;
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
    made.planned.1 = made.planned.1.for_program(args.engine.program());
    if args.dry_run {
        output::answer(&made.printed(&[])?)?;
        return Ok(Exit::Done);
    }
    start(&made.planned.1.argv())
}

/// Runs the command with this process's own streams, and ends as it does.
fn start(argv: &[String]) -> Result<Exit, Failure> {
    let Some((program, words)) = argv.split_first() else {
        return Ok(Exit::Environment);
    };
    tracing::info!(%program, "starting the container");
    let status = Command::new(program)
        .args(words)
        .status()
        .map_err(|error| {
            Failure::say(
                Exit::Environment,
                "launch::engine",
                format!("`{program}` cannot be started: {error}"),
                "install it, choose another with `--engine`, or print the command with `--dry-run`",
            )
        })?;
    if status.success() {
        return Ok(Exit::Done);
    }
    Err(Failure::say(
        Exit::Environment,
        "launch::ended",
        format!("`{program}` ended with {status}"),
        "its own output above says why",
    ))
}
