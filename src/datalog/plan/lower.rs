//! From the syntax tree to bodies that can be planned.

use rustc_hash::FxHashMap;

use super::body::{AggregateGoal, Body, Goal, HeadGoal, Term, Var};
use super::constants::Constants;
use super::expr::Expr;
use super::names::{self, Columns, Types};
use crate::datalog::ast::{self, AggregateOp, Atom, BaseType, CompareOp, ExprKind, Literal, Span};

/// Relations by name: their number and the types of their columns.
#[derive(Debug, Default)]
pub(super) struct Relations<'a> {
    pub(super) ids: FxHashMap<&'a str, u32>,
    pub(super) columns: Vec<&'a [BaseType]>,
}

impl Columns for Relations<'_> {
    fn columns(&self, relation: &str) -> Option<&[BaseType]> {
        self.columns.get(*self.ids.get(relation)? as usize).copied()
    }
}

/// Lowers the bodies of one program.
#[derive(Debug)]
pub(super) struct Lowering<'a> {
    pub(super) relations: &'a Relations<'a>,
    pub(super) constants: Constants,
}

/// A body on the way.
struct Scope<'a> {
    vars: FxHashMap<&'a str, Var>,
    types: Types<'a>,
    /// Variables outside of aggregates; others are local to the aggregate that mentions them.
    names: Vec<&'a str>,
    goals: Vec<Goal>,
    count: usize,
    /// The `_` of positive atoms as variables, where each counts as one.
    wildcards: Option<Vec<(Span, Var)>>,
}

impl<'a> Scope<'a> {
    fn new(names: Vec<&'a str>, types: Types<'a>) -> Self {
        let vars = names.iter().enumerate().map(|(var, name)| (*name, var)).collect();
        Scope { vars, types, count: names.len(), names, goals: Vec::new(), wildcards: None }
    }

    fn fresh(&mut self) -> Var {
        self.count += 1;
        self.count - 1
    }

    fn leaf(&self, name: &str) -> Expr<Term> {
        let ty = self.types.get(name).copied().unwrap_or(BaseType::Symbol);
        let term = self.vars.get(name).map_or(Term::Wildcard, |var| Term::Var(*var));
        Expr::Leaf(term, ty)
    }
}

