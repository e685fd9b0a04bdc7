//! What is covered, for a terminal: totals, who is served where, who is not, and what never wins.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::cli::made::gpus;
use crate::cli::output::wrapped;
use crate::cli::table::table;
use crate::coverage::{Coverage, Fared, Gap, Summary};
use crate::matrix::Breadth;

use super::overview::{is_plain, overview};

/// Columns of a terminal.
const COLUMNS: usize = 80;

pub(super) fn text(coverage: &Coverage) -> String {
    let mut text = totals(coverage);
    if coverage.breadth == Breadth::Full {
        text.push_str(&by_what_is_asked(coverage));
    }
    let body = match coverage.axes.models.as_slice() {
        [_] => of_one_model(coverage),
        _ => overview(coverage),
    };
    if !body.is_empty() {
        heading(&mut text, "Served");
        text.push_str(&body);
    }
    text.push_str(&nobody(coverage));
    text.push_str(&never(coverage));
    text
}

fn heading(text: &mut String, title: &str) {
    let _ = writeln!(text, "\n{title}\n{}\n", "-".repeat(title.chars().count()));
}

fn paragraph(text: &mut String, words: &str) {
    for line in wrapped(words, COLUMNS) {
        text.push_str(&line);
        text.push('\n');
    }
}

fn totals(coverage: &Coverage) -> String {
    let axes = &coverage.axes;
    let summary = coverage.summary();
    let fared = Fared::of(&coverage.configurations);
    let models = match axes.models.as_slice() {
        [axis] => axis.model.as_ref().to_owned(),
        all => format!("{} models", all.len()),
    };
    let hardware = match axes.hardware.as_slice() {
        [one] => one.as_ref().to_owned(),
        all => format!("{} kinds of GPU", all.len()),
    };
    let counts: Vec<String> = axes.gpus.iter().map(u32::to_string).collect();
    let mut text = String::new();
    paragraph(
        &mut text,
        &format!(
            "{} requests: {models} on {hardware}, GPU counts {}{}",
            summary.asked,
            counts.join(", "),
            if coverage.breadth == Breadth::Full {
                ", each precision, backend and metric"
            } else {
                ""
            }
        ),
    );
    let share = |part: usize| match summary.asked {
        0 => String::new(),
        all => format!("{:>5} %", (part * 100 + all / 2) / all),
    };
    for (part, says) in [
        (summary.exact, "served as asked for"),
        (summary.fallback, "served by something else"),
        (summary.unserved, "not served"),
    ] {
        let _ = writeln!(text, "{part:>8} {} {says}", share(part));
    }
    text.push('\n');
    let _ = writeln!(text, "{} configurations of these recipes", fared.total);
    for (part, says) in [
        (fared.win, "win requests that ask only for a GPU count"),
        (
            fared.when_asked,
            "win where their precision, backend or metric is asked for",
        ),
        (fared.never_win, "never win"),
    ] {
        let _ = writeln!(text, "{part:>8} {says}");
    }
    text
}

/// How requests fare by the precision, the backend and the metric that they ask for.
fn by_what_is_asked(coverage: &Coverage) -> String {
    let mut counts: BTreeMap<(u8, String), Summary> = BTreeMap::new();
    for cell in &coverage.cells {
        let question = &cell.question;
        let asked = [
            (1, question.precision.as_deref()),
            (2, question.backend.as_deref()),
            (3, question.metric.as_deref()),
        ];
        let mut named: Vec<(u8, String)> = asked
            .into_iter()
            .filter_map(|(kind, name)| Some((kind, name?.to_owned())))
            .collect();
        if named.is_empty() {
            named.push((0, "only a GPU count".to_owned()));
        }
        for key in named {
            let summary = counts.entry(key).or_default();
            *summary = summary.and(Summary::of(std::slice::from_ref(cell)));
        }
    }
    let rows = counts.into_iter().map(|((_, name), summary)| {
        vec![
            name,
            summary.asked.to_string(),
            summary.exact.to_string(),
            summary.fallback.to_string(),
            summary.unserved.to_string(),
        ]
    });
    let header = [
        "asked for",
        "requests",
        "as asked",
        "otherwise",
        "not at all",
    ];
    format!("\n{}\n", table(&header, rows.collect()))
}

/// What serves each request for the one model, by hardware.
fn of_one_model(coverage: &Coverage) -> String {
    let mut text = String::new();
    let mut hardware = "";
    for cell in &coverage.cells {
        let question = &cell.question;
        let Some(winner) = &cell.winner else { continue };
        if hardware != question.hardware.as_ref() {
            if !hardware.is_empty() {
                text.push('\n');
            }
            hardware = question.hardware.as_ref();
            let _ = writeln!(text, "{hardware}");
        }
        let mut asked = format!("{:>6}", gpus(question.gpus));
        let more = [&question.precision, &question.backend, &question.metric];
        for name in more.into_iter().flatten() {
            let _ = write!(asked, " {name}");
        }
        let differs = cell
            .differs
            .as_deref()
            .map_or_else(String::new, |differs| format!(": {differs}"));
        let words = format!("{asked}  {}, {}{differs}", winner.recipe_id, winner.backend);
        for line in wrapped(&words, COLUMNS - 2) {
            let _ = writeln!(text, "  {line}");
        }
    }
    text
}

