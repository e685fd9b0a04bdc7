//! Proposed changes, made as a user would make them: flags of the request and the machine, and edits
//! of a recipe's YAML.

use aim_engine::explain::{Change, Configuration};
use aim_engine::launch::MachineFacts;
use aim_engine::store::Store;
use serde_json::Value as Json;
use serde_yaml::Value;

use super::case::Case;
use super::machine::all_visible;
use super::reference;
use super::reference::arguments::{Reading, read};
use super::reference::documents::{Backend, Block, Catalog, Recipe};
use super::reference::eligibility::{HardwareMatch, engine_version};

/// Applies all that one entry says.
pub fn apply(
    case: &mut Case,
    configuration: &Configuration,
    proposed: &Change,
    store: &Store,
) -> Result<(), String> {
    for (key, value) in &proposed.change {
        one(case, configuration, key, value, proposed, store)
            .map_err(|fault| format!("`{key}`: {fault}"))?;
    }
    Ok(())
}

fn one(
    case: &mut Case,
    configuration: &Configuration,
    key: &str,
    value: &Json,
    proposed: &Change,
    store: &Store,
) -> Result<(), String> {
    let text = || value.as_str().map(str::to_owned).ok_or("no text");
    let number = || {
        let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
        number.ok_or("no number")
    };
    match key {
        "gpus" => case.request.gpus = Some(number()?),
        "precision" => case.request.precision = Some(text()?),
        "backend" => case.request.backend = Some(text()?),
        "metric" => case.request.metric = Some(text()?),
        "strict" => case.request.strict = false,
        "recipe" => case.request.recipe = Some(text()?),
        "model" => case.request.model = text()?,
        "allow_unknown_flags" => case.request.allow_unknown_flags = true,
        "visible" => all_visible(&mut case.machine),
        "available_gpus" => case.machine.gpus = Some(number()?),
        "hardware" => {
            let name = text()?;
            let known = store.hardware_name(&name).unwrap();
            let known = known.ok_or(format!("`--hardware {name}` is unknown"))?;
            // What is usable now, unless another step of the same entry says otherwise.
            let gpus = case.machine.gpus.unwrap_or(case.request.available_gpus);
            case.machine = MachineFacts::named(&known, Some(gpus));
        }
        _ => recipe(case, configuration, key, value, proposed)?,
    }
    Ok(())
}

fn recipe(
    case: &mut Case,
    configuration: &Configuration,
    key: &str,
    value: &Json,
    proposed: &Change,
) -> Result<(), String> {
    let text = || value.as_str().map(str::to_owned).ok_or("no text");
    let Some(backend) = case
        .catalog
        .backends
        .iter()
        .find(|backend| backend.backend == configuration.backend)
    else {
        return Err("an unknown backend".into());
    };
    let name = named_flag(case, configuration, backend, key);
    let recipes = &mut case.catalog.recipes;
    let recipe = recipes
        .iter_mut()
        .find(|recipe| recipe.recipe_id == configuration.recipe_id)
        .ok_or("no such recipe")?;
    match key {
        "recipe_precision" => recipe.precision = text()?,
        "recipe_hardware" => recipe.hardware = text()?,
        "readiness" => recipe.readiness_level = Some(text()?),
        _ => {
            let block = block(recipe, backend, configuration.gpus).ok_or("no such block")?;
            match key {
                "enabled" => block.enabled = true,
                "without_flag" => {
                    let flag = text()?;
                    block.args.remove(&flag).ok_or("no such flag")?;
                }
                "value" => {
                    let flag = value["flag"].as_str().ok_or("no flag")?;
                    let to = value["to"].as_str().ok_or("no value")?;
                    let argument = block.args.get_mut(flag).ok_or("no such flag")?;
                    *argument = Value::from(to);
                }
                "tensor_parallel" | "memory_share" => {
                    let value = serde_yaml::to_value(value).map_err(|error| error.to_string())?;
                    block.args.insert(name, value);
                }
                _ => return Err(format!("how is that done? {}", proposed.says)),
            }
        }
    }
    Ok(())
}

fn block<'r>(recipe: &'r mut Recipe, backend: &Backend, gpus: i64) -> Option<&'r mut Block> {
    let section = recipe.sections.get_mut(&backend.recipe_section)?;
    section.get_mut(&format!("{gpus}_gpu"))
}

/// The name under which a block already gives the flag in question, else the flag's own.
fn named_flag(
    case: &Case,
    configuration: &Configuration,
    backend: &'static Backend,
    key: &str,
) -> String {
    let flag = match key {
        "tensor_parallel" => &backend.tensor_parallel_flag,
        _ => &backend.memory_share.flag,
    };
    let taken = Reading::Taken(flag.clone());
    let found = configuration_of(&case.catalog, configuration, backend).and_then(|of| {
        let hardware = case.catalog.hardware(&case.request.hardware)?;
        let version = engine_version(&of, &hardware.gfx);
        let mut names = of.block.args.iter();
        let name = names.find(|(name, value)| read(backend, &version, name, value) == taken);
        name.map(|(name, _)| name.clone())
    });
    found.unwrap_or_else(|| flag.clone())
}

/// A configuration as the reference names it.
pub fn configuration_of<'a>(
    catalog: &'a Catalog,
    configuration: &Configuration,
    backend: &'a Backend,
) -> Option<reference::Configuration<'a>> {
    let mut recipes = catalog.recipes.iter();
    let recipe = recipes.find(|recipe| recipe.recipe_id == configuration.recipe_id)?;
    let mut blocks = recipe.blocks(&backend.recipe_section);
    let (gpus, block) = blocks.find(|(gpus, _)| i64::from(*gpus) == configuration.gpus)?;
    Some(reference::Configuration {
        recipe,
        backend,
        gpus,
        block,
        hardware: HardwareMatch::Own,
        rejected_by: None,
    })
}
