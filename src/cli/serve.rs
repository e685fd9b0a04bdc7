//! `serve`: the decision, and the engine in this process's place.

use std::io::ErrorKind;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use clap::Args;

use crate::catalog::backend::Backend;
use crate::launch::{Detail, Wishes};
use crate::plan::BareEngine;
use crate::render::exec;

use super::args::{CatalogArgs, MachineArgs, RequestArgs};
use super::failure::{Exit, Failure};
use super::generate::{cache_dir_beside_engine, cache_of, recipe_file, request};
use super::launch::prefetch::{self, Fetched};
use super::launch::signals::Signals;
use super::machine::machine;
use super::made::made;
use super::output;
use super::session::Session;
use super::usage::{self, Found};

#[derive(Debug, Args)]
pub(super) struct ServeArgs {
    #[command(flatten)]
    pub request: RequestArgs,
    /// Fetch the model, where it is not in the cache, before the engine starts
    #[arg(long, help_heading = "Engine")]
    pub prefetch: bool,
    /// Print the command, and start nothing
    #[arg(long, help_heading = "Engine")]
    pub dry_run: bool,
    /// Port [default: the recipe's, else the engine's]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..), help_heading = "Engine")]
    pub port: Option<u16>,
    /// GPUs to use, by number
    #[arg(
        long,
        value_name = "IDS",
        value_delimiter = ',',
        help_heading = "Engine"
    )]
    pub gpu_ids: Vec<u32>,
    /// Folder where models are kept
    #[arg(long, value_name = "DIR", help_heading = "Engine")]
    pub cache_dir: Option<PathBuf>,
    #[command(flatten)]
    pub machine: MachineArgs,
    #[command(flatten)]
    pub catalog: CatalogArgs,
}

pub(super) fn run(args: &ServeArgs) -> Result<Exit, Failure> {
    let wanted = &args.request.wanted;
    let mut session = Session::open(&args.catalog, recipe_file(wanted))?;
    let wishes = Wishes {
        port: args.port,
        gpu_ids: args.gpu_ids.clone(),
        cache_dir: cache_dir_beside_engine(args.cache_dir.clone()),
        bare: true,
        ..Wishes::default()
    };
    session.look_into(cache_of(&args.machine, &wishes));
    let policy = session.policy()?;
    let count = args.request.count.get();
    let mut request = request(&session, &args.request.model, count, wanted)?;
    if request.backend.is_none() {
        request.backend = only_installed(&session.store.backends()?);
    }
    let machine = machine(&args.machine, request.gpus, &session.store)?;
    let make = |session: &Session| {
        let detail = Detail::Choice;
        made(session, &policy, &request, &machine, &wishes, detail).map_err(|no| no.failure)
    };
    let mut made = make(&session)?;
    let mut held = None;
    let mut found = Found::by(&made);
    if !args.dry_run {
        // From here on no cleanup takes the model, and what was there before is looked at again.
        held = usage::hold(&made, args.prefetch);
        if held.is_some() {
            session.look_into(wishes.cache_dir.clone());
            made = make(&session)?;
            found = Found::by(&made);
        }
    }
    let cache = made.planned.0.cache.clone();
    if args.prefetch && !args.dry_run && cache.prefetch.is_some() {
        let model = made.decision.model.clone().unwrap_or_default();
        match prefetch::fetch(&mut session, &model, &cache, &Signals::listen()?)? {
            Fetched::Whole => {}
            Fetched::Interrupted => return Ok(Exit::No),
        }
        session.look_into(wishes.cache_dir.clone());
        made = make(&session)?;
    }
    made.say();
    let exec = exec::run(&made.planned.0.plan).map_err(|error| Failure::new(Exit::Usage, error))?;
    if args.dry_run {
        let printed = exec.printed(&[]);
        output::answer(&printed.map_err(|error| Failure::new(Exit::Usage, error))?)?;
        return Ok(Exit::Done);
    }
    found.count(&made);
    if let Some(held) = held {
        // The engine holds it on, as long as it lives.
        held.keep_across_exec()?;
    }
    // The store is closed before this process becomes another program.
    drop((made, policy, session));
    Err(become_engine(exec.engine()))
}

/// The engine that is installed here, where it is the only one. Nobody who names none inside a
/// container means an engine that it has not.
fn only_installed(backends: &[Backend]) -> Option<String> {
    let is_installed = |backend: &&Backend| {
        let Some((program, words)) = backend.installed_if.split_first() else {
            return false;
        };
        let quiet = Command::new(program)
            .args(words)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        quiet.is_ok_and(|status| status.success())
    };
    let mut installed = backends.iter().filter(is_installed);
    match (installed.next(), installed.next()) {
        (Some(only), None) => {
            tracing::info!(backend = %only.backend, "the only engine that is installed");
            Some(only.backend.clone())
        }
        _ => None,
    }
}

/// Returns only when the engine cannot be started.
fn become_engine(engine: &BareEngine) -> Failure {
    let Some((program, words)) = engine.argv.split_first() else {
        return Failure::say(
            Exit::Environment,
            "serve::engine",
            "there is no engine to start",
            "",
        );
    };
    tracing::info!(%program, "becoming the engine");
    let mut command = Command::new(program);
    command.args(words);
    for name in &engine.unset {
        command.env_remove(name);
    }
    for var in &engine.env {
        command.env(&var.name, &var.value);
    }
    let error = command.exec();
    let help = if error.kind() == ErrorKind::NotFound {
        "`serve` is for use inside the engine's container, where the engine is installed: use `launch` \
         to start one, or choose an engine that is here with `--backend`"
    } else {
        "`--dry-run` prints the command"
    };
    Failure::say(
        Exit::Environment,
        "serve::engine",
        format!("`{program}` cannot be started: {error}"),
        help,
    )
}
