//! How a run ends: exit codes, and what is printed before them.

use miette::{Diagnostic, MietteDiagnostic, Report, Severity};

use crate::launch::PlanningError;
use crate::policy::PolicyError;
use crate::store::StoreError;

/// The exit codes that scripts rely on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Done.
    Done = 0,
    /// The answer is no.
    No = 1,
    /// Usage, or errors in rule files.
    Usage = 2,
    /// The environment failed: nothing detected, Docker, disk, network.
    Environment = 3,
}

/// A run that ends without its answer.
#[derive(Debug)]
pub struct Failure {
    /// The exit code.
    pub exit: Exit,
    /// What to print.
    pub reports: Vec<Report>,
}

impl Failure {
    /// A failure told by a diagnostic.
    pub fn new(exit: Exit, error: impl Diagnostic + Send + Sync + 'static) -> Failure {
        Failure {
            exit,
            reports: vec![Report::new(error)],
        }
    }

    /// A failure told by a message, its code and what to do.
    pub fn say(
        exit: Exit,
        code: &str,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Failure {
        let diagnostic = MietteDiagnostic::new(message)
            .with_code(code)
            .with_severity(Severity::Error);
        let help = help.into();
        let diagnostic = if help.is_empty() {
            diagnostic
        } else {
            diagnostic.with_help(help)
        };
        Failure {
            exit,
            reports: vec![diagnostic.into()],
        }
    }

    /// Whether the store does not hold what was put into it.
    pub fn is_damaged_store(&self) -> bool {
        self.reports.iter().any(|report| {
            let store = report.downcast_ref::<StoreError>();
            let planning = report.downcast_ref::<PlanningError>();
            let store = store.or(match planning {
                Some(PlanningError::Store(error)) => Some(error),
                _ => None,
            });
            store.is_some_and(StoreError::is_damage)
        })
    }

    /// Prints what there is to say.
    pub fn report(self) -> Exit {
        for report in self.reports {
            super::output::report(&report);
        }
        self.exit
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let exit = match error {
            StoreError::Catalog { .. } | StoreError::Foreign { .. } => Exit::Usage,
            StoreError::Sqlite(_) | StoreError::Document(_) | StoreError::Details(_) => {
                Exit::Environment
            }
        };
        Failure::new(exit, error)
    }
}

impl From<PolicyError> for Failure {
    fn from(error: PolicyError) -> Self {
        let exit = match error {
            PolicyError::View(crate::store::ViewError::Store(_)) => Exit::Environment,
            _ => Exit::Usage,
        };
        Failure {
            exit,
            reports: error.reports(),
        }
    }
}

impl From<PlanningError> for Failure {
    fn from(error: PlanningError) -> Self {
        let exit = match error {
            PlanningError::GpuIds { .. } => Exit::Usage,
            _ => Exit::Environment,
        };
        Failure::new(exit, error)
    }
}

/// Writing to a closed pipe is no failure of ours; any other one is.
impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        if error.kind() == std::io::ErrorKind::BrokenPipe {
            return Failure {
                exit: Exit::Done,
                reports: Vec::new(),
            };
        }
        Failure::say(Exit::Environment, "cli::io", error.to_string(), "")
    }
}
