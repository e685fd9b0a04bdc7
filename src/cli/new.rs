//! `new recipe` and `new model`: a file from a template, filled by the model's size.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::catalog::embedded;
use crate::catalog::model::Model;
use crate::catalog::size;
use crate::catalog::yaml;
use crate::launch::{Detail, MachineFacts, Outcome, Request, decide};

use super::args::{NewArgs, NewCommand, NewModelArgs, NewRecipeArgs, NewTarget};
use super::failure::{Exit, Failure};
use super::machine::named;
use super::output;
use super::session::Session;

pub(super) fn run(args: &NewArgs) -> Result<Exit, Failure> {
    match &args.what {
        NewCommand::Recipe(args) => recipe(args),
        NewCommand::Model(args) => model(args),
    }
}

/// `catalog/templates/sizes.yaml`.
#[derive(Debug, Deserialize)]
struct Sizes {
    sizes: Vec<Size>,
    dtypes: BTreeMap<String, String>,
}

/// What recipes for models of up to a size start from.
#[derive(Debug, Deserialize)]
struct Size {
    up_to_millions: f64,
    memory_share: f64,
    max_model_len: u32,
    max_num_seqs: u32,
    batched_tokens: BTreeMap<u32, u32>,
}

impl Size {
    /// The figure of the greatest GPU count that is not above `gpus`.
    fn batched_tokens(&self, gpus: u32) -> u32 {
        let entry = self
            .batched_tokens
            .range(..=gpus)
            .next_back()
            .or(self.batched_tokens.iter().next());
        entry.map_or(8192, |(_, tokens)| *tokens)
    }
}

/// The GPU counts that are tried when none are named.
const COUNTS: [u32; 4] = [1, 2, 4, 8];

fn recipe(args: &NewRecipeArgs) -> Result<Exit, Failure> {
    let session = Session::open(&args.to.catalog, None)?;
    let Some(card) = session.store.model(&args.model)? else {
        let mut failure = super::generate::unknown_model(&session.store, &args.model)?;
        failure.reports.push(
            miette::MietteDiagnostic::new("a recipe is filled by its model's card")
                .with_severity(miette::Severity::Advice)
                .with_help("`aim-engine new model` begins a card")
                .into(),
        );
        return Err(failure);
    };
    let id = card.id().unwrap_or_default().to_owned();
    let most = args.gpus.iter().copied().max().unwrap_or(8);
    let machine = named(&args.hardware, Some(most), None, &session.store)?;
    let hardware = machine.hardware.clone().unwrap_or_default();
    let precision = args
        .precision
        .clone()
        .or_else(|| card.weights_precision.clone())
        .unwrap_or_else(|| "bf16".to_owned())
        .to_lowercase();
    let recipe_id = format!("{}-{}-{precision}", slug(&id), hardware.to_lowercase());
    let counts = if args.gpus.is_empty() {
        COUNTS.to_vec()
    } else {
        args.gpus.clone()
    };
    let draft = filled(&recipe_id, &id, &hardware, &precision, &card, &counts)?;
    let (fit, reasons) = fitting(args, &draft, &recipe_id, &id, &machine, &counts)?;
    for reason in &reasons {
        output::line("note", reason);
    }
    if fit.is_empty() {
        return Err(Failure::say(
            Exit::No,
            "new::nothing_fits",
            format!("`{id}` at {precision} fits no count of {hardware} tried"),
            "choose a smaller precision, or more GPUs with `--gpus`",
        ));
    }
    let text = filled(&recipe_id, &id, &hardware, &precision, &card, &fit)?;
    write(&args.to, &format!("recipes/{recipe_id}.yaml"), &text)
}

/// Which counts the rules would let this recipe serve, and why not the others.
fn fitting(
    args: &NewRecipeArgs,
    draft: &str,
    recipe_id: &str,
    model: &str,
    machine: &MachineFacts,
    counts: &[u32],
) -> Result<(Vec<u32>, Vec<String>), Failure> {
    let dir = tempfile::tempdir()?;
    let file = dir.path().join(format!("{recipe_id}.yaml"));
    fs::write(&file, draft)?;
    let catalog = super::args::CatalogArgs {
        store: Some(dir.path().join("store.db")),
        ..args.to.catalog.clone()
    };
    let session = Session::open(&catalog, Some(&file))?;
    let request = Request {
        model: model.to_owned(),
        recipe: Some(recipe_id.to_owned()),
        ..Request::default()
    };
    let machines = std::slice::from_ref(machine);
    let decisions = decide(
        &session.store,
        &session.policy()?,
        &[(request, 0)],
        machines,
        Detail::Search,
    )?;
    let tried = decisions.into_iter().flat_map(|decision| decision.tried);
    let mut fit = Vec::new();
    let mut reasons = Vec::new();
    for tried in tried {
        if tried.outcome == Outcome::Rejected {
            reasons.push(format!(
                "no block for {} GPUs: {}",
                tried.gpus, tried.because
            ));
        } else {
            fit.push(tried.gpus);
        }
    }
    fit.sort_unstable();
    fit.retain(|count| counts.contains(count));
    Ok((fit, reasons))
}

