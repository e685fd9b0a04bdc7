//! The answers of one catalog to every request, in little memory.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::launch::{Decision, Detail, Selected};
use crate::matrix::{Question, answers};
use crate::policy::{Policy, PolicyError};
use crate::store::Store;

/// The answer to a request.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Outcome {
    /// What serves it.
    pub winner: Option<Arc<Selected>>,
    /// Whether that differs from nothing that was asked for.
    pub exact: bool,
}

/// What a command depends on beside the catalog: the choice, the model and the machine's hardware.
pub(super) type Launch = (Arc<Selected>, Arc<str>, Arc<str>);

/// Decides requests of one catalog.
pub(super) struct Decider<'s> {
    pub store: &'s Store,
    pub policy: &'s Policy,
    winners: HashSet<Arc<Selected>>,
    /// For each launch that may be worth a look, a request that gets it and the decision.
    pub launches: HashMap<Launch, (Question, Decision)>,
}

impl<'s> Decider<'s> {
    pub fn new(store: &'s Store, policy: &'s Policy) -> Decider<'s> {
        Decider {
            store,
            policy,
            winners: HashSet::new(),
            launches: HashMap::new(),
        }
    }

    /// Gives each question with its outcome to `each`; the decisions for launches that are `watched` are kept.
    pub fn decide(
        &mut self,
        questions: impl IntoIterator<Item = Question>,
        watched: impl Fn(&Selected, &Question) -> bool,
        mut each: impl FnMut(Question, Outcome),
    ) -> Result<(), PolicyError> {
        let (store, policy) = (self.store, self.policy);
        answers(
            store,
            policy,
            questions,
            Detail::Choice,
            |question, mut decision| {
                let exact = decision.selected.is_some() && decision.exact;
                let winner = decision
                    .selected
                    .take()
                    .map(|selected| self.shared(selected));
                if let Some(winner) = &winner
                    && watched(winner, &question)
                {
                    let (model, hardware) = (question.model.clone(), question.hardware.clone());
                    self.launches
                        .entry((winner.clone(), model, hardware))
                        .or_insert_with(|| (question.clone(), decision));
                }
                each(question, Outcome { winner, exact });
                Ok(())
            },
        )
    }

    fn shared(&mut self, selected: Selected) -> Arc<Selected> {
        if let Some(known) = self.winners.get(&selected) {
            return known.clone();
        }
        let new = Arc::new(selected);
        self.winners.insert(new.clone());
        new
    }
}
