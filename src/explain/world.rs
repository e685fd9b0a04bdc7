//! Everything that an explanation looks at: the rules as they are written, what was asked, and the
//! completed relations.

use crate::datalog::source::Sources;
use crate::datalog::{Checked, Datum, Fact, Facts, Model, Options, Pattern, RelId, Value};
use crate::launch::{MachineFacts, Request, gather};
use crate::policy::{Policy, PolicyError, RuleSources, is_given, is_of_machine};
use crate::store::{Scope, Store, ViewError};

use super::saying::Speaker;

/// What is asked about: a request, number 1 in the relations, on a machine, number 1 as well.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The request.
    pub request: Request,
    /// The machine.
    pub machine: MachineFacts,
    /// The words of the command line that the model follows from: its name, a flag, a recipe.
    pub model_by: String,
    /// The words that ask for a GPU count: `4`, `--gpus 4`.
    pub gpus_by: Option<String>,
}

/// Which relations are wanted.
#[derive(Clone, Copy, Debug)]
pub enum Wanted {
    /// Those that decisions and their reasons are read from.
    Decision,
    /// Also what would change the decision.
    Changes,
    /// One relation.
    Relation(RelId),
    /// The checks of machines.
    Machine,
}

/// The rules, the facts and what follows from them.
pub struct World<'s> {
    /// The catalog.
    pub store: &'s Store,
    /// The rules as they are written.
    pub checked: Checked,
    /// Their texts.
    pub sources: Sources,
    /// What was asked; nothing for questions about the catalog alone.
    pub asked: Option<Asked>,
    /// The completed relations.
    pub model: Model,
    pub(super) base: Base,
}

/// What the relations are made from, to make them again with changes.
pub(super) struct Base {
    policy: Policy,
    facts: Facts,
    goals: Vec<RelId>,
}

/// The relations of a decision and the families of its reasons.
const DECISION: &[&str] = &[
    "chosen",
    "eligible",
    "considered",
    "search_place",
    "search_rank",
    "requested_model",
    "requested_hardware",
];
const REASONS: &[&str] = &["rejected_", "after_", "differs_in_", "not_considered_"];
pub(super) const CHANGES: &str = "change_";

/// The rules in force, as they are written and compiled.
pub struct Rules {
    /// As they are written.
    pub checked: Checked,
    /// Their texts.
    pub sources: Sources,
    policy: Policy,
}

impl Rules {
    /// Reads the rules.
    ///
    /// # Errors
    /// They have mistakes.
    pub fn open(store: &Store, rules: RuleSources) -> Result<Rules, PolicyError> {
        let (policy, checked, sources) = Policy::open(rules, store)?;
        Ok(Rules {
            checked,
            sources,
            policy,
        })
    }

    /// Whether a relation depends on what is asked, and on which machine.
    pub fn depends_on_request(&self, relation: RelId) -> bool {
        let mut inputs = self.policy.program.inputs(&[relation]).into_iter();
        inputs.any(|input| is_given(self.policy.program.name(input)))
    }
}

impl<'s> World<'s> {
    /// Evaluates the rules over the catalog's facts and those of what was asked. `also` names models
    /// whose facts are needed beside those of the request's.
    ///
    /// # Errors
    /// The rules cannot be evaluated.
    pub fn new(
        store: &'s Store,
        rules: Rules,
        asked: Option<Asked>,
        also: &[String],
        wanted: Wanted,
    ) -> Result<World<'s>, PolicyError> {
        let Rules {
            checked,
            sources,
            policy,
        } = rules;
        let goals = goals(&policy, &checked, wanted)?;
        let scope = scope(store, asked.as_ref(), also)?;
        let facts = policy.facts(store, &scope, &goals, |program, facts| match &asked {
            Some(asked) => {
                let requests = [(asked.request.clone(), 0)];
                gather::add(
                    program,
                    facts,
                    &requests,
                    std::slice::from_ref(&asked.machine),
                )
            }
            None => gather::add(program, facts, &[], &[]),
        })?;
        let options = Options {
            stamps: true,
            ..Options::default()
        };
        let model = policy.complete(facts.clone(), &goals, &options)?;
        Ok(World {
            store,
            checked,
            sources,
            asked,
            model,
            base: Base {
                policy,
                facts,
                goals,
            },
        })
    }

    pub(super) fn speaker(&self) -> Speaker<'_> {
        Speaker(&self.checked)
    }

    /// A relation that the program itself reads.
    pub(super) fn relation(&self, name: &'static str) -> Result<RelId, PolicyError> {
        self.checked
            .relation(name)
            .ok_or(PolicyError::Missing(name))
    }

    /// The relations whose names begin so, in the order of their declarations.
    pub(super) fn family(&self, prefix: &str) -> Vec<RelId> {
        let named = self.base.policy.relations_named(prefix);
        named.into_iter().map(|(id, _)| id).collect()
    }

    /// Whether a relation is filled by each run, from its request and machine.
    pub(super) fn is_given(&self, relation: RelId) -> bool {
        is_given(self.speaker().name(relation))
    }

    /// Whether the catalog has the model that was asked for.
    pub fn knows_the_model(&self) -> bool {
        let relation = self.checked.relation("requested_model");
        relation.is_some_and(|relation| self.model.len(relation) > 0)
    }

    /// The facts of a relation that hold, by their values.
    pub(super) fn facts_of(&self, relation: RelId) -> Vec<Fact> {
        facts_in(&self.model, relation, &[])
    }
}

