//! Types: every variable of a body has one, and every term fits the place where it stands.
//!
//! Atoms of a body say what their variables are: a variable under columns of several types is of
//! the lowest of them. A head or a negated atom takes what is of the column's type or below it. A
//! constant fits every type over its base. Arithmetic gives a value of a base type.

use super::binding::{Binding, as_variable};
use super::convert;
use super::declare::Relations;
use super::lattice::{Lattice, TypeId};
use super::scope::{ScopeId, Scopes, VarId};
use super::signature::{self, Wanted};
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
struct Known {
    ty: Ty,
    span: Span,
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
    relations: &'c Relations<'p>,
    lattice: &'c Lattice<'p>,
    scopes: &'c Scopes<'p>,
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
        for assignment in &binding.assignments {
            if let Some(ty) = typing.of(assignment.value, assignment.scope) {
                let known = Known {
                    ty,
                    span: assignment.value.span,
                    column: None,
                };
                typing.say(assignment.variable, known, found);
            }
        }
        typing
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

    fn known(&self, variable: VarId) -> Option<&Known> {
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
    fn because(&self, known: &Known) -> String {
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

    /// Reports every term of the body, and of the heads, that does not fit its place.
    pub(super) fn check(&self, heads: &[Atom], found: &mut Found) {
        for head in heads {
            self.fits_columns(head, 0, true, found);
        }
        for (id, scope) in self.scopes.scopes.iter().enumerate() {
            if let Some((aggregate, _)) = scope.aggregate {
                self.check_aggregated(aggregate, id, found);
            }
            for literal in scope.literals {
                self.check_literal(literal, id, found);
            }
        }
    }

    fn check_literal(&self, literal: &Literal, scope: ScopeId, found: &mut Found) {
        match literal {
            Literal::Positive(atom) => self.fits_columns(atom, scope, false, found),
            Literal::Negative(atom) => self.fits_columns(atom, scope, true, found),
            Literal::Test { args, test, .. } => {
                for arg in args {
                    self.check_terms(arg, scope, found);
                    self.wants(arg, scope, Wanted::Text, signature::test_name(*test), found);
                }
            }
            Literal::Compare {
                left, op, right, ..
            } => {
                self.check_terms(left, scope, found);
                self.check_terms(right, scope, found);
                self.same_base(signature::comparison(*op), left, right, scope, found);
            }
        }
    }

    /// Arguments against columns. Variables of a positive atom have been told their types by it.
    fn fits_columns(&self, atom: &Atom, scope: ScopeId, is_sink: bool, found: &mut Found) {
        let relation = self.relations.find(&atom.relation.name);
        let relation = relation.and_then(|id| self.relations.get(id));
        for (column, arg) in atom.args.iter().enumerate() {
            self.check_terms(arg, scope, found);
            if !is_sink && as_variable(arg).is_some() {
                continue;
            }
            let Some(relation) = relation.filter(|r| r.types.len() == atom.args.len()) else {
                continue;
            };
            let wanted = relation.types.get(column).copied().flatten();
            let declared = relation.decl.columns.get(column);
            let (Some(wanted), Some(declared), Some(ty)) = (wanted, declared, self.of(arg, scope))
            else {
                continue;
            };
            let fits = match ty {
                Ty::Of(id) => self.lattice.is_subtype(id, wanted),
                Ty::Constant(base) => self.lattice.base(wanted) == base,
            };
            if fits {
                continue;
            }
            let (ty_name, wanted_name) = (self.name(ty), self.lattice.name(wanted));
            let help = if self.base(ty) == self.lattice.base(wanted) {
                format!(
                    "a `{ty_name}` need not be a `{wanted_name}`; take it from a column of that type"
                )
            } else {
                convert::term(arg, self.lattice.base(wanted))
            };
            let (name, relation) = (&declared.name.name, &relation.decl.name.name);
            let mut error = RuleError::new(
                Code::TypeClash,
                format!("column `{name}` of `{relation}` is a `{wanted_name}`, not a `{ty_name}`"),
            )
            .label(arg.span, format!("a `{ty_name}`"));
            if let Some(known) = self.source_of(arg, scope) {
                error = error.label(known.span, self.because(known));
            }
            found.push(error.label(declared.ty.span, "declared here").help(help));
        }
    }

    /// The place that says what a variable is, when it is another one.
    fn source_of(&self, arg: &Expr, scope: ScopeId) -> Option<&Known> {
        let variable = self.scopes.resolve(as_variable(arg)?, scope)?;
        let known = self.known(variable)?;
        (known.span != arg.span).then_some(known)
    }

    /// The operands in a term.
    fn check_terms(&self, expr: &Expr, scope: ScopeId, found: &mut Found) {
        match &expr.kind {
            ExprKind::Negate(operand) => {
                self.check_terms(operand, scope, found);
                self.wants(operand, scope, Wanted::Numeric, "-", found);
            }
            ExprKind::Binary(op, left, right) => {
                self.check_terms(left, scope, found);
                self.check_terms(right, scope, found);
                let (wanted, name) = signature::operator(*op);
                let left_fits = self.wants(left, scope, wanted, name, found);
                if self.wants(right, scope, wanted, name, found) && left_fits {
                    self.same_base(name, left, right, scope, found);
                }
            }
            ExprKind::Call(functor, args) => {
                let (wanted, name) = signature::functor(*functor);
                for arg in args {
                    self.check_terms(arg, scope, found);
                    self.wants(arg, scope, wanted, name, found);
                }
                if let (Functor::Min | Functor::Max, Some((first, rest))) =
                    (functor, args.split_first())
                {
                    for arg in rest {
                        self.same_base(name, first, arg, scope, found);
                    }
                }
            }
            // the body of an aggregate is a scope, and scopes are checked one by one
            ExprKind::Aggregate(_)
            | ExprKind::Variable(_)
            | ExprKind::Wildcard
            | ExprKind::Symbol(_)
            | ExprKind::Number(_)
            | ExprKind::Float(_) => {}
        }
    }

    fn check_aggregated(&self, aggregate: &Aggregate, scope: ScopeId, found: &mut Found) {
        let Some(value) = &aggregate.value else {
            return;
        };
        self.check_terms(value, scope, found);
        let name = signature::aggregate_name(aggregate.op);
        self.wants(value, scope, Wanted::Numeric, name, found);
    }

    fn wants(
        &self,
        expr: &Expr,
        scope: ScopeId,
        wanted: Wanted,
        by: &str,
        found: &mut Found,
    ) -> bool {
        let Some(ty) = self.of(expr, scope) else {
            return true;
        };
        let base = self.base(ty);
        let (fits, text, to) = match wanted {
            Wanted::Anything => (true, "", base),
            Wanted::Text => (base == BaseType::Symbol, "`symbol`", BaseType::Symbol),
            Wanted::Numeric => (base.is_numeric(), "`number` or `float`", BaseType::Number),
            Wanted::Whole => (base == BaseType::Number, "`number`", BaseType::Number),
        };
        if fits {
            return true;
        }
        let name = self.name(ty);
        let mut error = RuleError::new(
            Code::TypeClash,
            format!("`{by}` takes a {text}, not a `{name}`"),
        )
        .label(expr.span, format!("a `{name}`"));
        if let Some(known) = self.source_of(expr, scope) {
            error = error.label(known.span, self.because(known));
        }
        found.push(error.help(convert::term(expr, to)));
        false
    }

    fn same_base(&self, by: &str, left: &Expr, right: &Expr, scope: ScopeId, found: &mut Found) {
        let (Some(l), Some(r)) = (self.of(left, scope), self.of(right, scope)) else {
            return;
        };
        if self.base(l) == self.base(r) {
            return;
        }
        let (a, b) = (self.name(l), self.name(r));
        let mut error = RuleError::new(
            Code::TypeClash,
            format!("`{by}` takes values of one type, not a `{a}` and a `{b}`"),
        )
        .label(left.span, format!("a `{a}`"))
        .label(right.span, format!("a `{b}`"));
        for side in [left, right] {
            if let Some(known) = self.source_of(side, scope) {
                error = error.label(known.span, self.because(known));
            }
        }
        found.push(error.help(convert::one_of((left, self.base(l)), (right, self.base(r)))));
    }
}
