//! A file as miette reads it.

use std::fmt;
use std::sync::Arc;

use miette::{MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};

/// A file with its name. Unlike miette's own sources it counts the lines of an excerpt from the
/// excerpt's beginning, so that two labels far apart are two excerpts and not one with all between.
pub struct NamedText {
    name: Arc<str>,
    text: Arc<str>,
}

impl NamedText {
    /// A file by its name and text.
    pub fn new(name: impl Into<Arc<str>>, text: impl Into<Arc<str>>) -> Self {
        NamedText {
            name: name.into(),
            text: text.into(),
        }
    }
}

impl fmt::Debug for NamedText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NamedText")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl SourceCode for NamedText {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        lines_before: usize,
        lines_after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let inner = self
            .text
            .as_bytes()
            .read_span(span, lines_before, lines_after)?;
        let data = inner.data();
        let ends = data.iter().filter(|byte| **byte == b'\n').count();
        let lines = ends + usize::from(data.last().is_some_and(|byte| *byte != b'\n'));
        // Counted in characters, as columns are everywhere else.
        let before = self.text.get(..inner.span().offset()).unwrap_or_default();
        let line = before.rsplit('\n').next().unwrap_or_default();
        let column = line.trim_start_matches('\u{feff}').chars().count();
        Ok(Box::new(MietteSpanContents::new_named(
            self.name.to_string(),
            data,
            *inner.span(),
            inner.line(),
            column,
            lines,
        )))
    }
}
