//! Writes a launch plan down for a target, one file a target. Nothing is decided here.

pub mod coverage;
pub mod docker;
mod shell;

use miette::Diagnostic;
use thiserror::Error;

/// A word that no shell can pass on.
#[derive(Clone, Debug, Error, Diagnostic, PartialEq, Eq)]
#[error("the word `{}` cannot be written for a shell: it holds a NUL byte", .word.escape_debug())]
#[diagnostic(code(aim::render::nul))]
pub struct UnquotableWord {
    /// The word.
    pub word: String,
}
