//! `diff`: which decisions change between two catalogs, and why.

mod human;
mod markdown;
mod side;
mod words;

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use crate::diff::{Answer, Diff, compare};
use crate::matrix::{Axes, Breadth};
use crate::store::Store;

use super::args::CatalogArgs;
use super::failure::{Exit, Failure};
use super::machine::hardware_name;
use super::made::unknown_model;
use super::output;

use side::{Opened, catalogs};

#[derive(Debug, Args)]
pub(in crate::cli) struct DiffArgs {
    /// The catalog before: a folder, `builtin`, a git revision's folder REV:PATH, or REV
    #[arg(value_name = "A")]
    pub before: String,
    /// The catalog after, in the same forms [default: the working tree's folder]
    #[arg(value_name = "B")]
    pub after: Option<String>,
    /// Only this model: Hugging Face id, or an alias of its card (repeatable)
    #[arg(long, value_name = "NAME")]
    pub model: Vec<String>,
    /// Only this GPU, such as MI300X (repeatable)
    #[arg(long, value_name = "NAME")]
    pub hardware: Vec<String>,
    /// Ask for each precision, backend and metric too
    #[arg(long)]
    pub full: bool,
    /// How to print it
    #[arg(long, value_enum, default_value_t = DiffFormat::Human, help_heading = "Output")]
    pub format: DiffFormat,
    /// Write to this file [default: stdout]
    #[arg(long, short, value_name = "FILE", help_heading = "Output")]
    pub output: Option<PathBuf>,
    /// Exit code 1 when a decision changes
    #[arg(long, help_heading = "Output")]
    pub fail_on_change: bool,
    /// The catalog folder that is meant where none is named [default: catalog]
    #[arg(
        long,
        value_name = "DIR",
        env = "AIM_CATALOG",
        help_heading = "Catalog"
    )]
    pub catalog: Option<PathBuf>,
    /// Add the files of this folder to both (repeatable)
    #[arg(long, value_name = "DIR", help_heading = "Catalog")]
    pub overlay: Vec<PathBuf>,
    /// Add these rules to both (repeatable)
    #[arg(
        long,
        value_name = "FILE-OR-DIR",
        env = "AIM_RULES",
        value_delimiter = ':',
        help_heading = "Catalog"
    )]
    pub rules: Vec<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum DiffFormat {
    /// Text
    Human,
    /// JSON
    Json,
    /// A comment for a review
    Markdown,
}

pub(in crate::cli) fn run(args: &DiffArgs) -> Result<Exit, Failure> {
    match compared(args, false) {
        Err(failure) if failure.is_damaged_store() => {
            tracing::info!("a store is damaged and made again");
            compared(args, true)
        }
        done => done,
    }
}

fn compared(args: &DiffArgs, store_anew: bool) -> Result<Exit, Failure> {
    let default = args.catalog.as_deref().unwrap_or(Path::new("catalog"));
    let [before, after] = catalogs(&args.before, args.after.as_deref(), default)?;
    let shared = CatalogArgs {
        overlay: args.overlay.clone(),
        rules: args.rules.clone(),
        store_anew,
        ..CatalogArgs::default()
    };
    let diff = opened_and_compared(args, [&before, &after], &shared)?;
    let text = match args.format {
        DiffFormat::Human => human::text(&diff, &before.name, &after.name),
        DiffFormat::Json => {
            let answer = Answer::new(&diff, &before.name, &after.name);
            serde_json::to_string_pretty(&answer).map_err(io::Error::other)? + "\n"
        }
        DiffFormat::Markdown => markdown::text(&diff, &before.name, &after.name),
    };
    write(args.output.as_deref(), &text)?;
    let changed = args.fail_on_change && diff.decided_otherwise() > 0;
    Ok(if changed { Exit::No } else { Exit::Done })
}

fn opened_and_compared(
    args: &DiffArgs,
    [before, after]: [&side::Catalog; 2],
    shared: &CatalogArgs,
) -> Result<Diff, Failure> {
    let old = Opened::new(before, shared, true)?;
    let new = Opened::new(after, shared, false)?;
    let broken = old.session.store.broken_files()?.len();
    if broken > 0 {
        let files = if broken == 1 {
            "1 file"
        } else {
            &format!("{broken} files")
        };
        output::line("note", &format!("{files} of `{}` with errors", before.name));
    }
    let axes = axes(args, &old.session.store, &new.session.store)?;
    let breadth = if args.full {
        Breadth::Full
    } else {
        Breadth::Plain
    };
    Ok(compare(old.side(), new.side(), &axes, breadth)?)
}

/// What both catalogs tell apart, as far as the flags let it.
fn axes(args: &DiffArgs, old: &Store, new: &Store) -> Result<Axes, Failure> {
    let mut axes = Axes::of(old)?.merged(Axes::of(new)?);
    if !args.model.is_empty() {
        let mut kept = Vec::new();
        for name in &args.model {
            for store in [old, new] {
                let mut one = axes.clone();
                one.keep_model(store, name)?;
                kept.extend(one.models);
            }
            if kept.is_empty() {
                return Err(unknown_model(new, name)?);
            }
        }
        kept.sort();
        kept.dedup();
        axes.models = kept;
    }
    if !args.hardware.is_empty() {
        let names: Vec<String> = args
            .hardware
            .iter()
            .map(|name| hardware_name(name, old).or_else(|_| hardware_name(name, new)))
            .collect::<Result<_, _>>()?;
        axes.keep_hardware(&names);
    }
    Ok(axes)
}

fn write(file: Option<&Path>, text: &str) -> Result<(), Failure> {
    let Some(file) = file else {
        let mut out = io::stdout().lock();
        out.write_all(text.as_bytes())?;
        return Ok(out.flush()?);
    };
    std::fs::write(file, text).map_err(|error| {
        Failure::say(
            Exit::Environment,
            "cli::output",
            format!("cannot write `{}`: {error}", file.display()),
            "",
        )
    })
}
