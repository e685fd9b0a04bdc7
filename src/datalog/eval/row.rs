//! Rows of a fixed width, and relations of them in the four widths that there are.

use std::cmp::Ordering;

use super::frog::Relation;

/// So many codes; columns beyond a relation's own are zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Row<const W: usize>(pub(crate) [u32; W]);

/// By columns, as arrays compare, but two columns at a time.
impl<const W: usize> Ord for Row<W> {
    fn cmp(&self, other: &Self) -> Ordering {
        let pair = |row: &[u32; W], at: usize| u64::from(row[at]) << 32 | u64::from(row[at + 1]);
        let mut at = 0;
        while at + 1 < W {
            match pair(&self.0, at).cmp(&pair(&other.0, at)) {
                Ordering::Equal => at += 2,
                different => return different,
            }
        }
        Ordering::Equal
    }
}

impl<const W: usize> PartialOrd for Row<W> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<const W: usize> Row<W> {
    /// The row of these codes; there are not more than `W`.
    pub(super) fn from_codes(codes: impl IntoIterator<Item = u32>) -> Self {
        let mut row = [0; W];
        for (slot, code) in row.iter_mut().zip(codes) {
            *slot = code;
        }
        Row(row)
    }
}

/// A relation of rows of one width.
pub(super) type Rel<const W: usize> = Relation<Row<W>>;

/// A relation of rows of any width.
#[derive(Clone)]
pub(crate) enum Rows {
    W2(Rel<2>),
    W4(Rel<4>),
    W8(Rel<8>),
    W16(Rel<16>),
}

/// The same, borrowed.
#[derive(Clone, Copy)]
pub(super) enum RowsRef<'a> {
    W2(&'a Rel<2>),
    W4(&'a Rel<4>),
    W8(&'a Rel<8>),
    W16(&'a Rel<16>),
}

/// Evaluates an expression for whichever width a value of `Rows`, `RowsRef` or another enum of the same variants has.
macro_rules! for_width {
    ($type:ident, $rows:expr, $inner:pat => $body:expr) => {
        match $rows {
            $type::W2($inner) => $body,
            $type::W4($inner) => $body,
            $type::W8($inner) => $body,
            $type::W16($inner) => $body,
        }
    };
}

/// Evaluates an expression with the constant `W` set to the width that holds so many columns.
macro_rules! with_width {
    ($columns:expr, $width:ident => $body:expr) => {
        match $columns {
            0..=2 => {
                const $width: usize = 2;
                $body
            }
            3..=4 => {
                const $width: usize = 4;
                $body
            }
            5..=8 => {
                const $width: usize = 8;
                $body
            }
            _ => {
                const $width: usize = 16;
                $body
            }
        }
    };
}

pub(super) use {for_width, with_width};

/// Rows of one width among [`Rows`].
pub(super) trait Fixed: Ord + Sized {
    /// The rows, when they have this width.
    fn of(rows: Rows) -> Option<Relation<Self>>;
}

macro_rules! of_width {
    ($($width:literal $variant:ident),+) => {
        $(impl From<Rel<$width>> for Rows {
            fn from(rows: Rel<$width>) -> Self {
                Rows::$variant(rows)
            }
        }

        impl Fixed for Row<$width> {
            fn of(rows: Rows) -> Option<Relation<Self>> {
                if let Rows::$variant(rows) = rows { Some(rows) } else { None }
            }
        }

        impl<'a> From<&'a Rel<$width>> for RowsRef<'a> {
            fn from(rows: &'a Rel<$width>) -> Self {
                RowsRef::$variant(rows)
            }
        })+
    };
}

of_width!(2 W2, 4 W4, 8 W8, 16 W16);

impl Rows {
    /// Sorted, each once.
    pub(crate) fn from_codes(arity: usize, count: usize, codes: &[u32]) -> Rows {
        with_width!(arity, W => {
            let row = |codes: &[u32]| Row::<W>::from_codes(codes.iter().copied());
            let rows = match arity {
                0 => vec![row(&[]); count],
                _ => codes.chunks_exact(arity).map(row).collect(),
            };
            Relation::from_vec(rows).into()
        })
    }

    pub(super) fn empty(columns: usize) -> Rows {
        with_width!(columns, W => Rel::<W>::from_vec(Vec::new()).into())
    }

    pub(super) fn borrow(&self) -> RowsRef<'_> {
        for_width!(Rows, self, rows => rows.into())
    }

    pub(crate) fn len(&self) -> usize {
        for_width!(Rows, self, rows => rows.len())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The codes of a row, of which the first are the relation's columns.
    pub(crate) fn row(&self, at: usize) -> &[u32] {
        for_width!(Rows, self, rows => rows.get(at).map_or(&[][..], |row| &row.0[..]))
    }

    /// Where the first row stands that begins with these codes, or with larger ones.
    pub(crate) fn lower_bound(&self, key: &[u32]) -> usize {
        self.lower_bound_after(0, key)
    }

    /// The same among the rows from `from` on.
    pub(crate) fn lower_bound_after(&self, from: usize, key: &[u32]) -> usize {
        for_width!(Rows, self, rows => {
            let rows = rows.get(from..).unwrap_or_default();
            from + rows.partition_point(|row| row.0.iter().take(key.len()).lt(key.iter()))
        })
    }

    /// The rows that begin with these codes.
    pub(crate) fn range(&self, key: &[u32]) -> std::ops::Range<usize> {
        let start = self.lower_bound(key);
        for_width!(Rows, self, rows => {
            let rest = rows.get(start..).unwrap_or_default();
            start..start + rest.partition_point(|row| row.0.iter().zip(key).all(|(code, wanted)| code == wanted))
        })
    }

    /// All of them in one relation; they have one width.
    pub(super) fn union(pieces: Vec<Rows>, columns: usize) -> Rows {
        with_width!(columns, W => {
            let pieces = pieces.into_iter().filter_map(Row::<W>::of).filter(|rows| !rows.is_empty());
            let mut pieces: Vec<Rel<W>> = pieces.collect();
            if pieces.len() > 1 {
                let mut all = Vec::with_capacity(pieces.iter().map(|rows| rows.len()).sum());
                for mut piece in pieces.drain(..) {
                    all.append(&mut piece.elements);
                }
                pieces.push(Relation::from_vec(all));
            }
            pieces.pop().unwrap_or_else(|| Relation::from_vec(Vec::new())).into()
        })
    }

    /// The same rows with their columns in another order.
    pub(super) fn permuted(&self, columns: &[u8]) -> Rows {
        for_width!(Rows, self, rows => Relation::from_map(rows, |row| permute(row, columns)).into())
    }
}

impl RowsRef<'_> {
    pub(super) fn len(self) -> usize {
        for_width!(RowsRef, self, rows => rows.len())
    }
}

/// A row with its columns in another order.
pub(super) fn permute<const W: usize>(row: &Row<W>, columns: &[u8]) -> Row<W> {
    Row::from_codes(
        columns
            .iter()
            .map(|&column| row.0.get(usize::from(column)).copied().unwrap_or(0)),
    )
}
