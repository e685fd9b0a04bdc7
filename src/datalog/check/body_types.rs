//! The base types of a body's variables, for whoever compiles the body.

use super::scope::{ScopeId, Scopes, VarId, inner_terms};
use super::signature;
use super::typing::Typing;
use rustc_hash::FxHashSet;

use crate::datalog::ast::{Aggregate, AggregateOp, BaseType, Expr, ExprKind, Functor, Span};

/// The variables of one body, or of the body of one aggregate, with their base types.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BodyTypes {
    /// The variables that stand in the body itself, by name. In an aggregate these are its own as well as
    /// those from outside that it uses.
    pub variables: Vec<(String, BaseType)>,
    /// The aggregates in the body's terms.
    pub aggregates: Vec<AggregateTypes>,
}

/// The variables of one aggregate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AggregateTypes {
    /// The whole term, from `count` to `}`.
    pub span: Span,
    /// The variables whose values come from outside; all others are the aggregate's own.
    pub outer: Vec<String>,
    /// Types in its body.
    pub types: BodyTypes,
}

/// What belongs to a scope.
#[derive(Default)]
struct Contents {
    variables: Vec<VarId>,
    children: Vec<ScopeId>,
}

impl BodyTypes {
    pub(super) fn new(scopes: &Scopes<'_>, typing: &Typing<'_, '_>) -> Self {
        let mut contents: Vec<Contents> = Vec::new();
        contents.resize_with(scopes.scopes.len(), Contents::default);
        for (id, scope) in scopes.scopes.iter().enumerate() {
            if let Some(around) = scope.parent.and_then(|parent| contents.get_mut(parent)) {
                around.children.push(id);
            }
        }
        for (id, variable) in scopes.variables.iter().enumerate() {
            if let Some(scope) = contents.get_mut(variable.scope) {
                scope.variables.push(id);
            }
        }
        Self::of_scope(scopes, typing, &contents, 0)
    }

    fn of_scope(
        scopes: &Scopes<'_>,
        typing: &Typing<'_, '_>,
        contents: &[Contents],
        scope: ScopeId,
    ) -> Self {
        let mut types = BodyTypes::default();
        let Some(here) = contents.get(scope) else {
            return types;
        };
        let typed = here.variables.iter().filter_map(|id| {
            let name = scopes.variables.get(*id)?.name;
            Some((name.to_owned(), typing.base_of(*id)?))
        });
        types.variables.extend(typed);
        for child in &here.children {
            let Some((aggregate, span)) = scopes.scopes.get(*child).and_then(|s| s.aggregate)
            else {
                continue;
            };
            let mut inner = Self::of_scope(scopes, typing, contents, *child);
            let mut seen = FxHashSet::default();
            let mut outer = Vec::new();
            for term in inner_terms(aggregate) {
                scopes.each_variable(term, *child, &mut |id| {
                    let Some(variable) = scopes.variables.get(id) else {
                        return;
                    };
                    if variable.scope < *child && seen.insert(id) {
                        outer.push(variable.name.to_owned());
                        if let Some(base) = typing.base_of(id) {
                            inner.variables.push((variable.name.to_owned(), base));
                        }
                    }
                });
            }
            inner.sort();
            types.aggregates.push(AggregateTypes {
                span,
                outer,
                types: inner,
            });
        }
        types.sort();
        types
    }

    fn sort(&mut self) {
        self.variables.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
    }

    /// The type of a variable.
    pub fn variable(&self, name: &str) -> Option<BaseType> {
        let at = self
            .variables
            .binary_search_by(|(known, _)| known.as_str().cmp(name));
        let (_, base) = self.variables.get(at.ok()?)?;
        Some(*base)
    }

    /// The aggregate that a term of the body is.
    pub fn aggregate(&self, term: &Expr) -> Option<&AggregateTypes> {
        self.aggregates
            .iter()
            .find(|aggregate| aggregate.span == term.span)
    }

    /// The type of a term of the body; nothing for `_`.
    pub fn expr_type(&self, expr: &Expr) -> Option<BaseType> {
        match &expr.kind {
            ExprKind::Variable(name) => self.variable(name),
            ExprKind::Wildcard => None,
            ExprKind::Symbol(_) => Some(BaseType::Symbol),
            ExprKind::Number(_) => Some(BaseType::Number),
            ExprKind::Float(_) => Some(BaseType::Float),
            ExprKind::Negate(operand) => self.expr_type(operand),
            ExprKind::Binary(_, left, _) => self.expr_type(left),
            ExprKind::Call(Functor::Min | Functor::Max, args) => self.expr_type(args.first()?),
            ExprKind::Call(functor, _) => signature::result(*functor),
            ExprKind::Aggregate(aggregate) => self.aggregate_type(expr, aggregate),
        }
    }

    fn aggregate_type(&self, expr: &Expr, aggregate: &Aggregate) -> Option<BaseType> {
        match (aggregate.op, &aggregate.value) {
            (AggregateOp::Count, _) | (_, None) => Some(BaseType::Number),
            (_, Some(value)) => self.aggregate(expr)?.types.expr_type(value),
        }
    }
}
