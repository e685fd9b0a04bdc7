//! `why` and `why-not`: what is asked about, and how the answer is shown.

mod in_shell;
mod reports;
mod why;
mod why_not;

use clap::{Args, ValueEnum};

use crate::datalog::Pattern;
use crate::datalog::parse_pattern;
use crate::explain::{Asked, Rules, Style, Wanted, World};
use crate::policy::PolicyError;

use super::args::{CatalogArgs, MachineArgs, WantedArgs};
use super::failure::{Exit, Failure};
use super::generate::request;
use super::machine::machine;
use super::session::Session;

pub(super) use in_shell::{why_not_of, why_of};
pub(super) use why::{WhyArgs, run as why};
pub(super) use why_not::{WhyNotArgs, run as why_not};

/// How an explanation is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ExplainFormat {
    /// Sentences, with the lines they point at where the terminal is wide enough
    Human,
    /// Sentences alone
    Tree,
    /// JSON
    Json,
}

/// How much of an explanation is shown.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Output")]
pub(super) struct ShownArgs {
    /// How to print it
    #[arg(long, value_enum, default_value_t = ExplainFormat::Human)]
    pub format: ExplainFormat,
    /// Follow reasons through so many levels [default: 1, of what does not hold 3; JSON: all]
    #[arg(long, value_name = "N")]
    pub depth: Option<usize>,
    /// Follow all reasons to their end, and leave nothing out
    #[arg(long, conflicts_with = "depth")]
    pub full: bool,
}

impl ShownArgs {
    fn is_json(&self) -> bool {
        self.format == ExplainFormat::Json
    }

    /// How deep to follow reasons; `usual` where nothing is said of it.
    fn depth(&self, usual: usize) -> usize {
        match self.depth {
            Some(depth) => depth,
            // One less than the largest, so that "one deeper" is a number too.
            None if self.full || self.is_json() => usize::MAX / 2,
            None => usual,
        }
    }

    /// Whether reasons that come after the first ones are shown too.
    fn all(&self) -> bool {
        self.full || self.is_json()
    }

    fn style(&self) -> Style {
        Style { columns: columns() }
    }
}

/// Levels of a proof that are shown when nothing is said of it.
const PROOF_DEPTH: usize = 1;
/// The same of the reasons why a tuple does not hold, which are fewer and further down.
const REFUSAL_DEPTH: usize = 3;

/// Columns of the terminal; of a usual one where the output goes elsewhere.
fn columns() -> usize {
    terminal_size::terminal_size()
        .map_or(80, |(width, _)| usize::from(width.0))
        .min(100)
}

/// The request that a question about a tuple belongs to.
#[derive(Clone, Debug, Args)]
pub(super) struct QuestionArgs {
    #[command(flatten)]
    pub wanted: WantedArgs,
    /// The request's model, where it does not follow from what is asked about
    #[arg(long, value_name = "MODEL", help_heading = "Request")]
    pub model: Option<String>,
    #[command(flatten)]
    pub machine: MachineArgs,
    #[command(flatten)]
    pub catalog: CatalogArgs,
}

impl QuestionArgs {
    /// The request for a model, which follows from these words when no flag names it.
    fn asked(
        &self,
        session: &Session,
        model: &str,
        words: &str,
        gpus: Option<(u32, String)>,
    ) -> Result<Asked, Failure> {
        let (gpus, gpus_by) = gpus.unzip();
        let request = request(session, model, gpus, &self.wanted)?;
        let machine = machine(&self.machine, request.gpus, &session.store)?;
        let by_flag = self.model.as_ref().map(|model| format!("--model {model}"));
        Ok(Asked {
            request,
            machine,
            model_by: by_flag.unwrap_or_else(|| words.to_owned()),
            gpus_by,
        })
    }
}

/// A list is cut after so many where not everything was asked for.
const MOST_LISTED: usize = 10;

/// A heading and what is below it, after an empty line.
fn section(out: &mut String, title: &str) {
    out.push('\n');
    out.push_str(title);
    out.push('\n');
}

/// Whether words are a tuple, `relation(...)`, and not a name.
fn is_tuple(words: &str) -> bool {
    words.contains('(')
}

/// The tuples that words mean: `relation(a, "b", _)`, or a relation's name for all of them.
fn pattern(rules: &Rules, words: &str) -> Result<Pattern, Failure> {
    let text = match rules.checked.relation(words.trim()) {
        Some(relation) => {
            let columns = rules
                .checked
                .info(relation)
                .map_or(0, |info| info.columns.len());
            format!("{}({})", words.trim(), vec!["_"; columns].join(", "))
        }
        None => words.to_owned(),
    };
    let mut sources = rules.sources.clone();
    parse_pattern(&rules.checked, &mut sources, &text).map_err(|diagnostics| {
        PolicyError::Rules {
            diagnostics,
            sources: Box::new(sources),
        }
        .into()
    })
}

/// The world that a tuple lives in: with a request where its relation depends on one. The request's
/// model is named by a flag, or by a value of the tuple that is a model's or a recipe's name.
fn world_of<'s>(
    session: &'s Session,
    rules: Rules,
    pattern: &Pattern,
    question: &QuestionArgs,
    words: &str,
    gpus: Option<(u32, String)>,
) -> Result<World<'s>, Failure> {
    let store = &session.store;
    let asked = if rules.depends_on_request(pattern.relation) {
        let named = question.model.clone().or(model_in(session, pattern)?);
        let Some(model) = named else {
            return Err(Failure::say(
                Exit::Usage,
                "explain::no_request",
                "this relation depends on a request, and no model is asked for",
                "name the request's model with `--model MODEL`",
            ));
        };
        Some(question.asked(session, &model, words, gpus)?)
    } else {
        None
    };
    let also = model_in(session, pattern)?;
    let also: Vec<String> = also.into_iter().collect();
    Ok(World::new(
        store,
        rules,
        asked,
        &also,
        Wanted::Relation(pattern.relation),
    )?)
}

/// The model that a value of the tuple names, by its own name or by that of a recipe.
fn model_in(session: &Session, pattern: &Pattern) -> Result<Option<String>, Failure> {
    for value in pattern.values.iter().flatten() {
        let crate::datalog::Datum::Symbol(text) = value else {
            continue;
        };
        if let Some(recipe) = session.store.recipe_named(text)? {
            return Ok(Some(recipe.model));
        }
        let names = session.store.model_names()?;
        if names.iter().any(|name| name.eq_ignore_ascii_case(text)) {
            return Ok(Some(text.clone()));
        }
    }
    Ok(None)
}
