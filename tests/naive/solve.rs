//! The bindings that satisfy a body, goal by goal in the documented order.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use aim_engine::datalog::ast::{AggregateOp, CompareOp, Expr, ExprKind};

use super::goals::{Goal, Goals, variables};
use super::{Binding, Database, Failure, Tuple, Val, functors};

/// Tuples by the values of some of their columns.
type Found<'a> = BTreeMap<Tuple, Vec<&'a Tuple>>;

/// A relation and the columns of it whose values are known.
type Known = (String, Vec<usize>);

pub struct Solver<'a> {
    database: &'a Database,
    found: RefCell<BTreeMap<Known, Found<'a>>>,
}

impl<'a> Solver<'a> {
    pub fn new(database: &'a Database) -> Self {
        Solver {
            database,
            found: RefCell::default(),
        }
    }

    pub fn solve(&self, goals: &Goals, start: Binding) -> Result<Vec<Binding>, Failure> {
        let mut known: BTreeSet<String> = start.keys().cloned().collect();
        let mut bindings = vec![start];
        let mut left: Vec<usize> = (0..goals.list.len()).collect();
        while !left.is_empty() {
            let next = left.iter().position(|&at| {
                let goal = &goals.list[at];
                ready(goal, &known) && !goal.fails() || plain(goals, at, &known)
            });
            let next = next.or_else(|| left.iter().position(|&at| ready(&goals.list[at], &known)));
            let positive =
                |at: &usize| matches!(goals.list[*at], Goal::Atom { negated: false, .. });
            let next = next
                .or_else(|| left.iter().position(positive))
                .expect("the body is bound");
            let goal = &goals.list[left.remove(next)];
            let mut extended = BTreeSet::new();
            for binding in bindings {
                self.step(goal, &known, binding, &mut extended)?;
            }
            bindings = extended.into_iter().collect();
            known.extend(mentioned(goal));
        }
        Ok(bindings)
    }

    fn step(
        &self,
        goal: &Goal,
        known: &BTreeSet<String>,
        mut binding: Binding,
        out: &mut BTreeSet<Binding>,
    ) -> Result<(), Failure> {
        match goal {
            Goal::Atom {
                relation,
                args,
                negated,
            } => {
                let mut found = false;
                for tuple in self.fitting(relation, args, known, &binding)? {
                    let mut extended = binding.clone();
                    if args
                        .iter()
                        .zip(tuple)
                        .all(|(arg, value)| agrees(arg, value, &mut extended))
                    {
                        found = true;
                        if !negated {
                            out.insert(extended);
                        }
                    }
                }
                if *negated && !found {
                    out.insert(binding);
                }
            }
            Goal::Compare {
                left, op, right, ..
            } => {
                for (variable, other) in [(left, right), (right, left)] {
                    if let ExprKind::Variable(name) = &variable.kind
                        && *op == CompareOp::Eq
                        && !binding.contains_key(name)
                    {
                        let value = functors::value(other, &binding)?;
                        binding.insert(name.clone(), value);
                        out.insert(binding);
                        return Ok(());
                    }
                }
                if functors::compare(
                    *op,
                    &functors::value(left, &binding)?,
                    &functors::value(right, &binding)?,
                ) {
                    out.insert(binding);
                }
            }
            Goal::Test {
                test,
                args,
                negated,
                ..
            } => {
                let (first, second) = (
                    functors::value(&args[0], &binding)?,
                    functors::value(&args[1], &binding)?,
                );
                if functors::test(*test, &first, &second)? != *negated {
                    out.insert(binding);
                }
            }
            Goal::Aggregate {
                variable,
                op,
                outer,
                bodies,
                float,
                ..
            } => {
                if let Some(value) = self.aggregate(*op, outer, bodies, *float, &binding)? {
                    let known = binding.insert(variable.clone(), value.clone());
                    if known.is_none_or(|known| known == value) {
                        out.insert(binding);
                    }
                }
            }
        }
        Ok(())
    }

