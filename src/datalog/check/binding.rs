//! Which variables take a value, and in what order: from the arguments of atoms, and from
//! equations whose other side is known.

use rustc_hash::FxHashMap;

use super::scope::{Role, ScopeId, Scopes, VarId, Variable};
use crate::datalog::ast::{CompareOp, Expr, ExprKind, Literal};
use crate::datalog::diagnostic::{Code, Found, RuleError};

/// An equation that gives a variable its value.
#[derive(Clone, Copy, Debug)]
pub(super) struct Assignment<'p> {
    pub(super) variable: VarId,
    pub(super) value: &'p Expr,
    pub(super) scope: ScopeId,
}

/// What is bound in one body.
#[derive(Debug, Default)]
pub(super) struct Binding<'p> {
    pub(super) bound: Vec<bool>,
    /// In an order in which each value is known when its turn comes, an outer scope before the
    /// scopes in it.
    pub(super) assignments: Vec<Assignment<'p>>,
    /// Where the assignments of each scope end in that list.
    ends: Vec<usize>,
}

/// An equation that waits until the variables on its other side are bound.
struct Waiting<'p> {
    assignment: Assignment<'p>,
    missing: usize,
}

impl<'p> Binding<'p> {
    pub(super) fn new(scopes: &Scopes<'p>) -> Self {
        let mut binding = Binding {
            bound: vec![false; scopes.variables.len()],
            assignments: Vec::new(),
            ends: Vec::with_capacity(scopes.scopes.len()),
        };
        for scope in 0..scopes.scopes.len() {
            binding.scope(scopes, scope);
            binding.ends.push(binding.assignments.len());
        }
        binding
    }

    pub(super) fn is_bound(&self, variable: VarId) -> bool {
        self.bound.get(variable).copied().unwrap_or(true)
    }

    /// The assignments of one scope.
    pub(super) fn assignments_in(&self, scope: ScopeId) -> &[Assignment<'p>] {
        let before = scope
            .checked_sub(1)
            .and_then(|before| self.ends.get(before));
        let start = before.copied().unwrap_or(0);
        let end = self.ends.get(scope).copied().unwrap_or(start);
        self.assignments.get(start..end).unwrap_or_default()
    }

    fn scope(&mut self, scopes: &Scopes<'p>, scope: ScopeId) {
        let Some(literals) = scopes.scopes.get(scope).map(|scope| scope.literals) else {
            return;
        };
        let mut equations = false;
        for literal in literals {
            match literal {
                Literal::Positive(atom) => {
                    for name in atom.args.iter().filter_map(as_variable) {
                        self.bind(scopes.resolve(name, scope));
                    }
                }
                Literal::Compare {
                    op: CompareOp::Eq, ..
                } => equations = true,
                _ => {}
            }
        }
        if equations {
            self.equations(scopes, scope, literals);
        }
    }

    fn bind(&mut self, variable: Option<VarId>) -> bool {
        let Some(bound) = variable.and_then(|id| self.bound.get_mut(id)) else {
            return false;
        };
        !std::mem::replace(bound, true)
    }

    fn equations(&mut self, scopes: &Scopes<'p>, scope: ScopeId, literals: &'p [Literal]) {
        let mut waiting: Vec<Waiting<'p>> = Vec::new();
        let mut waits_for: FxHashMap<VarId, Vec<usize>> = FxHashMap::default();
        let mut ready: Vec<Assignment<'p>> = Vec::new();
        for literal in literals {
            let Literal::Compare {
                left,
                op: CompareOp::Eq,
                right,
                ..
            } = literal
            else {
                continue;
            };
            for (target, value) in [(left, right), (right, left)] {
                let Some(variable) = as_variable(target).and_then(|n| scopes.resolve(n, scope))
                else {
                    continue;
                };
                if self.is_bound(variable) || matches!(value.kind, ExprKind::Wildcard) {
                    continue;
                }
                let assignment = Assignment {
                    variable,
                    value,
                    scope,
                };
                let mut missing = self.missing(scopes, value, scope);
                missing.sort_unstable();
                missing.dedup();
                if missing.is_empty() {
                    ready.push(assignment);
                    continue;
                }
                for variable in &missing {
                    waits_for.entry(*variable).or_default().push(waiting.len());
                }
                waiting.push(Waiting {
                    assignment,
                    missing: missing.len(),
                });
            }
        }
        while let Some(assignment) = ready.pop() {
            if !self.bind(Some(assignment.variable)) {
                continue;
            }
            self.assignments.push(assignment);
            for index in waits_for.remove(&assignment.variable).unwrap_or_default() {
                let Some(equation) = waiting.get_mut(index) else {
                    continue;
                };
                equation.missing = equation.missing.saturating_sub(1);
                if equation.missing == 0 {
                    ready.push(equation.assignment);
                }
            }
        }
    }

