//! The compiled policy, kept in the store so that rules are not parsed again while nothing changed.

use std::sync::{Arc, Mutex};

use serde::{Deserialize, Serialize};

use crate::datalog::diagnostic::{Diagnostics, RuleError};
use crate::datalog::source::Sources;
use crate::datalog::{
    self, Checked, CompiledProgram, Extent, Facts, Model, Options, RelId, Sought, Tuple, Value,
};
use crate::store::{COMPILED, Scope, Store, ViewError};

use super::purpose::Purpose;
use super::{
    Lint, PolicyError, Portions, RelationText, RuleSources, Shared, apart, evaluate, lint, views,
};

/// Rules that can be evaluated, and what their relations say.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Policy {
    /// The program.
    pub program: CompiledProgram,
    /// What each relation says, in the order of the relations.
    texts: Vec<RelationText>,
    /// The checks among the relations; those of decisions have none.
    lints: Vec<Lint>,
    /// From what each relation is derived.
    pub(super) extents: Vec<Extent>,
    /// The texts that checks look for, where they look for some only.
    pub(super) sought: Vec<Sought>,
    /// What groups of files shared last.
    #[serde(skip)]
    pub(super) shared: Arc<Mutex<Option<Arc<Shared>>>>,
    /// What it was compiled from, to point into when an evaluation fails.
    #[serde(skip)]
    rules: RuleSources,
}

impl Policy {
    /// What these rules decide: from the store where it has it, else compiled and kept there.
    ///
    /// # Errors
    /// The rules have mistakes.
    pub fn load(rules: RuleSources, store: &Store) -> Result<Policy, PolicyError> {
        Policy::load_for(Purpose::Decisions, rules, store)
    }

    /// What these rules check, in the same way.
    ///
    /// # Errors
    /// The rules have mistakes.
    pub fn load_lints(rules: RuleSources, store: &Store) -> Result<Policy, PolicyError> {
        Policy::load_for(Purpose::Lints, rules, store)
    }

    /// Why these rules say a container did not come up, in the same way.
    ///
    /// # Errors
    /// The rules have mistakes.
    pub fn load_failures(rules: RuleSources, store: &Store) -> Result<Policy, PolicyError> {
        Policy::load_for(Purpose::Failures, rules, store)
    }

    /// What these rules tell of a machine and find wrong with it, in the same way.
    ///
    /// # Errors
    /// The rules have mistakes.
    pub fn load_machine(rules: RuleSources, store: &Store) -> Result<Policy, PolicyError> {
        Policy::load_for(Purpose::Machine, rules, store)
    }

    /// What these rules say about the model cache, in the same way.
    ///
    /// # Errors
    /// The rules have mistakes.
    pub fn load_cache(rules: RuleSources, store: &Store) -> Result<Policy, PolicyError> {
        Policy::load_for(Purpose::Cache, rules, store)
    }

    /// What these rules decide, compiled now and kept nowhere.
    ///
    /// # Errors
    /// The rules have mistakes, or read what the store does not have.
    pub fn compile(rules: RuleSources, store: &Store) -> Result<Policy, PolicyError> {
        Policy::compile_for(Purpose::Decisions, rules, store)
    }

    fn compile_for(
        purpose: Purpose,
        rules: RuleSources,
        store: &Store,
    ) -> Result<Policy, PolicyError> {
        let (program, checked, _) = compiled(rules.clone(), store, Some(purpose))?;
        // Of decisions nothing is evaluated group by group.
        let store = (purpose == Purpose::Lints).then_some(store);
        Policy::of(program, &checked, rules, store)
    }

