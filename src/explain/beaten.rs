//! What comes first in place of an eligible configuration, and at which criterion of the order.

use serde::Serialize;

use crate::datalog::{Datum, Fact, Model};

use super::configuration::Configuration;
use super::world::{World, facts_in};

/// What comes first in place of an eligible configuration.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BeatenBy {
    /// The recipe.
    pub recipe_id: String,
    /// The backend.
    pub backend: String,
    /// GPUs.
    pub gpus: i64,
    /// The criterion of the order that decided: `gpus`, `precision`, ...
    pub criterion: String,
    /// By how much.
    pub says: String,
}

impl BeatenBy {
    /// The winner, and the stage at which a configuration was left behind.
    pub(super) fn find(
        world: &World<'_>,
        model: &Model,
        beaten: &Configuration,
    ) -> Option<BeatenBy> {
        let chosen = world.checked.relation("chosen")?;
        let winner = facts_in(model, chosen, &[Datum::Number(1)]);
        let winner = winner.first().and_then(Configuration::of)?;
        let (criterion, says) = criterion(world, model, beaten)?;
        Some(BeatenBy {
            recipe_id: winner.recipe_id,
            backend: winner.backend,
            gpus: winner.gpus,
            criterion,
            says,
        })
    }

    /// The winner.
    pub fn configuration(&self) -> Configuration {
        Configuration {
            recipe_id: self.recipe_id.clone(),
            backend: self.backend.clone(),
            gpus: self.gpus,
        }
    }
}

/// The family of relations that say where in the order a configuration was left behind.
const AFTER: &str = "after_";

/// The criterion that left a configuration behind, and its sentence.
pub(super) fn criterion(
    world: &World<'_>,
    model: &Model,
    configuration: &Configuration,
) -> Option<(String, String)> {
    let speaker = world.speaker();
    let fact = after(world, model, configuration)?;
    let name = speaker.name(fact.relation);
    let criterion = name.strip_prefix(AFTER).unwrap_or(name).replace('_', " ");
    Some((criterion, speaker.fact(&fact)))
}

/// The tuple that says at which criterion a configuration was left behind.
pub(super) fn after(
    world: &World<'_>,
    model: &Model,
    configuration: &Configuration,
) -> Option<Fact> {
    let key = configuration.key();
    let mut relations = world.family(AFTER).into_iter();
    relations.find_map(|relation| facts_in(model, relation, &key).into_iter().next())
}
