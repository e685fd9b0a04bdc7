//! Which tuples each recursive atom of a rule looks at.

use std::cmp::Ordering;

use super::program::View;

/// Which tuples each recursive atom of a version of a rule looks at.
#[derive(Debug, Default)]
pub(super) struct Views {
    /// The goal whose new tuples are wanted.
    pub(super) delta: Option<usize>,
    /// Goals that are atoms of relations which still grow.
    pub(super) growing: Vec<(usize, View)>,
}

impl Views {
    /// One set of views for each growing goal: it sees what is new, those before it everything, those after it what
    /// is old, so that every combination with something new in it is made exactly once.
    pub(super) fn versions(growing: &[usize]) -> Vec<Views> {
        let version = |(delta, &goal): (usize, &usize)| Views {
            delta: Some(goal),
            growing: growing
                .iter()
                .enumerate()
                .map(|(other, &goal)| {
                    let view = match other.cmp(&delta) {
                        Ordering::Less => View::Known,
                        Ordering::Equal => View::Recent,
                        Ordering::Greater => View::Stable,
                    };
                    (goal, view)
                })
                .collect(),
        };
        growing.iter().enumerate().map(version).collect()
    }

    pub(super) fn of(&self, goal: usize) -> View {
        self.growing
            .iter()
            .find(|(at, _)| *at == goal)
            .map_or(View::Complete, |(_, view)| *view)
    }
}