fn filled(
    recipe_id: &str,
    model: &str,
    hardware: &str,
    precision: &str,
    card: &Model,
    counts: &[u32],
) -> Result<String, Failure> {
    let sizes = sizes()?;
    let millions = card.parameters_millions();
    // Of a model of unknown size the most cautious start is that of a large one.
    let size = sizes
        .sizes
        .iter()
        .find(|size| millions.is_some_and(|millions| millions <= size.up_to_millions))
        .or(sizes.sizes.last())
        .ok_or_else(|| broken("sizes.yaml"))?;
    let dtype = sizes
        .dtypes
        .get(precision)
        .map_or_else(String::new, |dtype| format!("      --dtype: {dtype}\n"));
    let longest = card
        .context_length
        .unwrap_or(u32::MAX)
        .min(size.max_model_len);
    let mut blocks = String::new();
    for gpus in counts {
        blocks.push_str(&fill(
            "block.yaml",
            &[
                ("gpus", &gpus.to_string()),
                ("dtype", &dtype),
                ("memory_share", &size.memory_share.to_string()),
                ("batched_tokens", &size.batched_tokens(*gpus).to_string()),
                ("max_num_seqs", &size.max_num_seqs.to_string()),
                ("max_model_len", &longest.to_string()),
            ],
        )?);
    }
    fill(
        "recipe.yaml",
        &[
            ("recipe_id", &scalar(recipe_id)),
            ("model", &scalar(model)),
            ("hardware", &scalar(hardware)),
            ("precision", &scalar(precision)),
            ("blocks", blocks.trim_end()),
        ],
    )
}

fn sizes() -> Result<Sizes, Failure> {
    let text = embedded::template("sizes.yaml").ok_or_else(|| broken("sizes.yaml"))?;
    let root = yaml::read(text).map_err(|_| broken("sizes.yaml"))?;
    serde_yaml::from_value(root.to_value()).map_err(|_| broken("sizes.yaml"))
}

fn model(args: &NewModelArgs) -> Result<Exit, Failure> {
    let id = args.model.trim();
    let parts: Vec<&str> = id.split('/').collect();
    let valid = parts.len() == 2
        && parts.iter().all(|part| {
            !part.is_empty()
                && !part.starts_with('.')
                && part
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
        });
    if !valid {
        return Err(Failure::say(
            Exit::Usage,
            "new::model_id",
            format!("`{id}` is no Hugging Face id"),
            "write it like `org/name`",
        ));
    }
    if size::millions(&args.size).is_none() {
        return Err(Failure::say(
            Exit::Usage,
            "new::size",
            format!("`{}` is no size", args.size),
            "write it like `32.8B` or `135M`",
        ));
    }
    let name = parts.last().copied().unwrap_or_default();
    let text = fill(
        "model.yaml",
        &[
            ("model", &scalar(id)),
            ("alias", &scalar(&slug(id))),
            ("name", &scalar(&name.replace('-', " "))),
            ("size", &scalar(&args.size)),
            ("precision", &scalar(&args.precision)),
            (
                "context_length",
                &args
                    .context_length
                    .map_or_else(|| "null".to_owned(), |tokens| tokens.to_string()),
            ),
        ],
    )?;
    write(&args.to, &format!("models/{id}.yaml"), &text)
}

/// The last part of a model's id as recipes' names have it: `Qwen/Qwen2.5-7B` is `qwen2-5-7b`.
fn slug(model: &str) -> String {
    let name = model.rsplit('/').next().unwrap_or(model).to_lowercase();
    name.chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect()
}

/// A YAML scalar that reads as this text.
fn scalar(text: &str) -> String {
    let plain = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | ' '))
        && !text.ends_with(' ')
        && !matches!(
            text.to_ascii_lowercase().as_str(),
            "null" | "true" | "false" | "yes" | "no" | "on" | "off" | "y" | "n"
        );
    if plain {
        text.to_owned()
    } else {
        serde_json::Value::from(text).to_string()
    }
}

fn fill(template: &str, values: &[(&str, &str)]) -> Result<String, Failure> {
    let mut text = embedded::template(template)
        .ok_or_else(|| broken(template))?
        .to_owned();
    for (name, value) in values {
        text = text.replace(&format!("{{{name}}}"), value);
    }
    Ok(text)
}

fn broken(template: &str) -> Failure {
    Failure::say(
        Exit::Environment,
        "new::template",
        format!("the template `{template}` cannot be used"),
        "",
    )
}

/// Writes the file as a whole or not at all, and says where it is.
fn write(to: &NewTarget, name: &str, text: &str) -> Result<Exit, Failure> {
    let path: PathBuf = match (&to.output, &to.catalog.catalog) {
        (Some(path), _) if path == Path::new("-") => {
            output::answer(text)?;
            return Ok(Exit::Done);
        }
        (Some(path), _) => path.clone(),
        (None, Some(dir)) => dir.join(name),
        (None, None) => {
            output::answer(text)?;
            return Ok(Exit::Done);
        }
    };
    let dir = path
        .parent()
        .filter(|dir| !dir.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    fs::create_dir_all(dir)?;
    let mut file = tempfile::NamedTempFile::new_in(dir)?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    let done = if to.force {
        file.persist(&path)
    } else {
        file.persist_noclobber(&path)
    };
    if let Err(error) = done {
        let there = error.error.kind() == std::io::ErrorKind::AlreadyExists;
        let help = if there {
            "choose another with `--output`, or replace it with `--force`"
        } else {
            ""
        };
        return Err(Failure::say(
            if there {
                Exit::Usage
            } else {
                Exit::Environment
            },
            "new::write",
            format!("cannot write `{}`: {}", path.display(), error.error),
            help,
        ));
    }
    output::line("wrote", &path.display().to_string());
    Ok(Exit::Done)
}
