//! The programs that run containers, and what is asked of them.

use std::process::{Command, Stdio};
use std::time::Duration;

use serde::Serialize;

use crate::plan::{LABEL_MANAGED, MANAGED_BY};

use super::call::{Called, call};
use super::inspected::{self, Container};
use super::{ContainerError, Follower};

/// How long a question to an engine may take.
const QUESTION: Duration = Duration::from_secs(20);
/// How long an engine may take to end a container beyond the time that the container is given.
const ENDING: Duration = Duration::from_secs(60);

/// A program that runs containers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Engine {
    /// `docker`
    Docker,
    /// `podman`
    Podman,
}

impl Engine {
    /// All, in the order in which they are looked for.
    pub const ALL: [Engine; 2] = [Engine::Docker, Engine::Podman];

    /// The program's name.
    pub fn program(self) -> &'static str {
        match self {
            Engine::Docker => "docker",
            Engine::Podman => "podman",
        }
    }

    /// The engine of a program's name.
    pub fn named(program: &str) -> Option<Engine> {
        Engine::ALL
            .into_iter()
            .find(|engine| engine.program() == program)
    }

    /// The engine that is `wanted`, else the first that is installed: what is on one of them is not on the
    /// other, so that a daemon that does not run is no reason to take another.
    ///
    /// # Errors
    /// It does not answer, or none is installed.
    pub fn find(wanted: Option<Engine>) -> Result<Engine, ContainerError> {
        if let Some(engine) = wanted {
            return engine.answers().map(|()| engine);
        }
        for engine in Engine::ALL {
            match engine.answers() {
                Err(error) if error.is_missing() => {}
                Err(error) => return Err(error),
                Ok(()) => return Ok(engine),
            }
        }
        Err(ContainerError::NoEngine)
    }

    /// Whether the engine can be asked anything.
    ///
    /// # Errors
    /// What prevents it.
    pub fn answers(self) -> Result<(), ContainerError> {
        self.ask(&["ps", "--quiet"]).map(drop)
    }

    /// The containers of this program, running or not, in the order of their names.
    ///
    /// # Errors
    /// The engine fails.
    pub fn managed(self) -> Result<Vec<Container>, ContainerError> {
        let label = format!("label={LABEL_MANAGED}={MANAGED_BY}");
        let listed = self.ask(&[
            "ps",
            "--all",
            "--no-trunc",
            "--filter",
            &label,
            "--format",
            "{{.ID}}",
        ])?;
        let ids: Vec<&str> = listed.split_whitespace().collect();
        let mut found = self.inspect_each(&ids)?;
        found.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
        Ok(found)
    }

    /// A container by its name or id, whoever started it; none when there is none.
    ///
    /// # Errors
    /// The engine fails.
    pub fn container(self, name: &str) -> Result<Option<Container>, ContainerError> {
        Ok(self.inspect_each(&[name])?.pop())
    }

    /// Those of these containers that are there: one that goes meanwhile is no failure.
    fn inspect_each(self, names: &[&str]) -> Result<Vec<Container>, ContainerError> {
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let words: Vec<&str> = ["container", "inspect", "--"]
            .into_iter()
            .chain(names.iter().copied())
            .collect();
        let called = self.call(&words, QUESTION)?;
        if !called.success {
            match ContainerError::of_call(self, &words, &called.err) {
                ContainerError::Gone { .. } => {}
                error => return Err(error),
            }
        }
        Ok(inspected::read(self, &called.out))
    }

    /// Whether an image is on this machine.
    ///
    /// # Errors
    /// The engine fails.
    pub fn has_image(self, image: &str) -> Result<bool, ContainerError> {
        let words = ["image", "inspect", "--format", "{{.Id}}", "--", image];
        let called = self.call(&words, QUESTION)?;
        if called.success {
            return Ok(true);
        }
        match ContainerError::of_call(self, &words, &called.err) {
            ContainerError::Gone { .. } => Ok(false),
            error => Err(error),
        }
    }

    /// Ends a container, which is given `grace` to end by itself.
    ///
    /// # Errors
    /// The engine fails. A container that is not there any more is no failure.
    pub fn stop(self, id: &str, grace: Duration) -> Result<(), ContainerError> {
        let seconds = grace.as_secs().to_string();
        let words = ["stop", "--time", &seconds, "--", id];
        self.unless_gone(&words, grace.saturating_add(ENDING))
    }

    /// Removes a container, running or not.
    ///
    /// # Errors
    /// The engine fails. A container that is not there any more is no failure.
    pub fn remove(self, id: &str) -> Result<(), ContainerError> {
        self.unless_gone(&["rm", "--force", "--", id], ENDING)
    }

    /// Begins to follow a container's log, after so many of its last lines.
    ///
    /// # Errors
    /// The engine cannot be started.
    pub fn follow(self, id: &str, tail: usize) -> Result<Follower, ContainerError> {
        let tail = tail.to_string();
        let words = ["logs", "--follow", "--tail", &tail, id].map(str::to_owned);
        Follower::start(self.program(), &words)
    }

    /// The command that shows a container's log, with this process's own streams.
    pub fn logs_command(self, id: &str, follow: bool, tail: Option<usize>) -> Command {
        let mut command = Command::new(self.program());
        command.arg("logs").stdin(Stdio::null());
        if follow {
            command.arg("--follow");
        }
        if let Some(tail) = tail {
            command.arg("--tail").arg(tail.to_string());
        }
        command.arg(id);
        command
    }

    fn unless_gone(self, words: &[&str], limit: Duration) -> Result<(), ContainerError> {
        let called = self.call(words, limit)?;
        if called.success {
            return Ok(());
        }
        match ContainerError::of_call(self, words, &called.err) {
            ContainerError::Gone { .. } => Ok(()),
            error => Err(error),
        }
    }

    fn ask(self, words: &[&str]) -> Result<String, ContainerError> {
        let called = self.call(words, QUESTION)?;
        if called.success {
            return Ok(called.out);
        }
        Err(ContainerError::of_call(self, words, &called.err))
    }

    fn call(self, words: &[&str], limit: Duration) -> Result<Called, ContainerError> {
        call(self, words, limit)
    }
}
