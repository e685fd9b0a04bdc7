//! Decisions, read off the completed relations.

use std::collections::{BTreeMap, BTreeSet};

use crate::datalog::{Model, RelId, Tuple, Value};
use crate::policy::{Policy, PolicyError};

use super::argv::FlagReading;
use super::decision::{Decision, Detail, MachineView, Memory, Outcome, Selected, Tried};

/// A relation that is read, with its tuples by request.
struct Answers<'m> {
    id: RelId,
    name: &'m str,
    by_request: Vec<Vec<Tuple<'m>>>,
}

/// The relations that answers are read from.
pub(super) struct Reader<'p> {
    policy: &'p Policy,
    relations: Vec<(RelId, String)>,
}

const CHOICE: &[&str] = &[
    "requested_model",
    "requested_hardware",
    "usable",
    "requested_gfx",
    "requested_vram",
    "requested_device",
    "chosen",
    "chosen_recipe",
    "exact",
    "chosen_image",
    "chosen_flag",
    "chosen_negation",
    "chosen_repeat",
    "chosen_weights",
    "chosen_kv_cache",
    "chosen_budget",
    "chosen_room",
];
const SEARCH: &[&str] = &[
    "search_place",
    "search_rank",
    "considered_recipe",
    "eligible",
];

impl<'p> Reader<'p> {
    pub(super) fn new(policy: &'p Policy, detail: Detail) -> Result<Self, PolicyError> {
        let mut relations = Vec::new();
        let wanted: Vec<&'static str> = match detail {
            Detail::Choice => CHOICE.to_vec(),
            Detail::Search => CHOICE.iter().chain(SEARCH).copied().collect(),
        };
        for name in wanted {
            let id = policy
                .program
                .relation(name)
                .ok_or(PolicyError::Missing(name))?;
            relations.push((id, name.to_owned()));
        }
        let mut families = vec!["differs_in_", "warning_"];
        if detail == Detail::Search {
            families.extend(["rejected_", "after_"]);
        }
        for family in families {
            relations.extend(policy.relations_named(family));
        }
        Ok(Reader { policy, relations })
    }

    pub(super) fn goals(&self) -> Vec<RelId> {
        self.relations.iter().map(|(id, _)| *id).collect()
    }

    /// The decisions for requests 1 to `count`.
    pub(super) fn read(&self, model: &Model, count: usize) -> Vec<Decision> {
        let mut answers: Vec<Answers<'_>> = Vec::new();
        for (id, name) in &self.relations {
            let mut by_request = vec![Vec::new(); count];
            for tuple in model.sorted(*id) {
                let place = tuple
                    .number(0)
                    .and_then(|number| usize::try_from(number - 1).ok());
                if let Some(tuples) = place.and_then(|place| by_request.get_mut(place)) {
                    tuples.push(tuple);
                }
            }
            answers.push(Answers {
                id: *id,
                name,
                by_request,
            });
        }
        (0..count)
            .map(|place| self.decision(&answers, place))
            .collect()
    }

    fn decision(&self, answers: &[Answers<'_>], place: usize) -> Decision {
        let one = One {
            policy: self.policy,
            answers,
            place,
        };
        let mut decision = Decision {
            model: one.symbol("requested_model", 1),
            machine: MachineView {
                hardware: one.symbol("requested_hardware", 1),
                gfx: one.symbol("requested_gfx", 1),
                usable_gpus: one.number("usable", 1),
                vram_mib: one.number("requested_vram", 1),
                gpu_ids: one
                    .tuples("requested_device")
                    .iter()
                    .map(|tuple| count(tuple, 1))
                    .collect(),
            },
            exact: !one.tuples("exact").is_empty(),
            differs: one
                .family("differs_in_")
                .map(|(id, tuple)| one.clause(id, tuple))
                .collect(),
            image: one.symbol("chosen_image", 1),
            memory: one.memory(),
            warnings: one
                .family("warning_")
                .map(|(id, tuple)| self.policy.say(id, tuple))
                .collect(),
            ..Decision::default()
        };
        if let (Some(chosen), Some(recipe)) = (
            one.tuples("chosen").first(),
            one.tuples("chosen_recipe").first(),
        ) {
            decision.selected = Some(Selected {
                recipe_id: text(chosen, 1),
                backend: text(chosen, 2),
                gpus: count(chosen, 3),
                precision: text(recipe, 3),
                hardware: text(recipe, 2),
            });
        }
        decision.flags = one.flags();
        decision.tried = one.tried(decision.selected.as_ref());
        decision
    }
}

/// What the relations hold of one request.
struct One<'a> {
    policy: &'a Policy,
    answers: &'a [Answers<'a>],
    place: usize,
}

