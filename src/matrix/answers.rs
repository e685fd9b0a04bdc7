//! The answers, a few thousand at a time.

use std::collections::HashMap;

use crate::launch::{Decision, Detail, MachineFacts, Request, decide};
use crate::policy::{Policy, PolicyError};
use crate::store::Store;

use super::Question;

/// Requests decided at once: enough for all processors, few enough to bound memory.
const AT_ONCE: usize = 32_768;
/// Models at once: few enough that only their part of a large catalog is held.
const MODELS_AT_ONCE: usize = 256;

/// Decides every question and gives each with its decision to `each`, in their order. Questions for one
/// model should follow each other.
///
/// # Errors
/// The rules cannot be evaluated, or `each` fails.
pub fn answers<E: From<PolicyError>>(
    store: &Store,
    policy: &Policy,
    questions: impl IntoIterator<Item = Question>,
    detail: Detail,
    mut each: impl FnMut(Question, Decision) -> Result<(), E>,
) -> Result<(), E> {
    let mut questions = questions.into_iter().peekable();
    while questions.peek().is_some() {
        let mut chunk: Vec<Question> = Vec::new();
        let mut models = 0;
        while let Some(next) = questions.peek() {
            let new_model = chunk.last().is_none_or(|last| last.model != next.model);
            if chunk.len() == AT_ONCE || (new_model && models == MODELS_AT_ONCE) {
                break;
            }
            models += usize::from(new_model);
            chunk.extend(questions.next());
        }
        let (requests, machines) = asked(&chunk);
        let decisions = decide(store, policy, &requests, &machines, detail)?;
        for (question, decision) in chunk.into_iter().zip(decisions) {
            each(question, decision)?;
        }
    }
    Ok(())
}

/// The questions as requests, with each machine once.
fn asked(questions: &[Question]) -> (Vec<(Request, usize)>, Vec<MachineFacts>) {
    let mut machines = Vec::new();
    let mut places = HashMap::new();
    let requests = questions
        .iter()
        .map(|question| {
            let place = *places
                .entry((question.hardware.as_ref(), question.usable))
                .or_insert_with(|| {
                    machines.push(question.machine());
                    machines.len() - 1
                });
            (question.request(), place)
        })
        .collect();
    (requests, machines)
}
