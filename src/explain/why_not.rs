//! Why a recipe was not chosen: every condition that fails, or what it was beaten by, and what would
//! change it.

use serde::Serialize;

use crate::datalog::proof::Prover;
use crate::policy::PolicyError;

use super::beaten::BeatenBy;
use super::change::{Change, changes};
use super::configuration::Configuration;
use super::refusal::{Failed, failed};
use super::world::{World, facts_in};

/// What became of a configuration, or of a recipe by its best configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It serves the request.
    Chosen,
    /// It could, and another comes first.
    Beaten,
    /// Conditions fail.
    Rejected,
    /// It is a recipe for another model.
    OtherModel,
    /// There is no such recipe or configuration.
    Unknown,
}

/// The answer about a recipe.
#[derive(Clone, Debug, Serialize)]
pub struct WhyNot {
    /// The recipe.
    pub recipe_id: String,
    /// The model that was asked for.
    pub model: Option<String>,
    /// That of its best configuration.
    pub verdict: Verdict,
    /// Its configurations, the nearest miss first.
    pub configurations: Vec<WhyNotConfiguration>,
}

/// The answer about one configuration.
#[derive(Clone, Debug, Serialize)]
pub struct WhyNotConfiguration {
    /// The backend.
    pub backend: String,
    /// GPUs.
    pub gpus: i64,
    /// What became of it.
    pub verdict: Verdict,
    /// Every condition that fails.
    pub failed: Vec<Failed>,
    /// What comes first in its place.
    pub beaten_by: Option<BeatenBy>,
    /// What would change it, each evaluated; absent when it was not looked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changes: Option<Vec<Change>>,
    /// The same as its recipe, backend and GPU count.
    #[serde(skip)]
    pub configuration: Configuration,
}

impl WhyNot {
    /// The same of a recipe that is no part of the catalog, which flags name by its file.
    pub fn of_file(mut self, file: &str) -> WhyNot {
        let flag = format!("--recipe {}", self.recipe_id);
        let changes = self
            .configurations
            .iter_mut()
            .flat_map(|one| &mut one.changes);
        for change in changes.flatten() {
            change.says = change.says.replace(&flag, &format!("--recipe {file}"));
            if let Some(recipe) = change.change.get_mut("recipe") {
                *recipe = file.into();
            }
        }
        self
    }
}

/// Why the configurations of a recipe were not chosen, the nearest miss first. What would change it is
/// looked for in the first `look_into` of them.
///
/// # Errors
/// The rules cannot be evaluated.
pub fn why_not(
    world: &World<'_>,
    recipe: &str,
    of_interest: impl Fn(&Configuration) -> bool,
    look_into: usize,
) -> Result<WhyNot, PolicyError> {
    let prover = Prover::new(&world.checked, &world.model);
    let order = search_order(world)?;
    let mut configurations = Vec::new();
    for configuration in all(world, recipe)? {
        if of_interest(&configuration) {
            configurations.push(one(world, &prover, configuration)?);
        }
    }
    // Of those that were beaten the one that came furthest stands first in the search too.
    configurations.sort_by_key(|answer| {
        let mut places = order.iter();
        let place = places.position(|other| *other == answer.configuration);
        let place = place.unwrap_or(usize::MAX);
        (answer.verdict, answer.failed.len(), place)
    });
    for answer in configurations.iter_mut().take(look_into) {
        answer.changes = Some(changes(world, &answer.configuration)?);
    }
    let verdict = configurations.iter().map(|answer| answer.verdict).min();
    Ok(WhyNot {
        recipe_id: recipe.to_owned(),
        model: world
            .asked
            .as_ref()
            .map(|asked| asked.request.model.clone()),
        verdict: verdict.unwrap_or(Verdict::Unknown),
        configurations,
    })
}

/// The configurations of a recipe.
pub(super) fn all(world: &World<'_>, recipe: &str) -> Result<Vec<Configuration>, PolicyError> {
    let relation = world.relation("configuration")?;
    let first = [crate::datalog::Datum::Symbol(recipe.to_owned())];
    let facts = facts_in(&world.model, relation, &first);
    Ok(facts
        .iter()
        .filter_map(|fact| match fact.values.as_slice() {
            [
                _,
                crate::datalog::Datum::Symbol(backend),
                crate::datalog::Datum::Number(gpus),
            ] => Some(Configuration {
                recipe_id: recipe.to_owned(),
                backend: backend.clone(),
                gpus: *gpus,
            }),
            _ => None,
        })
        .collect())
}

/// The configurations in the order in which one comes before another, the eligible and the others alike.
pub(super) fn search_order(world: &World<'_>) -> Result<Vec<Configuration>, PolicyError> {
    let places = world.facts_of(world.relation("search_place")?);
    let ranks = world.facts_of(world.relation("search_rank")?);
    let mut order: Vec<_> = places
        .iter()
        .filter_map(|place| {
            let configuration = Configuration::of(place)?;
            let (points, rest) = ranks
                .iter()
                .find(|rank| rank.values.get(..4) == place.values.get(..4))
                .and_then(|rank| rank.values.get(4..)?.split_first())
                .unzip();
            // More points come first, smaller places.
            let key = (place.values.get(4..)?, std::cmp::Reverse(points), rest);
            Some((key, configuration))
        })
        .collect();
    order.sort();
    Ok(order
        .into_iter()
        .map(|(_, configuration)| configuration)
        .collect())
}

fn one(
    world: &World<'_>,
    prover: &Prover<'_>,
    configuration: Configuration,
) -> Result<WhyNotConfiguration, PolicyError> {
    let key = configuration.key();
    let facts = |family: &str| {
        let relations = world.family(family).into_iter();
        relations
            .flat_map(|relation| facts_in(&world.model, relation, &key))
            .collect::<Vec<_>>()
    };
    let other_model = facts_in(&world.model, world.relation("not_considered_model")?, &key);
    let mut reasons = facts("not_considered_");
    reasons.extend(facts("rejected_"));
    let failed: Vec<Failed> = reasons
        .iter()
        .map(|fact| failed(world, prover, fact))
        .collect();
    let chosen = !facts_in(&world.model, world.relation("chosen")?, &key).is_empty();
    let verdict = match (chosen, failed.is_empty()) {
        (true, _) => Verdict::Chosen,
        (_, true) => Verdict::Beaten,
        _ if !other_model.is_empty() => Verdict::OtherModel,
        _ => Verdict::Rejected,
    };
    let beaten_by = (verdict == Verdict::Beaten)
        .then(|| BeatenBy::find(world, &world.model, &configuration))
        .flatten();
    Ok(WhyNotConfiguration {
        backend: configuration.backend.clone(),
        gpus: configuration.gpus,
        verdict,
        failed,
        beaten_by,
        changes: None,
        configuration,
    })
}
