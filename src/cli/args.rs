//! The arguments, as clap reads them and as help and man pages show them.

use std::path::PathBuf;

use super::explain::{WhyArgs, WhyNotArgs};

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};

use super::coverage::CoverageArgs;
use super::diff::DiffArgs;
use super::fit::FitArgs;

/// Chooses how to serve a language model on AMD Instinct GPUs, by rules, and explains why.
#[derive(Debug, Parser)]
#[command(
    name = "aim-engine",
    version,
    propagate_version = true,
    after_help = "Examples:\n  aim-engine generate Qwen/Qwen3-32B 4\n  aim-engine generate Qwen/Qwen3-32B --hardware MI300X --available-gpus 8\n  aim-engine list models"
)]
pub struct Cli {
    #[command(flatten)]
    pub(super) global: GlobalArgs,
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Args)]
pub(super) struct GlobalArgs {
    /// Say more on stderr (-vv: still more); AIM_DEBUG=1 says most
    #[arg(short, long, action = ArgAction::Count, global = true)]
    pub verbose: u8,
    /// When to colour output; NO_COLOR is heeded
    #[arg(long, value_enum, default_value_t = ColorChoice::Auto, global = true, value_name = "WHEN")]
    pub color: ColorChoice,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ColorChoice {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Decide how to serve a model, and print the command that does it
    #[command(
        after_help = "Examples:\n  aim-engine generate Qwen/Qwen3-32B 4\n  aim-engine generate qwen3-32b --precision fp8 --strict\n  aim-engine generate Qwen/Qwen3-32B --hardware MI300X --available-gpus 8 --format json\n  aim-engine generate Qwen/Qwen3-32B 4 | sh"
    )]
    Generate(GenerateArgs),
    /// Decide how to serve a model, and start the container
    #[command(
        after_help = "Examples:\n  aim-engine launch Qwen/Qwen3-32B 4 --dry-run\n  aim-engine launch Qwen/Qwen3-32B 4 --detach\n  aim-engine launch Qwen/Qwen3-32B 4 --engine podman --timeout 2h\n  aim-engine launch qwen3-32b --recipe my-recipe.yaml"
    )]
    Launch(super::launch::LaunchArgs),
    /// Show what was launched, and how it is
    #[command(
        after_help = "Examples:\n  aim-engine status\n  aim-engine status aim-qwen3-32b --format json"
    )]
    Status(super::status::StatusArgs),
    /// Show what a launched container has written
    #[command(
        after_help = "Examples:\n  aim-engine logs aim-qwen3-32b --tail 50\n  aim-engine logs -f aim-qwen3-32b"
    )]
    Logs(super::logs::LogsArgs),
    /// End and remove launched containers
    #[command(after_help = "Examples:\n  aim-engine stop aim-qwen3-32b\n  aim-engine stop --all")]
    Stop(super::stop::StopArgs),
    /// Decide how to serve a model, and become the engine that does it
    #[command(
        after_help = "Examples:\n  aim-engine serve Qwen/Qwen3-32B\n  aim-engine serve Qwen/Qwen3-32B 4 --backend vllm --dry-run"
    )]
    Serve(super::serve::ServeArgs),
    /// Prove a decision: why this recipe; or any tuple: 'relation(value, _)'
    #[command(
        after_help = "Examples:\n  aim-engine why Qwen/Qwen3-32B 4\n  aim-engine why Qwen/Qwen3-32B --full\n  aim-engine why 'model_parameters(\"Qwen/Qwen3-32B\", _)'"
    )]
    Why(WhyArgs),
    /// Say why a recipe was not chosen, and what would change it
    #[command(
        name = "why-not",
        after_help = "Examples:\n  aim-engine why-not qwen3-32b-mi300x-fp16\n  aim-engine why-not qwen3-32b-mi300x-bf16:vllm:8 --gpus 4\n  aim-engine why-not 'eligible(_, \"qwen3-32b-mi300x-bf16\", _, 8)' --gpus 4"
    )]
    WhyNot(WhyNotArgs),
    /// Say what is wrong with a catalog, or with single files
    #[command(
        after_help = "Examples:\n  aim-engine lint\n  aim-engine lint DIR --fix\n  aim-engine lint my-recipe.yaml --format json\n  aim-engine lint --models my-card.yaml"
    )]
    Lint(super::lint::LintArgs),
    /// List what the catalog holds
    #[command(
        after_help = "Examples:\n  aim-engine list models\n  aim-engine list recipes --catalog DIR --format json"
    )]
    List(ListArgs),
    /// List the recipes (the same as `list recipes`)
    #[command(
        name = "list-recipes",
        after_help = "Example:\n  aim-engine list-recipes --overlay DIR"
    )]
    ListRecipes(ListingArgs),
    /// Show every configuration of a model: backend, GPUs, precision, hardware
    #[command(
        name = "show-configurations",
        after_help = "Example:\n  aim-engine show-configurations Qwen/Qwen3-32B"
    )]
    ShowConfigurations(ConfigurationsArgs),
    /// Show what this machine can serve, and the memory that it takes
    #[command(
        after_help = "Examples:\n  aim-engine fit\n  aim-engine fit --hardware MI300X --available-gpus 1 --all"
    )]
    Fit(FitArgs),
    /// Show what the catalog serves, what it does not, and which configurations never win
    #[command(
        after_help = "Examples:\n  aim-engine coverage\n  aim-engine coverage Qwen/Qwen3-32B --hardware MI300X\n  aim-engine coverage --catalog DIR --format html --output coverage.html"
    )]
    Coverage(CoverageArgs),
    /// Show which decisions change between two catalogs, and why
    #[command(
        after_help = "Examples:\n  aim-engine diff main:catalog\n  aim-engine diff builtin DIR --fail-on-change\n  aim-engine diff v1 v2 --catalog DIR --format markdown"
    )]
    Diff(DiffArgs),
    /// Show what GPUs were found, by which source
    #[command(
        after_help = "Examples:\n  aim-engine detect\n  aim-engine detect --format json > host.json\n  aim-engine generate Qwen/Qwen3-32B --host host.json"
    )]
    Detect(DetectArgs),
    /// Say what is wrong with the machine, and what mends it
    #[command(
        after_help = "Examples:\n  aim-engine doctor\n  aim-engine doctor Qwen/Qwen3-32B --port 8000\n  aim-engine doctor --host host.json"
    )]
    Doctor(super::doctor::DoctorArgs),
    /// Write a new recipe or model card from a template
    New(NewArgs),
    /// Make model cards of what the hub says
    Models(super::models::ModelsArgs),
    /// Print the JSON Schema of recipes or model cards, for editors
    #[command(after_help = "Example:\n  aim-engine schema recipe > recipe.schema.json")]
    Schema(super::schema::SchemaArgs),
    /// Serve an editor over stdio, by the Language Server Protocol
    #[command(
        after_help = "Examples:\n  aim-engine lsp\n  aim-engine lsp --catalog DIR --rules house.dl"
    )]
    Lsp(super::lsp::LspArgs),
    /// Keep models on this machine: fetch, list, check and remove them
    Cache(super::cache::CacheArgs),
    /// Put a question to the rules, as the body of a rule
    #[command(
        after_help = "Examples:\n  aim-engine query 'recipe(R, M, \"MI300X\", P)'\n  aim-engine query 'eligible(_, R, B, N), N < 4' --hardware MI300X --available-gpus 8\n  aim-engine query 'N = count : { recipe(_, _, _, _) }' --format json"
    )]
    Query(super::query::QueryArgs),
    /// List and show rules, check rule files, or run them by themselves
    Rules(RulesArgs),
    /// Put questions to the rules at a prompt
    #[command(
        after_help = "Examples:\n  aim-engine shell\n  aim-engine shell --hardware MI300X --available-gpus 8\n  aim-engine shell .describe eligible"
    )]
    Shell(super::shell::ShellArgs),
    /// Print the completions of a shell
    #[command(
        after_help = "Example:\n  aim-engine completions bash > /etc/bash_completion.d/aim-engine"
    )]
    Completions(CompletionsArgs),
    /// Print the man page
    #[command(after_help = "Example:\n  aim-engine man > aim-engine.1 && man ./aim-engine.1")]
    Man,
}

