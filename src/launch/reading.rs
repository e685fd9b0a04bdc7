//! Decisions, read off the completed relations.

use crate::datalog::{ByNumber, CompiledProgram, Model, RelId, Tuple};
use crate::policy::{Policy, PolicyError};

use super::blocks::Blocks;
use super::cached::Reading;
use super::decision::{Decision, Detail, MachineView, Memory, Selected};
use super::tried::Search;

/// What the program reads by name, each from a detail on.
const NAMED: [(Detail, &str); 29] = [
    (Detail::Selection, "requested_model"),
    (Detail::Selection, "considered"),
    (Detail::Selection, "chosen"),
    (Detail::Selection, "chosen_recipe"),
    (Detail::Selection, "exact"),
    (Detail::Choice, "requested_hardware"),
    (Detail::Choice, "usable"),
    (Detail::Choice, "requested_gfx"),
    (Detail::Choice, "requested_vram"),
    (Detail::Choice, "requested_device"),
    (Detail::Choice, "chosen_image"),
    (Detail::Choice, "chosen_weights"),
    (Detail::Choice, "chosen_kv_cache"),
    (Detail::Choice, "chosen_budget"),
    (Detail::Choice, "chosen_room"),
    (Detail::Choice, "chosen_timeout"),
    (Detail::Choice, "chosen_flag"),
    (Detail::Choice, "chosen_negation"),
    (Detail::Choice, "chosen_repeat"),
    (Detail::Choice, "chosen_revision"),
    (Detail::Choice, "chosen_cached"),
    (Detail::Choice, "chosen_offline"),
    (Detail::Choice, "chosen_fetch"),
    (Detail::Choice, "chosen_fetch_mib"),
    (Detail::Choice, "chosen_fetch_unknown"),
    (Detail::Search, "search_place"),
    (Detail::Search, "search_rank"),
    (Detail::Search, "considered_recipe"),
    (Detail::Search, "eligible"),
];
/// What it reads by the beginning of the name.
const FAMILIES: [(Detail, &str); 6] = [
    (Detail::Selection, "differs_in_"),
    (Detail::Choice, "warning_"),
    (Detail::Choice, "chosen_writes_"),
    (Detail::Choice, "obstacle_"),
    (Detail::Search, "rejected_"),
    (Detail::Search, "after_"),
];

