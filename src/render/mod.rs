//! Writes a launch plan down for a target, one file a target. Nothing is decided here.

pub mod compose;
pub mod coverage;
pub mod docker;
pub mod exec;
pub mod quadlet;
pub mod script;
mod shell;
mod yaml;

use miette::Diagnostic;
use thiserror::Error;

use crate::plan::{InvalidPlan, LaunchPlan};

/// Why a plan cannot be written down for a target.
#[derive(Debug, Error, Diagnostic)]
pub enum RenderError {
    /// A value of the plan has no place in the target.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Plan(#[from] InvalidPlan),
    /// A word has no place in a script.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Word(#[from] UnquotableWord),
}

/// A word that no shell can pass on.
#[derive(Clone, Debug, Error, Diagnostic, PartialEq, Eq)]
#[error("the word `{}` cannot be written for a shell: it holds a NUL byte", .word.escape_debug())]
#[diagnostic(code(aim::render::nul))]
pub struct UnquotableWord {
    /// The word.
    pub word: String,
}

/// The comments at the head of a file: those that are given, and how to fetch the model first where it is not
/// there.
fn head(plan: &LaunchPlan, comments: &[String]) -> Result<String, UnquotableWord> {
    let mut comments = comments.to_vec();
    if let Some(command) = &plan.prefetch {
        comments
            .push("The engine fetches the model. To fetch it before the first start:".to_owned());
        comments.push(format!("  {}", shell::quoted(command)?.join(" ")));
    }
    Ok(shell::comments(&comments))
}
