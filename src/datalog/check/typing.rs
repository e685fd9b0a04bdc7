//! Types: every variable of a body has one.
//!
//! Atoms of a body say what their variables are: a variable under columns of several types is of
//! the lowest of them. An equation gives its variable the type of the other side. A constant is of
//! every type over its base. Arithmetic gives a value of a base type.

use super::binding::{Binding, as_variable};
use super::convert;
use super::declare::Relations;
use super::lattice::{Lattice, TypeId};
use super::places::each_aggregate;
use super::scope::{ScopeId, Scopes, VarId};
use super::signature;
use crate::datalog::ast::{
    Aggregate, AggregateOp, Atom, BaseType, CompareOp, Expr, ExprKind, Functor, Literal, Span,
};
use crate::datalog::diagnostic::{Code, Found, RuleError};

/// What a term is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ty {
    /// A value of a type.
    Of(TypeId),
    /// A constant, which is of every type over its base.
    Constant(BaseType),
}

/// What a variable is, and the place that says so.
#[derive(Clone, Debug)]
pub(super) struct Known {
    ty: Ty,
    pub(super) span: Span,
    /// The column that it is an argument for, if that is where its type is from.
    column: Option<(super::RelId, usize)>,
}

/// What is known of a variable so far.
#[derive(Clone, Debug)]
enum Slot {
    Nothing,
    Known(Known),
    /// It was said to be two things, and that was reported.
    Clash,
}

/// The types of one body's variables.
pub(super) struct Typing<'c, 'p> {
    pub(super) relations: &'c Relations<'p>,
    pub(super) lattice: &'c Lattice<'p>,
    pub(super) scopes: &'c Scopes<'p>,
    /// For each variable the one that stands for it and all that are equal to it.
    equal_to: Vec<VarId>,
    known: Vec<Slot>,
}

impl<'c, 'p> Typing<'c, 'p> {
    pub(super) fn new(
        relations: &'c Relations<'p>,
        lattice: &'c Lattice<'p>,
        scopes: &'c Scopes<'p>,
        binding: &Binding<'p>,
        found: &mut Found,
    ) -> Self {
        let count = scopes.variables.len();
        let mut typing = Typing {
            relations,
            lattice,
            scopes,
            equal_to: (0..count).collect(),
            known: vec![Slot::Nothing; count],
        };
        for (id, scope) in scopes.scopes.iter().enumerate() {
            scope
                .literals
                .iter()
                .for_each(|literal| typing.equate(literal, id));
        }
        typing.flatten();
        for (id, scope) in scopes.scopes.iter().enumerate() {
            for literal in scope.literals {
                if let Literal::Positive(atom) = literal {
                    typing.atom_says(atom, id, found);
                }
            }
        }
        if !binding.assignments.is_empty() {
            let mut done = vec![false; scopes.scopes.len()];
            for scope in 0..scopes.scopes.len() {
                typing.assign(scope, binding, &mut done, found);
            }
        }
        typing
    }

    /// Gives variables the types of what they are equal to. An aggregate's own variables come
    /// before the variable that is equal to the aggregate, and after those that it uses from
    /// outside.
    fn assign(
        &mut self,
        scope: ScopeId,
        binding: &Binding<'p>,
        done: &mut [bool],
        found: &mut Found,
    ) {
        match done.get_mut(scope) {
            Some(done) if !*done => *done = true,
            _ => return,
        }
        let scopes = self.scopes;
        for assignment in binding.assignments_in(scope) {
            each_aggregate(assignment.value, &mut |aggregate| {
                if let Some(inner) = scopes.of(aggregate) {
                    self.assign(inner, binding, done, found);
                }
            });
            if let Some(ty) = self.of(assignment.value, scope) {
                let known = Known {
                    ty,
                    span: assignment.value.span,
                    column: None,
                };
                self.say(assignment.variable, known, found);
            }
        }
    }

