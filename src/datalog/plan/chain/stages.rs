//! Where one stage ends and the next begins, and which columns go from one to the other.

use super::{MOST_COLUMNS, Planner, TooWide};
use crate::datalog::plan::body::{Term, Var, each_var};
use crate::datalog::plan::expr::{Check, Expr};
use crate::datalog::plan::program::{Chain, Head, Operand, Out, Source};

impl Planner<'_> {
    /// Makes sure that the values of these expressions stand in columns, not only in what the stage will compute.
    pub(super) fn reach(&mut self, exprs: &[&Expr<Term>]) -> Result<(), TooWide> {
        let mut computed = false;
        for expr in exprs {
            each_var(expr, &mut |var| computed |= self.is_pending(var));
        }
        if computed { self.close() } else { Ok(()) }
    }

    pub(super) fn reach_terms(&mut self, terms: &[Term]) -> Result<(), TooWide> {
        let computed = terms
            .iter()
            .filter_map(|term| term.var())
            .any(|var| self.is_pending(var));
        if computed { self.close() } else { Ok(()) }
    }

    pub(super) fn is_pending(&self, var: Var) -> bool {
        self.pending.iter().any(|(pending, _)| *pending == var)
    }

    pub(super) fn check(&mut self, check: Check) {
        self.source.get_or_insert(Source::Unit);
        if self.stage.probe.is_some() {
            self.stage.after.push(check);
        } else {
            self.stage.before.push(check);
        }
    }

    /// Ends the stage: its rows hold the variables that somebody still needs.
    pub(super) fn close(&mut self) -> Result<(), TooWide> {
        self.source.get_or_insert(Source::Unit);
        let mut live: Vec<(Operand, Var)> = Vec::new();
        for var in 0..self.body.variables {
            let Some(operand @ (Operand::Source(_) | Operand::Found(_))) = self.place[var] else {
                continue;
            };
            if self.needed(var, 0) {
                live.push((operand, var));
            } else {
                self.place[var] = None;
            }
        }
        // Rows that keep their first columns first stay sorted.
        live.sort_by_key(|(operand, var)| match operand {
            Operand::Source(column) => (0, *column, *var),
            Operand::Found(column) => (1, *column, *var),
            Operand::Constant(_) => (2, 0, *var),
        });
        let mut out: Vec<Out> = Vec::new();
        let mut last = None;
        for (operand, var) in live {
            if last != Some(operand) {
                out.push(Out::Copy(operand));
                last = Some(operand);
            }
            self.place[var] = Some(Operand::Source((out.len() - 1) as u8));
        }
        for (var, value) in std::mem::take(&mut self.pending) {
            if !self.needed(var, 0) && !value.can_fail() {
                continue;
            }
            out.push(Out::Compute(value));
            self.place[var] = Some(Operand::Source((out.len() - 1) as u8));
        }
        if out.len() > MOST_COLUMNS {
            return Err(TooWide {
                columns: out.len(),
                span: None,
            });
        }
        let mut stage = std::mem::take(&mut self.stage);
        stage.out = out;
        self.stages.push(stage);
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<Chain, TooWide> {
        let heads = &self.body.heads;
        let several = heads.len() > 1;
        let computed: Vec<&Expr<Term>> = heads
            .iter()
            .flat_map(|head| &head.columns)
            .filter(|column| !matches!(column, Expr::Leaf(..)))
            .collect();
        // A value that nobody uses is still an error when it does not exist.
        let unused = |(var, value): &(Var, Expr<Operand>)| {
            value.can_fail()
                && !heads
                    .iter()
                    .any(|head| head.columns.iter().any(|column| is_var(column, *var)))
        };
        if several || self.pending.iter().any(unused) {
            self.close()?;
        } else {
            self.reach(&computed)?;
        }
        let mut last = std::mem::take(&mut self.stage);
        let heads = heads.iter().map(|head| {
            let mut stage = std::mem::take(&mut last);
            stage.out = head
                .columns
                .iter()
                .map(|column| self.column(column))
                .collect();
            Head {
                relation: head.relation,
                stage,
            }
        });
        let heads = heads.collect();
        Ok(Chain {
            source: self.source.unwrap_or(Source::Unit),
            stages: self.stages,
            heads,
        })
    }

    pub(super) fn column(&self, column: &Expr<Term>) -> Out {
        if let Expr::Leaf(Term::Var(var), _) = column
            && let Some((_, value)) = self.pending.iter().find(|(pending, _)| pending == var)
        {
            return Out::Compute(value.clone());
        }
        match self.expr(column) {
            Expr::Leaf(operand, _) => Out::Copy(operand),
            value => Out::Compute(value),
        }
    }
}

fn is_var(column: &Expr<Term>, var: Var) -> bool {
    matches!(column, Expr::Leaf(Term::Var(other), _) if *other == var)
}
