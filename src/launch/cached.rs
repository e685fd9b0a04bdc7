//! What the model cache has of a chosen model, read off the completed relations.

use super::decision::{Cached, Obstacle};
use super::reading::{Column, Family, text};

/// The relations that tell it.
pub(super) struct Reading<'m> {
    pub revision: Column<'m>,
    pub state: Column<'m>,
    pub fetch_mib: Column<'m>,
    pub offline: Family<'m>,
    pub fetch: Family<'m>,
    pub unknown: Family<'m>,
    pub writes: Family<'m>,
    pub obstacles: Family<'m>,
}

impl Reading<'_> {
    pub(super) fn of(&mut self, request: i64) -> Cached {
        let state = self.state.first(request);
        let mib = self.fetch_mib.number(request);
        Cached {
            revision: self.revision.symbol(request).map(str::to_owned),
            commit: state.as_ref().map(|found| text(found, 1)),
            state: state.as_ref().map(|found| text(found, 2)),
            offline: self.offline.sentences(request).into_iter().next(),
            writes: self.writes.sentences(request),
            fetch: self.fetch.sentences(request).into_iter().next(),
            fetch_mib: mib.and_then(|mib| u64::try_from(mib).ok()),
            unknown: self.unknown.sentences(request),
        }
    }

    pub(super) fn obstacles(&mut self, request: i64) -> Vec<Obstacle> {
        let mut obstacles = Vec::new();
        self.obstacles.advised(request, |relation, says, help| {
            obstacles.push(Obstacle {
                relation: relation.to_owned(),
                says,
                help,
            });
        });
        obstacles
    }
}
