//! `fit`: what a machine can serve.

use std::fmt::Write as _;

use clap::Args;

use crate::fit::{Answer, Fit, Fits, fits};
use crate::launch::{Decision, MachineFacts};

use super::args::{CatalogArgs, MachineArgs, TableFormat};
use super::failure::{Exit, Failure};
use super::machine::{check_known, machine};
use super::made::gpus;
use super::output;
use super::session::Session;

/// Columns of a terminal.
const COLUMNS: usize = 80;
/// Those of the figures beside a model's name.
const WIDTHS: [usize; 5] = [5, 8, 7, 8, 6];

#[derive(Debug, Args)]
pub(super) struct FitArgs {
    /// Also show what does not fit, and why
    #[arg(long, visible_alias = "limits")]
    pub all: bool,
    /// How to print it
    #[arg(long, value_enum, default_value_t = TableFormat::Human, help_heading = "Output")]
    pub format: TableFormat,
    #[command(flatten)]
    pub machine: MachineArgs,
    #[command(flatten)]
    pub catalog: CatalogArgs,
}

pub(super) fn run(args: &FitArgs) -> Result<Exit, Failure> {
    let session = Session::open(&args.catalog, None)?;
    let policy = session.policy()?;
    let machine = machine(&args.machine, None, &session.store)?;
    let fits = fits(&session.store, &policy, &machine)?;
    let seen = Decision {
        machine: fits.machine.clone(),
        ..Decision::default()
    };
    if !fits.models.is_empty() {
        check_known(&machine, &seen)?;
    }
    for warning in of_all(&fits.models) {
        output::line("warning", warning);
    }
    match args.format {
        TableFormat::Json => output::json(&Answer::new(&machine, &fits, args.all))?,
        TableFormat::Human => output::answer(&human(&machine, &fits, args.all))?,
    }
    Ok(Exit::Done)
}

/// The warnings that are true of every model: they are about the machine.
fn of_all(models: &[Fit]) -> impl Iterator<Item = &String> {
    let (first, others) = models.split_at(models.len().min(1));
    let of_first = first.iter().flat_map(|fit| &fit.warnings);
    of_first.filter(|warning| others.iter().all(|fit| fit.warnings.contains(*warning)))
}

fn human(machine: &MachineFacts, fits: &Fits, all: bool) -> String {
    let mut text = String::new();
    paragraph(&mut text, &of_machine(machine, fits));
    let served: Vec<&Fit> = fits
        .models
        .iter()
        .filter(|fit| fit.selected.is_some())
        .collect();
    if !served.is_empty() {
        text.push('\n');
        let longest = served.iter().map(|fit| fit.model.chars().count()).max();
        let names = longest
            .unwrap_or_default()
            .min(COLUMNS - WIDTHS.iter().sum::<usize>());
        row(
            &mut text,
            names,
            "MODEL",
            ["GPUS", "WEIGHTS", "1 SEQ.", "BUDGET", "ROOM"],
        );
        for fit in &served {
            served_model(&mut text, names, fit);
        }
        paragraph(
            &mut text,
            "\nGiB of each GPU: the weights, the key/value cache of one sequence of the \
             greatest length, and what the engine may use. ROOM is how many such \
             sequences fit beside the weights; what else the engine keeps is not counted.",
        );
    }
    text.push('\n');
    paragraph(&mut text, &summed_up(fits, all));
    if all {
        text.push_str(&not_served(fits));
    }
    text
}

fn summed_up(fits: &Fits, all: bool) -> String {
    let summary = fits.summary();
    let mut words = format!("{} of {} models are served", summary.served, summary.models);
    if summary.rejected > 0 {
        let _ = write!(
            words,
            "; the recipes of {} will not do here",
            summary.rejected
        );
    }
    if summary.without_recipe > 0 {
        let _ = write!(words, "; {} without a recipe", summary.without_recipe);
    }
    if !all && summary.served < summary.models {
        words.push_str(" (`--all` names them)");
    }
    words.push('.');
    words
}

