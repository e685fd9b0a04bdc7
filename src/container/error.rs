//! What goes wrong between this program and an engine.

use miette::Diagnostic;
use thiserror::Error;

use super::Engine;

/// Why an engine did not do what it was asked.
#[derive(Debug, Error, Diagnostic)]
pub enum ContainerError {
    /// No program that runs containers is installed.
    #[error("neither `docker` nor `podman` is installed")]
    #[diagnostic(
        code(container::no_engine),
        help(
            "install one of them, or print the command for another machine with `aim-engine generate`"
        )
    )]
    NoEngine,
    /// The program is not installed.
    #[error("`{program}` is not installed")]
    #[diagnostic(
        code(container::engine_missing),
        help("install it, or choose another with `--engine`")
    )]
    Missing {
        /// The program.
        program: String,
    },
    /// The program cannot be started.
    #[error("`{program}` cannot be started: {source}")]
    #[diagnostic(
        code(container::engine_broken),
        help("try `{program} version`, or choose another with `--engine`")
    )]
    Start {
        /// The program.
        program: String,
        /// Why.
        source: std::io::Error,
    },
    /// Its daemon does not run.
    #[error("the daemon of `{program}` does not run, or is not where it is looked for")]
    #[diagnostic(
        code(container::daemon_stopped),
        help(
            "{said}\nstart it, as with `sudo systemctl start docker`; DOCKER_HOST names another place, and `--engine podman` needs none"
        )
    )]
    Stopped {
        /// The program.
        program: String,
        /// Its own words.
        said: String,
    },
    /// This user may not talk to it.
    #[error("this user is not permitted to use `{program}`")]
    #[diagnostic(
        code(container::not_permitted),
        help("{said}\njoin its group with `sudo usermod -aG docker $USER` and log in again")
    )]
    Denied {
        /// The program.
        program: String,
        /// Its own words.
        said: String,
    },
    /// It does not answer.
    #[error("`{program}` does not answer within {seconds} s")]
    #[diagnostic(
        code(container::silent),
        help("try `{program} info`; its daemon may have to be started again")
    )]
    Silent {
        /// The program.
        program: String,
        /// How long it was waited for.
        seconds: u64,
    },
    /// What was asked about is not there.
    #[error("`{program}` has nothing of that name: {said}")]
    #[diagnostic(code(container::gone))]
    Gone {
        /// The program.
        program: String,
        /// Its own words.
        said: String,
    },
    /// Anything else.
    #[error("`{program} {word}` failed")]
    #[diagnostic(code(container::failed), help("{said}"))]
    Failed {
        /// The program.
        program: String,
        /// What it was asked to do.
        word: String,
        /// Its own words.
        said: String,
    },
}

/// The beginnings of what engines say when a container or an image is not there, or is just going.
const GONE: &[&str] = &[
    "no such container",
    "no such object",
    "no such image",
    "image not known",
    "no container with name or id",
    "is already in progress",
];
const STOPPED: &[&str] = &[
    "cannot connect to the docker daemon",
    "is the docker daemon running",
    "error during connect",
    "unable to connect to podman",
    "cannot connect to podman",
    "unexpected eof",
];
const DENIED: &[&str] = &["permission denied while trying to connect", "access denied"];

impl ContainerError {
    /// Whether the program is not installed.
    pub fn is_missing(&self) -> bool {
        matches!(
            self,
            ContainerError::Missing { .. } | ContainerError::NoEngine
        )
    }

    pub(super) fn of_start(program: &str, source: std::io::Error) -> ContainerError {
        let program = program.to_owned();
        match source.kind() {
            std::io::ErrorKind::NotFound => ContainerError::Missing { program },
            _ => ContainerError::Start { program, source },
        }
    }

    /// What an engine's own words mean.
    pub(super) fn of_call(engine: Engine, words: &[&str], err: &str) -> ContainerError {
        let program = engine.program().to_owned();
        let said = err.trim().to_owned();
        let lower = said.to_lowercase();
        let says = |phrases: &[&str]| phrases.iter().any(|phrase| lower.contains(phrase));
        if says(DENIED) {
            return ContainerError::Denied { program, said };
        }
        if says(STOPPED) {
            return ContainerError::Stopped { program, said };
        }
        if says(GONE) {
            return ContainerError::Gone { program, said };
        }
        let word = words.first().copied().unwrap_or_default().to_owned();
        ContainerError::Failed {
            program,
            word,
            said,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_engines_words_are_understood() {
        let of = |said: &str| ContainerError::of_call(Engine::Docker, &["ps"], said);
        assert!(matches!(
            of(
                "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?"
            ),
            ContainerError::Stopped { .. }
        ));
        assert!(matches!(
            of(
                "permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock"
            ),
            ContainerError::Denied { .. }
        ));
        assert!(matches!(
            of("Error response from daemon: No such container: x"),
            ContainerError::Gone { .. }
        ));
        assert!(matches!(
            of("Error: no container with name or ID \"x\" found: no such container"),
            ContainerError::Gone { .. }
        ));
        assert_eq!(of("what?").to_string(), "`docker ps` failed");
    }
}
