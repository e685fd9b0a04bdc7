//! Positions of a text: an editor counts lines and units of UTF-16 (or bytes), this program bytes.

use std::ops::Range;

use lsp_types::{Position, Range as LspRange};

/// What editors count columns in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Encoding {
    /// Bytes.
    Utf8,
    /// Units of 16 bits, as every editor can.
    #[default]
    Utf16,
}

/// The byte of a position; past the end of a line or of the text it is that end.
pub(super) fn offset(text: &str, position: Position, encoding: Encoding) -> usize {
    let mut start = 0;
    for _ in 0..position.line {
        match text.get(start..).and_then(|rest| rest.find('\n')) {
            Some(at) => start += at + 1,
            None => return text.len(),
        }
    }
    let rest = text.get(start..).unwrap_or_default();
    let line = rest.split('\n').next().unwrap_or_default();
    let line = line.strip_suffix('\r').unwrap_or(line);
    let mut units = position.character as usize;
    for (at, c) in line.char_indices() {
        if units == 0 {
            return start + at;
        }
        units = units.saturating_sub(width(c, encoding));
    }
    start + line.len()
}

/// The position of a byte; within a character it is the character's beginning.
pub(super) fn position(text: &str, offset: usize, encoding: Encoding) -> Position {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    let before = text.get(..offset).unwrap_or_default();
    let line = before.rsplit('\n').next().unwrap_or_default();
    let units: usize = line.chars().map(|c| width(c, encoding)).sum();
    Position {
        line: count(before.matches('\n').count()),
        character: count(units),
    }
}

/// The positions of a stretch of bytes.
pub(super) fn range(text: &str, bytes: Range<usize>, encoding: Encoding) -> LspRange {
    LspRange {
        start: position(text, bytes.start, encoding),
        end: position(text, bytes.end, encoding),
    }
}

fn width(c: char, encoding: Encoding) -> usize {
    match encoding {
        Encoding::Utf8 => c.len_utf8(),
        Encoding::Utf16 => c.len_utf16(),
    }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_go_there_and_back_in_both_encodings() {
        let text = "ä: 𝄞x\r\n\nlast é";
        for encoding in [Encoding::Utf8, Encoding::Utf16] {
            for (at, _) in text.char_indices().filter(|(_, c)| *c != '\n') {
                assert_eq!(offset(text, position(text, at, encoding), encoding), at);
            }
            assert_eq!(offset(text, Position::new(0, 99), encoding), 9);
            assert_eq!(offset(text, Position::new(99, 0), encoding), text.len());
        }
        assert_eq!(position(text, 8, Encoding::Utf16), Position::new(0, 5));
        assert_eq!(position(text, 8, Encoding::Utf8), Position::new(0, 8));
        // The middle of a pair is its end: no character is cut.
        assert_eq!(offset(text, Position::new(0, 4), Encoding::Utf16), 8);
    }
}
