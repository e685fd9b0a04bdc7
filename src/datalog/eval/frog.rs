//! The one place that names `datafrog`: what the evaluator takes from it.
//!
//! Left aside on purpose: `Relation::from_antijoin`, which between two relations gives nothing whatever they hold (it
//! reads the new tuples of its input, and a relation has none), and tuples of leapers, which panic when none of them
//! proposes. Negation is a filter of [`join`](super::join) instead.

pub(super) use datafrog::{Iteration, Leapers, Relation, Variable};
