//! Recursion that makes new values. Over the values that are there a recursion ends, since there
//! are only so many tuples; one that adds 1 to what it found before might go on for ever.
//!
//! It is an error when a value calculated from a recursive atom reaches a column of the recursive
//! head. A value that only feeds a comparison is none, nor is one that an atom from outside the
//! recursion holds as well, since that atom has only so many tuples. A comparison with a bound
//! (`N < 10`) is not enough: whether it ends the recursion is not decided here.

use super::binding::{Binding, as_variable};
use super::cycles::recursive_literal;
use super::declare::Relations;
use super::scope::{ScopeId, Scopes, VarId, inner_terms};
use super::strata::Graph;
use crate::datalog::ast::{Aggregate, Expr, ExprKind, Functor, Literal, Rule, Span};
use crate::datalog::diagnostic::{Code, Found, RuleError};

/// What is known of a variable's values.
#[derive(Clone, Copy, Debug)]
struct Values {
    /// They are among those of relations outside the recursion.
    bounded: bool,
    /// The term that makes them, when it makes new ones.
    made_by: Option<Span>,
}

struct Growth<'c, 'p> {
    scopes: &'c Scopes<'p>,
    values: Vec<Values>,
}

pub(super) fn check(
    (index, rule): (usize, &Rule),
    body: &[Literal],
    relations: &Relations<'_>,
    graph: &Graph,
    scopes: &Scopes<'_>,
    binding: &Binding<'_>,
    found: &mut Found,
) {
    let Some(recursive) = recursive_literal(graph, index) else {
        return;
    };
    let unknown = Values {
        bounded: false,
        made_by: None,
    };
    let mut growth = Growth {
        scopes,
        values: vec![unknown; scopes.variables.len()],
    };
    growth.bounded_by_atoms(index, body, relations, graph);
    for assignment in &binding.assignments {
        let bounded = growth.is_bounded(assignment.value, assignment.scope);
        let made_by = growth.maker(assignment.value, assignment.scope);
        if let Some(values) = growth.values.get_mut(assignment.variable)
            && !values.bounded
        {
            *values = Values { bounded, made_by };
        }
    }
    let component = graph.component_of_rule(index);
    for head in &rule.heads {
        let id = relations.find(&head.relation.name);
        if id.and_then(|id| graph.component(id)) != component {
            continue;
        }
        for arg in &head.args {
            let Some(maker) = growth.maker(arg, 0) else {
                continue;
            };
            let name = &head.relation.name;
            let mut error = RuleError::new(
                Code::NewValuesInRecursion,
                format!("the recursion of `{name}` makes new values and might not end"),
            )
            .label(maker, "makes a value that was not there before");
            if arg.span != maker {
                error = error.label(arg.span, format!("becomes a column of `{name}`"));
            }
            found.push(
                error
                    .label(recursive, format!("`{name}` needs itself here"))
                    .help(
                        "let an atom from outside the recursion hold the value as well, \
                 such as a list of the numbers that can occur",
                    ),
            );
        }
    }
}

impl Growth<'_, '_> {
    /// Arguments of atoms from outside the recursion have only so many values.
    fn bounded_by_atoms(
        &mut self,
        rule: usize,
        body: &[Literal],
        relations: &Relations<'_>,
        graph: &Graph,
    ) {
        let component = graph.component_of_rule(rule);
        for literal in body {
            let Literal::Positive(atom) = literal else {
                continue;
            };
            let id = relations.find(&atom.relation.name);
            if id.and_then(|id| graph.component(id)) == component {
                continue;
            }
            for name in atom.args.iter().filter_map(as_variable) {
                let variable = self.scopes.resolve(name, 0);
                if let Some(values) = variable.and_then(|id| self.values.get_mut(id)) {
                    values.bounded = true;
                }
            }
        }
    }

    fn known(&self, variable: VarId) -> Values {
        let of_aggregate = Values {
            bounded: true,
            made_by: None,
        };
        // what an aggregate ranges over is complete before the recursion begins
        let inside = self
            .scopes
            .variables
            .get(variable)
            .is_some_and(|v| v.scope != 0);
        let known = self.values.get(variable).copied();
        known.filter(|_| !inside).unwrap_or(of_aggregate)
    }

    /// Whether all variables of a term have only so many values.
    fn is_bounded(&self, expr: &Expr, scope: ScopeId) -> bool {
        let mut bounded = true;
        self.scopes
            .each_variable(expr, scope, &mut |id| bounded &= self.known(id).bounded);
        bounded
    }

    /// The term that makes new values, if this one has any.
    fn maker(&self, expr: &Expr, scope: ScopeId) -> Option<Span> {
        match &expr.kind {
            ExprKind::Variable(name) => {
                let values = self.known(self.scopes.resolve(name, scope)?);
                values.made_by.filter(|_| !values.bounded)
            }
            ExprKind::Call(Functor::Min | Functor::Max, args) => {
                args.iter().find_map(|arg| self.maker(arg, scope))
            }
            ExprKind::Negate(_) | ExprKind::Binary(..) | ExprKind::Call(..) => {
                (!self.is_bounded(expr, scope)).then_some(expr.span)
            }
            ExprKind::Aggregate(aggregate) => {
                let grows = !self.is_bounded(expr, scope) && calculates(aggregate);
                grows.then_some(expr.span)
            }
            _ => None,
        }
    }
}

/// Whether anything in an aggregate is calculated, apart from the aggregate itself.
fn calculates(aggregate: &Aggregate) -> bool {
    inner_terms(aggregate).any(is_calculated)
}

fn is_calculated(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Negate(_) | ExprKind::Binary(..) => true,
        ExprKind::Call(Functor::Min | Functor::Max, args) => args.iter().any(is_calculated),
        ExprKind::Call(..) => true,
        ExprKind::Aggregate(aggregate) => calculates(aggregate),
        _ => false,
    }
}
