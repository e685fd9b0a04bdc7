//! A body as goals: aggregates, and compound arguments of atoms, become goals of their own before the literal that they
//! stand in, and `_` in a positive atom becomes a variable of its own.

use aim_engine::datalog::BodyTypes;
use aim_engine::datalog::ast::{
    Aggregate, AggregateOp, Atom, BaseType, CompareOp, Expr, ExprKind, Functor, Literal, Span,
    TextTest,
};

use super::functors;
use super::{Binding, Tuple};

pub enum Goal {
    Atom {
        relation: String,
        args: Vec<Expr>,
        negated: bool,
    },
    Compare {
        left: Expr,
        op: CompareOp,
        right: Expr,
        fails: bool,
        compound: bool,
    },
    Test {
        test: TextTest,
        args: Vec<Expr>,
        negated: bool,
        fails: bool,
    },
    Aggregate {
        variable: String,
        op: AggregateOp,
        outer: Vec<String>,
        bodies: Vec<(Goals, Option<Expr>)>,
        float: bool,
        fails: bool,
    },
}

#[derive(Default)]
pub struct Goals {
    pub list: Vec<Goal>,
    hidden: usize,
    /// The types of hidden variables.
    types: Vec<(String, BaseType)>,
}

impl Goals {
    pub fn new(literals: &[Literal], types: &BodyTypes) -> Self {
        let mut goals = Goals::default();
        for literal in literals {
            match literal {
                Literal::Positive(atom) => goals.atom(atom, false, types),
                Literal::Negative(atom) => goals.atom(atom, true, types),
                Literal::Compare {
                    left, op, right, ..
                } => {
                    let variable = |expr: &Expr| matches!(expr.kind, ExprKind::Variable(_));
                    let constant = |expr: &Expr| {
                        matches!(&expr.kind, ExprKind::Negate(inner) if is_literal(inner))
                            || is_literal(expr)
                    };
                    let plain = |expr: &Expr| variable(expr) || constant(expr);
                    let had_aggregate = |expr: &Expr| matches!(expr.kind, ExprKind::Aggregate(_));
                    // `X = min ...` binds X to what the aggregate's goal found, and is plain itself.
                    let simple = |expr: &Expr| plain(expr) || had_aggregate(expr);
                    let compound = !(simple(left) && simple(right));
                    let (left, right) = (goals.flat(left, types), goals.flat(right, types));
                    let fails = goals.fails(&left, types) || goals.fails(&right, types);
                    goals.list.push(Goal::Compare {
                        left,
                        op: *op,
                        right,
                        fails,
                        compound,
                    });
                }
                Literal::Test {
                    test,
                    args,
                    negated,
                    ..
                } => {
                    let args: Vec<Expr> = args.iter().map(|arg| goals.flat(arg, types)).collect();
                    let constant = matches!(args[0].kind, ExprKind::Symbol(_));
                    let fails = *test == TextTest::Match && !constant
                        || args.iter().any(|arg| goals.fails(arg, types));
                    goals.list.push(Goal::Test {
                        test: *test,
                        args,
                        negated: *negated,
                        fails,
                    });
                }
            }
        }
        goals
    }

    pub fn head(&mut self, atom: &Atom, types: &BodyTypes) -> (String, Vec<Expr>) {
        (
            atom.relation.name.clone(),
            atom.args.iter().map(|arg| self.flat(arg, types)).collect(),
        )
    }

    /// The tuples of the positive atoms under a binding.
    pub fn premises(&self, binding: &Binding) -> Vec<(String, Tuple)> {
        let atoms = self.list.iter().filter_map(|goal| match goal {
            Goal::Atom {
                relation,
                args,
                negated: false,
            } => {
                let tuple = args
                    .iter()
                    .map(|arg| functors::value(arg, binding).expect("a variable or a constant"));
                Some((relation.clone(), tuple.collect()))
            }
            _ => None,
        });
        atoms.collect()
    }

    fn hidden(&mut self, span: Span, ty: BaseType) -> Expr {
        self.hidden += 1;
        let name = format!("${}", self.hidden);
        self.types.push((name.clone(), ty));
        Expr {
            kind: ExprKind::Variable(name),
            span,
        }
    }

    fn atom(&mut self, atom: &Atom, negated: bool, types: &BodyTypes) {
        let args = atom.args.iter().map(|arg| match &arg.kind {
            ExprKind::Wildcard if !negated => {
                let name = format!("_{}-{}", arg.span.start, arg.span.end);
                Expr {
                    kind: ExprKind::Variable(name),
                    span: arg.span,
                }
            }
            ExprKind::Wildcard | ExprKind::Variable(_) => arg.clone(),
            ExprKind::Negate(inner) if is_literal(inner) => arg.clone(),
            _ if is_literal(arg) => arg.clone(),
            ExprKind::Aggregate(_) => self.flat(arg, types),
            _ => {
                let right = self.flat(arg, types);
                let fails = self.fails(&right, types);
                let left = self.hidden(arg.span, self.ty(&right, types));
                let goal = Goal::Compare {
                    left: left.clone(),
                    op: CompareOp::Eq,
                    right,
                    fails,
                    compound: true,
                };
                self.list.push(goal);
                left
            }
        });
        let args = args.collect();
        self.list.push(Goal::Atom {
            relation: atom.relation.name.clone(),
            args,
            negated,
        });
    }

