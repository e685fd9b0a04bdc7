//! Requests without an answer, those that differ only in the GPU count together.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::launch::Detail;
use crate::matrix::{Axes, Question, answers};
use crate::policy::{Policy, PolicyError};
use crate::store::Store;

use super::Cell;
use super::nearest::{Nearest, nearest};

/// Requests that nobody serves.
#[derive(Clone, Debug)]
pub struct Gap {
    /// The request for the largest of the counts, on a machine that has as many GPUs as are ever asked for.
    pub question: Question,
    /// All the GPU counts, ascending.
    pub gpus: Vec<u32>,
    /// What comes nearest to the request for the largest count; none when the model has no recipe.
    pub nearest: Option<Nearest>,
}

/// The gaps in these cells. What is not served without asking for more is not named again with it.
pub(super) fn gaps(
    store: &Store,
    policy: &Policy,
    axes: &Axes,
    cells: &[Cell],
) -> Result<Vec<Gap>, PolicyError> {
    let mut counts: BTreeMap<Question, Vec<u32>> = BTreeMap::new();
    let mut plain = BTreeSet::new();
    for cell in cells.iter().filter(|cell| cell.winner.is_none()) {
        let simple = Question {
            precision: None,
            backend: None,
            metric: None,
            ..cell.question.clone()
        };
        if simple == cell.question {
            plain.insert(simple);
        } else if plain.contains(&simple) {
            continue;
        }
        let any_count = Question {
            gpus: 0,
            usable: 0,
            ..cell.question.clone()
        };
        counts
            .entry(any_count)
            .or_default()
            .push(cell.question.gpus);
    }
    // On a large machine a count that is too small is the request's alone, and one reason.
    let usable = axes.gpus.last().copied().unwrap_or_default();
    let mut gaps: Vec<Gap> = counts
        .into_iter()
        .map(|(question, mut gpus)| {
            gpus.sort_unstable();
            Gap {
                question: Question {
                    gpus: gpus.last().copied().unwrap_or_default(),
                    usable,
                    ..question
                },
                gpus,
                nearest: None,
            }
        })
        .collect();
    let with_recipes: BTreeSet<Arc<str>> = axes
        .models
        .iter()
        .filter(|axis| axis.recipes > 0)
        .map(|axis| axis.model.clone())
        .collect();
    let questions: Vec<Question> = gaps
        .iter()
        .map(|gap| gap.question.clone())
        .filter(|question| with_recipes.contains(&question.model))
        .collect();
    let mut found = BTreeMap::new();
    answers(
        store,
        policy,
        questions,
        Detail::Search,
        |question, decision| {
            if let Some(nearest) = nearest(&decision.tried, question.gpus) {
                found.insert(question, nearest);
            }
            Ok::<(), PolicyError>(())
        },
    )?;
    for gap in &mut gaps {
        gap.nearest = found.remove(&gap.question);
    }
    Ok(gaps)
}
