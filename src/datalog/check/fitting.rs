//! Whether every term fits the place where it stands.
//!
//! A head or a negated atom takes what is of the column's type or below it, and a constant of the
//! same base. Operands are of the base type that the operator wants, and both of the same.

use super::binding::as_variable;
use super::convert;
use super::scope::ScopeId;
use super::signature::{self, Wanted};
use super::typing::{Known, Ty, Typing};
use crate::datalog::ast::{Aggregate, Atom, BaseType, Expr, ExprKind, Functor, Literal};
use crate::datalog::diagnostic::{Code, Found, RuleError};

impl Typing<'_, '_> {
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
