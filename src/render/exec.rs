//! A launch plan as the engine's own command line, for use where the engine is: `env NAME=value … vllm
//! serve …`.
//!
//! `env -u` takes away what would hide GPUs from the engine beside the plan's own variable. It is not
//! in POSIX, but in GNU, busybox and BSD alike.

use super::{UnquotableWord, shell};
use crate::plan::{BareEngine, InvalidPlan, LaunchPlan, PlanError, PlanErrorKind};

/// The engine's command line with its variables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exec {
    engine: BareEngine,
}

impl Exec {
    /// What there is to set, to unset and to execute.
    pub fn engine(&self) -> &BareEngine {
        &self.engine
    }

    /// The words to execute, `env` first.
    pub fn argv(&self) -> Vec<String> {
        let groups = self.groups();
        self.first()
            .into_iter()
            .chain(groups.into_iter().flatten())
            .collect()
    }

    /// The command for `sh`, one variable and one flag a line, after `comments`.
    ///
    /// # Errors
    /// When a word holds a NUL byte, which a checked plan never does.
    pub fn printed(&self, comments: &[String]) -> Result<String, UnquotableWord> {
        let command = shell::command(&self.first(), &self.groups())?;
        Ok(shell::comments(comments) + &command)
    }

    fn first(&self) -> Vec<String> {
        vec!["env".to_owned()]
    }

    fn groups(&self) -> Vec<Vec<String>> {
        let unset = self.engine.unset.iter();
        let mut groups: Vec<Vec<String>> = unset
            .map(|name| vec!["-u".to_owned(), name.clone()])
            .collect();
        for var in &self.engine.env {
            groups.push(vec![format!("{}={}", var.name, var.value)]);
        }
        groups.extend(shell::by_flag(&self.engine.argv));
        groups
    }
}

/// Writes a plan as a command line of the engine.
///
/// # Errors
/// When a value of the plan has no place in a command ([`LaunchPlan::check`]), or `env` would take the
/// engine's program for something else.
pub fn run(plan: &LaunchPlan) -> Result<Exec, InvalidPlan> {
    plan.check()?;
    let engine = plan.bare();
    let program = engine.argv.first().map(String::as_str).unwrap_or_default();
    let kind = if program.starts_with('-') {
        Some(PlanErrorKind::LooksLikeOption)
    } else {
        program
            .contains('=')
            .then_some(PlanErrorKind::Character('='))
    };
    match kind {
        Some(kind) => Err(InvalidPlan {
            errors: vec![PlanError {
                part: "engine's program",
                text: program.to_owned(),
                kind,
            }],
        }),
        None => Ok(Exec { engine }),
    }
}
