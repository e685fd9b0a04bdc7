//! A request of the matrix with its answer.

use std::collections::HashSet;
use std::sync::Arc;

use serde::Serialize;

use crate::launch::{Decision, Selected};
use crate::matrix::Question;

/// The configuration that serves a request.
pub type Winner = Arc<Selected>;

/// A request with its answer.
#[derive(Clone, Debug)]
pub struct Cell {
    /// What was asked.
    pub question: Question,
    /// What serves it.
    pub winner: Option<Winner>,
    /// Whether that differs from nothing that was asked for.
    pub exact: bool,
    /// In what it differs.
    pub differs: Option<Arc<str>>,
}

/// How many requests were asked, and how they fared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// All.
    pub asked: usize,
    /// Served by exactly what was asked for.
    pub exact: usize,
    /// Served by something else.
    pub fallback: usize,
    /// Not served.
    pub unserved: usize,
}

impl Summary {
    /// The counts of these cells.
    pub fn of(cells: &[Cell]) -> Summary {
        let mut summary = Summary::default();
        for cell in cells {
            summary.asked += 1;
            *match (&cell.winner, cell.exact) {
                (None, _) => &mut summary.unserved,
                (Some(_), true) => &mut summary.exact,
                (Some(_), false) => &mut summary.fallback,
            } += 1;
        }
        summary
    }

    /// Both together.
    pub fn and(self, other: Summary) -> Summary {
        Summary {
            asked: self.asked + other.asked,
            exact: self.exact + other.exact,
            fallback: self.fallback + other.fallback,
            unserved: self.unserved + other.unserved,
        }
    }
}

/// Cells as they are collected: few configurations and sentences answer very many requests.
#[derive(Debug, Default)]
pub(super) struct Cells {
    pub cells: Vec<Cell>,
    winners: HashSet<Winner>,
    sentences: HashSet<Arc<str>>,
}

impl Cells {
    pub fn add(&mut self, question: Question, decision: Decision) {
        let winner = decision
            .selected
            .map(|selected| one_of(&mut self.winners, Arc::new(selected)));
        let differs = (winner.is_some() && !decision.differs.is_empty())
            .then(|| one_of(&mut self.sentences, decision.differs.join(", ").into()));
        self.cells.push(Cell {
            question,
            exact: winner.is_some() && decision.exact,
            winner,
            differs,
        });
    }
}

/// The one that is kept of equal ones.
fn one_of<T: ?Sized + Eq + std::hash::Hash>(kept: &mut HashSet<Arc<T>>, new: Arc<T>) -> Arc<T> {
    match kept.get(&new) {
        Some(old) => old.clone(),
        None => {
            kept.insert(new.clone());
            new
        }
    }
}
