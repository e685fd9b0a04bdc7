//! Requests that a catalog has something to say to.

use super::super::documents::{Catalog, Request};
use super::Random;

const MACHINES: &[&str] = &["MI300X", "MI325X", "MI308X", "MI355X", "MI250", "MI210"];

/// A request for one of the catalog's models, on one of its machines or another one.
pub fn request(random: &mut Random, catalog: &Catalog) -> Request {
    let wanted = random.pick(&catalog.recipes);
    let model = if random.chance(5) && !catalog.cards.is_empty() {
        // Perhaps without recipes.
        random.pick(&catalog.cards).huggingface_id.clone()
    } else {
        wanted.model_id.clone()
    };
    let aliases = catalog.card(&model).map(|card| card.aliases.as_slice());
    let model = match aliases.and_then(|aliases| aliases.first()) {
        Some(alias) if random.chance(25) => alias.clone(),
        _ => model,
    };
    let hardware = if random.chance(15) || catalog.hardware(&wanted.hardware).is_none() {
        *random.pick(MACHINES)
    } else {
        &wanted.hardware
    };
    let some_recipe = random.pick(&catalog.recipes);
    let recipe_of_model = some_recipe
        .model_id
        .eq_ignore_ascii_case(&wanted.model_id)
        .then(|| some_recipe.recipe_id.clone());
    let only = recipe_of_model.filter(|_| random.chance(15));
    let precision = match random.below(4) {
        0 => Some((*random.pick(&["bf16", "fp16", "fp8", "fp32", "fp6"])).into()),
        1 => Some(wanted.precision.clone()),
        _ => None,
    };
    Request {
        model: random.other_case(if only.is_some() {
            &wanted.model_id
        } else {
            &model
        }),
        gpus: random
            .chance(45)
            .then(|| *random.pick(&[1, 2, 3, 4, 5, 6, 7, 8, 8, 8, 16])),
        precision,
        backend: random
            .chance(40)
            .then(|| (*random.pick(&["vllm", "sglang"])).into()),
        metric: random
            .chance(50)
            .then(|| (*random.pick(&["latency", "throughput"])).into()),
        strict: random.chance(25),
        hardware: hardware.into(),
        available_gpus: *random.pick(&[1, 2, 3, 4, 5, 7, 8, 8, 8, 8, 8, 8, 8, 16]),
        recipe: only,
        allow_unknown_flags: random.chance(15),
    }
}