fn of_machine(machine: &MachineFacts, fits: &Fits) -> String {
    let view = &fits.machine;
    let mut words = view
        .hardware
        .as_deref()
        .unwrap_or("unknown hardware")
        .to_owned();
    if let Some(count) = view.usable_gpus.and_then(|count| count.try_into().ok()) {
        let _ = write!(words, ", {} usable", gpus(count));
    }
    if let Some(mib) = view.vram_mib {
        let size = gib(mib);
        let size = size.strip_suffix(".0").unwrap_or(&size);
        let _ = write!(words, ", {size} GiB each");
    }
    let _ = write!(words, " (from {})", machine.source);
    words
}

fn row(text: &mut String, names: usize, name: &str, cells: [&str; 5]) {
    let mut line = if name.chars().count() > names {
        format!("{name}\n{:names$}", "")
    } else {
        format!("{name:names$}")
    };
    for (cell, width) in cells.into_iter().zip(WIDTHS) {
        let _ = write!(line, "{cell:>width$}");
    }
    text.push_str(line.trim_end());
    text.push('\n');
}

fn served_model(text: &mut String, names: usize, fit: &Fit) {
    let Some(selected) = &fit.selected else {
        return;
    };
    let unknown = || "?".to_owned();
    let memory = fit.memory.as_ref();
    let figure = |mib: Option<i64>| mib.map_or_else(unknown, gib);
    let room = memory.and_then(|memory| memory.sequences);
    row(
        text,
        names,
        &fit.model,
        [
            &selected.gpus.to_string(),
            &figure(memory.map(|memory| memory.weights_mib)),
            &figure(memory.and_then(|memory| memory.kv_cache_mib)),
            &figure(memory.map(|memory| memory.budget_mib)),
            &room.map_or_else(unknown, |room| room.to_string()),
        ],
    );
    let mut words = format!(
        "  {}, {}, {}",
        selected.recipe_id, selected.backend, selected.precision
    );
    if let Some(tokens) = memory.and_then(|memory| memory.sequence_tokens) {
        let _ = write!(words, ", {tokens} tokens");
    }
    for line in output::wrapped(words.trim_start(), COLUMNS - 2) {
        let _ = writeln!(text, "  {line}");
    }
    if memory.is_some_and(|memory| !memory.fits) {
        text.push_str("  no sequence of that length fits: give the engine a smaller one\n");
    }
}

fn not_served(fits: &Fits) -> String {
    let mut text = String::new();
    let (rejected, without): (Vec<&Fit>, Vec<&Fit>) = fits
        .models
        .iter()
        .filter(|fit| fit.selected.is_none())
        .partition(|fit| fit.recipes > 0);
    if !rejected.is_empty() {
        text.push('\n');
    }
    for fit in rejected {
        let _ = writeln!(text, "{}", fit.model);
        let Some(nearest) = &fit.nearest else {
            continue;
        };
        let words = format!(
            "{}, {} on {}: {}",
            nearest.recipe_id,
            nearest.backend,
            gpus(nearest.gpus),
            nearest.says
        );
        for line in output::wrapped(&words, COLUMNS - 2) {
            let _ = writeln!(text, "  {line}");
        }
    }
    if !without.is_empty() {
        let names: Vec<&str> = without.iter().map(|fit| fit.model.as_str()).collect();
        let words = format!("Models without a recipe: {}", names.join(", "));
        text.push('\n');
        paragraph(&mut text, &words);
    }
    text
}

/// MiB as GiB, to a tenth.
fn gib(mib: i64) -> String {
    let tenths = mib.saturating_mul(10).saturating_add(512) / 1024;
    format!("{}.{}", tenths / 10, tenths % 10)
}

fn paragraph(text: &mut String, words: &str) {
    for line in textwrap::wrap(words, COLUMNS) {
        text.push_str(&line);
        text.push('\n');
    }
}
