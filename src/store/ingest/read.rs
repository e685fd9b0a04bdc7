//! From a file to all that is written of it, on any thread.

use std::collections::BTreeSet;

use xxhash_rust::xxh3::xxh3_128;

use super::super::StoreError;
use super::super::layer::Offered;
use super::document::{self, Document};
use super::{Known, details, link, recipe};
use crate::catalog::kind::Kind;
use crate::catalog::problem::{Problem, Severity};
use crate::catalog::written;
use crate::catalog::yaml::{self, Comment, Node};

/// What reading a file gave.
pub(super) struct Read {
    pub hash: String,
    /// Nothing where the content is as it was.
    pub parsed: Option<Parsed>,
}

/// What a file says, ready to be written.
pub(super) struct Parsed {
    pub kind: &'static str,
    /// A recipe without its sections, which are among the details.
    pub document: Option<Document>,
    pub problems: Vec<Problem>,
    /// Versions of engines that it names.
    pub versions: BTreeSet<String>,
    /// What it says in detail, packed.
    pub details: Vec<u8>,
    pub comments: Vec<Comment>,
}

/// What tells whether a file's content is as it was.
pub(in crate::store) fn content_hash(bytes: &[u8]) -> String {
    format!("{:032x}", xxh3_128(bytes))
}

/// Reads and parses a file; where its content is as it was, that is all.
pub(super) fn read(file: &Offered, before: Option<&Known>) -> Result<Read, StoreError> {
    let bytes = match file.content.bytes() {
        Ok(bytes) => bytes,
        Err(error) => {
            let says = format!("the file cannot be read: {error}");
            let problems = vec![Problem::error("unreadable", says)];
            return Ok(Read {
                hash: String::new(),
                parsed: Some(Parsed::of(file, Err(problems))?),
            });
        }
    };
    let hash = content_hash(&bytes);
    let same_kind =
        before.is_some_and(|before| file.kind.is_none_or(|kind| kind.name() == before.kind));
    if same_kind && before.is_some_and(|before| before.hash == hash) {
        return Ok(Read { hash, parsed: None });
    }
    let mut parsed = Parsed::of(file, yaml::read_bytes(&bytes))?;
    parsed.comments = yaml::comments(&bytes);
    Ok(Read {
        hash,
        parsed: Some(parsed),
    })
}

impl Parsed {
    /// Where the folder does not tell a file's kind, its keys do. The values as they are written are given where the
    /// file is YAML, whatever else is wrong with it.
    fn of(file: &Offered, root: Result<Node, Vec<Problem>>) -> Result<Parsed, StoreError> {
        let stem = stem(&file.name);
        let by_keys = || root.as_ref().map_or(Kind::Recipe, Kind::of);
        let kind = file.kind.unwrap_or_else(by_keys);
        let (result, written) = match &root {
            Ok(root) => {
                let written = written::values(root, kind);
                (document::parse(root, kind, stem), written)
            }
            Err(problems) => (Err(problems.clone()), Vec::new()),
        };
        let (mut document, problems) = match result {
            Ok((document, problems)) => (Some(document), problems),
            Err(problems) => (None, problems),
        };
        let sections = match &mut document {
            Some(Document::Recipe(recipe)) => std::mem::take(&mut recipe.sections),
            _ => Vec::new(),
        };
        let tokens = link::tokens(stem, document.as_ref(), &written);
        Ok(Parsed {
            kind: kind.name(),
            versions: recipe::versions(document.as_ref(), &sections),
            details: details::pack(&tokens, &sections, &written)?,
            document,
            problems: at_most(problems),
            comments: Vec::new(),
        })
    }
}

/// A file's name without folders and ending.
pub(super) fn stem(name: &str) -> &str {
    let file = name.rsplit('/').next().unwrap_or(name);
    file.rsplit_once('.').map_or(file, |(stem, _)| stem)
}

/// The most problems of one file that are kept: whoever mends so many looks again.
const PROBLEMS: usize = 20;

/// The first problems of a file, errors before warnings where not all fit, and how many there are beside them.
fn at_most(mut problems: Vec<Problem>) -> Vec<Problem> {
    let Some(more) = problems
        .len()
        .checked_sub(PROBLEMS)
        .filter(|more| *more > 0)
    else {
        return problems;
    };
    problems.sort_by_key(|problem| std::cmp::Reverse(problem.severity));
    let cut = problems.get(PROBLEMS).map(|problem| problem.severity);
    problems.truncate(PROBLEMS);
    let message = format!("the file has {more} more problems");
    problems.push(match cut {
        Some(Severity::Error) => Problem::error("more", message),
        _ => Problem::warning("more", message),
    });
    problems
}
