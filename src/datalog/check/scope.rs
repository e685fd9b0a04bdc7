//! The variables of one body: which occurrences are the same variable, and where each stands.
//!
//! The body of an aggregate is a scope of its own. A variable that also stands outside it, in the
//! head or in the body around it, is the one from outside; every other stays inside.

use rustc_hash::FxHashMap;

use crate::datalog::ast::{Aggregate, Atom, Expr, ExprKind, Literal, Span};

/// The capacity that is kept from one body to the next.
const MOST_KEPT: usize = 1024;

/// Index of a scope; 0 is the rule's own.
pub(super) type ScopeId = usize;
/// Index of a variable.
pub(super) type VarId = usize;

/// How a variable is used at one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// In a head.
    Head,
    /// As an argument of an atom: the place that gives it a value.
    Argument,
    /// As an argument of a negated atom.
    Negation,
    /// As a side of a comparison.
    Comparison,
    /// In arithmetic, in a functor, in a test.
    Functor,
    /// In what is aggregated.
    Aggregated,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Use {
    pub(super) span: Span,
    pub(super) role: Role,
}

#[derive(Debug)]
pub(super) struct Variable<'p> {
    pub(super) name: &'p str,
    pub(super) scope: ScopeId,
    pub(super) first: Use,
    /// The first use in an aggregate of its scope.
    pub(super) inside: Option<Span>,
    pub(super) uses: usize,
}

#[derive(Debug)]
pub(super) struct Scope<'p> {
    pub(super) parent: Option<ScopeId>,
    pub(super) literals: &'p [Literal],
    /// The aggregate whose body this is, and all of its term.
    pub(super) aggregate: Option<(&'p Aggregate, Span)>,
}

/// The scopes and variables of one body.
#[derive(Debug, Default)]
pub(super) struct Scopes<'p> {
    pub(super) scopes: Vec<Scope<'p>>,
    pub(super) variables: Vec<Variable<'p>>,
    names: FxHashMap<(ScopeId, &'p str), VarId>,
    /// The scope of each aggregate, by its address.
    aggregates: FxHashMap<*const Aggregate, ScopeId>,
}

impl<'p> Scopes<'p> {
    /// Forgets the body before and reads another.
    pub(super) fn read(&mut self, heads: &'p [Atom], body: &'p [Literal]) {
        self.scopes.clear();
        self.variables.clear();
        // clearing a map costs what its capacity is, and most bodies are small
        if self.names.capacity() > MOST_KEPT || self.aggregates.capacity() > MOST_KEPT {
            *self = Scopes::default();
        }
        self.names.clear();
        self.aggregates.clear();
        self.scopes.push(Scope {
            parent: None,
            literals: body,
            aggregate: None,
        });
        let mut waiting = Vec::new();
        for arg in heads.iter().flat_map(|head| &head.args) {
            self.expr(arg, Role::Head, 0, &mut waiting);
        }
        self.literals(body, 0, &mut waiting);
        self.aggregates(waiting, 0);
    }