/// What nobody serves: first what is true of all, then model by model.
fn nobody(coverage: &Coverage) -> String {
    if coverage.unserved.is_empty() {
        return String::new();
    }
    let mut text = String::new();
    heading(&mut text, "Nobody serves");
    let axes = &coverage.axes;
    let without: BTreeSet<&str> = axes
        .models
        .iter()
        .filter(|axis| axis.recipes == 0)
        .map(|axis| axis.model.as_ref())
        .collect();
    if !without.is_empty() {
        let names: Vec<&str> = without.iter().copied().collect();
        paragraph(
            &mut text,
            &format!("Models without a recipe: {}", names.join(", ")),
        );
    }
    let served: BTreeSet<&str> = coverage
        .cells
        .iter()
        .filter(|cell| cell.winner.is_some())
        .map(|cell| cell.question.hardware.as_ref())
        .collect();
    let idle: Vec<&str> = axes
        .hardware
        .iter()
        .map(AsRef::as_ref)
        .filter(|hardware| !served.contains(hardware))
        .collect();
    if !idle.is_empty() && axes.models.len() > 1 {
        paragraph(
            &mut text,
            &format!("Hardware that serves no model: {}", idle.join(", ")),
        );
    }
    let mut by_model: BTreeMap<&str, Vec<&Gap>> = BTreeMap::new();
    for gap in &coverage.unserved {
        let question = &gap.question;
        let said = without.contains(question.model.as_ref())
            || (axes.models.len() > 1 && idle.contains(&question.hardware.as_ref()));
        if !said {
            by_model.entry(&question.model).or_default().push(gap);
        }
    }
    for (model, gaps) in by_model {
        let mut hardware: BTreeMap<(bool, String), Vec<&str>> = BTreeMap::new();
        for gap in &gaps {
            let mut asked = at(&gap.gpus, &axes.gpus);
            let question = &gap.question;
            if !is_plain(question) {
                let more = [&question.precision, &question.backend, &question.metric];
                let more: Vec<&str> = more.into_iter().flatten().map(AsRef::as_ref).collect();
                let _ = write!(asked, " with {}", more.join(", "));
            }
            // What is not served at all comes first.
            hardware
                .entry((gap.gpus != axes.gpus, asked))
                .or_default()
                .push(&question.hardware);
        }
        let says: Vec<String> = hardware
            .into_iter()
            .map(|((_, asked), names)| format!("nothing on {} {asked}", names.join(", ")))
            .collect();
        paragraph(&mut text, &format!("{model}: {}", says.join("; ")));
        if axes.models.len() == 1 {
            reasons(&mut text, &gaps);
        }
    }
    text
}

/// Which of all GPU counts these are.
fn at(gpus: &[u32], all: &[u32]) -> String {
    if gpus == all {
        return "at any count".to_owned();
    }
    match all.get(gpus.len()) {
        Some(next) if all.starts_with(gpus) => format!("below {next} GPUs"),
        _ => {
            let counts: Vec<String> = gpus.iter().map(u32::to_string).collect();
            format!("at {}", counts.join(", "))
        }
    }
}

/// What comes nearest, for one model; hardware with one reason together.
fn reasons(text: &mut String, gaps: &[&Gap]) {
    let mut hardware: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for gap in gaps {
        let Some(nearest) = &gap.nearest else {
            continue;
        };
        let words = format!(
            "nearest is {}, {} on {}. {}",
            nearest.recipe_id,
            nearest.backend,
            gpus(nearest.gpus),
            nearest.says
        );
        hardware
            .entry(words)
            .or_default()
            .push(&gap.question.hardware);
    }
    for (words, names) in hardware {
        let words = format!("{}: {words}", names.join(", "));
        for line in wrapped(&words, COLUMNS - 2) {
            let _ = writeln!(text, "  {line}");
        }
    }
}

/// What never wins, blocks with one reason together.
fn never(coverage: &Coverage) -> String {
    let mut blocks: BTreeMap<(&str, &str, String), Vec<u32>> = BTreeMap::new();
    for (configuration, shadow) in coverage.never_win() {
        let block = &configuration.block;
        let why = match &shadow.shadowed_by {
            Some(winner) if winner.recipe_id == block.recipe_id => {
                format!("comes after its own {}: {}", winner.backend, shadow.says)
            }
            Some(winner) => format!("comes after {}: {}", winner.recipe_id, shadow.says),
            None => format!("never eligible: {}", shadow.says),
        };
        blocks
            .entry((&block.recipe_id, &block.backend, why))
            .or_default()
            .push(block.gpus);
    }
    if blocks.is_empty() {
        return String::new();
    }
    let mut text = String::new();
    heading(&mut text, "Never win");
    for ((recipe, backend, why), mut counts) in blocks {
        counts.sort_unstable();
        let counts: Vec<String> = counts.iter().map(u32::to_string).collect();
        let _ = writeln!(text, "{recipe}, {backend} {}", counts.join(" "));
        for line in wrapped(&why, COLUMNS - 2) {
            let _ = writeln!(text, "  {line}");
        }
    }
    text
}
