//! What the catalog says, and the orders that the choice compares by.

use datafrog::Relation;

use super::{Block, Facts, Number, Real, Symbol, of};

/// Since, until, flag, kind.
pub type KnownFlag = (Number, Number, Symbol, Symbol);

/// The base relations of the choice that do not depend on a request.
pub struct Catalog {
    /// Recipe to model, hardware, precision.
    pub by_recipe: Relation<(Symbol, (Symbol, Symbol, Symbol))>,
    pub configuration: Relation<(Symbol, (Symbol, Number))>,
    pub model_name: Relation<(Symbol, Symbol)>,
    pub enabled: Relation<Block>,
    /// Hardware to architecture and memory.
    pub hardware: Relation<(Symbol, (Symbol, Number))>,
    pub backend: Relation<(Symbol, ())>,
    pub model_heads: Relation<(Symbol, Number)>,
    pub memory_share: Relation<(Block, Real)>,
    pub default_share: Relation<((Symbol, Number), Real)>,
    pub backend_rank: Relation<(Symbol, Number)>,
    pub precision_rank: Relation<(Symbol, Number)>,
    pub measured: Relation<(Block, Real)>,
    pub block_version: Relation<(Block, Number)>,
    pub block_image: Relation<Block>,
    /// Backend to place, architecture, version.
    pub images: Relation<(Symbol, (Number, Symbol, Number))>,
    /// By backend and name.
    pub known_flag: Relation<((Symbol, Symbol), KnownFlag)>,
    pub misnamed: Relation<((Symbol, Symbol), Symbol)>,
    pub choices: Relation<(Symbol, Symbol, Number, Symbol)>,
    pub argument: Relation<(Block, Symbol)>,
    pub argument_word: Relation<(Block, (Symbol, Symbol, Symbol))>,
    /// Kind and reading.
    pub fits: Relation<(Symbol, Symbol)>,
    pub model_parameters: Relation<(Symbol, Real)>,
    parallel: Relation<(Block, Number)>,
    bits: Relation<(Symbol, Number)>,
    readiness: Relation<(Symbol, Symbol)>,
    model_readiness: Relation<(Symbol, Symbol)>,
    readiness_order: Relation<(Symbol, Number)>,
    pub no_architecture: Symbol,
}

const BITS: [(&str, Number); 8] = [
    ("fp32", 32),
    ("bf16", 16),
    ("fp16", 16),
    ("fp8", 8),
    ("int8", 8),
    ("int4", 4),
    ("fp4", 4),
    ("mxfp4", 4),
];
const READINESS: [(&str, Number); 6] = [
    ("production", 1),
    ("production-ready", 1),
    ("preview", 2),
    ("tech preview", 2),
    ("experimental", 3),
    ("day-0 available", 3),
];
const BACKENDS: [&str; 2] = ["vllm", "sglang"];
const PRECISIONS: [&str; 5] = ["bf16", "fp16", "fp8", "int8", "int4"];
const FITS: [(&str, &str); 18] = [
    ("int", "integer"),
    ("float", "integer"),
    ("float", "number"),
    ("human-int", "integer"),
    ("human-int", "human-integer"),
    ("human-int-or-auto", "integer"),
    ("human-int-or-auto", "human-integer"),
    ("human-int-or-auto", "auto"),
    ("flag", "boolean"),
    ("flag", "nothing"),
    ("bool", "boolean"),
    ("bool", "nothing"),
    ("const", "boolean"),
    ("const", "nothing"),
    ("removed-stub", "boolean"),
    ("removed-stub", "nothing"),
    ("negation", "boolean"),
    ("negation", "nothing"),
];

/// The symbols of the rules themselves.
pub fn words() -> Vec<&'static str> {
    let named = BITS.iter().chain(&READINESS).map(|(word, _)| *word);
    let fits = FITS.iter().flat_map(|(kind, reading)| [*kind, *reading]);
    named
        .chain(fits)
        .chain(BACKENDS)
        .chain(PRECISIONS)
        .chain([""])
        .collect()
}