impl Command {
    /// The catalog's flags, of a command that reads it and can be run again from the beginning.
    pub fn catalog_mut(&mut self) -> Option<&mut CatalogArgs> {
        match self {
            Command::Generate(args) => args.batch.is_none().then_some(&mut args.catalog),
            Command::Launch(args) => Some(&mut args.catalog),
            Command::Detect(args) => Some(&mut args.catalog),
            Command::Serve(args) => Some(&mut args.catalog),
            Command::Doctor(args) => Some(&mut args.catalog),
            Command::Lint(args) => args.can_run_again().then_some(&mut args.catalog),
            Command::List(args) => Some(&mut args.listing.catalog),
            Command::Coverage(args) => Some(&mut args.catalog),
            Command::Fit(args) => Some(&mut args.catalog),
            Command::ListRecipes(args) => Some(&mut args.catalog),
            Command::ShowConfigurations(args) => Some(&mut args.listing.catalog),
            Command::Why(args) => Some(&mut args.question.catalog),
            Command::WhyNot(args) => Some(&mut args.question.catalog),
            Command::Query(args) => Some(&mut args.about.catalog),
            Command::Shell(args) => Some(&mut args.about.catalog),
            Command::New(args) => match &mut args.what {
                NewCommand::Recipe(args) => Some(&mut args.to.catalog),
                NewCommand::Model(args) => Some(&mut args.to.catalog),
            },
            _ => None,
        }
    }
}

