//! Finding the rows that begin with a key, in relations that are sorted.

use std::cell::{Cell, OnceCell};
use std::cmp::Ordering;

use super::row::{Rel, Row, Rows, for_width};

/// A complete relation in some order, with a directory once it has been looked into often enough.
pub(super) struct Sorted {
    rows: Rows,
    lookups: Cell<usize>,
    directory: OnceCell<Option<Directory>>,
}

/// Where the rows of each first code begin. Codes are dense, so this is a short table for most relations.
pub(super) struct Directory {
    starts: Vec<u32>,
}

/// Relations smaller than this are searched.
const SMALL: usize = 64;

impl Sorted {
    pub(super) fn new(rows: Rows) -> Self {
        Sorted {
            rows,
            lookups: Cell::new(0),
            directory: OnceCell::new(),
        }
    }

    pub(super) fn rows(&self) -> &Rows {
        &self.rows
    }

    pub(super) fn into_rows(self) -> Rows {
        self.rows
    }

    /// The relation for somebody who is going to look into it about so many times.
    pub(super) fn table(&self, lookups: usize) -> Batches<'_> {
        let total = self.lookups.get().saturating_add(lookups);
        self.lookups.set(total);
        let worth = self.rows.len() >= SMALL && total >= self.rows.len() / 8;
        let directory = if worth {
            self.directory
                .get_or_init(|| Directory::new(&self.rows))
                .as_ref()
        } else {
            None
        };
        for_width!(Rows, &self.rows, rows => Batches::from(Batch::list([(rows, directory)])))
    }
}

impl Directory {
    /// None when the first codes are too sparse for it.
    fn new(rows: &Rows) -> Option<Directory> {
        let last = *rows.row(rows.len().checked_sub(1)?).first()? as usize;
        if last > 4 * rows.len() || u32::try_from(rows.len()).is_err() {
            return None;
        }
        let mut starts = vec![0; last + 2];
        for_width!(Rows, rows, rows => {
            let mut next = 0;
            for (at, row) in rows.iter().enumerate() {
                while next <= row.0[0] as usize {
                    starts[next] = at as u32;
                    next += 1;
                }
            }
            starts[next] = rows.len() as u32;
        });
        Some(Directory { starts })
    }

    #[inline]
    fn bounds(&self, first: u32) -> (usize, usize) {
        let at = first as usize;
        match (self.starts.get(at), self.starts.get(at + 1)) {
            (Some(start), Some(end)) => (*start as usize, *end as usize),
            _ => (0, 0),
        }
    }

    #[inline]
    fn range<'a, const W: usize>(&self, first: u32, rows: &'a [Row<W>]) -> &'a [Row<W>] {
        let (start, end) = self.bounds(first);
        rows.get(start..end).unwrap_or_default()
    }
}

/// One sorted run of a relation, and where the last key was found in it: keys often come in order.
pub(super) struct Batch<'a, const W: usize> {
    rows: &'a [Row<W>],
    directory: Option<&'a Directory>,
    near: usize,
}

impl<'a, const W: usize> Batch<'a, W> {
    pub(super) fn list(
        runs: impl IntoIterator<Item = (&'a Rel<W>, Option<&'a Directory>)>,
    ) -> Vec<Self> {
        let runs = runs.into_iter().filter(|(rows, _)| !rows.is_empty());
        runs.map(|(rows, directory)| Batch {
            rows,
            directory,
            near: 0,
        })
        .collect()
    }

    /// The rows that begin with `key`.
    #[inline]
    pub(super) fn find(&mut self, key: &[u32]) -> &'a [Row<W>] {
        match (key, self.directory) {
            ([], _) => self.rows,
            ([first], Some(directory)) => directory.range(*first, self.rows),
            _ => {
                let rows = self.from(key);
                &rows[..gallop(rows, |row| compare(row, key) == Ordering::Equal)]
            }
        }
    }

    /// Whether some row begins with `key`.
    #[inline]
    fn has(&mut self, key: &[u32]) -> bool {
        match (key, self.directory) {
            ([], _) => !self.rows.is_empty(),
            ([first], Some(directory)) => !directory.range(*first, self.rows).is_empty(),
            _ => self
                .from(key)
                .first()
                .is_some_and(|row| compare(row, key) == Ordering::Equal),
        }
    }

    /// The rows from the first one on that is not before the key; those that begin with another code may be left
    /// out.
    fn from(&mut self, key: &[u32]) -> &'a [Row<W>] {
        let rows = self.rows;
        let before = |row: &Row<W>| compare(row, key) == Ordering::Less;
        // Where rows that begin with the key can stand.
        let (low, high) = match (self.directory, key.first()) {
            (Some(directory), Some(first)) => directory.bounds(*first),
            _ => (0, rows.len()),
        };
        let near = self.near.clamp(low, high);
        let start = if near < high && before(&rows[near]) {
            near + gallop(&rows[near..high], before)
        } else if near > low && !before(&rows[near - 1]) {
            low + rows[low..near].partition_point(before)
        } else {
            near
        };
        self.near = start;
        &rows[start..high]
    }
}

