//! What became of every configuration that was considered.

use std::cmp::Ordering;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::datalog::Tuple;

use super::decision::{Outcome, Tried};
use super::reading::{Column, Family, count, text};

/// The relations that tell it, by request.
pub(super) struct Search<'m> {
    pub(super) places: Column<'m>,
    pub(super) ranks: Column<'m>,
    pub(super) recipes: Column<'m>,
    pub(super) eligible: Column<'m>,
    pub(super) rejections: Family<'m>,
    pub(super) afters: Family<'m>,
}

/// Recipe, backend and GPU count.
type Key<'m> = (&'m str, &'m str, i64);

impl<'m> Search<'m> {
    /// Every configuration in the order of the search, with what became of it.
    pub(super) fn tried(&mut self, request: i64, chosen: Option<&Tuple<'m>>) -> Vec<Tried> {
        let mut reasons: FxHashMap<Key<'m>, (Vec<String>, Vec<String>)> = FxHashMap::default();
        for family in [&mut self.rejections, &mut self.afters] {
            family.each(request, |relation, tuple, says| {
                let (relations, sentences) = reasons.entry(key(tuple)).or_default();
                relations.push(relation.to_owned());
                sentences.push(says);
            });
        }
        let ranks: FxHashMap<Key<'m>, Tuple<'m>> =
            (self.ranks.of(request).map(|tuple| (key(&tuple), tuple))).collect();
        let recipes: FxHashMap<Option<&str>, Tuple<'m>> = (self
            .recipes
            .of(request)
            .map(|tuple| (tuple.symbol(1), tuple)))
        .collect();
        let eligible: FxHashSet<Key<'m>> = (self.eligible.of(request))
            .map(|tuple| key(&tuple))
            .collect();
        let mut places: Vec<(Tuple<'m>, Option<&Tuple<'m>>)> = (self.places.of(request))
            .map(|tuple| (tuple, ranks.get(&key(&tuple))))
            .collect();
        places.sort_by(in_order_of_search);
        let chosen = chosen.map(key);
        places
            .into_iter()
            .map(|(tuple, _)| {
                let key = key(&tuple);
                let outcome = match (chosen == Some(key), eligible.contains(&key)) {
                    (true, _) => Outcome::Chosen,
                    (_, true) => Outcome::After,
                    (_, false) => Outcome::Rejected,
                };
                let (relations, because) = reasons.remove(&key).unwrap_or_default();
                let recipe = recipes.get(&tuple.symbol(1));
                Tried {
                    recipe_id: text(&tuple, 1),
                    backend: text(&tuple, 2),
                    precision: recipe.map_or_else(String::new, |recipe| text(recipe, 3)),
                    gpus: count(&tuple, 3),
                    hardware: recipe.map_or_else(String::new, |recipe| text(recipe, 2)),
                    outcome,
                    reasons: because.len(),
                    relations,
                    because: if outcome == Outcome::Chosen {
                        "It comes first.".to_owned()
                    } else {
                        because.join(" ")
                    },
                }
            })
            .collect()
    }
}

fn key<'m>(tuple: &Tuple<'m>) -> Key<'m> {
    (
        tuple.symbol(1).unwrap_or_default(),
        tuple.symbol(2).unwrap_or_default(),
        tuple.number(3).unwrap_or(0),
    )
}

/// By place, then by rank (points, of which more come first, then the rest), then by name.
fn in_order_of_search(
    (a, rank_a): &(Tuple<'_>, Option<&Tuple<'_>>),
    (b, rank_b): &(Tuple<'_>, Option<&Tuple<'_>>),
) -> Ordering {
    let from =
        |a: &Tuple<'_>, b: &Tuple<'_>, column| a.values().skip(column).cmp(b.values().skip(column));
    from(a, b, 4)
        .then_with(|| match (rank_a, rank_b) {
            (Some(a), Some(b)) => b.number(4).cmp(&a.number(4)).then_with(|| from(a, b, 5)),
            (a, b) => b.is_some().cmp(&a.is_some()),
        })
        .then_with(|| a.compare(b))
}
