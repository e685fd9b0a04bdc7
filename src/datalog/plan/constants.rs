//! The constants of a program, each once.

use rustc_hash::FxHashMap;

use super::program::Constant;

/// Constants numbered in the order in which they were first seen.
#[derive(Debug, Default)]
pub(super) struct Constants {
    list: Vec<Constant>,
    symbols: FxHashMap<String, u32>,
    numbers: FxHashMap<i64, u32>,
    floats: FxHashMap<u64, u32>,
}

impl Constants {
    pub(super) fn symbol(&mut self, text: &str) -> u32 {
        if let Some(&id) = self.symbols.get(text) {
            return id;
        }
        let id = self.push(Constant::Symbol(text.to_owned()));
        self.symbols.insert(text.to_owned(), id);
        id
    }

    pub(super) fn number(&mut self, number: i64) -> u32 {
        if let Some(&id) = self.numbers.get(&number) {
            return id;
        }
        let id = self.push(Constant::Number(number));
        self.numbers.insert(number, id);
        id
    }

    pub(super) fn float(&mut self, float: f64) -> u32 {
        let float = float + 0.0;
        if let Some(&id) = self.floats.get(&float.to_bits()) {
            return id;
        }
        let id = self.push(Constant::Float(float));
        self.floats.insert(float.to_bits(), id);
        id
    }

    fn push(&mut self, constant: Constant) -> u32 {
        self.list.push(constant);
        (self.list.len() - 1) as u32
    }

    pub(super) fn into_inner(self) -> Vec<Constant> {
        self.list
    }
}