    fn load_for(
        purpose: Purpose,
        rules: RuleSources,
        store: &Store,
    ) -> Result<Policy, PolicyError> {
        let started = std::time::Instant::now();
        let key = rules.key().map(|key| format!("{} {key}", purpose.name()));
        let kept = key.as_ref().and_then(|key| store.kept(COMPILED, key));
        if let Some(policy) = kept.and_then(|bytes| postcard::from_bytes::<Policy>(&bytes).ok()) {
            tracing::debug!(took = ?started.elapsed(), "rules read from the store");
            return Ok(Policy { rules, ..policy });
        }
        let policy = Policy::compile_for(purpose, rules, store)?;
        if let (Some(key), Ok(bytes)) = (key, postcard::to_stdvec(&policy)) {
            store.keep(COMPILED, &key, &bytes);
        }
        Ok(policy)
    }

    /// All of the rules, with what explanations read beside the program: the rules as they are written.
    ///
    /// # Errors
    /// The rules have mistakes, or read what the store does not have.
    pub fn open(
        rules: RuleSources,
        store: &Store,
    ) -> Result<(Policy, Checked, Sources), PolicyError> {
        let (program, checked, sources) = compiled(rules.clone(), store, None)?;
        let policy = Policy::of(program, &checked, rules, None)?;
        Ok((policy, checked, sources))
    }

    fn of(
        program: CompiledProgram,
        checked: &Checked,
        rules: RuleSources,
        store: Option<&Store>,
    ) -> Result<Policy, PolicyError> {
        let (extents, sought) = match store {
            None => (Vec::new(), Vec::new()),
            Some(store) => (
                apart::extents(checked, store).map_err(ViewError::from)?,
                datalog::sought(checked),
            ),
        };
        Ok(Policy {
            program,
            texts: texts(checked),
            lints: lint::lints(checked),
            extents,
            sought,
            shared: Arc::default(),
            rules,
        })
    }

    pub(super) fn texts(&self) -> &[RelationText] {
        &self.texts
    }

    /// Checks rules and gives what looks wrong in them, with their texts.
    ///
    /// # Errors
    /// The rules have mistakes, or read what the store does not have.
    pub fn check(rules: RuleSources, store: &Store) -> Result<(Sources, Diagnostics), PolicyError> {
        let (_, checked, sources) = compiled(rules, store, None)?;
        Ok((sources, checked.warnings))
    }

    /// What a relation's tuples say.
    pub fn text(&self, relation: RelId) -> Option<&RelationText> {
        self.texts.get(relation.index())
    }

    /// The sentence of a tuple.
    pub fn say(&self, relation: RelId, tuple: &Tuple<'_>) -> String {
        let values = values(tuple);
        self.text(relation)
            .and_then(|text| text.say(&values))
            .unwrap_or_else(|| format!("{}({})", self.program.name(relation), values.join(", ")))
    }

    /// The text of each column of a tuple, as sentences show it.
    pub fn shown(tuple: &Tuple<'_>) -> Vec<String> {
        values(tuple)
    }

    /// The advice for a tuple.
    pub fn advise(&self, relation: RelId, tuple: &Tuple<'_>) -> Option<String> {
        self.text(relation)?.advise(&values(tuple))
    }

    pub(super) fn rules(&self) -> &RuleSources {
        &self.rules
    }

    /// The checks among its relations.
    pub fn lints(&self) -> &[Lint] {
        &self.lints
    }

    /// The relations whose names begin so, in the order of their declarations.
    pub fn relations_named(&self, prefix: &str) -> Vec<(RelId, String)> {
        let named = self
            .program
            .relations()
            .filter(|(_, relation)| relation.name.starts_with(prefix));
        named
            .map(|(id, relation)| (id, relation.name.clone()))
            .collect()
    }

    /// Evaluates the rules over the store's facts and those of `more`, as far as `goals` need it.
    /// The relations that `more` gives back are its own and not read from the store.
    ///
    /// # Errors
    /// A view does not fit its relation, or a rule meets a value that it cannot compute with.
    pub fn evaluate(
        &self,
        store: &Store,
        scope: &Scope,
        goals: &[RelId],
        more: impl FnOnce(&CompiledProgram, &mut Facts) -> Result<Vec<RelId>, PolicyError>,
    ) -> Result<Model, PolicyError> {
        let facts = self.facts(store, scope, goals, more)?;
        self.complete(facts, goals, &Options::default())
    }

