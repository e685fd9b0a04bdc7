//! Values and their 32-bit codes: rows hold codes, [`Values`] says what they stand for.
//!
//! Within one column type two codes are equal exactly when the values are. Codes of symbols follow the order in which
//! the texts were first seen, so anything that asks for an order must decode.

mod float_text;
mod symbols;
mod wide;

pub use float_text::{fixed_text, general_text, short_text};

use std::cmp::Ordering;
use std::fmt;

use super::ast::BaseType;
use symbols::Symbols;
use wide::Wide;

/// A value of one of the three base types.
#[derive(Clone, Copy, Debug)]
pub enum Value<'a> {
    /// Text.
    Symbol(&'a str),
    /// A whole number.
    Number(i64),
    /// A real number, never NaN.
    Float(f64),
}

impl Value<'_> {
    /// Its type.
    pub fn base_type(&self) -> BaseType {
        match self {
            Value::Symbol(_) => BaseType::Symbol,
            Value::Number(_) => BaseType::Number,
            Value::Float(_) => BaseType::Float,
        }
    }
}

/// Symbols by text, numbers and floats by size; a symbol comes before a number, a number before a float.
impl Ord for Value<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Value::Symbol(a), Value::Symbol(b)) => a.cmp(b),
            (Value::Number(a), Value::Number(b)) => a.cmp(b),
            (Value::Float(a), Value::Float(b)) => (a + 0.0).total_cmp(&(b + 0.0)),
            _ => (self.base_type() as u8).cmp(&(other.base_type() as u8)),
        }
    }
}

impl PartialOrd for Value<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Value<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Value<'_> {}

/// Symbols raw, numbers in decimal, floats in the shortest form that reads back.
impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Symbol(text) => f.write_str(text),
            Value::Number(number) => write!(f, "{number}"),
            Value::Float(float) => f.write_str(&short_text(*float)),
        }
    }
}

/// An interned text; meaningful only with the facts that gave it out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Symbol(pub(crate) u32);

/// The codes with this bit set are indices into the table of numbers that do not fit the rest.
const WIDE: u32 = 1 << 31;

/// What codes stand for. Grows while rules are evaluated.
#[derive(Clone, Debug, Default)]
pub(crate) struct Values {
    symbols: Symbols,
    numbers: Wide,
    floats: Wide,
}

impl Values {
    /// The code of a text.
    pub(crate) fn symbol(&mut self, text: &str) -> u32 {
        self.symbols.intern(text)
    }

    /// The code of a number: itself from 0 to 2^31, else a place in the table.
    pub(crate) fn number(&mut self, number: i64) -> u32 {
        match small(number) {
            Some(code) => code,
            None => WIDE | self.numbers.intern(number.cast_unsigned()),
        }
    }

    /// The code of a float, which is not NaN; minus zero is zero.
    pub(crate) fn float(&mut self, float: f64) -> u32 {
        self.floats.intern((float + 0.0).to_bits())
    }

    /// The code of a value.
    pub(crate) fn encode(&mut self, value: Value<'_>) -> u32 {
        match value {
            Value::Symbol(text) => self.symbol(text),
            Value::Number(number) => self.number(number),
            Value::Float(float) => self.float(float),
        }
    }

    /// The code of a value, none when no row can hold it yet.
    pub(crate) fn find(&self, value: Value<'_>) -> Option<u32> {
        match value {
            Value::Symbol(text) => self.symbols.find(text),
            Value::Number(number) => match small(number) {
                Some(code) => Some(code),
                None => Some(WIDE | self.numbers.find(number.cast_unsigned())?),
            },
            Value::Float(float) => self.floats.find((float + 0.0).to_bits()),
        }
    }

    /// The text of a symbol's code.
    pub(crate) fn text(&self, code: u32) -> &str {
        self.symbols.text(code)
    }

    /// The number of a number's code.
    pub(crate) fn integer(&self, code: u32) -> i64 {
        if code & WIDE == 0 {
            i64::from(code)
        } else {
            self.numbers.get(code & !WIDE).cast_signed()
        }
    }

    /// The float of a float's code.
    pub(crate) fn real(&self, code: u32) -> f64 {
        f64::from_bits(self.floats.get(code))
    }

    /// The value of a code of a column of that type.
    pub(crate) fn decode(&self, ty: BaseType, code: u32) -> Value<'_> {
        match ty {
            BaseType::Symbol => Value::Symbol(self.text(code)),
            BaseType::Number => Value::Number(self.integer(code)),
            BaseType::Float => Value::Float(self.real(code)),
        }
    }

    /// The order of two values of one type by their codes.
    pub(crate) fn compare(&self, ty: BaseType, a: u32, b: u32) -> Ordering {
        if a == b {
            return Ordering::Equal;
        }
        if ty == BaseType::Number
            && let Some(order) = short_order(a, b)
        {
            return order;
        }
        self.decode(ty, a).cmp(&self.decode(ty, b))
    }
}

/// The order of two numbers by their codes, where both have short ones.
#[inline]
pub(crate) fn short_order(a: u32, b: u32) -> Option<Ordering> {
    ((a | b) & WIDE == 0).then(|| a.cmp(&b))
}

fn small(number: i64) -> Option<u32> {
    u32::try_from(number).ok().filter(|code| code & WIDE == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_every_size_come_back() {
        let mut values = Values::default();
        for number in [
            0,
            1,
            -1,
            (1 << 31) - 1,
            1 << 31,
            1 << 40,
            i64::MAX,
            i64::MIN,
        ] {
            let code = values.number(number);
            assert_eq!(values.integer(code), number);
            assert_eq!(values.number(number), code);
            assert_eq!(values.find(Value::Number(number)), Some(code));
        }
        assert_eq!(values.find(Value::Number(-7)), None);
    }

    #[test]
    fn minus_zero_is_zero() {
        let mut values = Values::default();
        assert_eq!(values.float(0.0), values.float(-0.0));
        assert_eq!(Value::Float(-0.0), Value::Float(0.0));
    }

    #[test]
    fn symbols_compare_by_text_and_not_by_age() {
        let mut values = Values::default();
        let (z, a) = (values.symbol("z"), values.symbol("a"));
        assert_eq!(values.compare(BaseType::Symbol, z, a), Ordering::Greater);
        assert_eq!(values.symbol("z"), z);
        assert_eq!(values.text(a), "a");
    }
}
