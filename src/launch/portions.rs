//! Deciding very many requests: in portions of a few models each, so that memory stays bounded, one evaluation a
//! portion, on all processors.

use std::collections::BTreeMap;

use rayon::prelude::*;

use crate::policy::PolicyError;
use crate::store::Store;

use super::decider::{Decider, model_keys};
use super::{Decision, Request};

/// Requests of one portion: enough to share what an evaluation costs by itself, few enough that its relations
/// stay small.
pub(super) const REQUESTS: usize = 2048;
/// Models of one portion.
const MODELS: usize = 32;

/// Some of the requests, by their places, and the folded names under which facts of their models stand.
#[derive(Debug, Default)]
struct Portion {
    places: Vec<usize>,
    models: Vec<String>,
}

/// Decides requests, all of which differ.
///
/// # Errors
/// Those of the first portion that has any.
pub(super) fn decide(
    store: &Store,
    decider: &Decider<'_>,
    requests: &[&(Request, usize)],
) -> Result<Vec<Decision>, PolicyError> {
    let facts = decider.portions(store, requests)?;
    let mut portions = divide(requests);
    for portion in &mut portions {
        portion.models = model_keys(store, &portion.models)?;
    }
    let decided: Vec<_> = portions
        .par_iter()
        .map(|portion| {
            let own = portion.places.iter().filter_map(|at| requests.get(*at));
            let own: Vec<&(Request, usize)> = own.copied().collect();
            decider.portion(facts.facts(&portion.models), &own)
        })
        .collect();
    let mut decisions: Vec<Decision> = Vec::new();
    decisions.resize_with(requests.len(), Decision::default);
    for (portion, answers) in portions.iter().zip(decided) {
        for (place, decision) in portion.places.iter().zip(answers?) {
            if let Some(slot) = decisions.get_mut(*place) {
                *slot = decision;
            }
        }
    }
    Ok(decisions)
}

/// Portions of at most so many requests and models; requests for one model stay together as far as that goes.
fn divide(requests: &[&(Request, usize)]) -> Vec<Portion> {
    let mut by_name: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (place, (request, _)) in requests.iter().enumerate() {
        by_name.entry(&request.model).or_default().push(place);
    }
    let mut by_model: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (name, places) in by_name {
        by_model
            .entry(name.to_lowercase())
            .or_default()
            .extend(places);
    }
    let mut portions: Vec<Portion> = Vec::new();
    let mut current = Portion::default();
    for (model, places) in by_model {
        let mut rest = places.as_slice();
        while !rest.is_empty() {
            let room = REQUESTS - current.places.len();
            let (now, later) = rest.split_at(room.min(rest.len()));
            current.places.extend(now);
            current.models.push(model.clone());
            rest = later;
            if current.places.len() >= REQUESTS || current.models.len() >= MODELS {
                portions.push(std::mem::take(&mut current));
            }
        }
    }
    if !current.places.is_empty() {
        portions.push(current);
    }
    portions
}
