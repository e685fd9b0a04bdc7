//! What is wrong with a machine: each tuple of each check of machines, as a finding with its evidence.
//!
//! Which checks there are is told by `rules/doctor.dl` and by a site's rules: relations whose doc comments have a
//! `code:` and a `verify:`.

mod evidence;
mod finding;

pub use finding::{Evidence, Finding, Summary};

use crate::datalog::{Datum, Fact};
use crate::launch::{MachineFacts, Request, add_facts, models_scope};
use crate::policy::{Lint, Policy, PolicyError, RuleSources};
use crate::store::{Scope, Store};

/// Checks a machine, and what a request needs of it where there is one, the worst finding first.
///
/// What is checked is what `machine` has facts of: [`Extent::Everything`](crate::detect::Extent::Everything) for the
/// machine itself, [`look_around`](crate::detect::look_around) for what a launch needs. What nobody looked at is not
/// wrong.
///
/// # Errors
/// The rules cannot be evaluated.
pub fn check(
    store: &Store,
    rules: &RuleSources,
    machine: &MachineFacts,
    request: Option<&Request>,
) -> Result<Vec<Finding>, PolicyError> {
    let policy = Policy::load_machine(rules.clone(), store)?;
    let goals: Vec<_> = policy.lints().iter().map(Lint::relation).collect();
    let requests: Vec<(Request, usize)> =
        request.cloned().into_iter().map(|one| (one, 0)).collect();
    let scope = match request {
        Some(request) => models_scope(store, &request.model)?,
        None => Scope::Models(Vec::new()),
    };
    let machines = std::slice::from_ref(machine);
    let model = policy.evaluate(store, &scope, &goals, |program, facts| {
        add_facts(program, facts, &requests, machines)
    })?;
    let mut found = Vec::new();
    for lint in policy.lints() {
        for tuple in model.rows(lint.relation()) {
            let values = Policy::shown(&tuple);
            let command = |template: &str| {
                let text = lint.fill(template, &values);
                (!text.is_empty()).then_some(text)
            };
            let finding = Finding {
                code: lint.code.clone(),
                name: lint.name.clone(),
                severity: lint.severity,
                message: policy.say(lint.relation(), &tuple),
                help: policy.advise(lint.relation(), &tuple),
                mend: command(&lint.commands.mend),
                verify: command(&lint.commands.verify),
                evidence: Vec::new(),
            };
            let fact = Fact {
                relation: lint.relation(),
                values: tuple.values().map(Datum::from).collect(),
            };
            let relation = policy.program.name(lint.relation()).to_owned();
            found.push((finding, relation, fact));
        }
    }
    if !found.is_empty() {
        let asked = (request, machine);
        evidence::add(store, rules, asked, &mut found)?;
    }
    let mut findings: Vec<Finding> = found.into_iter().map(|(finding, _, _)| finding).collect();
    findings.sort_by(Finding::order);
    Ok(findings)
}
