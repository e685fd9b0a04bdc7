//! Catalogs whose configurations differ in few things, so that each criterion gets to decide.

use std::collections::BTreeMap;

use super::super::documents::{
    Attention, Backend, Benchmark, Block, Card, Catalog, Hardware, Recipe, SiteRule,
    built_in_backends, built_in_hardware,
};
use super::super::eligibility::{bits, weights_and_budget};
use super::super::version::Version;
use super::Random;
use super::arguments::{SHARES, arguments};

const MODELS: &[&str] = &["Qwen/Qwen3-32B", "meta-llama/Llama-3.1-8B", "org/Model_X"];
const HARDWARE: &[&[&str]] = &[
    &["MI300X", "MI325X"],
    &["MI300X", "MI308X"],
    &["MI300X", "MI325X", "MI308X", "MI300A"],
    &["MI350X", "MI355X"],
    &["MI350X", "MI300X"],
    &["MI250", "MI210", "MI250X"],
    &["MI300X"],
    &["MI300X", "MI399X"],
    &["MI300X", "MI999X", "MI250"],
];
const PRECISIONS: &[&str] = &[
    "bf16", "fp16", "fp8", "int8", "int4", "fp32", "fp4", "mxfp4", "fp6", "w4a16",
];
const SIZES: &[&str] = &[
    "135M", "8B", "9.9B", "10B", "10.1B", "20B", "20.5B", "32.8B", "40B", "40.1B", "70.6B", "405B",
    "1.03T",
];
const EXACT_SIZES: &[u64] = &[
    10_000_000_000,
    10_000_000_001,
    20_000_000_000,
    20_000_000_001,
    40_000_000_000,
    40_000_000_001,
    9_999_999_999,
];
const READINESS: &[&str] = &[
    "production",
    "preview",
    "experimental",
    "Production-Ready",
    "Tech Preview",
    "Day-0 Available",
];
const OWN_VRAM_MIB: [u32; 3] = [98_304, 196_608, 262_144];
const VLLM_VERSIONS: &[&str] = &["0.6.0", "0.9.1", "0.10.0", "0.24.0", "0.33.0"];
const SGLANG_VERSIONS: &[&str] = &["0.4.6.post5", "0.5.3.post3", "0.5.14", "0.5.23"];

/// What the recipes of one catalog are drawn from.
struct Pools {
    models: Vec<&'static str>,
    hardware: Vec<&'static str>,
    precisions: Vec<&'static str>,
    gpus: Vec<u32>,
    doubt: usize,
}

/// A catalog of a few models and recipes.
pub fn catalog(random: &mut Random) -> Catalog {
    let models = 1 + random.below(2);
    let precisions = 1 + random.below(3);
    let counts = 1 + random.below(3);
    let pools = Pools {
        models: random.some(MODELS, models),
        hardware: random.pick(HARDWARE).to_vec(),
        precisions: random.some(PRECISIONS, precisions),
        gpus: random.some(&[1, 2, 3, 4, 5, 6, 7, 8], counts),
        doubt: *random.pick(&[0, 20, 60]),
    };
    let own_hardware = if pools.hardware.contains(&"MI399X") {
        vec![Hardware {
            hardware: "MI399X".into(),
            gfx: "gfx942".into(),
            vram_mib: *random.pick(&OWN_VRAM_MIB),
        }]
    } else {
        Vec::new()
    };
    let mut catalog = Catalog {
        recipes: Vec::new(),
        cards: Vec::new(),
        own_hardware,
        site_rules: Vec::new(),
        backends: built_in_backends(),
    };
    for number in 0..2 + random.below(6) {
        let recipe = recipe(random, &pools, number);
        catalog.recipes.push(recipe);
    }
    for id in MODELS {
        if random.chance(85) {
            let card = card(random, &pools, id);
            catalog.cards.push(card);
        }
    }
    if random.chance(40) {
        for _ in 0..=random.below(4) {
            let rule = site_rule(random, &catalog, &pools);
            catalog.site_rules.push(rule);
        }
    }
    catalog
}

