//! Which variables a body mentions, and their types.

use rustc_hash::FxHashMap;

use crate::datalog::ast::{Aggregate, AggregateOp, Atom, BaseType, CompareOp, Expr, ExprKind, Functor, Literal};

/// Types of variables by name.
pub(super) type Types<'a> = FxHashMap<&'a str, BaseType>;

/// Calls `visit` with each expression of a literal, and with those inside them; aggregates are visited and not entered.
pub(super) fn each_expr<'a>(literal: &'a Literal, visit: &mut impl FnMut(&'a Expr)) {
    match literal {
        Literal::Positive(atom) | Literal::Negative(atom) => each_arg(atom, visit),
        Literal::Compare { left, right, .. } => {
            inside(left, visit);
            inside(right, visit);
        }
        Literal::Test { args, .. } => args.iter().for_each(|arg| inside(arg, visit)),
    }
}

/// The same for the arguments of an atom.
pub(super) fn each_arg<'a>(atom: &'a Atom, visit: &mut impl FnMut(&'a Expr)) {
    atom.args.iter().for_each(|arg| inside(arg, visit));
}

/// The same for an expression.
pub(super) fn inside<'a>(expr: &'a Expr, visit: &mut impl FnMut(&'a Expr)) {
    visit(expr);
    match &expr.kind {
        ExprKind::Negate(inner) => inside(inner, visit),
        ExprKind::Binary(_, left, right) => {
            inside(left, visit);
            inside(right, visit);
        }
        ExprKind::Call(_, args) => args.iter().for_each(|arg| inside(arg, visit)),
        _ => {}
    }
}

/// The variables that literals mention outside of aggregates, in order, each once.
pub(super) fn direct<'a>(literals: impl IntoIterator<Item = &'a Literal>, names: &mut Vec<&'a str>) {
    for literal in literals {
        each_expr(literal, &mut |expr| add(expr, names));
    }
}

/// The variables of one expression outside of aggregates.
pub(super) fn direct_of<'a>(expr: &'a Expr, names: &mut Vec<&'a str>) {
    inside(expr, &mut |expr| add(expr, names));
}

/// Every variable that an aggregate mentions, at whatever depth.
pub(super) fn of_aggregate<'a>(aggregate: &'a Aggregate, names: &mut Vec<&'a str>) {
    let mut visit = |expr: &'a Expr| match &expr.kind {
        ExprKind::Aggregate(inner) => of_aggregate(inner, names),
        _ => add(expr, names),
    };
    if let Some(value) = &aggregate.value {
        inside(value, &mut visit);
    }
    for literal in aggregate.bodies.iter().flatten() {
        each_expr(literal, &mut visit);
    }
}

fn add<'a>(expr: &'a Expr, names: &mut Vec<&'a str>) {
    if let ExprKind::Variable(name) = &expr.kind
        && !names.contains(&name.as_str())
    {
        names.push(name);
    }
}

/// Column types by relation name.
pub(super) trait Columns {
    fn columns(&self, relation: &str) -> Option<&[BaseType]>;
}

/// Adds the types of the variables that a body binds to those already known.
pub(super) fn infer<'a>(literals: &'a [Literal], columns: &impl Columns, types: &mut Types<'a>) {
    for literal in literals {
        let (Literal::Positive(atom) | Literal::Negative(atom)) = literal else { continue };
        for (arg, ty) in atom.args.iter().zip(columns.columns(&atom.relation.name).unwrap_or_default()) {
            if let ExprKind::Variable(name) = &arg.kind {
                types.insert(name, *ty);
            }
        }
    }
    loop {
        let before = types.len();
        for literal in literals {
            let Literal::Compare { left, op: CompareOp::Eq, right, .. } = literal else { continue };
            for (variable, other) in [(left, right), (right, left)] {
                let ExprKind::Variable(name) = &variable.kind else { continue };
                if !types.contains_key(name.as_str())
                    && let Some(ty) = type_of(other, columns, types)
                {
                    types.insert(name, ty);
                }
            }
        }
        if types.len() == before {
            return;
        }
    }
}

/// The type of an expression, when the variables that it depends on have theirs.
pub(super) fn type_of(expr: &Expr, columns: &impl Columns, types: &Types<'_>) -> Option<BaseType> {
    match &expr.kind {
        ExprKind::Variable(name) => types.get(name.as_str()).copied(),
        ExprKind::Wildcard => None,
        ExprKind::Symbol(_) => Some(BaseType::Symbol),
        ExprKind::Number(_) => Some(BaseType::Number),
        ExprKind::Float(_) => Some(BaseType::Float),
        ExprKind::Negate(inner) => type_of(inner, columns, types),
        ExprKind::Binary(_, left, right) => {
            type_of(left, columns, types).or_else(|| type_of(right, columns, types))
        }
        ExprKind::Call(functor, args) => match functor {
            Functor::Cat | Functor::ToString => Some(BaseType::Symbol),
            Functor::Strlen | Functor::ToNumber => Some(BaseType::Number),
            Functor::ToFloat => Some(BaseType::Float),
            Functor::Min | Functor::Max => args.iter().find_map(|arg| type_of(arg, columns, types)),
        },
        ExprKind::Aggregate(aggregate) if aggregate.op == AggregateOp::Count => Some(BaseType::Number),
        ExprKind::Aggregate(aggregate) => {
            let mut inner = types.clone();
            let value = aggregate.value.as_ref()?;
            infer(aggregate.bodies.first()?, columns, &mut inner);
            type_of(value, columns, &inner)
        }
    }
}
