//! Why the rules cannot be used.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::datalog::diagnostic::{Diagnostics, RuleError};
use crate::datalog::source::Sources;
use crate::store::{StoreError, ViewError};

use super::ViewMistake;

/// Why the rules cannot be used.
#[derive(Debug, Error)]
pub enum PolicyError {
    /// A rule file or folder cannot be read.
    #[error("cannot read the rules `{}`: {source}", path.display())]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The files have mistakes.
    #[error("the rule files have mistakes: {diagnostics}")]
    Rules {
        /// The mistakes.
        diagnostics: Diagnostics,
        /// The files.
        sources: Box<Sources>,
    },
    /// `.input` relations of site files are no views of the store, or have other columns.
    #[error("rule files read what the store does not have")]
    Views {
        /// Which ones.
        mistakes: Vec<ViewMistake>,
        /// The files.
        sources: Box<Sources>,
    },
    /// A rule met a value that it cannot compute with, or a limit.
    #[error("{error}")]
    Evaluation {
        /// What and where.
        error: Box<RuleError>,
        /// The files.
        sources: Box<Sources>,
    },
    /// An `.input` relation is no view of the store, or has other columns.
    #[error("{0}")]
    View(#[from] ViewError),
    /// A built-in relation that the program reads is missing or has other columns.
    #[error("the rules have no relation `{0}` with the columns that the program reads")]
    Missing(&'static str),
}

impl From<StoreError> for PolicyError {
    fn from(error: StoreError) -> Self {
        PolicyError::View(error.into())
    }
}

impl PolicyError {
    /// What to print, one report a mistake.
    pub fn reports(self) -> Vec<miette::Report> {
        match self {
            PolicyError::Rules {
                diagnostics,
                sources,
            } => diagnostics
                .reports(&sources)
                .map(miette::Report::new)
                .collect(),
            PolicyError::Views { mistakes, sources } => mistakes
                .into_iter()
                .map(|mistake| mistake.report(&sources))
                .collect(),
            PolicyError::Evaluation { error, sources } => {
                vec![miette::Report::new(error.report(&sources))]
            }
            PolicyError::Unreadable { .. } => {
                vec![plain(
                    &self,
                    "policy::unreadable",
                    "name a rule file (`.dl`) or a folder of them",
                )]
            }
            PolicyError::View(ViewError::Unknown {
                ref relation,
                ref views,
            }) => {
                let near =
                    crate::catalog::typed::nearest(relation, views.iter().map(String::as_str));
                let help = match near {
                    Some(near) => {
                        format!("`.input` relations are views of the store; did you mean `{near}`?")
                    }
                    None => format!(
                        "`.input` relations are views of the store: {}",
                        views.join(", ")
                    ),
                };
                vec![plain(&self, "policy::unknown-view", &help)]
            }
            PolicyError::View(ViewError::Column { ref columns, .. }) => {
                let help = format!("the view has the columns {}", columns.join(", "));
                vec![plain(&self, "policy::view-columns", &help)]
            }
            PolicyError::View(ViewError::Store(error)) => vec![miette::Report::new(error)],
            PolicyError::Missing(_) => vec![plain(
                &self,
                "policy::missing-relation",
                "a site's file that replaces a built-in one must declare what that one declares",
            )],
        }
    }
}

fn plain(error: &PolicyError, code: &str, help: &str) -> miette::Report {
    miette::MietteDiagnostic::new(error.to_string())
        .with_code(code)
        .with_help(help)
        .into()
}