/// The request.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Request")]
pub(super) struct RequestArgs {
    /// Hugging Face id of the model, or an alias of its card
    #[arg(help_heading = None::<&str>)]
    pub model: String,
    #[command(flatten)]
    pub count: CountArgs,
    #[command(flatten)]
    pub wanted: WantedArgs,
}

#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Request")]
pub(super) struct WantedArgs {
    /// Precision of the weights, such as bf16 or fp8
    #[arg(long, value_name = "P")]
    pub precision: Option<String>,
    /// Serving engine, such as vllm or sglang
    #[arg(long, value_name = "B")]
    pub backend: Option<String>,
    /// What to tune for
    #[arg(long, value_enum)]
    pub metric: Option<Metric>,
    /// Only this recipe: an id, or a file that need not be in the catalog
    #[arg(long, value_name = "FILE-OR-ID")]
    pub recipe: Option<String>,
    /// Exactly what was asked for, or a clear no
    #[arg(long)]
    pub strict: bool,
    /// Let flags and values through that the engine is not known to take
    #[arg(long)]
    pub allow_unknown_flags: bool,
}

/// The GPU count, as a second word or as a flag.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Request")]
pub(super) struct CountArgs {
    /// How many GPUs to use [default: by the model's size]
    #[arg(value_name = "GPUS", help_heading = None::<&str>,
          value_parser = clap::value_parser!(u32).range(1..=4096))]
    pub gpu_count: Option<u32>,
    /// The same as GPUS
    #[arg(long, alias = "gpu-count", value_name = "N", conflicts_with = "gpu_count",
          value_parser = clap::value_parser!(u32).range(1..=4096))]
    pub gpus: Option<u32>,
}

impl CountArgs {
    /// The GPU count, in whichever form it was given.
    pub fn get(&self) -> Option<u32> {
        self.gpu_count.or(self.gpus)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Metric {
    Latency,
    Throughput,
}

impl Metric {
    pub fn name(self) -> &'static str {
        match self {
            Metric::Latency => "latency",
            Metric::Throughput => "throughput",
        }
    }
}

/// The machine.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Machine")]
pub(super) struct MachineArgs {
    /// Decide as if on this GPU, such as MI300X; nothing is detected
    #[arg(long, value_name = "NAME")]
    pub hardware: Option<String>,
    /// Decide as if this many GPUs were usable
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=4096))]
    pub available_gpus: Option<u32>,
    /// Decide for the machine whose facts `detect --format json` saved
    #[arg(long, value_name = "FILE", conflicts_with = "hardware")]
    pub host: Option<PathBuf>,
    /// Read /sys, /proc and /dev below this folder
    #[arg(long, value_name = "DIR", conflicts_with_all = ["hardware", "host"])]
    pub root: Option<PathBuf>,
}