    fn root(&self, variable: VarId) -> VarId {
        self.equal_to.get(variable).copied().unwrap_or(variable)
    }

    /// The root of a tree that still grows; shortens the way there.
    fn climb(&mut self, variable: VarId) -> VarId {
        let mut at = variable;
        loop {
            let (up, above) = (self.root(at), self.root(self.root(at)));
            if up == at {
                return at;
            }
            if let Some(entry) = self.equal_to.get_mut(at) {
                *entry = above;
            }
            at = above;
        }
    }

    /// Makes every variable point at its root, which has the lowest index of all.
    fn flatten(&mut self) {
        for variable in 0..self.equal_to.len() {
            let above = self.root(self.root(variable));
            if let Some(entry) = self.equal_to.get_mut(variable) {
                *entry = above;
            }
        }
    }

    /// `X = Y` makes one variable of two.
    fn equate(&mut self, literal: &Literal, scope: ScopeId) {
        let Literal::Compare {
            left,
            op: CompareOp::Eq,
            right,
            ..
        } = literal
        else {
            return;
        };
        let resolve = |expr| as_variable(expr).and_then(|name| self.scopes.resolve(name, scope));
        if let (Some(left), Some(right)) = (resolve(left), resolve(right)) {
            let (left, right) = (self.climb(left), self.climb(right));
            for at in [left, right] {
                if let Some(entry) = self.equal_to.get_mut(at) {
                    *entry = left.min(right);
                }
            }
        }
    }

    fn atom_says(&mut self, atom: &Atom, scope: ScopeId, found: &mut Found) {
        let relations = self.relations;
        let Some(id) = relations.find(&atom.relation.name) else {
            return;
        };
        let types = relations
            .get(id)
            .map_or(&[][..], |relation| &relation.types);
        if types.len() != atom.args.len() {
            return;
        }
        for (column, (arg, ty)) in atom.args.iter().zip(types).enumerate() {
            let variable = as_variable(arg).and_then(|name| self.scopes.resolve(name, scope));
            if let (Some(variable), Some(ty)) = (variable, ty) {
                let known = Known {
                    ty: Ty::Of(*ty),
                    span: arg.span,
                    column: Some((id, column)),
                };
                self.say(variable, known, found);
            }
        }
    }

    fn say(&mut self, variable: VarId, new: Known, found: &mut Found) {
        let root = self.root(variable);
        let old = match self.known.get(root) {
            Some(Slot::Known(old)) => old,
            Some(Slot::Nothing) => return self.set(root, Slot::Known(new)),
            Some(Slot::Clash) | None => return,
        };
        let meet = match (old.ty, new.ty) {
            (Ty::Of(a), Ty::Of(b)) => self.lattice.meet(a, b).map(Ty::Of),
            (Ty::Constant(base), Ty::Of(id)) | (Ty::Of(id), Ty::Constant(base)) => {
                (self.lattice.base(id) == base).then_some(Ty::Of(id))
            }
            (Ty::Constant(a), Ty::Constant(b)) => (a == b).then_some(old.ty),
        };
        match meet {
            Some(ty) if ty == old.ty => {}
            Some(ty) => self.set(root, Slot::Known(Known { ty, ..new })),
            None => {
                let name = self.scopes.variables.get(variable).map_or("", |v| v.name);
                found.push(self.two_types(name, old, &new));
                self.set(root, Slot::Clash);
            }
        }
    }

    fn set(&mut self, root: VarId, new: Slot) {
        if let Some(slot) = self.known.get_mut(root) {
            *slot = new;
        }
    }

    pub(super) fn known(&self, variable: VarId) -> Option<&Known> {
        match self.known.get(self.root(variable))? {
            Slot::Known(known) => Some(known),
            Slot::Nothing | Slot::Clash => None,
        }
    }