    /// The store's facts and those of `more`, as far as `goals` need them; see [`evaluate`](Self::evaluate).
    ///
    /// # Errors
    /// A view does not fit its relation.
    pub fn facts(
        &self,
        store: &Store,
        scope: &Scope,
        goals: &[RelId],
        more: impl FnOnce(&CompiledProgram, &mut Facts) -> Result<Vec<RelId>, PolicyError>,
    ) -> Result<Facts, PolicyError> {
        let parts = (&self.program, self.texts.as_slice());
        evaluate::facts(parts, store, scope, goals, more)
    }

    /// The store's facts as far as `goals` need them, to be taken model by model; but for the relations that
    /// are `given`.
    ///
    /// # Errors
    /// A view does not fit its relation.
    pub fn portions(
        &self,
        store: &Store,
        scope: &Scope,
        goals: &[RelId],
        given: &[RelId],
    ) -> Result<Portions, PolicyError> {
        let parts = (&self.program, self.texts.as_slice());
        Ok(Portions::read(parts, store, scope, goals, given)?)
    }

    /// Evaluates the rules over facts, as far as `goals` need it.
    ///
    /// # Errors
    /// A rule meets a value that it cannot compute with.
    pub fn complete(
        &self,
        facts: Facts,
        goals: &[RelId],
        options: &Options,
    ) -> Result<Model, PolicyError> {
        let model = evaluate::complete(&self.program, facts, goals, options);
        model.map_err(|error| self.failed(error))
    }

    pub(super) fn failed(&self, error: RuleError) -> PolicyError {
        // Only now are the texts needed, and reading them again gives each file its number again.
        let mut sources = Sources::new();
        let (files, mut loader) = self.rules.clone().into_sources(&mut sources);
        let _ = datalog::load(&mut sources, &files, &mut loader);
        PolicyError::Evaluation {
            error: Box::new(error),
            sources: Box::new(sources),
        }
    }
}

/// What the relations say, in their order.
pub(super) fn texts(checked: &Checked) -> Vec<RelationText> {
    let decl = |relation: &datalog::RelationInfo| checked.program.decls.get(relation.decl);
    let texts = checked
        .relations
        .iter()
        .map(|relation| decl(relation).map(RelationText::of));
    texts.map(Option::unwrap_or_default).collect()
}

fn compiled(
    rules: RuleSources,
    store: &Store,
    purpose: Option<Purpose>,
) -> Result<(CompiledProgram, Checked, Sources), PolicyError> {
    let mut sources = Sources::new();
    let (files, mut loader) = rules.into_sources(&mut sources);
    let wrong = |diagnostics, sources| PolicyError::Rules {
        diagnostics,
        sources: Box::new(sources),
    };
    let checked = match datalog::load(&mut sources, &files, &mut loader) {
        Ok(checked) => checked,
        Err(diagnostics) => return Err(wrong(diagnostics, sources)),
    };
    let mistakes = views::check(&checked, &sources, store).map_err(ViewError::from)?;
    if !mistakes.is_empty() {
        let sources = Box::new(sources);
        return Err(PolicyError::Views { mistakes, sources });
    }
    let part = match purpose {
        Some(purpose) => purpose.part(&checked),
        None => Ok(checked),
    };
    match part.and_then(|part| Ok((datalog::compile(&part)?, part))) {
        Ok((program, part)) => Ok((program, part, sources)),
        Err(diagnostics) => Err(wrong(diagnostics, sources)),
    }
}

/// The text of each column of a tuple, as sentences show it.
fn values(tuple: &Tuple<'_>) -> Vec<String> {
    tuple
        .values()
        .map(|value| match value {
            Value::Symbol(text) => text.to_owned(),
            Value::Number(number) => number.to_string(),
            Value::Float(number) => {
                let text = format!("{number:.3}");
                text.trim_end_matches('0').trim_end_matches('.').to_owned()
            }
        })
        .collect()
}
