//! Why a container did not come up: its last lines and its exit code as facts, and what the rules make of them.

use crate::datalog::{Tuple, Value};
use crate::policy::{OF_CONTAINERS, OF_FAILURES, Policy, PolicyError};
use crate::store::{Scope, Store};

/// A container that did not come up.
#[derive(Clone, Copy, Debug)]
pub struct Ended<'a> {
    /// The model it was to serve.
    pub model: &'a str,
    /// Its backend.
    pub backend: &'a str,
    /// Its last lines, or those of its engine.
    pub lines: &'a [&'a str],
    /// Its exit code; none while it runs.
    pub code: Option<i64>,
    /// Whether it was killed for want of memory.
    pub out_of_memory: bool,
}

/// Why it did not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// The relation that tells it.
    pub relation: String,
    /// The cause, in a sentence.
    pub says: String,
    /// What to do about it.
    pub help: Option<String>,
    /// The first line that shows it.
    pub line: Option<String>,
}

/// The causes that the rules of `policy` ([`Policy::load_failures`]) find, the first one first.
///
/// # Errors
/// The rules cannot be evaluated.
pub fn causes(
    store: &Store,
    policy: &Policy,
    ended: &Ended<'_>,
) -> Result<Vec<Cause>, PolicyError> {
    let relations = policy.relations_named(OF_FAILURES);
    let goals: Vec<_> = relations.iter().map(|(id, _)| *id).collect();
    let model = policy.evaluate(store, &Scope::Whole, &goals, |program, facts| {
        let mut filled = Vec::new();
        for name in OF_CONTAINERS {
            let Some(id) = program.relation(name) else {
                continue;
            };
            filled.push(id);
            for tuple in tuples(name, ended) {
                let pushed = facts.push(id, &tuple);
                pushed.map_err(|_| PolicyError::Missing(name))?;
            }
        }
        Ok(filled)
    })?;
    let mut causes = Vec::new();
    for (id, relation) in relations {
        let Some(first) = model.rows(id).min_by(Tuple::compare) else {
            continue;
        };
        let line = first.number(0).and_then(|line| usize::try_from(line).ok());
        let line = line.and_then(|line| ended.lines.get(line.checked_sub(1)?));
        causes.push(Cause {
            relation,
            says: policy.say(id, &first),
            help: policy.advise(id, &first),
            line: line.map(|line| (*line).to_owned()),
        });
    }
    Ok(causes)
}

/// The facts of a relation, lines numbered from 1.
fn tuples<'a>(relation: &str, ended: &Ended<'a>) -> Vec<Vec<Value<'a>>> {
    use Value::{Number, Symbol};
    match relation {
        "log_line" => (1..)
            .zip(ended.lines)
            .map(|(number, line)| vec![Number(number), Symbol(line)])
            .collect(),
        "container_end" => ended
            .code
            .map(|code| vec![Number(code), Number(i64::from(ended.out_of_memory))])
            .into_iter()
            .collect(),
        "launched" => vec![vec![Symbol(ended.model), Symbol(ended.backend)]],
        _ => Vec::new(),
    }
}
