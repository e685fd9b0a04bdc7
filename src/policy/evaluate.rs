//! One evaluation: base facts gathered, rules evaluated over them.

use crate::datalog::diagnostic::RuleError;
use crate::datalog::{self, CompiledProgram, Facts, Model, Options, RelId};
use crate::store::{Scope, Store};

use super::gather::gather;
use super::{PolicyError, RelationText};

/// A model, or what a rule met that it cannot compute with, to be told with the rules' sources.
pub(super) type Evaluated = Result<Model, RuleError>;

/// Evaluates a program, whose relations have these texts, over the store's facts and those of `more`,
/// as far as `goals` need it. The relations that `more` gives back are not read from the store.
pub(super) fn evaluate(
    (program, texts): (&CompiledProgram, &[RelationText]),
    store: &Store,
    scope: &Scope,
    goals: &[RelId],
    more: impl FnOnce(&CompiledProgram, &mut Facts) -> Result<Vec<RelId>, PolicyError>,
) -> Result<Evaluated, PolicyError> {
    let facts = facts((program, texts), store, scope, goals, more)?;
    Ok(complete(program, facts, goals, &Options::default()))
}

/// The store's facts and those of `more`, as [`evaluate`] takes them.
pub(super) fn facts(
    (program, texts): (&CompiledProgram, &[RelationText]),
    store: &Store,
    scope: &Scope,
    goals: &[RelId],
    more: impl FnOnce(&CompiledProgram, &mut Facts) -> Result<Vec<RelId>, PolicyError>,
) -> Result<Facts, PolicyError> {
    let started = std::time::Instant::now();
    let mut facts = Facts::new(program);
    let given = more(program, &mut facts)?;
    gather(program, texts, store, scope, goals, &given, &mut facts)?;
    tracing::debug!(took = ?started.elapsed(), "facts gathered");
    Ok(facts)
}

/// What follows from facts.
pub(super) fn complete(
    program: &CompiledProgram,
    facts: Facts,
    goals: &[RelId],
    options: &Options,
) -> Evaluated {
    let started = std::time::Instant::now();
    let model = datalog::evaluate(program, facts, goals, options);
    tracing::debug!(took = ?started.elapsed(), "rules evaluated");
    model
}
