//! Points 5 to 12: what rejects a configuration.

use super::Configuration;
use super::arguments::{self, Reading};
use super::documents::{Card, Catalog, Recipe, Request};
use super::targets::Targets;
use super::version::Version;

/// How a recipe's hardware relates to the machine's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum HardwareMatch {
    /// The same.
    Own,
    /// The same gfx target, and the machine's memory is no smaller.
    Compatible,
    /// Anything else.
    Other,
}

/// Compares a recipe's hardware with the machine's.
pub fn hardware_match(catalog: &Catalog, request: &Request, recipe: &Recipe) -> HardwareMatch {
    if recipe.hardware == request.hardware {
        return HardwareMatch::Own;
    }
    let machine = catalog.hardware(&request.hardware);
    match (machine, catalog.hardware(&recipe.hardware)) {
        (Some(machine), Some(recipe))
            if machine.gfx == recipe.gfx && machine.vram_mib >= recipe.vram_mib =>
        {
            HardwareMatch::Compatible
        }
        _ => HardwareMatch::Other,
    }
}

/// The first point that rejects a configuration.
pub fn rejected_by(
    catalog: &Catalog,
    request: &Request,
    card: Option<&Card>,
    targets: &Targets,
    configuration: &Configuration,
) -> Option<u8> {
    let points = points(catalog, request, card, targets, configuration);
    points.into_iter().next()
}

/// All points that reject a configuration.
pub fn points(
    catalog: &Catalog,
    request: &Request,
    card: Option<&Card>,
    targets: &Targets,
    configuration: &Configuration,
) -> Vec<u8> {
    let Configuration {
        recipe,
        backend,
        gpus,
        block,
        ..
    } = *configuration;
    let mut points = Vec::new();
    let mut reject = |point: u8, rejects: bool| points.extend(rejects.then_some(point));
    reject(5, !block.enabled);
    reject(6, configuration.hardware == HardwareMatch::Other);
    let too_many = gpus > targets.usable || request.gpus.is_some_and(|asked| gpus > asked);
    reject(7, too_many);

    let hardware = catalog.hardware(&request.hardware).unwrap();
    let version = engine_version(configuration, &hardware.gfx);
    let parallel: u32 =
        match arguments::value(backend, &version, block, &backend.tensor_parallel_flag) {
            Some(value) => arguments::word(value).parse().unwrap(),
            None => gpus,
        };
    let bits = bits(&recipe.precision);
    let too_large = bits
        .zip(card.and_then(Card::parameters))
        .is_some_and(|(bits, parameters)| {
            let share = memory_share(configuration, &version);
            let [weights, budget] =
                weights_and_budget(parameters, bits, parallel, hardware.vram_mib, share);
            weights > budget
        });
    reject(8, too_large);
    let heads = card.and_then(|card| card.attention.as_ref()?.heads);
    reject(
        9,
        heads.is_some_and(|heads| !heads.is_multiple_of(parallel)),
    );
    let mut readings = block
        .args
        .iter()
        .map(|(flag, value)| arguments::read(backend, &version, flag, value));
    let refused = readings.any(|reading| reading == Reading::Refused);
    reject(10, refused && !request.allow_unknown_flags);
    let mut site_rules = catalog.site_rules.iter();
    let vetoed = site_rules.any(|rule| {
        rule.points.is_none() && rule.covers(&recipe.recipe_id, &backend.backend, gpus)
    });
    reject(11, vetoed);
    reject(12, request.strict && !as_asked(request, configuration));
    points
}

/// Whether a configuration differs from nothing of what was asked: GPU count, precision, backend.
pub fn as_asked(request: &Request, configuration: &Configuration) -> bool {
    let Configuration {
        recipe,
        backend,
        gpus,
        ..
    } = *configuration;
    request.gpus.is_none_or(|asked| asked == gpus)
        && (request.precision.as_ref()).is_none_or(|asked| *asked == recipe.precision)
        && (request.backend.as_ref()).is_none_or(|asked| *asked == backend.backend)
}

/// Bytes per GPU: the weights, and what the engine may take.
pub fn weights_and_budget(
    parameters: f64,
    bits: f64,
    parallel: u32,
    vram_mib: u32,
    share: f64,
) -> [f64; 2] {
    const MIB: f64 = 1024.0 * 1024.0;
    [
        parameters * bits / 8.0 / f64::from(parallel),
        f64::from(vram_mib) * MIB * share,
    ]
}

/// Bits of one weight, for the precisions that have a size.
pub fn bits(precision: &str) -> Option<f64> {
    match precision {
        "fp32" => Some(32.0),
        "bf16" | "fp16" => Some(16.0),
        "fp8" | "int8" => Some(8.0),
        "int4" | "fp4" | "mxfp4" => Some(4.0),
        _ => None,
    }
}

/// The recipe's version, else that of the backend's image for the machine.
pub fn engine_version(configuration: &Configuration, gfx: &str) -> Version {
    if let Some(version) = &configuration.recipe.engine_version {
        return Version::of(version);
    }
    let images = &configuration.backend.images;
    let fitting = images
        .iter()
        .find(|image| image.gfx.as_deref().is_none_or(|of| of == gfx));
    // With none for the machine it is the first of all.
    fitting.or(images.first()).unwrap().version.clone()
}

/// The share that the block gives the engine, else the engine's default.
pub fn memory_share(configuration: &Configuration, version: &Version) -> f64 {
    let backend = configuration.backend;
    let flag = &backend.memory_share.flag;
    if let Some(value) = arguments::value(backend, version, configuration.block, flag) {
        return arguments::word(value).parse().unwrap();
    }
    let defaults = backend.memory_share.defaults.iter().rev();
    let mut since = defaults.filter(|default| default.since <= *version);
    since.next().unwrap().share
}