fn recipe(random: &mut Random, pools: &Pools, number: usize) -> Recipe {
    let model = *random.pick(&pools.models);
    let hardware = *random.pick(&pools.hardware);
    let precision = *random.pick(&pools.precisions);
    let slug = model.rsplit('/').next().unwrap_or(model).to_lowercase();
    // `-10` before `-9`, and a dash before a digit.
    let suffix = *random.pick(&["", "-9", "-10", "9"]);
    let recipe_id = format!("{slug}-{hardware}-{precision}{suffix}-{}", 9 + number).to_lowercase();
    let mut recipe = Recipe {
        recipe_id,
        model_id: random.other_case(model),
        huggingface_id: String::new(),
        hardware: hardware.into(),
        precision: precision.into(),
        readiness_level: random.chance(40).then(|| (*random.pick(READINESS)).into()),
        metric: random
            .chance(40)
            .then(|| (*random.pick(&["latency", "throughput"])).into()),
        engine_version: None,
        image: None,
        sections: BTreeMap::new(),
    };
    recipe.huggingface_id.clone_from(&recipe.model_id);

    let backends = built_in_backends();
    let gfx = built_in_hardware()
        .iter()
        .find(|known| known.hardware == hardware)
        .map_or("gfx942", |known| &known.gfx);
    let has_image = |backend: &Backend| {
        let mut images = backend.images.iter();
        images.any(|image| image.gfx.as_deref().is_none_or(|of| of == gfx))
    };
    let one = random.below(3);
    for (index, backend) in backends.iter().enumerate() {
        let only = one == index;
        if one < backends.len() && !only {
            continue;
        }
        // A version of its own belongs to one engine, so only such a recipe has one; an engine
        // without an image for the hardware needs one.
        let own = only && random.chance(30) || !has_image(backend);
        if own && !only {
            continue;
        }
        let version = if own {
            let known = if backend.backend == "vllm" {
                VLLM_VERSIONS
            } else {
                SGLANG_VERSIONS
            };
            let version = *random.pick(known);
            recipe.engine_version = Some(version.into());
            recipe.image = Some(format!("example.com/{}:v{version}", backend.backend));
            Version::of(version)
        } else {
            let mut images = backend.images.iter();
            let image = images.find(|image| image.gfx.as_deref().is_none_or(|of| of == gfx));
            image.unwrap().version.clone()
        };
        let blocks = blocks(random, pools, backend, &version);
        recipe
            .sections
            .insert(backend.recipe_section.clone(), blocks);
    }
    recipe
}

fn blocks(
    random: &mut Random,
    pools: &Pools,
    backend: &Backend,
    version: &Version,
) -> BTreeMap<String, Block> {
    let count = 1 + random.below(pools.gpus.len());
    let mut blocks = BTreeMap::new();
    for gpus in random.some(&pools.gpus, count) {
        let benchmark = random.chance(40).then(|| Benchmark {
            output_tokens_per_s: random
                .chance(75)
                .then(|| *random.pick(&[900.0, 1000.0, 1000.5, 2000.0, 10_000.0])),
            ttft_ms: random
                .chance(75)
                .then(|| *random.pick(&[9.0, 50.0, 50.25, 100.0])),
        });
        let block = Block {
            enabled: random.chance(92),
            args: arguments(random, backend, version, gpus, pools.doubt),
            benchmark,
        };
        blocks.insert(format!("{gpus}_gpu"), block);
    }
    blocks
}

/// A card whose weights are never within a rounding error of what fits.
fn card(random: &mut Random, pools: &Pools, id: &str) -> Card {
    loop {
        let card = any_card(random, pools, id);
        if !nearly_equal(&card, pools) {
            return card;
        }
    }
}

