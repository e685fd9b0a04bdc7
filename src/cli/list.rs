//! `list`, `list-recipes`, `show-configurations`: what the catalog holds.

use serde::Serialize;

use crate::store::{RecipeSummary, Store};

use super::args::{ConfigurationsArgs, ListArgs, Listed, ListingArgs, TableFormat};
use super::failure::{Exit, Failure};
use super::output;
use super::session::Session;
use super::table::table;

pub(super) fn run(args: &ListArgs) -> Result<Exit, Failure> {
    match args.what {
        Listed::Recipes => recipes(&args.listing, None),
        Listed::Models => models(&args.listing),
        Listed::Hardware => hardware(&args.listing),
        Listed::Backends => backends(&args.listing),
    }
}

/// The recipes, of one model or all.
pub(super) fn recipes(args: &ListingArgs, model: Option<&str>) -> Result<Exit, Failure> {
    let store = Session::open(&args.catalog, None)?.store;
    let recipes = store.recipes(model)?;
    print(
        args,
        &recipes,
        &["recipe", "hardware", "precision", "configurations"],
        |recipe| {
            vec![
                recipe.recipe_id.clone(),
                recipe.hardware.clone(),
                recipe.precision.clone(),
                counts(recipe),
            ]
        },
    )
}

/// `vllm 1 2 4, sglang 4`: the enabled blocks.
fn counts(recipe: &RecipeSummary) -> String {
    let mut text = String::new();
    let mut last = "";
    for block in recipe.configurations.iter().filter(|block| block.enabled) {
        if block.backend != last {
            if !text.is_empty() {
                text.push_str(", ");
            }
            text.push_str(&block.backend);
            last = &block.backend;
        }
        text.push_str(&format!(" {}", block.gpus));
    }
    if text.is_empty() {
        "none enabled".to_owned()
    } else {
        text
    }
}

fn models(args: &ListingArgs) -> Result<Exit, Failure> {
    #[derive(Serialize)]
    struct Row {
        model_id: String,
        aliases: Vec<String>,
        size: Option<String>,
        parameters: Option<u64>,
        weights_precision: Option<String>,
        context_length: Option<u32>,
        gated: bool,
        readiness_level: Option<String>,
        recipes: usize,
    }
    let store = Session::open(&args.catalog, None)?.store;
    let recipes = store.recipes(None)?;
    let mut rows: Vec<Row> = store
        .models()?
        .into_iter()
        .map(|model| {
            let id = model.id().unwrap_or_default().to_owned();
            Row {
                recipes: recipes.iter().filter(|recipe| recipe.model == id).count(),
                model_id: id,
                aliases: model.aliases,
                size: model.size,
                parameters: model.parameters,
                weights_precision: model.weights_precision,
                context_length: model.context_length,
                gated: model.gated,
                readiness_level: model.readiness_level,
            }
        })
        .collect();
    for recipe in &recipes {
        // A model without a card is served all the same.
        if !rows.iter().any(|row| row.model_id == recipe.model) {
            let of_model = recipes
                .iter()
                .filter(|other| other.model == recipe.model)
                .count();
            rows.push(Row {
                model_id: recipe.model.clone(),
                aliases: Vec::new(),
                size: None,
                parameters: None,
                weights_precision: None,
                context_length: None,
                gated: false,
                readiness_level: None,
                recipes: of_model,
            });
        }
    }
    print(
        args,
        &rows,
        &["model", "size", "weights", "recipes"],
        |row| {
            vec![
                row.model_id.clone(),
                row.size.clone().unwrap_or_default(),
                row.weights_precision.clone().unwrap_or_default(),
                row.recipes.to_string(),
            ]
        },
    )
}

fn hardware(args: &ListingArgs) -> Result<Exit, Failure> {
    let store = Session::open(&args.catalog, None)?.store;
    let all = store.all_hardware()?;
    print(
        args,
        &all,
        &["hardware", "gfx", "memory", "precisions"],
        |hardware| {
            let unsure = |key: &str| {
                if hardware.uncertain.iter().any(|other| other == key) {
                    " (uncertain)"
                } else {
                    ""
                }
            };
            vec![
                hardware.hardware.clone(),
                hardware.gfx.clone(),
                format!("{} GiB{}", hardware.vram_mib / 1024, unsure("vram_mib")),
                hardware.native_precisions.join(" "),
            ]
        },
    )
}

fn backends(args: &ListingArgs) -> Result<Exit, Failure> {
    let store = Session::open(&args.catalog, None)?.store;
    let all = store.backends()?;
    print(
        args,
        &all,
        &["backend", "version", "gfx", "image"],
        |backend| {
            let column = |text: fn(&crate::catalog::backend::Image) -> &str| {
                backend
                    .images
                    .iter()
                    .map(text)
                    .collect::<Vec<_>>()
                    .join("\n")
            };
            vec![
                backend.backend.clone(),
                column(|image| &image.version),
                column(|image| image.gfx.as_deref().unwrap_or("any")),
                column(|image| &image.image),
            ]
        },
    )
}

pub(super) fn configurations(args: &ConfigurationsArgs) -> Result<Exit, Failure> {
    #[derive(Serialize)]
    struct Row<'a> {
        recipe_id: &'a str,
        hardware: &'a str,
        precision: &'a str,
        backend: &'a str,
        gpus: u32,
        enabled: bool,
        file: &'a str,
    }
    let session = Session::open(&args.listing.catalog, None)?;
    let recipes = known_recipes(&session.store, &args.model)?;
    let rows: Vec<Row<'_>> = recipes
        .iter()
        .flat_map(|recipe| {
            recipe.configurations.iter().map(|block| Row {
                recipe_id: &recipe.recipe_id,
                hardware: &recipe.hardware,
                precision: &recipe.precision,
                backend: &block.backend,
                gpus: block.gpus,
                enabled: block.enabled,
                file: &recipe.file,
            })
        })
        .collect();
    print(
        &args.listing,
        &rows,
        &[
            "recipe",
            "hardware",
            "precision",
            "backend",
            "gpus",
            "enabled",
        ],
        |row| {
            vec![
                row.recipe_id.to_owned(),
                row.hardware.to_owned(),
                row.precision.to_owned(),
                row.backend.to_owned(),
                row.gpus.to_string(),
                if row.enabled { "yes" } else { "no" }.to_owned(),
            ]
        },
    )
}

fn known_recipes(store: &Store, model: &str) -> Result<Vec<RecipeSummary>, Failure> {
    let recipes = store.recipes(Some(model))?;
    if recipes.is_empty() && store.model(model)?.is_none() {
        return Err(super::made::unknown_model(store, model)?);
    }
    Ok(recipes)
}

fn print<T: Serialize>(
    args: &ListingArgs,
    rows: &[T],
    header: &[&str],
    row: impl Fn(&T) -> Vec<String>,
) -> Result<Exit, Failure> {
    match args.format {
        TableFormat::Json => output::json(&rows)?,
        TableFormat::Human => output::answer(&table(header, rows.iter().map(row).collect()))?,
    }
    Ok(Exit::Done)
}