impl<'a> One<'a> {
    fn tuples(&self, relation: &str) -> &'a [Tuple<'a>] {
        let answer = self.answers.iter().find(|answer| answer.name == relation);
        answer
            .and_then(|answer| answer.by_request.get(self.place))
            .map(Vec::as_slice)
            .unwrap_or_default()
    }

    /// The tuples of all relations whose names begin so.
    fn family(
        &self,
        prefix: &'static str,
    ) -> impl Iterator<Item = (RelId, &'a Tuple<'a>)> + use<'a> {
        let place = self.place;
        self.answers
            .iter()
            .filter(move |answer| answer.name.starts_with(prefix))
            .filter_map(move |answer| Some((answer.id, answer.by_request.get(place)?)))
            .flat_map(|(id, tuples)| tuples.iter().map(move |tuple| (id, tuple)))
    }

    fn symbol(&self, relation: &str, column: usize) -> Option<String> {
        self.tuples(relation)
            .first()?
            .symbol(column)
            .map(str::to_owned)
    }

    fn number(&self, relation: &str, column: usize) -> Option<i64> {
        self.tuples(relation).first()?.number(column)
    }

    fn float(&self, relation: &str, column: usize) -> Option<f64> {
        self.tuples(relation).first()?.float(column)
    }

    /// A sentence without its full stop, to stand among others.
    fn clause(&self, relation: RelId, tuple: &Tuple<'_>) -> String {
        self.policy
            .say(relation, tuple)
            .trim_end_matches('.')
            .to_owned()
    }

    fn memory(&self) -> Option<Memory> {
        let weights = self.float("chosen_weights", 1)?;
        let budget = self.float("chosen_budget", 1)?;
        let cache = self.float("chosen_kv_cache", 2);
        Some(Memory {
            weights_mib: whole(weights.ceil()),
            kv_cache_mib: cache.map(|mib| whole(mib.ceil())),
            budget_mib: whole(budget.floor()),
            fits: weights + cache.unwrap_or(0.0) <= budget,
            sequences: self.number("chosen_room", 1),
            cached_tokens: self.number("chosen_room", 2),
            sequence_tokens: self.number("chosen_kv_cache", 1),
        })
    }

    fn flags(&self) -> BTreeMap<String, FlagReading> {
        let negations = self.tuples("chosen_negation");
        let repeats = self.tuples("chosen_repeat");
        let mut flags = BTreeMap::new();
        for tuple in self.tuples("chosen_flag") {
            let primary = text(tuple, 3);
            // Where the engine has several, the plainest does.
            let negation = negations
                .iter()
                .filter(|negation| negation.symbol(1) == Some(primary.as_str()))
                .map(|negation| text(negation, 2))
                .min_by_key(|name| (!name.starts_with("--no-"), name.len()));
            let reading = FlagReading {
                flag: text(tuple, 2),
                kind: text(tuple, 4),
                primary,
                negation,
                repeats: repeats
                    .iter()
                    .any(|repeat| repeat.symbol(1) == tuple.symbol(1)),
            };
            flags.insert(text(tuple, 1), reading);
        }
        flags
    }

    /// Every configuration in the order of the search, with what became of it.
    fn tried(&self, selected: Option<&Selected>) -> Vec<Tried> {
        let mut reasons: BTreeMap<Key, (Vec<String>, Vec<String>)> = BTreeMap::new();
        for family in ["rejected_", "after_"] {
            for (id, tuple) in self.family(family) {
                let (relations, says) = reasons.entry(key(tuple)).or_default();
                relations.push(self.policy.program.name(id).to_owned());
                says.push(self.policy.say(id, tuple));
            }
        }
        let ranks: BTreeMap<Key, &Tuple<'_>> = self
            .tuples("search_rank")
            .iter()
            .map(|tuple| (key(tuple), tuple))
            .collect();
        let recipes: BTreeMap<String, &Tuple<'_>> = self
            .tuples("considered_recipe")
            .iter()
            .map(|tuple| (text(tuple, 1), tuple))
            .collect();
        let eligible: BTreeSet<Key> = self.tuples("eligible").iter().map(key).collect();
        let mut places: Vec<&Tuple<'_>> = self.tuples("search_place").iter().collect();
        places.sort_by(|a, b| {
            let rank = |tuple: &Tuple<'_>| ranks.get(&key(tuple)).copied();
            columns(a, 4)
                .cmp(&columns(b, 4))
                .then_with(|| match (rank(a), rank(b)) {
                    (Some(a), Some(b)) => b
                        .number(4)
                        .cmp(&a.number(4))
                        .then_with(|| columns(a, 5).cmp(&columns(b, 5))),
                    (a, b) => b.is_some().cmp(&a.is_some()),
                })
        });
        places
            .into_iter()
            .map(|tuple| {
                let key = key(tuple);
                let chosen = selected.is_some_and(|selected| {
                    (
                        &selected.recipe_id,
                        &selected.backend,
                        i64::from(selected.gpus),
                    ) == (&key.0, &key.1, key.2)
                });
                let outcome = match (chosen, eligible.contains(&key)) {
                    (true, _) => Outcome::Chosen,
                    (_, true) => Outcome::After,
                    (_, false) => Outcome::Rejected,
                };
                let (relations, because) = reasons.remove(&key).unwrap_or_default();
                let recipe = recipes.get(&key.0);
                Tried {
                    precision: recipe.map_or_else(String::new, |recipe| text(recipe, 3)),
                    hardware: recipe.map_or_else(String::new, |recipe| text(recipe, 2)),
                    gpus: count(tuple, 3),
                    outcome,
                    reasons: because.len(),
                    relations,
                    because: if chosen {
                        "It comes first.".to_owned()
                    } else {
                        because.join(" ")
                    },
                    recipe_id: key.0,
                    backend: key.1,
                }
            })
            .collect()
    }
}

/// Recipe, backend and GPU count.
type Key = (String, String, i64);

fn key(tuple: &Tuple<'_>) -> Key {
    (text(tuple, 1), text(tuple, 2), tuple.number(3).unwrap_or(0))
}

fn columns<'a>(tuple: &Tuple<'a>, from: usize) -> Vec<Value<'a>> {
    tuple.values().skip(from).collect()
}

fn text(tuple: &Tuple<'_>, column: usize) -> String {
    tuple.symbol(column).unwrap_or_default().to_owned()
}

fn count(tuple: &Tuple<'_>, column: usize) -> u32 {
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