/// The relations that answers of some detail are read from.
pub(super) struct Reader<'p> {
    policy: &'p Policy,
    named: Vec<(&'static str, RelId)>,
    families: Vec<(&'static str, Vec<RelId>)>,
}

impl<'p> Reader<'p> {
    pub(super) fn new(policy: &'p Policy, detail: Detail) -> Result<Self, PolicyError> {
        let mut named = Vec::new();
        for (_, name) in NAMED.iter().filter(|(from, _)| *from <= detail) {
            named.push((*name, relation(&policy.program, name)?));
        }
        let families = FAMILIES.iter().filter(|(from, _)| *from <= detail);
        let families = families.map(|(_, prefix)| {
            let named = policy.relations_named(prefix);
            (*prefix, named.into_iter().map(|(id, _)| id).collect())
        });
        Ok(Reader {
            policy,
            named,
            families: families.collect(),
        })
    }

    pub(super) fn goals(&self) -> Vec<RelId> {
        let named = self.named.iter().map(|(_, id)| *id);
        let families = self
            .families
            .iter()
            .flat_map(|(_, ids)| ids.iter().copied());
        named.chain(families).collect()
    }

    /// The decisions for requests 1 to `count`.
    pub(super) fn read(&self, model: &Model, count: usize) -> Vec<Decision> {
        let open = |name: &str| {
            let found = self.named.iter().find(|(known, _)| *known == name);
            Column(found.map(|(_, id)| model.by_number(*id)))
        };
        let family = |prefix: &str| {
            let found = self.families.iter().find(|(known, _)| *known == prefix);
            let ids = found.map_or(&[][..], |(_, ids)| ids);
            // Most are empty, and each would be asked for each request.
            let filled = ids.iter().filter(|id| model.len(**id) > 0);
            Family {
                policy: self.policy,
                relations: filled.map(|id| (*id, model.by_number(*id))).collect(),
            }
        };
        let said = |name: &str| {
            let found = self.named.iter().find(|(known, _)| *known == name);
            Family {
                policy: self.policy,
                relations: found
                    .map(|(_, id)| (*id, model.by_number(*id)))
                    .into_iter()
                    .collect(),
            }
        };
        let id = |name: &str| self.named.iter().find(|(known, _)| *known == name);
        let mut answers = Answers {
            model: open("requested_model"),
            considered: open("considered"),
            chosen: open("chosen"),
            recipe: open("chosen_recipe"),
            exact: open("exact"),
            hardware: open("requested_hardware"),
            gfx: open("requested_gfx"),
            usable: open("usable"),
            vram: open("requested_vram"),
            devices: open("requested_device"),
            image: open("chosen_image"),
            weights: open("chosen_weights"),
            kv_cache: open("chosen_kv_cache"),
            budget: open("chosen_budget"),
            room: open("chosen_room"),
            timeout: open("chosen_timeout"),
            cached: Reading {
                revision: open("chosen_revision"),
                state: open("chosen_cached"),
                fetch_mib: open("chosen_fetch_mib"),
                offline: said("chosen_offline"),
                fetch: said("chosen_fetch"),
                unknown: said("chosen_fetch_unknown"),
                writes: family("chosen_writes_"),
                obstacles: family("obstacle_"),
            },
            differs: family("differs_in_"),
            warnings: family("warning_"),
            blocks: Blocks::new(model, |name| id(name).map(|(_, id)| *id)),
            search: id("search_place").map(|_| Search {
                places: open("search_place"),
                ranks: open("search_rank"),
                recipes: open("considered_recipe"),
                eligible: open("eligible"),
                rejections: family("rejected_"),
                afters: family("after_"),
            }),
        };
        (1..).take(count).map(|at| answers.decision(at)).collect()
    }
}

fn relation(program: &CompiledProgram, name: &'static str) -> Result<RelId, PolicyError> {
    program.relation(name).ok_or(PolicyError::Missing(name))
}

/// A relation by request, or nothing where its detail is not wanted.
pub(super) struct Column<'m>(Option<ByNumber<'m>>);

impl<'m> Column<'m> {
    pub(super) fn of(&mut self, request: i64) -> impl Iterator<Item = Tuple<'m>> + Clone + use<'m> {
        self.0
            .as_mut()
            .map(|tuples| tuples.of(request))
            .into_iter()
            .flatten()
    }

    /// The first tuple by its values.
    pub(super) fn first(&mut self, request: i64) -> Option<Tuple<'m>> {
        self.of(request).min_by(Tuple::compare)
    }

    pub(super) fn symbol(&mut self, request: i64) -> Option<&'m str> {
        self.first(request)?.symbol(1)
    }

    pub(super) fn number(&mut self, request: i64) -> Option<i64> {
        self.first(request)?.number(1)
    }

    fn float(&mut self, request: i64, column: usize) -> Option<f64> {
        self.first(request)?.float(column)
    }
}

/// The relations whose names begin alike, by request.
pub(super) struct Family<'m> {
    policy: &'m Policy,
    relations: Vec<(RelId, ByNumber<'m>)>,
}

impl<'m> Family<'m> {
    /// Each tuple of a request with its relation and its sentence: the relations in the order of their declarations, the
    /// tuples of one by their values.
    pub(super) fn each(&mut self, request: i64, mut say: impl FnMut(&'m str, &Tuple<'m>, String)) {
        for (id, tuples) in &mut self.relations {
            let mut tuples: Vec<Tuple<'m>> = tuples.of(request).collect();
            tuples.sort_by(Tuple::compare);
            for tuple in tuples {
                say(
                    self.policy.program.name(*id),
                    &tuple,
                    self.policy.say(*id, &tuple),
                );
            }
        }
    }

