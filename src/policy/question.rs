//! Questions to the rules in force, which stay checked from one question to the next.

use crate::datalog::diagnostic::Diagnostics;
use crate::datalog::plan::PlanDescription;
use crate::datalog::query::Query;
use crate::datalog::source::Sources;
use crate::datalog::{self, Checked, CompiledProgram, Facts, Model, RelId};
use crate::store::{Scope, Store, ViewError};

use super::compiled::texts;
use super::evaluate::evaluate;
use super::{OF_MACHINES, OF_REQUESTS, PolicyError, RelationText, RuleSources, views};

/// What a query is called in messages.
const NAME: &str = "query";

/// The rules in force, checked.
#[derive(Clone, Debug)]
pub struct OpenRules {
    /// The rules.
    pub checked: Checked,
    /// Their files.
    pub sources: Sources,
}

/// A query to the rules in force.
#[derive(Clone, Debug)]
pub struct Question {
    /// The query with the rules that it needs.
    pub query: Query,
    /// The rules' files, and the query's text.
    pub sources: Sources,
    texts: Vec<RelationText>,
}

impl OpenRules {
    /// Parses and checks the rules.
    ///
    /// # Errors
    /// They have mistakes, or read what the store does not have.
    pub fn load(rules: RuleSources, store: &Store) -> Result<OpenRules, PolicyError> {
        let started = std::time::Instant::now();
        let mut sources = Sources::new();
        let (files, mut loader) = rules.into_sources(&mut sources);
        let checked = match datalog::load(&mut sources, &files, &mut loader) {
            Ok(checked) => checked,
            Err(diagnostics) => return Err(mistakes(diagnostics, sources)),
        };
        same_as_views(&checked, &sources, store)?;
        tracing::debug!(took = ?started.elapsed(), "rules checked");
        Ok(OpenRules { checked, sources })
    }

    /// Reads a query.
    ///
    /// # Errors
    /// It has mistakes.
    pub fn ask(&self, text: &str, store: &Store) -> Result<Question, PolicyError> {
        let started = std::time::Instant::now();
        let mut sources = self.sources.clone();
        let file = sources.add(NAME, text);
        let query = match Query::new(&self.checked, &sources, file) {
            Ok(query) => query,
            Err(diagnostics) => return Err(mistakes(diagnostics, sources)),
        };
        let directives = |checked: &Checked| checked.program.directives.len();
        if directives(&query.checked) > directives(&self.checked) {
            same_as_views(&query.checked, &sources, store)?;
        }
        tracing::debug!(took = ?started.elapsed(), "query checked and compiled");
        Ok(Question {
            texts: texts(&query.checked),
            query,
            sources,
        })
    }
}

impl Question {
    /// Whether the answer depends on what is asked for.
    pub fn needs_requests(&self) -> bool {
        self.needs(OF_REQUESTS)
    }

    /// Whether the answer depends on machines.
    pub fn needs_machines(&self) -> bool {
        self.needs(OF_MACHINES)
    }

    fn needs(&self, given: &[&str]) -> bool {
        let program = &self.query.program;
        let inputs = program.inputs(&[self.query.answer]);
        inputs.iter().any(|id| given.contains(&program.name(*id)))
    }

    /// How the answer in an evaluated model was found.
    pub fn plan(&self, model: &Model) -> PlanDescription {
        let Query {
            program,
            checked,
            answer,
            ..
        } = &self.query;
        PlanDescription::new(program, checked, &self.sources, *answer, model)
    }

    /// Evaluates the query, as [`Policy::evaluate`](super::Policy::evaluate) does the rules.
    ///
    /// # Errors
    /// A rule meets a value that it cannot compute with.
    pub fn evaluate(
        &self,
        store: &Store,
        scope: &Scope,
        more: impl FnOnce(&CompiledProgram, &mut Facts) -> Result<Vec<RelId>, PolicyError>,
    ) -> Result<Model, PolicyError> {
        let parts = (&self.query.program, self.texts.as_slice());
        let model = evaluate(parts, store, scope, &[self.query.answer], more)?;
        model.map_err(|error| PolicyError::Evaluation {
            error: Box::new(error),
            sources: Box::new(self.sources.clone()),
        })
    }
}

fn mistakes(diagnostics: Diagnostics, sources: Sources) -> PolicyError {
    PolicyError::Rules {
        diagnostics,
        sources: Box::new(sources),
    }
}

fn same_as_views(checked: &Checked, sources: &Sources, store: &Store) -> Result<(), PolicyError> {
    let mistakes = views::check(checked, sources, store).map_err(ViewError::from)?;
    if mistakes.is_empty() {
        return Ok(());
    }
    Err(PolicyError::Views {
        mistakes,
        sources: Box::new(sources.clone()),
    })
}
