//! What looks like a mistake and is none for certain: variables in one place, relations without
//! rules.

use super::binding::Binding;
use super::declare::Relations;
use super::scope::Scopes;
use super::strata::Graph;
use crate::datalog::ast::Span;
use crate::datalog::diagnostic::{Code, Found, RuleError};
use rustc_hash::FxHashMap;

/// The variables of a rule, over all alternatives of its body.
#[derive(Debug, Default)]
pub(super) struct Uses<'p> {
    /// For a variable's first place its name, and whether it stands anywhere else in any
    /// alternative.
    places: FxHashMap<Span, (&'p str, bool)>,
}

impl<'p> Uses<'p> {
    /// Takes in one alternative; what is not bound is an error, and need not be said twice.
    pub(super) fn add(&mut self, scopes: &Scopes<'p>, binding: &Binding<'p>) {
        for (id, variable) in scopes.variables.iter().enumerate() {
            let once = variable.uses == 1 && binding.is_bound(id);
            let place = self.places.entry(variable.first.span);
            place.or_insert((variable.name, true)).1 &= once;
        }
    }

    /// Reports the variables that stand in one place, and forgets all.
    pub(super) fn report(&mut self, found: &mut Found) {
        for (span, (name, once)) in self.places.drain() {
            if !once || name.starts_with('_') {
                continue;
            }
            found.push(
                RuleError::new(
                    Code::VariableUsedOnce,
                    format!("the variable `{name}` stands in one place only"),
                )
                .label(span, "joins nothing")
                .help(format!("write `_` or `_{name}` when any value will do")),
            );
        }
    }
}

/// Reports the relations that nothing fills.
pub(super) fn never_derived(relations: &Relations<'_>, graph: &Graph, found: &mut Found) {
    for (relation, rules) in relations.list.iter().zip(&graph.derived_by) {
        let name = &relation.decl.name;
        let is_known = relations.find(&name.name).is_some();
        let is_filled = !rules.is_empty() || relation.is_input || relation.extension_point;
        if is_filled || !is_known {
            continue;
        }
        found.push(
            RuleError::new(
                Code::NeverDerived,
                format!("`{}` is always empty", name.name),
            )
            .label(name.span, "no fact, no rule, no `.input`")
            .help(
                "write a rule for it, or `.input`; when others are to fill it, say \
                 \"(extension point)\" in its doc comment",
            ),
        );
    }
}
