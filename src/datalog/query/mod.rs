//! Questions to a program: a body (or rules of its own that end with one) is checked as if it stood in a file of the
//! program, and becomes a relation that can be evaluated.

mod columns;
mod draft;
mod needed;
#[cfg(test)]
mod tests;

use super::ast::FileId;
use super::check::{Checked, RelId, check};
use super::diagnostic::{Code, Diagnostics};
use super::parse::parse_query;
use super::plan::{CompiledProgram, compile};
use super::source::Sources;

use draft::Draft;

pub use super::parse::goes_on;

/// A query that can be evaluated.
#[derive(Clone, Debug)]
pub struct Query {
    /// The program, with no other rules than those the query needs.
    pub checked: Checked,
    /// The same, ready to be evaluated.
    pub program: CompiledProgram,
    /// The relation whose tuples are the answer.
    pub answer: RelId,
    /// What its columns are called: the variables of the body, or the arguments of the last rule's head.
    pub columns: Vec<String>,
}

impl Query {
    /// Reads a query, a file of `sources`, as one to `program`.
    ///
    /// A query is a body. Before it may stand rules and declarations of its own, of which relations without
    /// declaration get one by what they are derived from; the last of these rules is the query when there is no body.
    /// Variables of the body are the columns of the answer, in the order of their first places, but for those that
    /// begin with `_`.
    ///
    /// # Errors
    /// Every mistake in it.
    pub fn new(program: &Checked, sources: &Sources, file: FileId) -> Result<Query, Diagnostics> {
        let (asked, syntax) = parse_query(sources, file);
        if syntax.has_errors() {
            return Err(syntax.without_warnings());
        }
        let mut draft = Draft::new(program, sources, asked, file)?;
        let checked = draft.typed()?;
        draft.columns_of_body(&checked)?;
        draft.base_rules(program);
        let checked = check(draft.program).map_err(mistakes)?;
        let compiled = compile(&checked)?;
        // Whatever is derived is declared.
        let answer = checked.relation(&draft.answer).unwrap_or(RelId(u32::MAX));
        Ok(Query {
            checked,
            program: compiled,
            answer,
            columns: draft.columns,
        })
    }
}

/// The errors of a check, as somebody needs them who asks and declares nothing.
fn mistakes(found: Diagnostics) -> Diagnostics {
    found.without_warnings().retold(|error| {
        let help = error.help.as_deref().unwrap_or_default();
        if error.code == Code::UnknownRelation && help.starts_with("declare it") {
            error.help = Some("no relation has a name like it".to_owned());
        }
    })
}
