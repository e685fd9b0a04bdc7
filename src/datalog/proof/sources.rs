//! Which premises the values of a head are read from.

use crate::datalog::ast::CompareOp;
use crate::datalog::plan::body::{Goal, Term, Var, each_var};
use crate::datalog::plan::expr::Expr;
use crate::datalog::solve::Lowered;

/// For each column of a head the pairs of premise and column. `premise_of` says which premise a literal is, if any.
pub(super) fn sources(
    lowered: &Lowered,
    head: usize,
    premise_of: &[Option<usize>],
) -> Vec<Vec<(usize, usize)>> {
    let Some(head) = lowered.alternative.body.heads.get(head) else {
        return Vec::new();
    };
    let of_column = |column: &Expr<Term>| {
        let mut found = Vec::new();
        let mut seen = Vec::new();
        each_var(column, &mut |var| {
            of_variable(lowered, var, premise_of, &mut seen, &mut found);
        });
        found
    };
    head.columns.iter().map(of_column).collect()
}

fn of_variable(
    lowered: &Lowered,
    var: Var,
    premise_of: &[Option<usize>],
    seen: &mut Vec<Var>,
    found: &mut Vec<(usize, usize)>,
) {
    if seen.contains(&var) {
        return;
    }
    seen.push(var);
    let goals = &lowered.alternative.body.goals;
    let before = found.len();
    for (literal, premise) in premise_of.iter().enumerate() {
        let own = lowered.alternative.goals_of(literal).last();
        let goal = own.and_then(|at| goals.get(at));
        if let (
            Some(premise),
            Some(Goal::Atom {
                args,
                negated: false,
                ..
            }),
        ) = (premise, goal)
        {
            let columns = args.iter().enumerate();
            let own = columns.filter(|(_, arg)| **arg == Term::Var(var));
            found.extend(own.map(|(column, _)| (*premise, column)));
        }
    }
    if found.len() > before {
        return;
    }
    // No atom has it, so it is computed from others.
    for goal in goals {
        let Goal::Compare {
            op: CompareOp::Eq,
            left,
            right,
        } = goal
        else {
            continue;
        };
        for (side, other) in [(left, right), (right, left)] {
            if matches!(side, Expr::Leaf(Term::Var(own), _) if *own == var) {
                each_var(other, &mut |var| {
                    of_variable(lowered, var, premise_of, seen, found);
                });
            }
        }
    }
}
