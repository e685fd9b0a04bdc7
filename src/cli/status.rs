//! `status`: the containers that `launch` started, and how they are.

use std::time::Duration;

use clap::Args;
use serde::Serialize;

use crate::container::{Container, Health, Status, is_healthy, now_s};
use crate::state::State;

use super::args::TableFormat;
use super::containers::{duration, managed, named, unknown};
use super::engine::EngineArgs;
use super::failure::{Exit, Failure};
use super::output;
use super::table::table;

/// How long an engine may take to say that it serves.
const PATIENCE: Duration = Duration::from_secs(2);

#[derive(Debug, Args)]
pub(in crate::cli) struct StatusArgs {
    /// Only this container
    pub name: Option<String>,
    /// How to print it
    #[arg(long, value_enum, default_value_t = TableFormat::Human)]
    pub format: TableFormat,
    #[command(flatten)]
    pub engine: EngineArgs,
}

/// A container, as it is printed.
#[derive(Debug, Serialize)]
struct Shown<'c> {
    name: &'c str,
    id: &'c str,
    engine: &'static str,
    state: &'static str,
    exit_code: Option<i64>,
    out_of_memory: bool,
    model: Option<&'c str>,
    recipe: Option<&'c str>,
    backend: Option<&'c str>,
    gpu_ids: Vec<u32>,
    port: Option<u16>,
    url: Option<String>,
    image: &'c str,
    started_s: Option<i64>,
    uptime_s: Option<u64>,
}

pub(super) fn run(args: &StatusArgs) -> Result<Exit, Failure> {
    let all = managed(&args.engine.all()?)?;
    let state = State::open_existing();
    let wanted: Vec<&Container> = match &args.name {
        Some(name) => vec![named(&all, name).ok_or_else(|| unknown(&all, name))?],
        None => all.iter().collect(),
    };
    // Each is asked for itself, and one that does not answer keeps nobody waiting.
    let shown: Vec<Shown<'_>> = std::thread::scope(|scope| {
        let asked: Vec<_> = wanted
            .iter()
            .map(|container| scope.spawn(|| health(container)))
            .collect();
        let answers = asked.into_iter().map(|asked| asked.join().ok().flatten());
        wanted
            .iter()
            .zip(answers)
            .map(|(container, health)| shown(container, health, &state))
            .collect()
    });
    match args.format {
        TableFormat::Json => output::json(&serde_json::json!({ "containers": shown }))?,
        TableFormat::Human if shown.is_empty() => {
            output::line("note", "nothing that was launched is there");
        }
        TableFormat::Human => output::answer(&lines(&shown))?,
    }
    Ok(Exit::Done)
}

fn health(container: &Container) -> Option<Health> {
    let port = container.port().filter(|_| is_running(container))?;
    Some(is_healthy(port, container.health_path(), PATIENCE))
}

fn is_running(container: &Container) -> bool {
    container.status == Status::Running
}

fn shown<'c>(container: &'c Container, health: Option<Health>, state: &State) -> Shown<'c> {
    let (exit_code, out_of_memory) = match container.status {
        Status::Ended {
            code,
            out_of_memory,
        } => (Some(code), out_of_memory),
        Status::Created | Status::Running => (None, false),
    };
    let state = match (container.status, health) {
        (Status::Ended { .. }, _) => "ended",
        (_, Some(Health::Healthy)) => {
            // It may have been launched without waiting.
            state.ready(&container.id);
            "ready"
        }
        // What was ready and does not answer any more is another thing than what loads its weights.
        _ if state.was_ready(&container.id) => "unhealthy",
        _ => "starting",
    };
    let until = match container.status {
        Status::Running => Some(now_s()),
        Status::Created | Status::Ended { .. } => None,
    };
    let uptime = until.zip(container.started_s).map(|(to, from)| to - from);
    let running = is_running(container);
    let port = container.port();
    Shown {
        name: &container.name,
        id: &container.id,
        engine: container.engine.program(),
        state,
        exit_code,
        out_of_memory,
        model: container.model(),
        recipe: container.recipe(),
        backend: container.backend(),
        gpu_ids: container.gpu_ids(),
        port,
        url: port
            .filter(|_| running)
            .map(|port| format!("http://127.0.0.1:{port}")),
        image: &container.image,
        started_s: container.started_s,
        uptime_s: uptime.and_then(|seconds| seconds.try_into().ok()),
    }
}

fn lines(shown: &[Shown<'_>]) -> String {
    let row = |one: &Shown<'_>| {
        let state = match (one.exit_code, one.uptime_s) {
            (Some(_), _) if one.out_of_memory => "killed: no memory".to_owned(),
            (Some(code), _) => format!("ended ({code})"),
            (None, Some(seconds)) => format!("{} {}", one.state, duration(seconds)),
            (None, None) => one.state.to_owned(),
        };
        let port = one.port.map(|port| port.to_string());
        let dash = || "-".to_owned();
        vec![
            one.name.to_owned(),
            state,
            port.unwrap_or_else(dash),
            ranges(&one.gpu_ids).unwrap_or_else(dash),
            one.recipe.unwrap_or("-").to_owned(),
        ]
    };
    table(
        &["name", "state", "port", "gpus", "recipe"],
        shown.iter().map(row).collect(),
    )
}

/// `0-3,6`; none for no number.
pub(super) fn ranges(ids: &[u32]) -> Option<String> {
    let mut ids = ids.to_vec();
    ids.sort_unstable();
    ids.dedup();
    let mut ranges: Vec<(u32, u32)> = Vec::new();
    for id in ids {
        match ranges.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(id) => *last = id,
            _ => ranges.push((id, id)),
        }
    }
    let written = ranges.iter().map(|(first, last)| match first == last {
        true => first.to_string(),
        false => format!("{first}-{last}"),
    });
    let written: Vec<String> = written.collect();
    (!written.is_empty()).then(|| written.join(","))
}

#[cfg(test)]
mod tests {
    use super::ranges;

    #[test]
    fn ids_are_shown_as_ranges() {
        assert_eq!(ranges(&[]), None);
        assert_eq!(ranges(&[3]).as_deref(), Some("3"));
        assert_eq!(ranges(&[6, 0, 1, 2, 3]).as_deref(), Some("0-3,6"));
        assert_eq!(ranges(&[u32::MAX, 0]).as_deref(), Some("0,4294967295"));
    }
}