impl Base {
    /// The relations again, with some facts taken away and others added.
    pub(super) fn with_changes<'d>(
        &self,
        changes: impl Iterator<Item = &'d Difference>,
    ) -> Result<Model, PolicyError> {
        let mut facts = self.facts.clone();
        for change in changes {
            for pattern in &change.without {
                let values: Vec<Option<Value<'_>>> = pattern
                    .values
                    .iter()
                    .map(|value| value.as_ref().map(Datum::value))
                    .collect();
                facts.remove(pattern.relation, &values);
            }
            for fact in &change.with {
                let values: Vec<Value<'_>> = fact.values.iter().map(Datum::value).collect();
                if let Err(error) = facts.push(fact.relation, &values) {
                    tracing::warn!(%error, "a fact of a change does not fit its relation");
                }
            }
        }
        self.policy
            .complete(facts, &self.goals, &Options::default())
    }
}

/// Base facts that are different.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Difference {
    /// Those that are gone.
    pub(super) without: Vec<Pattern>,
    /// Those that are new.
    pub(super) with: Vec<Fact>,
}

/// The facts of a relation whose first columns have these values.
pub(super) fn facts_in(model: &Model, relation: RelId, first: &[Datum]) -> Vec<Fact> {
    let pattern: Vec<Option<Value<'_>>> = first.iter().map(|value| Some(value.value())).collect();
    let mut facts: Vec<Fact> = model
        .matching(relation, &pattern)
        .map(|tuple| Fact {
            relation,
            values: tuple.values().map(Datum::from).collect(),
        })
        .collect();
    facts.sort();
    facts
}

fn goals(policy: &Policy, checked: &Checked, wanted: Wanted) -> Result<Vec<RelId>, PolicyError> {
    let named = |name: &'static str| checked.relation(name).ok_or(PolicyError::Missing(name));
    let families: &[&[&str]] = match wanted {
        Wanted::Relation(relation) => return Ok(vec![relation]),
        Wanted::Machine => return Ok(checks_of_machines(checked)),
        Wanted::Decision => &[REASONS],
        Wanted::Changes => &[REASONS, &[CHANGES]],
    };
    let mut goals = DECISION
        .iter()
        .map(|name| named(name))
        .collect::<Result<Vec<_>, _>>()?;
    for family in families.iter().copied().flatten() {
        goals.extend(policy.relations_named(family).into_iter().map(|(id, _)| id));
    }
    Ok(goals)
}

fn checks_of_machines(checked: &Checked) -> Vec<RelId> {
    let is_check = |relation: &RelId| {
        let info = checked.info(*relation);
        let decl = info.and_then(|info| checked.program.decls.get(info.decl));
        let doc = decl.and_then(|decl| decl.doc.as_ref());
        doc.is_some_and(is_of_machine)
    };
    let relations = (0..).map(RelId).take(checked.relations.len());
    relations.filter(is_check).collect()
}

fn scope(store: &Store, asked: Option<&Asked>, also: &[String]) -> Result<Scope, PolicyError> {
    let Some(asked) = asked else {
        return Ok(Scope::Whole);
    };
    let mut keys = Vec::new();
    for model in also.iter().chain([&asked.request.model]) {
        keys.extend(store.model_keys(model).map_err(ViewError::from)?);
    }
    keys.sort_unstable();
    keys.dedup();
    Ok(Scope::Models(keys))
}
