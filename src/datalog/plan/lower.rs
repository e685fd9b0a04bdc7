//! From the syntax tree to bodies that can be planned.

use super::body::{AggregateGoal, Body, Goal, HeadGoal, Term, Var};
use super::constants::Constants;
use super::expr::Expr;
use super::names;
use crate::datalog::ast::{
    self, AggregateOp, Atom, BaseType, CompareOp, ExprKind, Literal, Span, TextTest,
};
use crate::datalog::check::{AggregateTypes, BodyTypes, Checked};
use crate::datalog::diagnostic::{Code, Found, RuleError};
use crate::datalog::pattern::whole_text;

/// Lowers the bodies of one program.
pub(super) struct Lowering<'a> {
    pub(super) checked: &'a Checked,
    pub(super) constants: Constants,
    pub(super) found: Found,
}

/// A body on the way.
struct Scope<'a> {
    /// Variables by name; the others are local to the aggregate that mentions them.
    names: Vec<&'a str>,
    types: &'a BodyTypes,
    goals: Vec<Goal>,
    count: usize,
    /// The `_` of positive atoms as variables, where each counts as one.
    wildcards: Option<Vec<(Span, Var)>>,
}

impl<'a> Scope<'a> {
    /// The variables of `types`, those in `given` first.
    fn new(given: &'a [String], types: &'a BodyTypes) -> Self {
        let own = types
            .variables
            .iter()
            .map(|(name, _)| name)
            .filter(|name| !given.contains(name));
        let names: Vec<&str> = given.iter().chain(own).map(String::as_str).collect();
        Scope {
            count: names.len(),
            names,
            types,
            goals: Vec::new(),
            wildcards: None,
        }
    }

    fn fresh(&mut self) -> Var {
        self.count += 1;
        self.count - 1
    }

    fn var(&self, name: &str) -> Option<Var> {
        self.names.iter().position(|other| *other == name)
    }

    fn leaf(&self, name: &str) -> Expr<Term> {
        let ty = self.types.variable(name).unwrap_or(BaseType::Symbol);
        Expr::Leaf(self.var(name).map_or(Term::Wildcard, Term::Var), ty)
    }
}