    /// The variables of this scope that a value needs and that are not bound yet.
    fn missing(&self, scopes: &Scopes<'p>, value: &Expr, scope: ScopeId) -> Vec<VarId> {
        let mut missing = Vec::new();
        scopes.each_variable(value, scope, &mut |id| {
            let here = scopes.variables.get(id).is_some_and(|v| v.scope == scope);
            if here && !self.is_bound(id) {
                missing.push(id);
            }
        });
        missing
    }

    /// Reports the variables that nothing binds.
    pub(super) fn check(&self, scopes: &Scopes<'p>, is_fact: bool, found: &mut Found) {
        let aggregated = aggregated_outside(scopes, found);
        for (id, variable) in scopes.variables.iter().enumerate() {
            if !self.is_bound(id) && !aggregated.contains(&id) {
                found.push(unbound(variable, is_fact));
            }
        }
    }
}

pub(super) fn as_variable(expr: &Expr) -> Option<&str> {
    match &expr.kind {
        ExprKind::Variable(name) => Some(name),
        _ => None,
    }
}

/// What is aggregated must be a matter of the aggregate alone: Soufflé reads a variable there as a
/// new one, whatever it means outside.
fn aggregated_outside(scopes: &Scopes<'_>, found: &mut Found) -> Vec<VarId> {
    let mut reported = Vec::new();
    for (id, scope) in scopes.scopes.iter().enumerate() {
        let Some(value) = scope
            .aggregate
            .and_then(|(aggregate, _)| aggregate.value.as_ref())
        else {
            continue;
        };
        scopes.each_variable(value, id, &mut |variable_id| {
            let Some(variable) = scopes.variables.get(variable_id) else {
                return;
            };
            if variable.scope >= id || reported.contains(&variable_id) {
                return;
            }
            reported.push(variable_id);
            let name = variable.name;
            found.push(
                RuleError::new(
                    Code::AggregatedOutside,
                    format!("`{name}` is aggregated and also stands outside the aggregate"),
                )
                .label(value.span, "aggregated here")
                .label(variable.first.span, "and used here")
                .help("give one of them another name: variables of an aggregate stay inside it"),
            );
        });
    }
    reported
}

fn unbound(variable: &Variable<'_>, is_fact: bool) -> RuleError {
    let name = variable.name;
    let error = RuleError::new(
        Code::UnboundVariable,
        format!("nothing binds the variable `{name}`"),
    );
    if is_fact {
        return error
            .label(variable.first.span, "a fact has no variables")
            .help(format!("a text stands in quotes: \"{name}\""));
    }
    let (label, help) = match variable.first.role {
        Role::Head | Role::Argument => ("the head needs a value", BIND),
        Role::Negation => (
            "a negation binds nothing",
            "write `_` when any value will do, or use the variable in an atom without `!` as well",
        ),
        Role::Comparison => ("the comparison needs a value", BIND),
        Role::Functor => ("the functor needs a value", BIND),
        Role::Aggregated => (
            "the aggregate needs a value",
            "use the variable in an atom of the aggregate's body",
        ),
    };
    let error = error.label(variable.first.span, label);
    match variable.inside {
        Some(inside) => error
            .label(inside, "this takes its value from outside the aggregate")
            .help("an aggregate binds nothing outside it: use the variable in an atom around it"),
        None => error.help(help),
    }
}

const BIND: &str = "use the variable in an atom of the body, or give it a value with `=`";