/// The catalog.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Catalog")]
pub(super) struct CatalogArgs {
    /// Recipes and models of this folder, in place of the built-in ones
    #[arg(long, value_name = "DIR", env = "AIM_CATALOG")]
    pub catalog: Option<PathBuf>,
    /// Add the files of this folder; what has the same id replaces (repeatable)
    #[arg(long, value_name = "DIR")]
    pub overlay: Vec<PathBuf>,
    /// Add these rules; a file with a built-in one's name replaces it (repeatable)
    #[arg(
        long,
        value_name = "FILE-OR-DIR",
        env = "AIM_RULES",
        value_delimiter = ':'
    )]
    pub rules: Vec<PathBuf>,
    /// Keep the store in this file
    #[arg(long, value_name = "FILE", env = "AIM_STORE")]
    pub store: Option<PathBuf>,
    /// Take the store as it is, without a look at the catalog's files
    #[arg(long)]
    pub trust_store: bool,
    /// Make the store again: it turned out to be damaged.
    #[arg(skip)]
    pub store_anew: bool,
}

/// The container.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Container")]
pub(super) struct ContainerArgs {
    /// Port, inside and outside [default: the recipe's, else the engine's]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub port: Option<u16>,
    /// Container image [default: the recipe's, else the engine's]
    #[arg(long, value_name = "REF")]
    pub image: Option<String>,
    /// Container name [default: aim- and the model]
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// GPUs to use, by number
    #[arg(long, value_name = "IDS", value_delimiter = ',')]
    pub gpu_ids: Vec<u32>,
    /// Folder of the host where models are kept
    #[arg(long, value_name = "DIR")]
    pub cache_dir: Option<PathBuf>,
    /// In the background: `launch` returns once the model is served
    #[arg(long)]
    pub detach: bool,
    /// Name the GPUs by CDI (amd.com/gpu=0), in place of device files
    #[arg(long)]
    pub cdi: bool,
}

#[derive(Debug, Args)]
pub(super) struct GenerateArgs {
    // Not a flattened RequestArgs: with --batch there is no model on the command line.
    /// Hugging Face id of the model, or an alias of its card
    #[arg(required_unless_present = "batch", conflicts_with = "batch")]
    pub model: Option<String>,
    #[command(flatten)]
    pub count: CountArgs,
    #[command(flatten)]
    pub wanted: WantedArgs,
    /// What to print
    #[arg(long, value_enum, default_value_t = GenerateFormat::Docker, help_heading = "Output")]
    pub format: GenerateFormat,
    /// Put the reasons into the output, as comments
    #[arg(long, help_heading = "Output")]
    pub explain: bool,
    /// Requests as JSON lines, from a file or - for stdin; answers as JSON lines
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub batch: Option<PathBuf>,
    #[command(flatten)]
    pub machine: MachineArgs,
    #[command(flatten)]
    pub catalog: CatalogArgs,
    #[command(flatten)]
    pub container: ContainerArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum GenerateFormat {
    /// A `docker run` command for sh
    Docker,
    /// The engine's own command, for use inside its container
    Exec,
    /// A file for Docker Compose
    Compose,
    /// A `.container` file for systemd and podman
    Quadlet,
    /// A script for sh that starts the container and waits for it
    Script,
    /// The whole answer
    Json,
}

/// How an answer that is a table is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum TableFormat {
    /// A table
    Human,
    /// JSON
    Json,
}

#[derive(Debug, Args)]
pub(super) struct ListArgs {
    /// What to list
    pub what: Listed,
    #[command(flatten)]
    pub listing: ListingArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Listed {
    Models,
    Recipes,
    Hardware,
    Backends,
}

#[derive(Debug, Args)]
pub(super) struct ListingArgs {
    /// How to print it
    #[arg(long, value_enum, default_value_t = TableFormat::Human)]
    pub format: TableFormat,
    #[command(flatten)]
    pub catalog: CatalogArgs,
}

#[derive(Debug, Args)]
pub(super) struct ConfigurationsArgs {
    /// Hugging Face id of the model, or an alias of its card
    pub model: String,
    #[command(flatten)]
    pub listing: ListingArgs,
}

#[derive(Debug, Args)]
pub(super) struct DetectArgs {
    /// How to print it
    #[arg(long, value_enum, default_value_t = TableFormat::Human)]
    pub format: TableFormat,
    /// Read /sys, /proc, /dev and the tools' output below this folder
    #[arg(long, value_name = "DIR")]
    pub root: Option<PathBuf>,
    /// Also ask Python's torch in a container of this image, which must be there already
    #[arg(long, value_name = "IMAGE", conflicts_with = "root")]
    pub deep: Option<String>,
    /// The container engine for --deep
    #[arg(
        long,
        value_name = "PROGRAM",
        default_value = "docker",
        requires = "deep"
    )]
    pub engine: String,
    #[command(flatten)]
    pub catalog: CatalogArgs,
}