    /// The same with the advice of each.
    pub(super) fn advised(
        &mut self,
        request: i64,
        mut say: impl FnMut(&'m str, String, Option<String>),
    ) {
        for (id, tuples) in &mut self.relations {
            let mut tuples: Vec<Tuple<'m>> = tuples.of(request).collect();
            tuples.sort_by(Tuple::compare);
            for tuple in tuples {
                let policy = self.policy;
                say(
                    policy.program.name(*id),
                    policy.say(*id, &tuple),
                    policy.advise(*id, &tuple),
                );
            }
        }
    }

    pub(super) fn sentences(&mut self, request: i64) -> Vec<String> {
        let mut sentences = Vec::new();
        self.each(request, |_, _, says| sentences.push(says));
        sentences
    }
}

struct Answers<'m> {
    model: Column<'m>,
    considered: Column<'m>,
    chosen: Column<'m>,
    recipe: Column<'m>,
    exact: Column<'m>,
    hardware: Column<'m>,
    gfx: Column<'m>,
    usable: Column<'m>,
    vram: Column<'m>,
    devices: Column<'m>,
    image: Column<'m>,
    weights: Column<'m>,
    kv_cache: Column<'m>,
    budget: Column<'m>,
    room: Column<'m>,
    timeout: Column<'m>,
    cached: Reading<'m>,
    differs: Family<'m>,
    warnings: Family<'m>,
    blocks: Blocks<'m>,
    search: Option<Search<'m>>,
}

impl<'m> Answers<'m> {
    fn decision(&mut self, request: i64) -> Decision {
        let chosen = self.chosen.first(request);
        let recipe = self.recipe.first(request);
        let hardware = self.hardware.symbol(request);
        let selected = chosen.zip(recipe).map(|(chosen, recipe)| Selected {
            recipe_id: text(&chosen, 1),
            backend: text(&chosen, 2),
            gpus: count(&chosen, 3),
            precision: text(&recipe, 3),
            hardware: text(&recipe, 2),
        });
        let mut differs = self.differs.sentences(request);
        for clause in &mut differs {
            // To stand among others.
            clause.truncate(clause.trim_end_matches('.').len());
        }
        let flags = match (hardware, &chosen) {
            (Some(hardware), Some(chosen)) => self.blocks.flags(hardware, chosen),
            _ => std::sync::Arc::default(),
        };
        let search = self.search.as_mut();
        Decision {
            model: self.model.symbol(request).map(str::to_owned),
            machine: MachineView {
                hardware: hardware.map(str::to_owned),
                gfx: self.gfx.symbol(request).map(str::to_owned),
                usable_gpus: self.usable.number(request),
                vram_mib: self.vram.number(request),
                gpu_ids: self.devices.of(request).map(|one| count(&one, 1)).collect(),
            },
            exact: self.exact.of(request).next().is_some(),
            differs,
            considered: self.considered.of(request).count(),
            tried: search
                .map(|search| search.tried(request, chosen.as_ref()))
                .unwrap_or_default(),
            image: self.image.symbol(request).map(str::to_owned),
            flags,
            memory: self.memory(request),
            timeout_s: self
                .timeout
                .number(request)
                .and_then(|seconds| seconds.try_into().ok()),
            cached: self.cached.of(request),
            obstacles: self.cached.obstacles(request),
            warnings: self.warnings.sentences(request),
            selected,
        }
    }

    fn memory(&mut self, request: i64) -> Option<Memory> {
        let weights = self.weights.float(request, 1)?;
        let budget = self.budget.float(request, 1)?;
        let cached = self.kv_cache.first(request);
        let cache = cached.and_then(|cached| cached.float(2));
        let room = self.room.first(request);
        Some(Memory {
            weights_mib: whole(weights.ceil()),
            kv_cache_mib: cache.map(|mib| whole(mib.ceil())),
            budget_mib: whole(budget.floor()),
            fits: weights + cache.unwrap_or(0.0) <= budget,
            sequences: room.and_then(|room| room.number(1)),
            cached_tokens: room.and_then(|room| room.number(2)),
            sequence_tokens: cached.and_then(|cached| cached.number(1)),
        })
    }
}

pub(super) fn text(tuple: &Tuple<'_>, column: usize) -> String {
    tuple.symbol(column).unwrap_or_default().to_owned()
}

pub(super) fn count(tuple: &Tuple<'_>, column: usize) -> u32 {
    tuple
        .number(column)
        .and_then(|number| u32::try_from(number).ok())
        .unwrap_or(0)
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a number of MiB is far below 2^53"
)]
fn whole(number: f64) -> i64 {
    number as i64
}