#[inline]
fn compare<const W: usize>(row: &Row<W>, key: &[u32]) -> Ordering {
    match key {
        [first] => row.0[0].cmp(first),
        [first, second] => (row.0[0], row.0[1]).cmp(&(*first, *second)),
        [first, second, third, fourth] if W >= 4 => {
            (row.0[0], row.0[1], row.0[2], row.0[3]).cmp(&(*first, *second, *third, *fourth))
        }
        _ => {
            for (code, wanted) in row.0.iter().zip(key) {
                match code.cmp(wanted) {
                    Ordering::Equal => {}
                    different => return different,
                }
            }
            Ordering::Equal
        }
    }
}

/// How many rows at the beginning satisfy `holds`, which no row does after one that does not; quick when they are few.
fn gallop<const W: usize>(rows: &[Row<W>], holds: impl Fn(&Row<W>) -> bool) -> usize {
    let mut step = 1;
    let mut low = 0;
    while rows.get(low + step - 1).is_some_and(&holds) {
        low += step;
        step *= 2;
    }
    let high = (low + step - 1).min(rows.len());
    low + rows[low..high].partition_point(holds)
}

/// The runs of a relation of any width.
pub(super) enum Batches<'a> {
    W2(Vec<Batch<'a, 2>>),
    W4(Vec<Batch<'a, 4>>),
    W8(Vec<Batch<'a, 8>>),
    W16(Vec<Batch<'a, 16>>),
}

macro_rules! batches_of {
    ($($width:literal $variant:ident),+) => {
        $(impl<'a> From<Vec<Batch<'a, $width>>> for Batches<'a> {
            fn from(runs: Vec<Batch<'a, $width>>) -> Self {
                Batches::$variant(runs)
            }
        })+
    };
}

batches_of!(2 W2, 4 W4, 8 W8, 16 W16);

impl Batches<'_> {
    /// Whether some row begins with the key.
    pub(super) fn any(&mut self, key: &[u32]) -> bool {
        for_width!(Batches, self, runs => runs.iter_mut().any(|run| run.has(key)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranges(codes: &[u32], many_lookups: bool) {
        let sorted = Sorted::new(Rows::from_codes(3, codes.len() / 3, codes));
        let lookups = if many_lookups { usize::MAX } else { 0 };
        let mut table = sorted.table(lookups);
        let Batches::W4(runs) = &mut table else {
            panic!("three columns make rows of four")
        };
        let all: Vec<Row<4>> = runs.iter().flat_map(|run| run.rows.to_vec()).collect();
        for key in [
            [0, 0],
            [5, 1],
            [1, 0],
            [1, 1],
            [9, 9],
            [1, 1],
            [0, 3],
            [3, 2],
            [40, 0],
        ] {
            for length in 0..=2 {
                let key = &key[..length];
                let expected: Vec<_> = all
                    .iter()
                    .filter(|row| row.0[..length] == *key)
                    .copied()
                    .collect();
                assert_eq!(runs[0].find(key), expected, "{key:?}");
            }
        }
    }

    #[test]
    fn a_key_finds_its_rows_whatever_was_looked_up_before() {
        let few: Vec<u32> = (0..30).flat_map(|n| [n % 6, n % 4, n]).collect();
        ranges(&few, false);
        let many: Vec<u32> = (0..300).flat_map(|n| [n % 60, n % 4, n]).collect();
        ranges(&many, false);
        ranges(&many, true);
        let sparse: Vec<u32> = (0..300).flat_map(|n| [n * n * 1000, n % 4, n]).collect();
        ranges(&sparse, true);
    }
}