impl Catalog {
    pub fn read(facts: &Facts) -> Catalog {
        let ordered = |words: &[(&str, Number)]| -> Relation<(Symbol, Number)> {
            words
                .iter()
                .map(|(word, place)| (facts.symbol(word), *place))
                .collect()
        };
        let recipe = |row: &super::rows::Row<'_>| (row.s(0), (row.s(1), row.s(2), row.s(3)));
        let by_recipe = facts.relation("recipe", recipe);
        let configuration = facts.relation("configuration", |row| (row.s(0), (row.s(1), row.n(2))));
        let backends = configuration.iter().map(|&(_, (b, _))| b).collect();
        let precisions = by_recipe.iter().map(|&(_, (_, _, p))| p).collect();
        Catalog {
            backend_rank: ranks(&BACKENDS.map(|word| facts.symbol(word)), backends),
            precision_rank: ranks(&PRECISIONS.map(|word| facts.symbol(word)), precisions),
            by_recipe,
            configuration,
            model_name: facts.relation("model_name", |row| (row.s(0), row.s(1))),
            enabled: facts.relation("enabled", |row| row.block()),
            hardware: facts.relation("hardware", |row| (row.s(0), (row.s(1), row.n(2)))),
            backend: facts.relation("backend", |row| (row.s(0), ())),
            model_heads: facts.relation("model_heads", |row| (row.s(0), row.n(1))),
            memory_share: facts.relation("memory_share_argument", |row| {
                (row.block(), row.r(3).to_bits())
            }),
            default_share: facts.relation("default_memory_share", |row| {
                ((row.s(0), row.n(1)), row.r(2).to_bits())
            }),
            measured: facts.relation("measured_output", |row| (row.block(), row.r(3).to_bits())),
            block_version: facts.relation("block_version", |row| (row.block(), row.n(3))),
            block_image: facts.relation("block_image", |row| row.block()),
            images: facts.relation("backend_image", |row| {
                (row.s(0), (row.n(1), row.s(2), row.n(4)))
            }),
            known_flag: facts.relation("known_flag", |row| {
                (
                    (row.s(0), row.s(1)),
                    (row.n(2), row.n(3), row.s(4), row.s(5)),
                )
            }),
            misnamed: facts.relation("misnamed_flag", |row| ((row.s(0), row.s(1)), row.s(2))),
            choices: facts.relation("flag_choice", |row| {
                (row.s(0), row.s(1), row.n(2), row.s(3))
            }),
            argument: facts.relation("argument", |row| (row.block(), row.s(3))),
            argument_word: facts.relation("argument_word", |row| {
                (row.block(), (row.s(3), row.s(4), row.s(5)))
            }),
            fits: FITS
                .iter()
                .map(|(kind, reading)| (facts.symbol(kind), facts.symbol(reading)))
                .collect(),
            model_parameters: facts
                .relation("model_parameters", |row| (row.s(0), row.r(1).to_bits())),
            parallel: facts.relation("tensor_parallel_argument", |row| (row.block(), row.n(3))),
            bits: ordered(&BITS),
            readiness: facts.relation("recipe_readiness", |row| (row.s(0), row.s(1))),
            model_readiness: facts.relation("model_readiness", |row| (row.s(0), row.s(1))),
            readiness_order: ordered(&READINESS),
            no_architecture: facts.symbol(""),
        }
    }

    pub fn hardware_place(&self, hardware: Symbol, other: Symbol) -> Number {
        match hardware == other {
            true => 1,
            false if self.runs_on(hardware, other) => 2,
            false => 3,
        }
    }

    pub fn runs_on(&self, hardware: Symbol, other: Symbol) -> bool {
        let figures = of(&self.hardware, hardware).zip(of(&self.hardware, other));
        hardware == other
            || figures.is_some_and(|((gfx, vram), (other, least))| gfx == other && vram >= least)
    }

    pub fn tensor_parallel(&self, block: Block) -> Option<Number> {
        match of(&self.parallel, block) {
            Some(size) => (size > 0).then_some(size),
            None => Some(block.2),
        }
    }

    /// MiB of each GPU.
    pub fn weights(&self) -> Relation<(Block, Real)> {
        let of_blocks = self.configuration.iter().filter_map(|&(r, (b, n))| {
            let (model, _, precision) = of(&self.by_recipe, r)?;
            let millions = f64::from_bits(of(&self.model_parameters, model)?);
            let bits = f64::from(of(&self.bits, precision)?);
            let size = f64::from(self.tensor_parallel((r, b, n))?);
            let mib = millions * bits / 8.0 / size * 0.953_674_316_406_25;
            Some(((r, b, n), mib.to_bits()))
        });
        of_blocks.collect()
    }

    pub fn readiness_place(&self, recipe: Symbol) -> Number {
        let of_model = || {
            let (model, _, _) = of(&self.by_recipe, recipe)?;
            of(&self.model_readiness, model)
        };
        let level = of(&self.readiness, recipe).or_else(of_model);
        level
            .and_then(|level| of(&self.readiness_order, level))
            .unwrap_or(1000)
    }
}

/// The named ones in their order, then the others by name.
fn ranks(named: &[Symbol], mut all: Vec<Symbol>) -> Relation<(Symbol, Number)> {
    all.sort_unstable();
    all.dedup();
    all.retain(|one| !named.contains(one));
    let named = named.iter().copied().zip(1..);
    named.chain(all.into_iter().zip(1000..)).collect()
}
