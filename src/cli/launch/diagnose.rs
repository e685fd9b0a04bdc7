//! Why a start came to nothing: the last lines, and what they mean.

use std::time::Duration;

use crate::cli::containers::duration;
use crate::cli::failure::{Exit, Failure};
use crate::cli::output;
use crate::cli::session::Session;
use crate::launch::{Cause, Ended, causes};
use crate::policy::Policy;
use crate::state::keep_log;

use super::progress::plain;
use super::running::End;
use super::tail::Tail;

/// So many of the last lines are shown.
const SHOWN: usize = 15;
/// So many causes are told.
const TOLD: usize = 3;
/// So much of the line that shows a cause.
const QUOTED: usize = 200;

/// What was started.
pub(super) struct Started<'a> {
    pub session: &'a Session,
    pub name: &'a str,
    pub model: &'a str,
    pub backend: &'a str,
}

impl Started<'_> {
    /// The failure of a container that ended by itself.
    pub(super) fn ended(&self, end: End, tail: &Tail, after: Duration, was_ready: bool) -> Failure {
        let (exit, code, message) = match end {
            end if end.is_refusal() => (
                Exit::Environment,
                "launch::refused",
                format!("`{}` was not started", self.name),
            ),
            End {
                out_of_memory: true,
                ..
            } => (
                Exit::No,
                "launch::died",
                format!("`{}` was killed for want of memory", self.name),
            ),
            End { code, .. } => {
                let when = match was_ready {
                    true => format!("after {}", duration(after.as_secs())),
                    false => format!("after {}, before it answered", duration(after.as_secs())),
                };
                let message = format!("`{}` ended with exit code {code} {when}", self.name);
                (Exit::No, "launch::died", message)
            }
        };
        self.failure(exit, code, message, Some(end), tail)
    }

    /// The failure of one that did not answer in time.
    pub(super) fn timed_out(&self, limit: Duration, tail: &Tail) -> Failure {
        let message = format!(
            "`{}` did not answer within {} and was stopped",
            self.name,
            duration(limit.as_secs())
        );
        self.failure(Exit::No, "launch::timed_out", message, None, tail)
    }

    /// The failure of an image that cannot be fetched.
    pub(super) fn no_image(&self, image: &str, tail: &Tail) -> Failure {
        let message = format!("the image `{image}` cannot be fetched");
        let end = End {
            code: 125,
            out_of_memory: false,
        };
        self.failure(
            Exit::Environment,
            "launch::no_image",
            message,
            Some(end),
            tail,
        )
    }

    fn failure(
        &self,
        exit: Exit,
        code: &str,
        message: String,
        end: Option<End>,
        tail: &Tail,
    ) -> Failure {
        let shown = tail.end(SHOWN);
        if !shown.is_empty() {
            output::line("note", &format!("the last lines of `{}`:", self.name));
            let lines: Vec<String> = shown
                .iter()
                .map(|line| format!("  {}", plain(line)))
                .collect();
            output::aside(&lines.join("\n"));
        }
        let mut help = match self.causes(end, tail) {
            Ok(causes) => told(&causes),
            Err(failure) => {
                failure.report();
                String::new()
            }
        };
        if help.is_empty() && end.is_none() {
            help = "give it more time with `--timeout`; the last lines above say how far it was\n"
                .to_owned();
        }
        // What its engine refused wrote nothing of its own.
        let wrote = end.is_none_or(|end| !end.is_refusal());
        if wrote && keep_log(self.name, tail.all()).is_some() {
            help.push_str(&format!(
                "the whole log is kept: `aim-engine logs {}`",
                self.name
            ));
        }
        Failure::say(exit, code, message, help.trim_end())
    }

    fn causes(&self, end: Option<End>, tail: &Tail) -> Result<Vec<Cause>, Failure> {
        let policy = Policy::load_failures(self.session.rule_sources()?, &self.session.store)?;
        let lines: Vec<String> = tail.read().into_iter().map(plain).collect();
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let ended = Ended {
            model: self.model,
            backend: self.backend,
            lines: &lines,
            code: end.map(|end| end.code),
            out_of_memory: end.is_some_and(|end| end.out_of_memory),
        };
        Ok(causes(&self.session.store, &policy, &ended)?)
    }
}

fn told(causes: &[Cause]) -> String {
    let mut text = String::new();
    for cause in causes.iter().take(TOLD) {
        text.push_str(&cause.says);
        text.push('\n');
        if let Some(line) = &cause.line {
            let quoted: String = line.trim().chars().take(QUOTED).collect();
            text.push_str(&format!("> {quoted}\n"));
        }
        if let Some(help) = &cause.help {
            text.push_str(help);
            text.push('\n');
        }
    }
    text
}
