//! Deciding very many requests: in portions of a few models each, so that memory stays bounded, one evaluation a
//! portion, on all processors. The store is read by one thread, ahead of the others.

use std::collections::BTreeMap;
use std::num::NonZero;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

use crate::datalog::Facts;
use crate::policy::PolicyError;
use crate::store::Store;

use super::decider::{Decider, model_keys};
use super::{Decision, Request};

/// Requests of one portion: enough to share what an evaluation costs by itself, few enough that its relations
/// stay small.
pub(super) const REQUESTS: usize = 2048;
/// Models of one portion.
const MODELS: usize = 32;

/// Some of the requests, by their places, and their models by folded names.
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
    let portions = divide(requests);
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    let threads = threads.min(portions.len());
    // One portion waits while the others are worked on.
    let (sender, receiver) = sync_channel::<(usize, Facts)>(1);
    let receiver = Mutex::new(receiver);
    let mut decided = thread::scope(|scope| {
        let worker = || work(decider, requests, &portions, &receiver);
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(worker)).collect();
        let read = store.at_one_moment(|_| {
            let facts = decider.portions(store)?;
            for (at, portion) in portions.iter().enumerate() {
                let facts = facts.facts(model_keys(store, &portion.models)?)?;
                if sender.send((at, facts)).is_err() {
                    break;
                }
            }
            Ok::<_, PolicyError>(())
        });
        drop(sender);
        let mut decided = Vec::new();
        for worker in workers {
            match worker.join() {
                Ok(done) => decided.extend(done),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        read.map(|()| decided)
    })?;
    decided.sort_by_key(|(at, _)| *at);
    let mut decisions: Vec<Decision> = Vec::new();
    decisions.resize_with(requests.len(), Decision::default);
    for (at, answers) in decided {
        let places = portions.get(at).map_or(&[][..], |portion| &portion.places);
        for (place, decision) in places.iter().zip(answers?) {
            if let Some(slot) = decisions.get_mut(*place) {
                *slot = decision;
            }
        }
    }
    Ok(decisions)
}

/// Decides portions as they come, until no more do.
fn work(
    decider: &Decider<'_>,
    requests: &[&(Request, usize)],
    portions: &[Portion],
    waiting: &Mutex<Receiver<(usize, Facts)>>,
) -> Vec<(usize, Result<Vec<Decision>, PolicyError>)> {
    let mut decided = Vec::new();
    loop {
        // The lock is given back before the work begins.
        let next = match waiting.lock() {
            Ok(waiting) => waiting.recv(),
            Err(_) => break,
        };
        let Ok((at, facts)) = next else { break };
        let places = portions.get(at).map_or(&[][..], |portion| &portion.places);
        let own: Vec<&(Request, usize)> = places
            .iter()
            .filter_map(|place| requests.get(*place).copied())
            .collect();
        decided.push((at, decider.portion(facts, &own)));
    }
    decided
}

/// Portions of at most so many requests and models; requests for one model stay together as far as that goes.
fn divide(requests: &[&(Request, usize)]) -> Vec<Portion> {
    let mut by_model: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (place, (request, _)) in requests.iter().enumerate() {
        let folded = request.model.to_lowercase();
        by_model.entry(folded).or_default().push(place);
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
