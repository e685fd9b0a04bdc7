//! `coverage`: what a catalog serves, what it does not, and which configurations nobody gets.

mod human;
mod overview;

use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::coverage::{Answer, Coverage, Page, survey};
use crate::matrix::{Axes, Breadth};
use crate::render;
use crate::store::Store;

use super::args::CatalogArgs;
use super::failure::{Exit, Failure};
use super::machine::hardware_name;
use super::made::unknown_model;
use super::session::Session;

#[derive(Debug, Args)]
pub(in crate::cli) struct CoverageArgs {
    /// Only this model: Hugging Face id, or an alias of its card
    pub model: Option<String>,
    /// Only this GPU, such as MI300X (repeatable)
    #[arg(long, value_name = "NAME")]
    pub hardware: Vec<String>,
    /// Ask for each precision, backend and metric too
    #[arg(long)]
    pub full: bool,
    /// How to print it
    #[arg(long, value_enum, default_value_t = CoverageFormat::Human, help_heading = "Output")]
    pub format: CoverageFormat,
    /// Write to this file [default: stdout]
    #[arg(long, short, value_name = "FILE", help_heading = "Output")]
    pub output: Option<PathBuf>,
    #[command(flatten)]
    pub catalog: CatalogArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum CoverageFormat {
    /// Tables
    Human,
    /// JSON
    Json,
    /// A page that needs nothing beside it
    Html,
}

pub(in crate::cli) fn run(args: &CoverageArgs) -> Result<Exit, Failure> {
    let session = Session::open(&args.catalog, None)?;
    let axes = axes(args, &session.store)?;
    let breadth = if args.full {
        Breadth::Full
    } else {
        Breadth::Plain
    };
    let policy = session.policy()?;
    let coverage = survey(&session.store, &policy, axes, breadth)?;
    match &args.output {
        Some(file) => {
            let to_file = || {
                let mut out = BufWriter::new(std::fs::File::create(file)?);
                write(args.format, &coverage, &mut out)?;
                out.flush()
            };
            to_file().map_err(|error: io::Error| {
                Failure::say(
                    Exit::Environment,
                    "cli::output",
                    format!("cannot write `{}`: {error}", file.display()),
                    "",
                )
            })?;
        }
        None => {
            let mut out = BufWriter::new(io::stdout().lock());
            write(args.format, &coverage, &mut out)?;
            out.flush()?;
        }
    }
    Ok(Exit::Done)
}

fn axes(args: &CoverageArgs, store: &Store) -> Result<Axes, Failure> {
    let mut axes = Axes::of(store)?;
    if let Some(model) = &args.model {
        axes.keep_model(store, model)?;
        if axes.models.is_empty() {
            return Err(unknown_model(store, model)?);
        }
    }
    if !args.hardware.is_empty() {
        let names: Vec<String> = args
            .hardware
            .iter()
            .map(|name| hardware_name(name, store))
            .collect::<Result<_, _>>()?;
        axes.keep_hardware(&names);
    }
    Ok(axes)
}

fn write(format: CoverageFormat, coverage: &Coverage, out: &mut impl Write) -> io::Result<()> {
    match format {
        CoverageFormat::Human => out.write_all(human::text(coverage).as_bytes()),
        CoverageFormat::Json => {
            serde_json::to_writer_pretty(&mut *out, &Answer::new(coverage))?;
            out.write_all(b"\n")
        }
        CoverageFormat::Html => {
            let page = render::coverage::page(&Page::new(coverage))?;
            out.write_all(page.as_bytes())
        }
    }
}
