//! What relations, columns and values are called.

use super::Describer;
use crate::datalog::check::{RelId, signature};
use crate::datalog::plan::expr::Expr;
use crate::datalog::plan::program::{Constant, Operand, View};
use crate::datalog::value::short_text;

impl Describer<'_> {
    /// The known columns, each with its value where that is called otherwise.
    pub(super) fn known(&self, bound: &[String], key: &[Operand], names: &Names<'_>) -> String {
        let columns = bound.iter().zip(key).map(|(column, value)| {
            let value = self.operand(*value, names);
            if *column == value {
                value
            } else {
                format!("{column} = {value}")
            }
        });
        columns.collect::<Vec<_>>().join(", ")
    }

    pub(super) fn expr(&self, expr: &Expr<Operand>, names: &Names<'_>) -> String {
        match expr {
            Expr::Leaf(operand, _) => self.operand(*operand, names),
            Expr::Negate(inner, _) => format!("-{}", self.nested(inner, names)),
            Expr::Binary(op, sides, _) => {
                let [left, right] = sides.as_ref();
                let (left, right) = (self.nested(left, names), self.nested(right, names));
                format!("{left} {} {right}", signature::operator(*op).1)
            }
            Expr::Call(functor, args, _) => {
                let args = args.iter().map(|arg| self.expr(arg, names));
                let args: Vec<String> = args.collect();
                format!("{}({})", signature::functor(*functor).1, args.join(", "))
            }
        }
    }

    pub(super) fn nested(&self, expr: &Expr<Operand>, names: &Names<'_>) -> String {
        let text = self.expr(expr, names);
        match expr {
            Expr::Binary(..) => format!("({text})"),
            _ => text,
        }
    }

    pub(super) fn operand(&self, operand: Operand, names: &Names<'_>) -> String {
        let name = match operand {
            Operand::Source(column) => names.row.get(usize::from(column)).cloned(),
            Operand::Found(column) => names.found.get(usize::from(column)).cloned(),
            Operand::Constant(at) => self.program.constants.get(at as usize).map(constant),
        };
        name.unwrap_or_default()
    }

    pub(super) fn relation(&self, relation: u32) -> String {
        self.program.name(RelId(relation)).to_owned()
    }

    pub(super) fn columns(&self, relation: u32) -> Vec<String> {
        let info = self.checked.info(RelId(relation));
        let columns = info.into_iter().flat_map(|info| &info.columns);
        columns.map(|column| column.name.clone()).collect()
    }

    /// An order's relation, its columns in their sequence, and the same again where that is not their own.
    pub(super) fn order(&self, order: u32) -> (u32, Vec<String>, Option<Vec<String>>) {
        let Some(order) = self.program.orders.get(order as usize) else {
            return (u32::MAX, Vec::new(), None);
        };
        let names = self.columns(order.relation);
        let columns = order.columns.iter();
        let columns = columns.filter_map(|column| names.get(usize::from(*column)).cloned());
        let columns: Vec<String> = columns.collect();
        let index = (columns != names).then(|| columns.clone());
        (order.relation, columns, index)
    }
}

/// What the columns of a stage's rows, and of the rows that it finds, are called.
pub(super) struct Names<'a> {
    pub(super) row: &'a [String],
    pub(super) found: Vec<String>,
}

/// Which rows of a relation that still grows are looked at.
pub(super) fn seen(view: View) -> &'static str {
    match view {
        View::Complete => "",
        View::Recent => " (new rows)",
        View::Stable => " (old rows)",
        View::Known => " (rows so far)",
    }
}

fn constant(constant: &Constant) -> String {
    match constant {
        Constant::Symbol(text) => format!("{text:?}"),
        Constant::Number(number) => number.to_string(),
        Constant::Float(float) => short_text(*float),
    }
}
