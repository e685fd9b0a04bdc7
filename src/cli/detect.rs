//! `detect`: what was found, by which source, at which level, and whom of several the rules believe.

use std::path::Path;

use crate::detect::{self, Deep, Detected, Extent};
use crate::launch::{Gpu, MachineFacts, Sources, sources};
use crate::policy::Policy;
use crate::state::State;

use super::args::{DetectArgs, TableFormat};
use super::failure::{Exit, Failure};
use super::output::{self, wrapped};
use super::session::Session;
use super::table::table;

const COLUMNS: usize = 80;

pub(super) fn run(args: &DetectArgs) -> Result<Exit, Failure> {
    let root = args.root.as_deref().unwrap_or(Path::new("/"));
    let variables = detect::variables(root);
    let detected = match &args.deep {
        Some(image) => {
            let deep = Deep {
                engine: args.engine.clone(),
                image: image.clone(),
            };
            detect::look_deep(&variables, &deep)
        }
        None => detect::look(root, &variables, Extent::Everything),
    };
    if args.root.is_none() {
        State::open().record_look(&detected);
    }
    let nothing = detected.devices().is_none_or(<[_]>::is_empty);
    match args.format {
        TableFormat::Json => output::json(&detected)?,
        TableFormat::Human if nothing => {
            let seen = seen(&detected);
            if !seen.is_empty() {
                output::answer(&seen)?;
            }
        }
        TableFormat::Human => {
            let session = Session::open_silently(&args.catalog, None)?;
            let policy = Policy::load_machine(session.rule_sources()?, &session.store)?;
            let machine = MachineFacts {
                detected: Some(detected.clone()),
                ..MachineFacts::default()
            };
            let told = sources(&session.store, &policy, &machine)?;
            output::answer(&human(&detected, &told))?;
        }
    }
    if nothing {
        let looked = detected.looked_at.join(", ");
        let help = format!("looked at {looked}\n`aim-engine doctor` says what may be wrong");
        return Err(Failure::say(
            Exit::Environment,
            "detect::nothing_found",
            "no AMD GPU was found",
            help,
        ));
    }
    Ok(Exit::Done)
}

fn human(detected: &Detected, told: &Sources) -> String {
    let mut text = String::new();
    if let Some(host) = &detected.host {
        text.push_str(&format!("{host}\n\n"));
    }
    text.push_str(&gpus(told));
    text.push_str("\n\n");
    text.push_str(&seen(detected));
    text.push_str(&comparison(told));
    text
}

/// A column of the table: its title, and what it shows of a GPU.
type Column = (&'static str, fn(&Gpu) -> Option<String>);

const COLUMNS_OF_GPUS: [Column; 8] = [
    ("hardware", |gpu| {
        Some(gpu.hardware.clone().unwrap_or_else(|| "unknown".to_owned()))
    }),
    ("pci", |gpu| gpu.value("pci_id").map(str::to_owned)),
    ("gfx", |gpu| gpu.value("gfx").map(str::to_owned)),
    ("mib", |gpu| gpu.value("memory").map(str::to_owned)),
    ("in use", |gpu| {
        let used = gpu.value("used_vram_mib").map(str::to_owned);
        match (used, gpu.busy.is_empty()) {
            (Some(used), false) => Some(format!("{used} busy")),
            (None, false) => Some("busy".to_owned()),
            (used, true) => used,
        }
    }),
    ("units", |gpu| gpu.value("compute_units").map(str::to_owned)),
    ("mode", |gpu| {
        let modes = [
            gpu.value("compute_partition"),
            gpu.value("memory_partition"),
        ];
        let modes: Vec<&str> = modes.into_iter().flatten().collect();
        (!modes.is_empty()).then(|| modes.join("/"))
    }),
    ("location", |gpu| gpu.value("location").map(str::to_owned)),
];

/// The GPUs; a column of which nothing is known is left out.
fn gpus(told: &Sources) -> String {
    let columns: Vec<&Column> = COLUMNS_OF_GPUS
        .iter()
        .filter(|(_, show)| told.gpus.values().any(|gpu| show(gpu).is_some()))
        .collect();
    let mut header = vec!["gpu"];
    header.extend(columns.iter().map(|(title, _)| *title));
    let rows = told.gpus.iter().map(|(index, gpu)| {
        let cells = columns
            .iter()
            .map(|(_, show)| show(gpu).unwrap_or_else(|| "-".to_owned()));
        std::iter::once(index.to_string()).chain(cells).collect()
    });
    table(&header, rows.collect())
}

/// What each source saw, and what could not be read.
fn seen(detected: &Detected) -> String {
    let mut text = String::new();
    for seen in &detected.observations {
        let level = seen.level.name();
        let count = match seen.count() {
            Some(1) => "1 GPU".to_owned(),
            Some(count) => format!("{count} GPUs"),
            None => "? GPUs".to_owned(),
        };
        let own = if seen.own_numbers {
            ", by numbers of its own"
        } else {
            ""
        };
        push(
            &mut text,
            &format!(
                "{level}: {count}, by {} ({}){own}",
                seen.source, seen.origin
            ),
        );
    }
    for problem in &detected.problems {
        push(&mut text, &format!("{}: {}", problem.origin, problem.says));
    }
    text
}

/// Whom the rules believe, and why.
fn comparison(told: &Sources) -> String {
    let mut text = String::new();
    // One source needs no comparison.
    if told.agree.is_empty() && told.contradict.is_empty() {
        return text;
    }
    text.push('\n');
    if let Some((source, because)) = &told.believed {
        push(&mut text, &format!("{source} is believed: {because}"));
    }
    // What others have in common follows from what each has with the one that is believed.
    let believed = told.believed.as_ref().map(|(source, _)| source);
    let agree = told.agree.iter();
    for ((source, other), properties) in agree.filter(|((source, _), _)| Some(source) == believed) {
        let properties: Vec<String> = properties
            .iter()
            .map(|name| name.replace('_', " "))
            .collect();
        let line = format!("{other} agrees with {source} in {}", properties.join(", "));
        push(&mut text, &line);
    }
    for line in grouped(&told.contradict) {
        push(&mut text, &line);
    }
    text
}

/// What is said of several GPUs in the same words is said once.
fn grouped(sentences: &[String]) -> Vec<String> {
    let mut lines: Vec<(Vec<&str>, &str)> = Vec::new();
    for sentence in sentences {
        let of_gpu = sentence
            .strip_prefix("GPU ")
            .and_then(|rest| rest.split_once(':'));
        let (gpu, says) = of_gpu.map_or((None, sentence.as_str()), |(gpu, says)| (Some(gpu), says));
        match lines.iter_mut().find(|(_, known)| *known == says) {
            Some((gpus, _)) => gpus.extend(gpu),
            None => lines.push((gpu.into_iter().collect(), says)),
        }
    }
    let said = lines.into_iter().map(|(gpus, says)| match gpus[..] {
        [] => says.to_owned(),
        [gpu] => format!("GPU {gpu}:{says}"),
        _ => format!("GPUs {}:{says}", gpus.join(", ")),
    });
    said.map(|line| line.trim_end_matches('.').replace('_', " "))
        .collect()
}

fn push(text: &mut String, line: &str) {
    for line in wrapped(line, COLUMNS - 2) {
        text.push_str(&line);
        text.push('\n');
    }
}
