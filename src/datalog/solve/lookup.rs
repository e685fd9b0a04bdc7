//! Finding the rows of a model that have given values in some columns.

use std::cell::RefCell;
use std::ops::Range;
use std::rc::Rc;

use rustc_hash::FxHashMap;

use crate::datalog::database::Model;
use crate::datalog::eval::row::Rows;

/// Fewer rows than this are gone through rather than sorted.
const WORTH_SORTING: usize = 64;
/// So many times all rows are gone through before they are sorted by the columns that were asked for.
const SCANS: u32 = 3;

/// The rows of a model, sorted by other columns where that was asked for often enough.
pub(in crate::datalog) struct Lookup<'a> {
    model: &'a Model,
    /// By relation and the set of its known columns.
    orders: RefCell<FxHashMap<(u32, u32), Order>>,
}

enum Order {
    /// How many times it would have helped.
    Wanted(u32),
    Sorted(Rc<[u32]>),
}

/// The rows that fit, one after the other.
#[derive(Clone)]
pub(in crate::datalog) struct Matches<'a> {
    rows: Option<&'a Rows>,
    order: Option<Rc<[u32]>>,
    range: Range<usize>,
    /// The known values, where the range alone does not make sure of them.
    rest: Vec<(usize, u32)>,
}

impl<'a> Lookup<'a> {
    pub(super) fn new(model: &'a Model) -> Self {
        Lookup {
            model,
            orders: RefCell::default(),
        }
    }

    /// The rows with these codes where there is one.
    pub(in crate::datalog) fn matches(
        &self,
        relation: u32,
        pattern: Vec<Option<u32>>,
    ) -> Matches<'a> {
        let Some(rows) = self.model.codes_of(relation) else {
            return Matches::nothing();
        };
        let prefix: Vec<u32> = pattern.iter().map_while(|code| *code).collect();
        let range = rows.range(&prefix);
        let known = pattern.iter().enumerate().skip(prefix.len());
        let rest: Vec<(usize, u32)> = known
            .filter_map(|(column, code)| Some((column, (*code)?)))
            .collect();
        let all = Matches {
            rows: Some(rows),
            order: None,
            range,
            rest,
        };
        if all.rest.is_empty() || all.range.len() < WORTH_SORTING {
            return all;
        }
        self.by_order(relation, rows, &pattern).unwrap_or(all)
    }

    /// Whether a row has these codes where there is one.
    pub(in crate::datalog) fn exists(&self, relation: u32, pattern: Vec<Option<u32>>) -> bool {
        self.matches(relation, pattern).next().is_some()
    }

    /// About how many rows have these codes.
    pub(super) fn estimate(&self, relation: u32, pattern: &[Option<u32>]) -> usize {
        let Some(rows) = self.model.codes_of(relation) else {
            return 0;
        };
        let prefix: Vec<u32> = pattern.iter().map_while(|code| *code).collect();
        let others = pattern.iter().skip(prefix.len()).flatten().count();
        rows.range(&prefix).len() >> (3 * others).min(30)
    }

    fn by_order(
        &self,
        relation: u32,
        rows: &'a Rows,
        pattern: &[Option<u32>],
    ) -> Option<Matches<'a>> {
        let columns: Vec<(usize, u32)> = pattern
            .iter()
            .enumerate()
            .filter_map(|(column, code)| Some((column, (*code)?)))
            .collect();
        let set = columns.iter().fold(0, |set, (column, _)| set | 1 << column);
        let mut orders = self.orders.borrow_mut();
        let order = orders.entry((relation, set)).or_insert(Order::Wanted(0));
        if let Order::Wanted(times) = order {
            *times += 1;
            if *times <= SCANS {
                return None;
            }
            *order = Order::Sorted(sorted(rows, &columns));
        }
        let Order::Sorted(order) = order else {
            return None;
        };
        let order = Rc::clone(order);
        let key = |row: &u32| {
            let row = rows.row(*row as usize);
            columns
                .iter()
                .map(move |(column, _)| row.get(*column).copied().unwrap_or_default())
        };
        let wanted = || columns.iter().map(|(_, code)| *code);
        let start = order.partition_point(|row| key(row).lt(wanted()));
        let end = order.partition_point(|row| key(row).le(wanted()));
        Some(Matches {
            rows: Some(rows),
            range: start..end,
            order: Some(order),
            rest: Vec::new(),
        })
    }
}

fn sorted(rows: &Rows, columns: &[(usize, u32)]) -> Rc<[u32]> {
    let count = u32::try_from(rows.len()).unwrap_or(u32::MAX);
    let mut order: Vec<u32> = (0..count).collect();
    let code = |row: u32, column: usize| {
        let row = rows.row(row as usize);
        row.get(column).copied().unwrap_or_default()
    };
    order.sort_by(|a, b| {
        let mut orders = columns
            .iter()
            .map(|(column, _)| code(*a, *column).cmp(&code(*b, *column)));
        orders
            .find(|order| order.is_ne())
            .unwrap_or(std::cmp::Ordering::Equal)
    });
    order.into()
}

impl<'a> Matches<'a> {
    fn nothing() -> Self {
        Matches {
            rows: None,
            order: None,
            range: 0..0,
            rest: Vec::new(),
        }
    }

    /// The codes of a row that was found.
    pub(in crate::datalog) fn codes(&self, row: usize) -> &'a [u32] {
        self.rows.map_or(&[], |rows| rows.row(row))
    }
}

impl Iterator for Matches<'_> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        let rows = self.rows?;
        loop {
            let at = self.range.next()?;
            let row = match &self.order {
                Some(order) => *order.get(at)? as usize,
                None => at,
            };
            let codes = rows.row(row);
            let mut rest = self.rest.iter();
            if rest.all(|(column, code)| codes.get(*column) == Some(code)) {
                return Some(row);
            }
        }
    }
}