    fn two_types(&self, name: &str, old: &Known, new: &Known) -> RuleError {
        let (a, b) = (self.name(new.ty), self.name(old.ty));
        let help = if self.base(old.ty) == self.base(new.ty) {
            format!("no value is both a `{a}` and a `{b}`; declare the columns with one type")
        } else {
            convert::value(self.base(new.ty)).to_owned()
        };
        RuleError::new(Code::TypeClash, format!("`{name}` is a `{b}` and a `{a}`"))
            .label(new.span, self.because(new))
            .label(old.span, self.because(old))
            .help(help)
    }

    /// "a `number`: column `gpus` of `recipe`"
    pub(super) fn because(&self, known: &Known) -> String {
        let ty = self.name(known.ty);
        let column = known.column.and_then(|(relation, column)| {
            let decl = self.relations.get(relation)?.decl;
            let column = &decl.columns.get(column)?.name.name;
            Some(format!(
                "a `{ty}`: column `{column}` of `{}`",
                decl.name.name
            ))
        });
        column.unwrap_or_else(|| format!("a `{ty}`"))
    }

    pub(super) fn name(&self, ty: Ty) -> &'p str {
        match ty {
            Ty::Of(id) => self.lattice.name(id),
            Ty::Constant(base) => base.name(),
        }
    }

    pub(super) fn base(&self, ty: Ty) -> BaseType {
        match ty {
            Ty::Of(id) => self.lattice.base(id),
            Ty::Constant(base) => base,
        }
    }

    /// The base type of a variable.
    pub(super) fn base_of(&self, variable: VarId) -> Option<BaseType> {
        Some(self.base(self.known(variable)?.ty))
    }

    /// What a term is, without complaint; nothing when that is not known or there is an error.
    pub(super) fn of(&self, expr: &Expr, scope: ScopeId) -> Option<Ty> {
        match &expr.kind {
            ExprKind::Variable(name) => {
                let known = self.known(self.scopes.resolve(name, scope)?)?;
                Some(known.ty)
            }
            ExprKind::Wildcard => None,
            ExprKind::Symbol(_) => Some(Ty::Constant(BaseType::Symbol)),
            ExprKind::Number(_) => Some(Ty::Constant(BaseType::Number)),
            ExprKind::Float(_) => Some(Ty::Constant(BaseType::Float)),
            ExprKind::Negate(operand) => self.calculated(self.of(operand, scope)?),
            ExprKind::Binary(_, left, right) => {
                let side = self.of(left, scope).or_else(|| self.of(right, scope));
                self.calculated(side?)
            }
            ExprKind::Call(Functor::Min | Functor::Max, args) => {
                let types: Vec<Ty> = args.iter().filter_map(|arg| self.of(arg, scope)).collect();
                self.common(&types)
            }
            ExprKind::Call(functor, _) => signature::result(*functor).map(|base| Ty::Of(base.id())),
            ExprKind::Aggregate(aggregate) => self.of_aggregate(aggregate),
        }
    }

    /// Arithmetic makes a value of the base type, even of constants, and none of texts.
    fn calculated(&self, ty: Ty) -> Option<Ty> {
        let base = self.base(ty);
        base.is_numeric().then(|| Ty::Of(base.id()))
    }

    /// One of several values: of their type when it is the same, else of the base type.
    fn common(&self, types: &[Ty]) -> Option<Ty> {
        let first = *types.first()?;
        let same = types.iter().all(|ty| *ty == first);
        Some(if same {
            first
        } else {
            Ty::Of(self.base(first).id())
        })
    }

    fn of_aggregate(&self, aggregate: &Aggregate) -> Option<Ty> {
        let value = aggregate.value.as_ref();
        let value = value.and_then(|value| self.of(value, self.scopes.of(aggregate)?));
        match aggregate.op {
            AggregateOp::Count => Some(Ty::Of(BaseType::Number.id())),
            AggregateOp::Sum => self.calculated(value?),
            AggregateOp::Min | AggregateOp::Max => value.filter(|ty| self.base(*ty).is_numeric()),
        }
    }
}
