//! What is covered, as the data of a page: every name and sentence once, and cells as numbers.

use std::collections::HashMap;
use std::hash::Hash;

use serde::Serialize;

use crate::matrix::Question;

use super::{Answer, Coverage, Winner};

/// What the page's script reads.
#[derive(Debug, Serialize)]
pub struct Page<'a> {
    program: &'static str,
    version: &'static str,
    /// Beside the cells, what `--format json` gives.
    answer: Answer<'a>,
    /// What serves anything, as `[recipe, backend, gpus, precision, hardware]`.
    winners: Vec<(&'a str, &'a str, u32, &'a str, &'a str)>,
    /// In what answers differ from their requests.
    sentences: Vec<&'a str>,
    /// What may be asked for beside a GPU count, with the answers to it.
    asks: Vec<Ask<'a>>,
}

/// The answers to requests with one precision, backend and metric.
#[derive(Debug, Serialize)]
struct Ask<'a> {
    precision: Option<&'a str>,
    backend: Option<&'a str>,
    metric: Option<&'a str>,
    /// By model, then hardware, then GPU count: 0 where it is not asked, 1 where nobody serves it, else twice
    /// the winner's place plus 2, and 1 more where it is exact.
    cells: Vec<usize>,
    /// For each of these the place of the sentence that says in what it differs, plus 1.
    differs: Vec<usize>,
}

/// What an ask is told apart by.
type Key<'a> = (Option<&'a str>, Option<&'a str>, Option<&'a str>);

impl<'a> Page<'a> {
    /// The data of a page.
    pub fn new(coverage: &'a Coverage) -> Page<'a> {
        let axes = &coverage.axes;
        let models: HashMap<&str, usize> = (0..)
            .zip(&axes.models)
            .map(|(place, axis)| (axis.model.as_ref(), place))
            .collect();
        let hardware: HashMap<&str, usize> = (0..)
            .zip(&axes.hardware)
            .map(|(place, name)| (name.as_ref(), place))
            .collect();
        let gpus: HashMap<u32, usize> = (0..)
            .zip(&axes.gpus)
            .map(|(place, count)| (*count, place))
            .collect();
        let place = |question: &Question| {
            let model = models.get(question.model.as_ref())?;
            let hardware = hardware.get(question.hardware.as_ref())?;
            let count = gpus.get(&question.gpus)?;
            Some((model * axes.hardware.len() + hardware) * axes.gpus.len() + count)
        };
        let size = axes.models.len() * axes.hardware.len() * axes.gpus.len();
        let mut winners: Numbered<&'a Winner> = Numbered::default();
        let mut sentences: Numbered<&'a str> = Numbered::default();
        let mut asks: Numbered<Key<'a>> = Numbered::default();
        let mut answers: Vec<(Vec<usize>, Vec<usize>)> = Vec::new();
        for cell in &coverage.cells {
            let question = &cell.question;
            let ask = asks.place((
                question.precision.as_deref(),
                question.backend.as_deref(),
                question.metric.as_deref(),
            ));
            if ask == answers.len() {
                answers.push((vec![0; size], vec![0; size]));
            }
            let value = match &cell.winner {
                None => 1,
                Some(winner) => 2 * winners.place(winner) + 2 + usize::from(cell.exact),
            };
            let differs = cell
                .differs
                .as_deref()
                .map_or(0, |says| sentences.place(says) + 1);
            let (Some((cells, differing)), Some(place)) = (answers.get_mut(ask), place(question))
            else {
                continue;
            };
            if let (Some(cell), Some(differ)) = (cells.get_mut(place), differing.get_mut(place)) {
                (*cell, *differ) = (value, differs);
            }
        }
        let asked = asks.in_order.into_iter().zip(answers);
        Page {
            program: env!("CARGO_PKG_NAME"),
            version: env!("CARGO_PKG_VERSION"),
            answer: Answer::without_cells(coverage),
            winners: winners
                .in_order
                .into_iter()
                .map(|winner| {
                    (
                        winner.recipe_id.as_str(),
                        winner.backend.as_str(),
                        winner.gpus,
                        winner.precision.as_str(),
                        winner.hardware.as_str(),
                    )
                })
                .collect(),
            sentences: sentences.in_order,
            asks: asked
                .map(|((precision, backend, metric), (cells, differs))| Ask {
                    precision,
                    backend,
                    metric,
                    cells,
                    differs,
                })
                .collect(),
        }
    }
}

/// Values by the order in which they were first seen.
#[derive(Debug)]
struct Numbered<T> {
    in_order: Vec<T>,
    places: HashMap<T, usize>,
}

impl<T> Default for Numbered<T> {
    fn default() -> Self {
        Numbered {
            in_order: Vec::new(),
            places: HashMap::new(),
        }
    }
}

impl<T: Copy + Eq + Hash> Numbered<T> {
    fn place(&mut self, value: T) -> usize {
        let next = self.in_order.len();
        let place = *self.places.entry(value).or_insert(next);
        if place == next {
            self.in_order.push(value);
        }
        place
    }
}
