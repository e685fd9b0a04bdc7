//! Findings about a machine, as reports show them and as JSON holds them.

use std::cmp::Ordering;

use serde::Serialize;

use crate::policy::Severity;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The check's code, such as `HOST12`.
    pub code: String,
    /// The check's name, such as `device-not-permitted`.
    pub name: String,
    /// How much it matters.
    pub severity: Severity,
    /// What is wrong.
    pub message: String,
    /// What to know about mending it.
    pub help: Option<String>,
    /// The command that mends it.
    pub mend: Option<String>,
    /// The command that shows that it is mended.
    pub verify: Option<String>,
    /// What it follows from.
    pub evidence: Vec<Evidence>,
}

/// A fact that a finding follows from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Evidence {
    /// `host`, `container` or `runtime`.
    pub level: String,
    /// Who saw it: `files`, `kernel`, `amd-smi`.
    pub source: String,
    /// Where: the path, the command, or the variable with its value.
    pub origin: String,
    /// What was seen there.
    pub says: String,
}

/// How many findings there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// A launch will fail.
    pub errors: usize,
    /// It may fail, or be slow.
    pub warnings: usize,
    /// Good to know.
    pub notes: usize,
}

impl Finding {
    /// The worst first, then by code and message.
    pub fn order(&self, other: &Finding) -> Ordering {
        other
            .severity
            .cmp(&self.severity)
            .then_with(|| self.code.cmp(&other.code))
            .then_with(|| self.message.cmp(&other.message))
    }
}

impl Summary {
    /// Counts findings.
    pub fn of(findings: &[Finding]) -> Summary {
        let count = |severity| {
            let alike = findings.iter().filter(|one| one.severity == severity);
            alike.count()
        };
        Summary {
            errors: count(Severity::Error),
            warnings: count(Severity::Warning),
            notes: count(Severity::Note),
        }
    }
}