    /// Inner scopes come behind the whole of the outer one, when all its variables are known.
    fn aggregates(&mut self, waiting: Vec<(&'p Aggregate, Span)>, parent: ScopeId) {
        for (aggregate, span) in waiting {
            let scope = self.scopes.len();
            self.aggregates.insert(std::ptr::from_ref(aggregate), scope);
            let literals = aggregate.bodies.first().map_or(&[][..], Vec::as_slice);
            self.scopes.push(Scope {
                parent: Some(parent),
                literals,
                aggregate: Some((aggregate, span)),
            });
            let mut inner = Vec::new();
            if let Some(value) = &aggregate.value {
                self.expr(value, Role::Aggregated, scope, &mut inner);
            }
            self.literals(literals, scope, &mut inner);
            self.aggregates(inner, scope);
        }
    }

    fn literals(
        &mut self,
        literals: &'p [Literal],
        scope: ScopeId,
        waiting: &mut Vec<(&'p Aggregate, Span)>,
    ) {
        for literal in literals {
            match literal {
                Literal::Positive(atom) => self.args(&atom.args, Role::Argument, scope, waiting),
                Literal::Negative(atom) => self.args(&atom.args, Role::Negation, scope, waiting),
                Literal::Compare { left, right, .. } => {
                    self.expr(left, Role::Comparison, scope, waiting);
                    self.expr(right, Role::Comparison, scope, waiting);
                }
                Literal::Test { args, .. } => self.args(args, Role::Functor, scope, waiting),
            }
        }
    }

    fn args(
        &mut self,
        args: &'p [Expr],
        role: Role,
        scope: ScopeId,
        waiting: &mut Vec<(&'p Aggregate, Span)>,
    ) {
        for arg in args {
            self.expr(arg, role, scope, waiting);
        }
    }

    fn expr(
        &mut self,
        expr: &'p Expr,
        role: Role,
        scope: ScopeId,
        waiting: &mut Vec<(&'p Aggregate, Span)>,
    ) {
        let inner = match role {
            Role::Head | Role::Aggregated => role,
            _ => Role::Functor,
        };
        match &expr.kind {
            ExprKind::Variable(name) => self.used(name, expr.span, role, scope),
            ExprKind::Negate(operand) => self.expr(operand, inner, scope, waiting),
            ExprKind::Binary(_, left, right) => {
                self.expr(left, inner, scope, waiting);
                self.expr(right, inner, scope, waiting);
            }
            ExprKind::Call(_, args) => self.args(args, inner, scope, waiting),
            ExprKind::Aggregate(aggregate) => waiting.push((aggregate, expr.span)),
            ExprKind::Wildcard | ExprKind::Symbol(_) | ExprKind::Number(_) | ExprKind::Float(_) => {
            }
        }
    }

    fn used(&mut self, name: &'p str, span: Span, role: Role, scope: ScopeId) {
        let known = self.resolve(name, scope);
        if let Some(variable) = known.and_then(|id| self.variables.get_mut(id)) {
            variable.uses += 1;
            if variable.scope != scope {
                variable.inside.get_or_insert(span);
            }
            return;
        }
        self.names.insert((scope, name), self.variables.len());
        self.variables.push(Variable {
            name,
            scope,
            first: Use { span, role },
            inside: None,
            uses: 1,
        });
    }

    /// The variable that a name stands for in a scope.
    pub(super) fn resolve(&self, name: &str, scope: ScopeId) -> Option<VarId> {
        let parent = |id: &ScopeId| self.scopes.get(*id)?.parent;
        std::iter::successors(Some(scope), parent)
            .find_map(|scope| self.names.get(&(scope, name)).copied())
    }

    /// The scope of an aggregate in this body.
    pub(super) fn of(&self, aggregate: &Aggregate) -> Option<ScopeId> {
        self.aggregates.get(&std::ptr::from_ref(aggregate)).copied()
    }

    /// Calls `each` for every variable in a term, those in the bodies of its aggregates as well.
    pub(super) fn each_variable(&self, expr: &Expr, scope: ScopeId, each: &mut impl FnMut(VarId)) {
        match &expr.kind {
            ExprKind::Variable(name) => self.resolve(name, scope).into_iter().for_each(each),
            ExprKind::Negate(operand) => self.each_variable(operand, scope, each),
            ExprKind::Binary(_, left, right) => {
                self.each_variable(left, scope, each);
                self.each_variable(right, scope, each);
            }
            ExprKind::Call(_, args) => {
                args.iter()
                    .for_each(|arg| self.each_variable(arg, scope, each));
            }
            ExprKind::Aggregate(aggregate) => {
                let Some(scope) = self.of(aggregate) else {
                    return;
                };
                for expr in inner_terms(aggregate) {
                    self.each_variable(expr, scope, each);
                }
            }
            ExprKind::Wildcard | ExprKind::Symbol(_) | ExprKind::Number(_) | ExprKind::Float(_) => {
            }
        }
    }
}

/// The terms in an aggregate: what is aggregated, and all in its body.
pub(super) fn inner_terms(aggregate: &Aggregate) -> impl Iterator<Item = &Expr> {
    let literals = aggregate.bodies.iter().flatten();
    aggregate.value.iter().chain(literals.flat_map(terms))
}

/// The terms in a literal.
pub(in crate::datalog) fn terms(literal: &Literal) -> impl Iterator<Item = &Expr> {
    let (args, sides): (&[Expr], [Option<&Expr>; 2]) = match literal {
        Literal::Positive(atom) | Literal::Negative(atom) => (&atom.args, [None, None]),
        Literal::Compare { left, right, .. } => (&[], [Some(left), Some(right)]),
        Literal::Test { args, .. } => (args, [None, None]),
    };
    args.iter().chain(sides.into_iter().flatten())
}