impl Lowering<'_> {
    /// A rule's alternative with the heads that are wanted of it.
    pub(super) fn rule(
        &mut self,
        heads: &[&Atom],
        literals: &[Literal],
        types: &BodyTypes,
    ) -> Body {
        let mut scope = Scope::new(&[], types);
        self.literals(literals, &mut scope);
        let heads = heads.iter().filter_map(|head| {
            let relation = self.checked.relation(&head.relation.name)?;
            let columns = head
                .args
                .iter()
                .map(|arg| self.expr(arg, &mut scope))
                .collect();
            Some(HeadGoal {
                relation: relation.0,
                columns,
            })
        });
        let heads = heads.collect();
        Body {
            variables: scope.count,
            given: 0,
            goals: scope.goals,
            heads,
        }
    }

    fn literals<'b>(&mut self, literals: &'b [Literal], scope: &mut Scope<'b>) {
        for literal in literals {
            match literal {
                Literal::Positive(atom) => self.atom(atom, false, scope),
                Literal::Negative(atom) => self.atom(atom, true, scope),
                Literal::Compare {
                    left, op, right, ..
                } => {
                    let (left, right) = (self.expr(left, scope), self.expr(right, scope));
                    scope.goals.push(Goal::Compare {
                        op: *op,
                        left,
                        right,
                    });
                }
                Literal::Test {
                    test,
                    args,
                    negated,
                    span,
                } => {
                    self.pattern(*test, args);
                    let mut args = args.iter().map(|arg| self.expr(arg, scope));
                    if let (Some(first), Some(second)) = (args.next(), args.next()) {
                        let args = Box::new([first, second]);
                        scope.goals.push(Goal::Test {
                            test: *test,
                            args,
                            negated: *negated,
                            span: *span,
                        });
                    }
                }
            }
        }
    }

    /// A pattern that is written out can be judged before anything runs.
    fn pattern(&mut self, test: TextTest, args: &[ast::Expr]) {
        if let (TextTest::Match, Some(pattern)) = (test, args.first())
            && let ExprKind::Symbol(text) = &pattern.kind
            && let Err(why) = whole_text(text)
        {
            let message = format!("`{text}` is no regular expression");
            self.found
                .push(RuleError::new(Code::InvalidPattern, message).label(pattern.span, why));
        }
    }

    fn atom<'b>(&mut self, atom: &'b Atom, negated: bool, scope: &mut Scope<'b>) {
        let Some(relation) = self.checked.relation(&atom.relation.name) else {
            return;
        };
        let args = atom
            .args
            .iter()
            .map(|arg| match (&arg.kind, &mut scope.wildcards) {
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
                        scope.goals.push(Goal::Compare {
                            op: CompareOp::Eq,
                            left,
                            right: compound,
                        });
                        Term::Var(var)
                    }
                },
            });
        let args = args.collect();
        scope.goals.push(Goal::Atom {
            relation: relation.0,
            args,
            negated,
        });
    }

    /// The expression; aggregates in it become goals before the goal that it is for.
    fn expr<'b>(&mut self, expr: &'b ast::Expr, scope: &mut Scope<'b>) -> Expr<Term> {
        match &expr.kind {
            ExprKind::Variable(name) => scope.leaf(name),
            ExprKind::Wildcard => Expr::Leaf(Term::Wildcard, BaseType::Symbol),
            ExprKind::Symbol(text) => Expr::Leaf(
                Term::Constant(self.constants.symbol(text)),
                BaseType::Symbol,
            ),
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
                let ty = scope.types.expr_type(expr).unwrap_or(BaseType::Number);
                let var = scope.fresh();
                if let Some(inner) = scope.types.aggregate(expr) {
                    let goal = self.aggregate(aggregate, ty, inner, scope);
                    scope.goals.push(Goal::Aggregate {
                        var,
                        aggregate: Box::new(goal),
                    });
                }
                Expr::Leaf(Term::Var(var), ty)
            }
        }
    }

    fn number(&mut self, number: i64) -> Expr<Term> {
        Expr::Leaf(
            Term::Constant(self.constants.number(number)),
            BaseType::Number,
        )
    }

    fn float(&mut self, float: f64) -> Expr<Term> {
        Expr::Leaf(Term::Constant(self.constants.float(float)), BaseType::Float)
    }

    fn aggregate<'b>(
        &mut self,
        aggregate: &'b ast::Aggregate,
        ty: BaseType,
        types: &'b AggregateTypes,
        outer: &Scope<'b>,
    ) -> AggregateGoal {
        let group: Vec<Var> = types
            .outer
            .iter()
            .filter_map(|name| outer.var(name))
            .collect();
        let counted = matches!(aggregate.op, AggregateOp::Count | AggregateOp::Sum);
        let inner = aggregate
            .bodies
            .iter()
            .map(|literals| self.alternative(literals, types, counted));
        let inner: Vec<(Scope<'b>, Vec<Key<'b>>)> = inner.collect();
        let layout = if counted {
            Layout::new(&inner)
        } else {
            Layout::default()
        };

        let mut value_at = None;
        let mut columns = group.len();
        let bodies = inner.into_iter().map(|(mut scope, keys)| {
            let mut row: Vec<Expr<Term>> =
                types.outer.iter().map(|name| scope.leaf(name)).collect();
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
            let heads = vec![HeadGoal {
                relation: 0,
                columns: row,
            }];
            Body {
                variables: scope.count,
                given: group.len(),
                goals: scope.goals,
                heads,
            }
        });
        let bodies = bodies.collect();
        AggregateGoal {
            op: aggregate.op,
            ty,
            group,
            bodies,
            value: value_at,
            columns,
            span: types.span,
        }
    }

    /// One alternative of an aggregate's body, with what tells its bindings apart.
    fn alternative<'b>(
        &mut self,
        literals: &'b [Literal],
        types: &'b AggregateTypes,
        counted: bool,
    ) -> (Scope<'b>, Vec<Key<'b>>) {
        let mut scope = Scope::new(&types.outer, &types.types);
        scope.wildcards = counted.then(Vec::new);
        self.literals(literals, &mut scope);
        let named = names::direct(literals)
            .into_iter()
            .filter(|name| !types.outer.iter().any(|outer| outer == name));
        let unnamed = scope
            .wildcards
            .iter()
            .flatten()
            .map(|(span, _)| Key::Wildcard(*span));
        let keys = named.map(Key::Named).chain(unnamed).collect();
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
        self.keys
            .iter()
            .filter(|key| keys.contains(key))
            .copied()
            .collect()
    }

    fn columns(
        &self,
        lowering: &mut Lowering<'_>,
        scope: &Scope<'_>,
        keys: &[Key<'_>],
    ) -> Vec<Expr<Term>> {
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
                shape.iter().all(|key| keys.contains(key))
                    && keys.iter().all(|key| shape.contains(key))
            });
            row.push(lowering.number(shape.unwrap_or(0) as i64));
        }
        row
    }
}