impl Lowering<'_> {
    /// A rule's alternative with the heads that are wanted of it.
    pub(super) fn rule(&mut self, heads: &[&Atom], literals: &[Literal]) -> Body {
        let mut names = Vec::new();
        names::direct(literals, &mut names);
        let mut types = Types::default();
        names::infer(literals, self.relations, &mut types);
        let mut scope = Scope::new(names, types);
        self.literals(literals, &mut scope);
        let heads = heads.iter().filter_map(|head| {
            let relation = *self.relations.ids.get(head.relation.name.as_str())?;
            let columns = head.args.iter().map(|arg| self.expr(arg, &mut scope)).collect();
            Some(HeadGoal { relation, columns })
        });
        let heads = heads.collect();
        Body { variables: scope.count, given: 0, goals: scope.goals, heads }
    }

    fn literals<'b>(&mut self, literals: &'b [Literal], scope: &mut Scope<'b>) {
        for literal in literals {
            match literal {
                Literal::Positive(atom) => self.atom(atom, false, scope),
                Literal::Negative(atom) => self.atom(atom, true, scope),
                Literal::Compare { left, op, right, .. } => {
                    let (left, right) = (self.expr(left, scope), self.expr(right, scope));
                    scope.goals.push(Goal::Compare { op: *op, left, right });
                }
                Literal::Test { test, args, negated, span } => {
                    let mut args = args.iter().map(|arg| self.expr(arg, scope));
                    if let (Some(first), Some(second)) = (args.next(), args.next()) {
                        let args = Box::new([first, second]);
                        scope.goals.push(Goal::Test { test: *test, args, negated: *negated, span: *span });
                    }
                }
            }
        }
    }

    fn atom<'b>(&mut self, atom: &'b Atom, negated: bool, scope: &mut Scope<'b>) {
        let Some(&relation) = self.relations.ids.get(atom.relation.name.as_str()) else { return };
        let args = atom.args.iter().map(|arg| match (&arg.kind, &mut scope.wildcards) {
            (ExprKind::Wildcard, Some(_)) if !negated => {
                let var = scope.fresh();
                if let Some(wildcards) = &mut scope.wildcards {
                    wildcards.push((arg.span, var));
                }
                Term::Var(var)
            }
            (ExprKind::Wildcard, _) => Term::Wildcard,
            _ => match self.expr(arg, scope) {
                Expr::Leaf(term, _) => term,
                compound => {
                    let var = scope.fresh();
                    let left = Expr::Leaf(Term::Var(var), compound.base_type());
                    scope.goals.push(Goal::Compare { op: CompareOp::Eq, left, right: compound });
                    Term::Var(var)
                }
            },
        });
        let args = args.collect();
        scope.goals.push(Goal::Atom { relation, args, negated });
    }

    /// The expression; aggregates in it become goals before the goal that it is for.
    fn expr<'b>(&mut self, expr: &'b ast::Expr, scope: &mut Scope<'b>) -> Expr<Term> {
        match &expr.kind {
            ExprKind::Variable(name) => scope.leaf(name),
            ExprKind::Wildcard => Expr::Leaf(Term::Wildcard, BaseType::Symbol),
            ExprKind::Symbol(text) => Expr::Leaf(Term::Constant(self.constants.symbol(text)), BaseType::Symbol),
            ExprKind::Number(number) => self.number(*number),
            ExprKind::Float(float) => self.float(*float),
            ExprKind::Negate(inner) => match inner.kind {
                ExprKind::Number(number) if number != i64::MIN => self.number(-number),
                ExprKind::Float(float) => self.float(-float),
                _ => Expr::Negate(Box::new(self.expr(inner, scope)), expr.span),
            },
            ExprKind::Binary(op, left, right) => {
                let sides = [self.expr(left, scope), self.expr(right, scope)];
                Expr::Binary(*op, Box::new(sides), expr.span)
            }
            ExprKind::Call(functor, args) => {
                let args = args.iter().map(|arg| self.expr(arg, scope)).collect();
                Expr::Call(*functor, args, expr.span)
            }
            ExprKind::Aggregate(aggregate) => {
                let ty = names::type_of(expr, self.relations, &scope.types).unwrap_or(BaseType::Number);
                let goal = self.aggregate(aggregate, ty, expr.span, scope);
                let var = scope.fresh();
                scope.goals.push(Goal::Aggregate { var, aggregate: Box::new(goal) });
                Expr::Leaf(Term::Var(var), ty)
            }
        }
    }

    fn number(&mut self, number: i64) -> Expr<Term> {
        Expr::Leaf(Term::Constant(self.constants.number(number)), BaseType::Number)
    }

    fn float(&mut self, float: f64) -> Expr<Term> {
        Expr::Leaf(Term::Constant(self.constants.float(float)), BaseType::Float)
    }

    fn aggregate<'b>(
        &mut self,
        aggregate: &'b ast::Aggregate,
        ty: BaseType,
        span: Span,
        scope: &Scope<'b>,
    ) -> AggregateGoal {
        let mut mentioned = Vec::new();
        names::of_aggregate(aggregate, &mut mentioned);
        let group_names: Vec<&str> = mentioned.into_iter().filter(|name| scope.names.contains(name)).collect();
        let group = group_names.iter().filter_map(|name| scope.vars.get(name).copied()).collect();

        let counted = matches!(aggregate.op, AggregateOp::Count | AggregateOp::Sum);
        let mut inner = aggregate.bodies.iter().map(|literals| self.alternative(literals, &group_names, scope, counted));
        let inner: Vec<(Scope<'b>, Vec<Key<'b>>)> = inner.by_ref().collect();
        let layout = if counted { Layout::new(&inner) } else { Layout::default() };

        let mut value_at = None;
        let mut columns = group_names.len();
        let bodies = inner.into_iter().map(|(mut scope, keys)| {
            let mut row: Vec<Expr<Term>> = group_names.iter().map(|name| scope.leaf(name)).collect();
            row.extend(layout.columns(self, &scope, &keys));
            if let Some(value) = &aggregate.value {
                let value = self.expr(value, &mut scope);
                let place = row.iter().position(|column| {
                    matches!(value, Expr::Leaf(Term::Var(_), _)) && *column == value
                });
                value_at = Some(*value_at.get_or_insert_with(|| place.unwrap_or(row.len())));
                if value_at == Some(row.len()) {
                    row.push(value);
                }
            }
            columns = row.len();
            let heads = vec![HeadGoal { relation: 0, columns: row }];
            Body { variables: scope.count, given: group_names.len(), goals: scope.goals, heads }
        });
        let bodies = bodies.collect();
        AggregateGoal { op: aggregate.op, ty, group, bodies, value: value_at, columns, span }
    }

    /// One alternative of an aggregate's body, with what tells its bindings apart.
    fn alternative<'b>(
        &mut self,
        literals: &'b [Literal],
        group: &[&'b str],
        outer: &Scope<'b>,
        counted: bool,
    ) -> (Scope<'b>, Vec<Key<'b>>) {
        let mut names = group.to_vec();
        names::direct(literals, &mut names);
        let mut types: Types<'b> =
            group.iter().filter_map(|name| Some((*name, *outer.types.get(name)?))).collect();
        names::infer(literals, self.relations, &mut types);
        let mut scope = Scope::new(names, types);
        scope.wildcards = counted.then(Vec::new);
        self.literals(literals, &mut scope);
        let named = scope.names.iter().skip(group.len()).map(|name| Key::Named(name));
        let unnamed = scope.wildcards.iter().flatten().map(|(span, _)| Key::Wildcard(*span));
        let keys = named.chain(unnamed).collect();
        (scope, keys)
    }
}