#[derive(Debug, Args)]
pub(super) struct NewArgs {
    #[command(subcommand)]
    pub what: NewCommand,
}

#[derive(Debug, Subcommand)]
pub(super) enum NewCommand {
    /// A recipe, filled by the model's size and the GPU
    #[command(
        after_help = "Example:\n  aim-engine new recipe Qwen/Qwen3-8B --hardware MI300X --precision bf16"
    )]
    Recipe(NewRecipeArgs),
    /// A model card, to be completed
    #[command(after_help = "Example:\n  aim-engine new model Qwen/Qwen3-8B --size 8.2B")]
    Model(NewModelArgs),
}

#[derive(Debug, Args)]
pub(super) struct NewRecipeArgs {
    /// Hugging Face id of the model, or an alias of its card
    pub model: String,
    /// The GPU it is for
    #[arg(long, value_name = "NAME")]
    pub hardware: String,
    /// Precision of the weights [default: that of the published weights]
    #[arg(long, value_name = "P")]
    pub precision: Option<String>,
    /// Engines that get blocks [default: vllm]
    #[arg(long, value_name = "B", value_delimiter = ',')]
    pub backend: Vec<String>,
    /// GPU counts that get a block [default: 1, 2, 4 and 8, as far as the weights fit]
    #[arg(long, value_name = "N", value_delimiter = ',', value_parser = clap::value_parser!(u32).range(1..=4096))]
    pub gpus: Vec<u32>,
    #[command(flatten)]
    pub to: NewTarget,
}

#[derive(Debug, Args)]
pub(super) struct NewModelArgs {
    /// Hugging Face id of the model
    pub model: String,
    /// Parameters, such as 32.8B
    #[arg(long, value_name = "SIZE")]
    pub size: String,
    /// Longest context, in tokens
    #[arg(long, value_name = "TOKENS")]
    pub context_length: Option<u32>,
    /// Precision of the published weights [default: bf16]
    #[arg(long, value_name = "P")]
    pub precision: Option<String>,
    #[command(flatten)]
    pub to: NewTarget,
}

#[derive(Debug, Args)]
pub(super) struct NewTarget {
    /// Write to this file; - for stdout [default: its place below the catalog folder, or stdout]
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Replace a file that is there
    #[arg(long)]
    pub force: bool,
    #[command(flatten)]
    pub catalog: CatalogArgs,
}

#[derive(Debug, Args)]
pub(super) struct RulesArgs {
    #[command(subcommand)]
    pub what: RulesCommand,
}

#[derive(Debug, Subcommand)]
pub(super) enum RulesCommand {
    /// List the checks and the relations that decide
    #[command(
        after_help = "Examples:\n  aim-engine rules list\n  aim-engine rules list AIM3\n  aim-engine rules list rejected_ --format json"
    )]
    List(super::rules::RulesListArgs),
    /// Show what a check or a relation says, with examples and its rules
    #[command(
        after_help = "Examples:\n  aim-engine rules show AIM301\n  aim-engine rules show eligible"
    )]
    Show(super::rules::RulesShowArgs),
    /// Check rule files together with the built-in ones
    #[command(
        after_help = "Examples:\n  aim-engine rules check site.dl\n  aim-engine rules check --alone graph.dl"
    )]
    Check(RulesCheckArgs),
    /// Run rule files by themselves, as Soufflé does
    #[command(
        after_help = "`.input NAME` reads DIR/NAME.facts (tab-separated); `.output NAME` writes DIR/NAME.csv.\n\nExample:\n  aim-engine rules run graph.dl --facts facts --output out"
    )]
    Run(RulesRunArgs),
}

#[derive(Debug, Args)]
pub(super) struct RulesCheckArgs {
    /// Rule files
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// Without the built-in rules
    #[arg(long)]
    pub alone: bool,
}

#[derive(Debug, Args)]
pub(super) struct RulesRunArgs {
    /// Rule files
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// Folder of the `.facts` files
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub facts: PathBuf,
    /// Folder for the `.csv` files [default: print them]
    #[arg(long, value_name = "DIR")]
    pub output: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct CompletionsArgs {
    /// The shell
    pub shell: clap_complete::Shell,
}
