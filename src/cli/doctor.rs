//! `doctor`: what is wrong with this machine, and what mends it.

use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use crate::detect::{self, Around, Detected, Extent, Fact, Level};
use crate::doctor::{self, Finding, Summary};
use crate::launch::{MachineFacts, Request, cache_dir};
use crate::policy::Severity;
use crate::state::State;

use super::args::{CatalogArgs, TableFormat};
use super::failure::{Exit, Failure};
use super::output::{self, wrapped};
use super::session::Session;

const COLUMNS: usize = 80;

#[derive(Debug, Args)]
pub(super) struct DoctorArgs {
    /// Also what a launch of this model needs: room, a token, the port
    #[arg(value_name = "MODEL")]
    pub model: Option<String>,
    /// How to print it
    #[arg(long, value_enum, default_value_t = TableFormat::Human)]
    pub format: TableFormat,
    /// The facts that `detect --format json` saved on another machine
    #[arg(long, value_name = "FILE", conflicts_with = "root")]
    pub host: Option<PathBuf>,
    /// Read /sys, /proc, /dev and the tools' output below this folder
    #[arg(long, value_name = "DIR")]
    pub root: Option<PathBuf>,
    /// The port that a launch would take
    #[arg(long, value_name = "PORT")]
    pub port: Option<u16>,
    /// Where models are kept
    #[arg(long, value_name = "DIR")]
    pub cache_dir: Option<PathBuf>,
    #[command(flatten)]
    pub catalog: CatalogArgs,
}

/// What `--format json` prints.
#[derive(Serialize)]
struct Report<'r> {
    host: Option<&'r str>,
    findings: &'r [Finding],
    summary: Summary,
}

pub(super) fn run(args: &DoctorArgs) -> Result<Exit, Failure> {
    let session = Session::open_silently(&args.catalog, None)?;
    let request = match &args.model {
        Some(model) => Some(request(&session, model)?),
        None => None,
    };
    let detected = seen(args, request.as_ref())?;
    let machine = MachineFacts {
        here: args.host.is_none() && args.root.is_none(),
        source: source(args),
        detected: Some(detected),
        ..MachineFacts::default()
    };
    let rules = session.rule_sources()?;
    let findings = doctor::check(&session.store, &rules, &machine, request.as_ref())?;
    let summary = Summary::of(&findings);
    match args.format {
        TableFormat::Json => output::json(&Report {
            host: machine
                .detected
                .as_ref()
                .and_then(|seen| seen.host.as_deref()),
            findings: &findings,
            summary,
        })?,
        TableFormat::Human => output::answer(&human(&machine.source, &findings, summary))?,
    }
    Ok(if summary.errors > 0 {
        Exit::No
    } else {
        Exit::Done
    })
}

fn source(args: &DoctorArgs) -> String {
    match (&args.host, &args.root) {
        (Some(path), _) | (None, Some(path)) => path.display().to_string(),
        (None, None) => "this machine".to_owned(),
    }
}

/// A model of the catalog; what it does not have cannot be launched.
fn request(session: &Session, model: &str) -> Result<Request, Failure> {
    let request = Request {
        model: model.to_owned(),
        ..Request::default()
    };
    if session.store.model_keys(&model.to_lowercase())?.is_empty() {
        return Err(Failure::say(
            Exit::No,
            "catalog::unknown_model",
            format!("the catalog has no model `{model}`"),
            "`aim-engine list models` shows those it has",
        ));
    }
    Ok(request)
}

fn seen(args: &DoctorArgs, request: Option<&Request>) -> Result<Detected, Failure> {
    if let Some(file) = &args.host {
        return detect::read_host_file(file).map_err(|error| Failure::new(Exit::Usage, error));
    }
    let root = args.root.as_deref().unwrap_or(Path::new("/"));
    let mut detected = detect::look(root, &detect::variables(root), Extent::Everything);
    // Room and ports of this machine say nothing of another one.
    if args.root.is_none() {
        let around = Around {
            cache_dir: cache_dir(args.cache_dir.clone()),
            model: request.map(|request| request.model.clone()),
            port: args.port,
        };
        detect::look_around(&around, &mut detected);
        let state = State::open();
        let host = detected.host.clone().unwrap_or_default();
        for before in state.seen_before(&host) {
            detected.facts.push(Fact {
                level: Level::Host,
                source: "state".to_owned(),
                origin: "an earlier look".to_owned(),
                time: Some(before.time.clone()),
                about: before.location,
                property: "last_seen".to_owned(),
                value: before.time.into(),
            });
        }
        state.record_look(&detected);
    }
    Ok(detected)
}

fn human(machine: &str, findings: &[Finding], summary: Summary) -> String {
    let mut text = String::new();
    for finding in findings {
        let kind = finding.severity.name();
        let head = format!("{kind} {}: {}", finding.code, finding.message);
        push(&mut text, "", &head);
        for fact in &finding.evidence {
            let line = format!("{} ({}: {})", fact.says, fact.source, fact.origin);
            push(&mut text, "  seen: ", &line);
        }
        let lines = [
            ("  help: ", &finding.help),
            ("  mend: ", &finding.mend),
            ("  verify: ", &finding.verify),
        ];
        for (title, line) in lines {
            if let Some(line) = line {
                push(&mut text, title, line);
            }
        }
        text.push('\n');
    }
    let counted = |count: usize, noun: &str| match count {
        1 => format!("1 {noun}"),
        count => format!("{count} {noun}s"),
    };
    if findings.is_empty() {
        text.push_str(&format!("nothing is wrong with {machine}\n"));
    } else {
        text.push_str(&format!(
            "{machine}: {}, {}, {}\n",
            counted(summary.errors, Severity::Error.name()),
            counted(summary.warnings, Severity::Warning.name()),
            counted(summary.notes, Severity::Note.name()),
        ));
    }
    text
}

/// A line with its title; further lines stand below its words.
fn push(text: &mut String, title: &str, line: &str) {
    let room = COLUMNS.saturating_sub(title.len() + 2);
    for (place, line) in wrapped(line, room).iter().enumerate() {
        let before = if place == 0 {
            title.to_owned()
        } else {
            " ".repeat(title.len())
        };
        text.push_str(&format!("{before}{line}\n"));
    }
}
