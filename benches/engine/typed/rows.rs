//! The rows of base relations with symbols as numbers.

use std::collections::HashMap;

use aim_engine::datalog::fact::Datum;
use datafrog::Relation;

use super::{Block, Number, Symbol};
use crate::programs::Program;

/// The base relations, as their rows come.
pub struct Facts {
    symbols: HashMap<String, Symbol>,
    texts: Vec<String>,
    rows: HashMap<String, Vec<Vec<Cell>>>,
}

#[derive(Clone, Copy)]
enum Cell {
    Symbol(Symbol),
    Number(Number),
    Real(f64),
}

impl Facts {
    pub fn new(program: &Program, words: &[&str]) -> Facts {
        let data = program.facts.values().flatten().flatten();
        let mut texts: Vec<&str> = data
            .filter_map(|datum| match datum {
                Datum::Symbol(text) => Some(text.as_str()),
                _ => None,
            })
            .chain(words.iter().copied())
            .collect();
        texts.sort_unstable();
        texts.dedup();
        let symbols: HashMap<String, Symbol> = texts
            .iter()
            .map(|text| (*text).to_owned())
            .zip(0..)
            .collect();
        let cell = |datum: &Datum| match datum {
            Datum::Symbol(text) => Cell::Symbol(symbols[text]),
            Datum::Number(number) => Cell::Number(*number as Number),
            Datum::Float(real) => Cell::Real(*real),
        };
        let rows = program.facts.iter().map(|(name, rows)| {
            let rows = rows.iter().map(|row| row.iter().map(cell).collect());
            (name.clone(), rows.collect())
        });
        Facts {
            rows: rows.collect(),
            texts: texts.into_iter().map(str::to_owned).collect(),
            symbols,
        }
    }

    pub fn text(&self, symbol: Symbol) -> &str {
        &self.texts[symbol as usize]
    }

    pub fn symbol(&self, text: &str) -> Symbol {
        self.symbols[text]
    }

    pub fn relation<T: Ord>(&self, name: &str, tuple: impl Fn(&Row<'_>) -> T) -> Relation<T> {
        let rows = self.rows.get(name).into_iter().flatten();
        rows.map(|row| tuple(&Row(row))).collect()
    }
}

pub struct Row<'a>(&'a [Cell]);

impl Row<'_> {
    pub fn s(&self, at: usize) -> Symbol {
        match self.0[at] {
            Cell::Symbol(symbol) => symbol,
            _ => unreachable!("a symbol"),
        }
    }

    pub fn n(&self, at: usize) -> Number {
        match self.0[at] {
            Cell::Number(number) => number,
            _ => unreachable!("a number"),
        }
    }

    pub fn r(&self, at: usize) -> f64 {
        match self.0[at] {
            Cell::Real(real) => real,
            _ => unreachable!("a real"),
        }
    }

    pub fn block(&self) -> Block {
        (self.s(0), self.s(1), self.n(2))
    }
}
