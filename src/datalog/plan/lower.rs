//! From the syntax tree to bodies that can be planned.

use super::body::{AggregateGoal, Body, Goal, HeadGoal, Term, Var};
use super::constants::Constants;
use super::expr::Expr;
use crate::datalog::ast::{
    self, AggregateOp, Atom, BaseType, CompareOp, ExprKind, Literal, TextTest,
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
    wildcards: Option<Vec<Var>>,
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
        self.by_literal(heads, literals, types).0
    }

    /// The same, with the number of goals up to the end of each literal.
    pub(super) fn by_literal(
        &mut self,
        heads: &[&Atom],
        literals: &[Literal],
        types: &BodyTypes,
    ) -> (Body, Vec<usize>) {
        let mut scope = Scope::new(&[], types);
        let mut ends = Vec::with_capacity(literals.len());
        for literal in literals {
            self.literals([literal], &mut scope);
            ends.push(scope.goals.len());
        }
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
        let body = Body {
            variables: scope.count,
            given: 0,
            goals: scope.goals,
            heads,
        };
        (body, ends)
    }

    fn literals<'b>(
        &mut self,
        literals: impl IntoIterator<Item = &'b Literal>,
        scope: &mut Scope<'b>,
    ) {
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
                        wildcards.push(var);
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

    /// An aggregate. The parser lets its body have one alternative only.
    fn aggregate<'b>(
        &mut self,
        aggregate: &'b ast::Aggregate,
        ty: BaseType,
        types: &'b AggregateTypes,
        outer: &Scope<'b>,
    ) -> AggregateGoal {
        let group = types.outer.iter().filter_map(|name| outer.var(name));
        let group: Vec<Var> = group.collect();
        let counted = matches!(aggregate.op, AggregateOp::Count | AggregateOp::Sum);
        let mut scope = Scope::new(&types.outer, &types.types);
        scope.wildcards = counted.then(Vec::new);
        self.literals(aggregate.bodies.iter().flatten(), &mut scope);

        // Bindings that differ count as two, so all that tells them apart is kept.
        let kept = if counted {
            scope.names.len()
        } else {
            group.len()
        };
        let named = scope.names.iter().take(kept).map(|name| scope.leaf(name));
        let unnamed = scope.wildcards.iter().flatten();
        let unnamed = unnamed.map(|var| Expr::Leaf(Term::Var(*var), BaseType::Symbol));
        let mut columns: Vec<Expr<Term>> = named.chain(unnamed).collect();
        let value = aggregate.value.as_ref().map(|value| {
            let value = self.expr(value, &mut scope);
            columns
                .iter()
                .position(|column| *column == value)
                .unwrap_or_else(|| {
                    columns.push(value);
                    columns.len() - 1
                })
        });
        let width = columns.len();
        let heads = vec![HeadGoal {
            relation: 0,
            columns,
        }];
        let body = Body {
            variables: scope.count,
            given: group.len(),
            goals: scope.goals,
            heads,
        };
        AggregateGoal {
            op: aggregate.op,
            ty,
            group,
            body,
            value,
            columns: width,
            span: types.span,
        }
    }
}