fn any_card(random: &mut Random, pools: &Pools, id: &str) -> Card {
    let slug = id.rsplit('/').next().unwrap_or(id).to_lowercase();
    let mut card = Card {
        model_id: id.into(),
        huggingface_id: id.into(),
        aliases: if random.chance(60) {
            vec![slug]
        } else {
            Vec::new()
        },
        size: None,
        parameters: None,
        readiness_level: random.chance(60).then(|| {
            let word = *random.pick(READINESS);
            if random.chance(15) { "beta" } else { word }.into()
        }),
        attention: random.chance(70).then(|| Attention {
            layers: 32,
            heads: random
                .chance(85)
                .then(|| *random.pick(&[64, 64, 40, 28, 14, 9, 25, 7])),
        }),
    };
    match random.below(6) {
        0 => {}
        1 => card.parameters = Some(*random.pick(EXACT_SIZES)),
        2 | 3 => {
            let size = *random.pick(SIZES);
            card.size = Some(size.into());
        }
        _ => {
            card.parameters = Some(nearly_full(random, pools));
            // The exact figure counts.
            card.size = random.chance(50).then(|| "1B".into());
        }
    }
    card
}

/// Parameters that just fit some block, or just do not.
fn nearly_full(random: &mut Random, pools: &Pools) -> u64 {
    let hardware = *random.pick(&pools.hardware);
    let known = built_in_hardware().iter();
    let vram_mib = known
        .clone()
        .find(|known| known.hardware == hardware)
        .map_or(196_608, |known| known.vram_mib);
    let precision: &str = random.pick::<&str>(&pools.precisions);
    let bits = bits(precision).unwrap_or(16.0);
    let share = *random.pick(&[0.9, 0.92, 0.73, 0.5, 0.95]);
    let parallel = *random.pick(&pools.gpus);
    let [per_parameter, budget] = weights_and_budget(1.0, bits, parallel, vram_mib, share);
    let factor = *random.pick(&[0.97, 0.999, 1.001, 1.03]);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a positive number of parameters"
    )]
    let parameters = (budget / per_parameter * factor) as u64;
    parameters
}

fn nearly_equal(card: &Card, pools: &Pools) -> bool {
    const CLOSE_BYTES: f64 = 4.0 * 1024.0 * 1024.0;
    let Some(parameters) = card.parameters() else {
        return false;
    };
    let memories = built_in_hardware().iter().map(|known| known.vram_mib);
    let memories: Vec<u32> = memories.chain(OWN_VRAM_MIB).collect();
    let defaults = built_in_backends()
        .iter()
        .flat_map(|backend| &backend.memory_share.defaults)
        .map(|default| default.share);
    let shares: Vec<f64> = defaults.chain(SHARES).collect();
    pools.precisions.iter().filter_map(|p| bits(p)).any(|bits| {
        (1..=8).any(|parallel| {
            memories.iter().any(|&memory| {
                shares.iter().any(|&share| {
                    let [weights, budget] =
                        weights_and_budget(parameters, bits, parallel, memory, share);
                    (weights - budget).abs() < CLOSE_BYTES
                })
            })
        })
    })
}

fn site_rule(random: &mut Random, catalog: &Catalog, pools: &Pools) -> SiteRule {
    let recipe = random.pick(&catalog.recipes).recipe_id.clone();
    let mut rule = SiteRule {
        recipe: random.chance(60).then_some(recipe),
        backend: random
            .chance(30)
            .then(|| (*random.pick(&["vllm", "sglang"])).into()),
        gpus: random.chance(30).then(|| *random.pick(&pools.gpus)),
        points: None,
    };
    if random.chance(70) {
        rule.points = Some(*random.pick(&[-5, 1, 2, 2, 10]));
    } else if rule.recipe.is_none() && rule.backend.is_none() {
        rule.gpus = Some(*random.pick(&pools.gpus));
    }
    rule
}
