//! Rule files to a syntax tree: by recursive descent, with every syntax error of every file.

mod body;
mod call;
mod clause;
mod constant;
mod cursor;
mod expr;
mod include;
mod query;
mod reserved;
pub(super) mod single;

use std::collections::VecDeque;

use super::ast::{FileId, Program, Span};
use super::diagnostic::{Code, Diagnostics, Found, RuleError};
use super::lex;
use super::source::Sources;

pub use include::{FromDisk, Loader, NoIncludes};
pub use query::goes_on;
pub(super) use query::{Asked, parse_query};

use clause::Include;
use cursor::Cursor;

/// Parses one file and the files that it includes. See [`parse_all`].
pub fn parse(
    sources: &mut Sources,
    file: FileId,
    loader: &mut dyn Loader,
) -> (Program, Diagnostics) {
    parse_all(sources, &[file], loader)
}

/// Parses files and the files that they include, each once, into one program.
///
/// Included files are added to `sources`. What a file with errors says besides them is in the
/// program, so that it can be checked as well.
pub fn parse_all(
    sources: &mut Sources,
    files: &[FileId],
    loader: &mut dyn Loader,
) -> (Program, Diagnostics) {
    let mut program = Program::default();
    let mut found = Found::default();
    let mut waiting: VecDeque<FileId> = VecDeque::new();
    let mut known: Vec<FileId> = Vec::new();
    for file in files {
        if !known.contains(file) {
            known.push(*file);
            waiting.push_back(*file);
        }
    }
    while let Some(file) = waiting.pop_front() {
        for include in parse_file(sources, file, &mut program, &mut found) {
            match fetch(sources, &include, loader) {
                Ok(file) if !known.contains(&file) => {
                    known.push(file);
                    waiting.push_back(file);
                }
                Ok(_) => {}
                Err(error) => found.push(error),
            }
        }
    }
    (program, found.into())
}

fn parse_file(
    sources: &Sources,
    file: FileId,
    program: &mut Program,
    found: &mut Found,
) -> Vec<Include> {
    let text = sources.text(file);
    if u32::try_from(text.len()).is_err() {
        let start = Span {
            file,
            start: 0,
            end: 0,
        };
        found.push(
            RuleError::new(Code::FileTooLarge, "a rule file of more than 4 GiB")
                .label(start, "not read")
                .help("large sets of facts are read by `.input`"),
        );
        return Vec::new();
    }
    let lexed = lex::lex(text, file, found);
    Cursor::new(text, file, &lexed, found).file(program)
}

fn fetch(
    sources: &mut Sources,
    include: &Include,
    loader: &mut dyn Loader,
) -> Result<FileId, RuleError> {
    let name = loader.resolve(sources.name(include.span.file), &include.name);
    if let Some(file) = sources.find(&name) {
        return Ok(file);
    }
    match loader.load(&name) {
        Ok(text) => Ok(sources.add(name, text)),
        Err(reason) => Err(RuleError::new(
            Code::IncludeNotFound,
            format!("`{}` cannot be included", include.name),
        )
        .label(include.span, reason)
        .help(format!("looked for `{name}`"))),
    }
}
