//! `logs`: what a container that `launch` started has written.

use std::os::unix::process::CommandExt;

use clap::Args;

use crate::state::kept_log;

use super::containers::{managed, named, unknown};
use super::engine::EngineArgs;
use super::failure::{Exit, Failure};
use super::output;

#[derive(Debug, Args)]
pub(in crate::cli) struct LogsArgs {
    /// The container [default: the only one]
    pub name: Option<String>,
    /// Go on with what it writes from now on
    #[arg(long, short)]
    pub follow: bool,
    /// Only so many of the last lines
    #[arg(long, value_name = "N")]
    pub tail: Option<usize>,
    #[command(flatten)]
    pub engine: EngineArgs,
}

pub(super) fn run(args: &LogsArgs) -> Result<Exit, Failure> {
    let all = managed(&args.engine.all()?)?;
    let container = match (&args.name, all.as_slice()) {
        (Some(name), _) => named(&all, name),
        (None, [only]) => Some(only),
        (None, _) => {
            let names: Vec<String> = all.iter().map(|one| format!("`{}`", one.name)).collect();
            let help = match names.is_empty() {
                true => "nothing that was launched is there".to_owned(),
                false => format!("there is {}", names.join(", ")),
            };
            return Err(Failure::say(
                Exit::Usage,
                "container::which",
                "name the container whose log is wanted",
                help,
            ));
        }
    };
    if let Some(container) = container {
        // This process becomes the engine's, whose streams and signals are then the terminal's own.
        let mut command = container
            .engine
            .logs_command(&container.id, args.follow, args.tail);
        let error = command.exec();
        return Err(Failure::say(
            Exit::Environment,
            "container::engine_broken",
            format!(
                "`{}` cannot be started: {error}",
                container.engine.program()
            ),
            "",
        ));
    }
    let name = args.name.as_deref().unwrap_or_default();
    let Some(kept) = kept_log(name) else {
        return Err(unknown(&all, name));
    };
    output::line(
        "note",
        &format!("`{name}` did not come up and is gone; this is its last log"),
    );
    let lines: Vec<&str> = kept.lines().collect();
    let first = args.tail.map_or(0, |tail| lines.len().saturating_sub(tail));
    output::answer(&lines.get(first..).unwrap_or_default().join("\n"))?;
    Ok(Exit::Done)
}
