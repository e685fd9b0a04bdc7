//! Requests that are equal, of which one is decided for all.

use std::collections::hash_map::Entry;

use rustc_hash::FxHashMap;

use super::{Decision, Request};

/// Requests, each of the different ones once.
pub(super) struct Equal<'r> {
    /// The different ones, in the order in which they first stand.
    pub(super) distinct: Vec<&'r (Request, usize)>,
    /// For each request its place among them.
    places: Vec<usize>,
}

impl<'r> Equal<'r> {
    pub(super) fn among(requests: &'r [(Request, usize)]) -> Equal<'r> {
        let mut seen: FxHashMap<&(Request, usize), usize> = FxHashMap::default();
        let mut distinct = Vec::new();
        let places = requests.iter().map(|request| match seen.entry(request) {
            Entry::Occupied(place) => *place.get(),
            Entry::Vacant(place) => {
                distinct.push(request);
                *place.insert(distinct.len() - 1)
            }
        });
        let places = places.collect();
        Equal { distinct, places }
    }

    /// A decision for each request, from one for each of the different ones.
    pub(super) fn spread(&self, mut decisions: Vec<Decision>) -> Vec<Decision> {
        if self.places.len() == self.distinct.len() {
            return decisions;
        }
        let mut waiting = vec![0_usize; decisions.len()];
        for place in &self.places {
            if let Some(waiting) = waiting.get_mut(*place) {
                *waiting += 1;
            }
        }
        let spread = self.places.iter().map(|place| {
            let (Some(decision), Some(waiting)) =
                (decisions.get_mut(*place), waiting.get_mut(*place))
            else {
                return Decision::default();
            };
            *waiting -= 1;
            match waiting {
                0 => std::mem::take(decision),
                _ => decision.clone(),
            }
        });
        spread.collect()
    }
}