    /// The expression with a hidden variable for each aggregate.
    fn flat(&mut self, expr: &Expr, types: &BodyTypes) -> Expr {
        let kind = match &expr.kind {
            ExprKind::Aggregate(aggregate) => return self.aggregate(aggregate, expr, types),
            ExprKind::Negate(inner) => ExprKind::Negate(Box::new(self.flat(inner, types))),
            ExprKind::Binary(op, left, right) => {
                let (left, right) = (self.flat(left, types), self.flat(right, types));
                ExprKind::Binary(*op, Box::new(left), Box::new(right))
            }
            ExprKind::Call(functor, args) => ExprKind::Call(
                *functor,
                args.iter().map(|arg| self.flat(arg, types)).collect(),
            ),
            other => other.clone(),
        };
        Expr {
            kind,
            span: expr.span,
        }
    }

    fn aggregate(&mut self, aggregate: &Aggregate, expr: &Expr, types: &BodyTypes) -> Expr {
        let inner = types.aggregate(expr).expect("the checker knows it");
        let ty = types.expr_type(expr).expect("it has a type");
        let mut fails = aggregate.op == AggregateOp::Sum;
        let bodies = aggregate.bodies.iter().map(|literals| {
            let mut goals = Goals::new(literals, &inner.types);
            let value = aggregate
                .value
                .as_ref()
                .map(|value| goals.flat(value, &inner.types));
            fails |= goals.list.iter().any(Goal::fails);
            fails |= value
                .as_ref()
                .is_some_and(|value| goals.fails(value, &inner.types));
            (goals, value)
        });
        let bodies = bodies.collect();
        let result = self.hidden(expr.span, ty);
        let ExprKind::Variable(variable) = &result.kind else {
            unreachable!()
        };
        self.list.push(Goal::Aggregate {
            variable: variable.clone(),
            op: aggregate.op,
            outer: inner.outer.clone(),
            bodies,
            float: ty == BaseType::Float,
            fails,
        });
        result
    }

    fn ty(&self, expr: &Expr, types: &BodyTypes) -> BaseType {
        match &expr.kind {
            ExprKind::Variable(name) if name.starts_with('$') => {
                self.types
                    .iter()
                    .find(|(other, _)| other == name)
                    .expect("hidden here")
                    .1
            }
            ExprKind::Negate(inner) => self.ty(inner, types),
            ExprKind::Binary(_, left, _) => self.ty(left, types),
            ExprKind::Call(Functor::Min | Functor::Max, args) => self.ty(&args[0], types),
            _ => types.expr_type(expr).expect("it has a type"),
        }
    }

    fn fails(&self, expr: &Expr, types: &BodyTypes) -> bool {
        match &expr.kind {
            ExprKind::Negate(inner) if is_literal(inner) => false,
            ExprKind::Negate(inner) => {
                self.ty(inner, types) == BaseType::Number || self.fails(inner, types)
            }
            ExprKind::Binary(..) => true,
            ExprKind::Call(functor, args) => {
                let from = self.ty(&args[0], types);
                *functor == Functor::ToNumber && from != BaseType::Number
                    || *functor == Functor::ToFloat && from == BaseType::Symbol
                    || args.iter().any(|arg| self.fails(arg, types))
            }
            _ => false,
        }
    }
}

impl Goal {
    pub fn fails(&self) -> bool {
        match self {
            Goal::Atom { .. } => false,
            Goal::Compare { fails, .. }
            | Goal::Test { fails, .. }
            | Goal::Aggregate { fails, .. } => *fails,
        }
    }
}

fn is_literal(expr: &Expr) -> bool {
    matches!(
        expr.kind,
        ExprKind::Symbol(_) | ExprKind::Number(_) | ExprKind::Float(_)
    )
}

/// Every variable of an expression.
pub fn variables(expr: &Expr, names: &mut Vec<String>) {
    match &expr.kind {
        ExprKind::Variable(name) => names.push(name.clone()),
        ExprKind::Negate(inner) => variables(inner, names),
        ExprKind::Binary(_, left, right) => {
            variables(left, names);
            variables(right, names);
        }
        ExprKind::Call(_, args) => args.iter().for_each(|arg| variables(arg, names)),
        _ => {}
    }
}
