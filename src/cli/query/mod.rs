//! `query`: a question to the rules, and its answer.

mod console;
mod plan;

use clap::{Args, ValueEnum};

use super::args::{CatalogArgs, MachineArgs, WantedArgs};
use super::failure::{Exit, Failure};

pub(super) use console::Console;

#[derive(Debug, Args)]
pub(super) struct QueryArgs {
    /// A body: literals joined by `,` and `;`, such as 'eligible(Q, R, B, N), N < 4'
    pub body: String,
    #[command(flatten)]
    pub about: AboutArgs,
    #[command(flatten)]
    pub output: OutputArgs,
}

/// What questions are about.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Request")]
pub(super) struct AboutArgs {
    /// Ask about this model only (repeatable) [default: a request for each]
    #[arg(long, value_name = "MODEL")]
    pub model: Vec<String>,
    /// How many GPUs to use [default: by the model's size]
    #[arg(long, alias = "gpu-count", value_name = "N",
          value_parser = clap::value_parser!(u32).range(1..=4096))]
    pub gpus: Option<u32>,
    #[command(flatten)]
    pub wanted: WantedArgs,
    #[command(flatten)]
    pub machine: MachineArgs,
    #[command(flatten)]
    pub catalog: CatalogArgs,
}

/// How answers are printed.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Output")]
pub(super) struct OutputArgs {
    /// How to print the answer
    #[arg(long, value_enum, default_value_t = AnswerFormat::Human)]
    pub format: AnswerFormat,
    /// Print this many rows at most [default: 100 in a table, else all]
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,
    /// Print how the answer is found, with the rows of each relation
    #[arg(long)]
    pub explain_plan: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum AnswerFormat {
    /// A table
    Human,
    /// JSON
    Json,
    /// Comma-separated values
    Csv,
}

pub(super) fn run(args: &QueryArgs) -> Result<Exit, Failure> {
    let console = Console::open(&args.about, args.output.clone())?;
    console.answer(&args.body)
}
