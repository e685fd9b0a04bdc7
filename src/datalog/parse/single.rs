//! A single atom as a text of its own, such as a question on the command line.

use super::cursor::Cursor;
use crate::datalog::ast::{Atom, FileId};
use crate::datalog::diagnostic::{Diagnostics, Found};
use crate::datalog::lex::{self, Kind};
use crate::datalog::source::Sources;

/// Parses a file that holds one atom, with a full stop behind it or without.
pub(in crate::datalog) fn atom(sources: &Sources, file: FileId) -> Result<Atom, Diagnostics> {
    let mut found = Found::default();
    let text = sources.text(file);
    let lexed = lex::lex(text, file, &mut found);
    let mut cursor = Cursor::new(text, file, &lexed, &mut found);
    let atom = cursor.atom().and_then(|atom| {
        cursor.take(Kind::Dot);
        cursor.expect(Kind::End, "nothing more")?;
        Ok(atom)
    });
    let problems = Diagnostics::from(found);
    match atom {
        Ok(atom) if problems.is_empty() => Ok(atom),
        _ => Err(problems),
    }
}