    /// The tuples that have the values which are known.
    fn fitting(
        &self,
        relation: &str,
        args: &[Expr],
        known: &BTreeSet<String>,
        binding: &Binding,
    ) -> Result<Vec<&'a Tuple>, Failure> {
        let is_known = |at: &usize| {
            !matches!(args[*at].kind, ExprKind::Wildcard) && known_all(&args[*at], known)
        };
        let columns: Vec<usize> = (0..args.len()).filter(is_known).collect();
        let values = columns
            .iter()
            .map(|&at| functors::value(&args[at], binding));
        let values = values.collect::<Result<Tuple, _>>()?;
        let mut found = self.found.borrow_mut();
        let by_values = found
            .entry((relation.to_owned(), columns))
            .or_insert_with_key(|(relation, columns)| {
                let mut by_values = Found::new();
                for tuple in &self.database[relation] {
                    let values = columns.iter().map(|&at| tuple[at].clone()).collect();
                    by_values.entry(values).or_default().push(tuple);
                }
                by_values
            });
        Ok(by_values.get(&values).cloned().unwrap_or_default())
    }

    fn aggregate(
        &self,
        op: AggregateOp,
        outer: &[String],
        bodies: &[(Goals, Option<Expr>)],
        float: bool,
        binding: &Binding,
    ) -> Result<Option<Val>, Failure> {
        let group: Binding = outer
            .iter()
            .map(|name| (name.clone(), binding[name].clone()))
            .collect();
        let mut distinct: BTreeMap<Binding, Option<Val>> = BTreeMap::new();
        for (goals, value) in bodies {
            for inner in self.solve(goals, group.clone())? {
                let value = value
                    .as_ref()
                    .map(|value| functors::value(value, &inner))
                    .transpose()?;
                let own = |name: &String| !outer.contains(name) && !name.starts_with('$');
                distinct.insert(
                    inner.into_iter().filter(|(name, _)| own(name)).collect(),
                    value,
                );
            }
        }
        let count = distinct.len() as i64;
        let values: Vec<Val> = distinct.into_values().flatten().collect();
        Ok(match op {
            AggregateOp::Count => Some(Val::Number(count)),
            AggregateOp::Min => values.into_iter().min(),
            AggregateOp::Max => values.into_iter().max(),
            AggregateOp::Sum => Some(functors::sum(values, float)?),
        })
    }
}

fn agrees(arg: &Expr, value: &Val, binding: &mut Binding) -> bool {
    match &arg.kind {
        ExprKind::Wildcard => true,
        ExprKind::Variable(name) if !binding.contains_key(name) => {
            binding.insert(name.clone(), value.clone());
            true
        }
        _ => functors::value(arg, binding).expect("a variable or a constant") == *value,
    }
}

fn mentioned(goal: &Goal) -> Vec<String> {
    let mut names = Vec::new();
    match goal {
        Goal::Atom { args, .. } | Goal::Test { args, .. } => {
            args.iter().for_each(|arg| variables(arg, &mut names))
        }
        Goal::Compare { left, right, .. } => {
            variables(left, &mut names);
            variables(right, &mut names);
        }
        Goal::Aggregate {
            variable, outer, ..
        } => {
            names.push(variable.clone());
            names.extend(outer.iter().cloned());
        }
    }
    names
}

fn known_all(expr: &Expr, known: &BTreeSet<String>) -> bool {
    let mut names = Vec::new();
    variables(expr, &mut names);
    names.iter().all(|name| known.contains(name))
}

/// Whether it can be decided, or gives a variable its value; atoms that are not negated do neither.
fn ready(goal: &Goal, known: &BTreeSet<String>) -> bool {
    match goal {
        Goal::Atom { args, negated, .. } => {
            *negated && args.iter().all(|arg| known_all(arg, known))
        }
        Goal::Compare {
            left, op, right, ..
        } => {
            let variable = |expr: &Expr| matches!(expr.kind, ExprKind::Variable(_));
            match (known_all(left, known), known_all(right, known)) {
                (true, true) => true,
                (true, false) => *op == CompareOp::Eq && variable(right),
                (false, true) => *op == CompareOp::Eq && variable(left),
                (false, false) => false,
            }
        }
        Goal::Test { args, .. } => args.iter().all(|arg| known_all(arg, known)),
        Goal::Aggregate { outer, .. } => outer.iter().all(|name| known.contains(name)),
    }
}

/// Whether it is an atom without an unknown variable that an earlier `X = expression` is going to assign.
fn plain(goals: &Goals, at: usize, known: &BTreeSet<String>) -> bool {
    let Goal::Atom {
        args,
        negated: false,
        ..
    } = &goals.list[at]
    else {
        return false;
    };
    let mut names = Vec::new();
    args.iter().for_each(|arg| variables(arg, &mut names));
    let assigned = |name: &String| goals.list[..at].iter().any(|goal| assigns(goal, name));
    names
        .iter()
        .all(|name| known.contains(name) || !assigned(name))
}

fn assigns(goal: &Goal, name: &str) -> bool {
    match goal {
        Goal::Compare {
            left,
            op: CompareOp::Eq,
            right,
            compound: true,
            ..
        } => {
            let mentions = |expr: &Expr| {
                let mut names = Vec::new();
                variables(expr, &mut names);
                names.iter().any(|other| other == name)
            };
            let is = |expr: &Expr| matches!(&expr.kind, ExprKind::Variable(other) if other == name);
            is(left) && !mentions(right) || is(right) && !mentions(left)
        }
        Goal::Aggregate { variable, .. } => variable == name,
        _ => false,
    }
}
