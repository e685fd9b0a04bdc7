//! The texts of a program's rule files, and where a byte of them stands for a reader.

use std::sync::{Arc, OnceLock};

use super::ast::{FileId, Span};

/// The files of one program, each with its name and text.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    files: Vec<File>,
}

#[derive(Clone, Debug)]
struct File {
    name: Arc<str>,
    text: Arc<str>,
    /// First byte of each line; made when somebody first asks for a place.
    line_starts: OnceLock<Vec<usize>>,
}

/// Line and column, both from 1; columns count characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The line.
    pub line: usize,
    /// The character in the line.
    pub column: usize,
}

impl Sources {
    /// No files.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a file. Names should differ; [`find`](Self::find) gives the first of equal ones.
    pub fn add(&mut self, name: impl Into<Arc<str>>, text: impl Into<Arc<str>>) -> FileId {
        let id = FileId(u32::try_from(self.files.len()).unwrap_or(u32::MAX));
        self.files.push(File {
            name: name.into(),
            text: text.into(),
            line_starts: OnceLock::new(),
        });
        id
    }

    /// The file of that name.
    pub fn find(&self, name: &str) -> Option<FileId> {
        let at = self.files.iter().position(|file| &*file.name == name)?;
        u32::try_from(at).ok().map(FileId)
    }

    /// A file's name, empty when there is no such file.
    pub fn name(&self, id: FileId) -> &str {
        self.file(id).map_or("", |file| &file.name)
    }

    /// A file's text, empty when there is no such file.
    pub fn text(&self, id: FileId) -> &str {
        self.file(id).map_or("", |file| &file.text)
    }

    /// A file's text for whoever must own it.
    pub fn shared_text(&self, id: FileId) -> Arc<str> {
        self.file(id)
            .map_or_else(|| Arc::from(""), |file| Arc::clone(&file.text))
    }

    /// The text under a span, empty when the span is outside its file.
    pub fn slice(&self, span: Span) -> &str {
        self.text(span.file)
            .get(span.start as usize..span.end as usize)
            .unwrap_or("")
    }

    /// Where the first byte of a span stands.
    pub fn place(&self, span: Span) -> Place {
        self.place_of(span.file, span.start)
    }

    /// Where a byte of a file stands; past the end it is the end.
    pub fn place_of(&self, id: FileId, byte: u32) -> Place {
        let Some(file) = self.file(id) else {
            return Place { line: 1, column: 1 };
        };
        let byte = (byte as usize).min(file.text.len());
        let starts = file.line_starts.get_or_init(|| {
            let newlines = file.text.bytes().enumerate().filter(|(_, b)| *b == b'\n');
            std::iter::once(0)
                .chain(newlines.map(|(at, _)| at + 1))
                .collect()
        });
        let line = starts.partition_point(|start| *start <= byte);
        let start = line
            .checked_sub(1)
            .and_then(|i| starts.get(i))
            .map_or(0, |s| *s);
        let column = file
            .text
            .char_indices()
            .skip_while(|(at, _)| *at < start)
            .take_while(|(at, _)| *at < byte)
            .count();
        Place {
            line,
            column: column + 1,
        }
    }

    fn file(&self, id: FileId) -> Option<&File> {
        self.files.get(id.0 as usize)
    }
}

impl Span {
    /// The smallest stretch that covers both; both must be in one file.
    #[must_use]
    pub fn to(self, end: Span) -> Span {
        Span {
            file: self.file,
            start: self.start.min(end.start),
            end: self.end.max(end.end),
        }
    }

    /// How many bytes.
    pub fn length(self) -> usize {
        self.end.saturating_sub(self.start) as usize
    }

    /// The empty stretch behind this one.
    #[must_use]
    pub fn after(self) -> Span {
        Span {
            start: self.end,
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_lines_and_characters_from_one() {
        let mut sources = Sources::new();
        let id = sources.add("a.dl", "é(1).\n  ß(x).\n");
        assert_eq!(sources.place_of(id, 0), Place { line: 1, column: 1 });
        assert_eq!(sources.place_of(id, 2), Place { line: 1, column: 2 });
        assert_eq!(sources.place_of(id, 11), Place { line: 2, column: 4 });
        assert_eq!(sources.place_of(id, 999), Place { line: 3, column: 1 });
        assert_eq!(sources.name(id), "a.dl");
        assert_eq!(sources.find("a.dl"), Some(id));
        assert_eq!(sources.find("b.dl"), None);
    }

    #[test]
    fn nothing_is_outside_a_file() {
        let mut sources = Sources::new();
        let file = sources.add("a.dl", "ab");
        let beyond = Span {
            file,
            start: 1,
            end: 9,
        };
        assert_eq!(sources.slice(beyond), "");
        assert_eq!(sources.text(FileId(7)), "");
    }
}