/// A variable that distinguishes one binding of an aggregate's body from another. Alternatives of a disjunction share
/// the literals outside of it, and with them their wildcards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Key<'a> {
    Named(&'a str),
    Wildcard(Span),
}

/// The columns that distinguish bindings, the same for all alternatives. Bindings of alternatives with different
/// variables are different; a column says which variables there are.
#[derive(Default)]
struct Layout<'a> {
    keys: Vec<Key<'a>>,
    shapes: Vec<Vec<Key<'a>>>,
}

impl<'a> Layout<'a> {
    fn new(alternatives: &[(Scope<'a>, Vec<Key<'a>>)]) -> Self {
        let mut layout = Layout::default();
        for (_, keys) in alternatives {
            for key in keys {
                if !layout.keys.contains(key) {
                    layout.keys.push(*key);
                }
            }
            let shape = layout.shape(keys);
            if !layout.shapes.contains(&shape) {
                layout.shapes.push(shape);
            }
        }
        layout
    }

    /// The keys that are there, in the layout's order.
    fn shape(&self, keys: &[Key<'a>]) -> Vec<Key<'a>> {
        self.keys.iter().filter(|key| keys.contains(key)).copied().collect()
    }

    fn columns(&self, lowering: &mut Lowering<'_>, scope: &Scope<'_>, keys: &[Key<'_>]) -> Vec<Expr<Term>> {
        let mut row = Vec::with_capacity(self.keys.len() + 1);
        for key in &self.keys {
            row.push(match key {
                Key::Named(name) if keys.contains(key) => scope.leaf(name),
                Key::Wildcard(span) => {
                    let found = scope.wildcards.iter().flatten().find(|(at, _)| at == span);
                    match found {
                        Some((_, var)) => Expr::Leaf(Term::Var(*var), BaseType::Number),
                        None => lowering.number(0),
                    }
                }
                Key::Named(_) => lowering.number(0),
            });
        }
        if self.shapes.len() > 1 {
            let shape = self.shapes.iter().position(|shape| {
                shape.iter().all(|key| keys.contains(key)) && keys.iter().all(|key| shape.contains(key))
            });
            row.push(lowering.number(shape.unwrap_or(0) as i64));
        }
        row
    }
}
