//! Which program runs containers, as flags and the environment name it.

use clap::{Args, ValueEnum};

use crate::container::{ContainerError, Engine};
use crate::state::State;

use super::failure::{Exit, Failure};
use super::output;

#[derive(Clone, Debug, Default, Args)]
pub(in crate::cli) struct EngineArgs {
    /// Which program runs containers [default: docker, else podman]
    #[arg(
        long,
        value_enum,
        env = "AIM_ENGINE",
        value_name = "PROGRAM",
        help_heading = "Container"
    )]
    pub engine: Option<EngineName>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum EngineName {
    Docker,
    Podman,
}

impl From<EngineName> for Engine {
    fn from(name: EngineName) -> Engine {
        match name {
            EngineName::Docker => Engine::Docker,
            EngineName::Podman => Engine::Podman,
        }
    }
}

impl EngineArgs {
    /// The one that is named, without a look whether it is there.
    pub fn named(&self) -> Option<Engine> {
        self.engine.map(Engine::from)
    }

    /// The one to start something with; says which it is when it is not the usual one.
    pub fn find(&self) -> Result<Engine, Failure> {
        let found = Engine::find(self.named())?;
        let program = found.engine.program();
        for error in &found.passed_over {
            output::line("note", &format!("{error}: `{program}` is used"));
        }
        Ok(found.engine)
    }

    /// Those to look for containers in: the one that is named, else all that answer.
    pub fn all(&self) -> Result<Vec<Engine>, Failure> {
        let first = self.find_quietly()?;
        let mut engines = vec![first];
        if self.engine.is_none() {
            let others = Engine::ALL.into_iter().filter(|engine| *engine != first);
            engines.extend(others.filter(|engine| engine.answers().is_ok()));
        }
        Ok(engines)
    }

    fn find_quietly(&self) -> Result<Engine, Failure> {
        let found = Engine::find(self.named())?;
        // One that is stopped may have containers of ours, and nobody sees them.
        let used = State::open_existing().engines_in_use();
        for error in &found.passed_over {
            let is_used = |engine: &String| error.to_string().contains(&format!("`{engine}`"));
            if used.iter().any(|engine| is_used(engine)) {
                output::line("warning", &error.to_string());
            }
        }
        Ok(found.engine)
    }
}

impl From<ContainerError> for Failure {
    fn from(error: ContainerError) -> Self {
        Failure::new(Exit::Environment, error)
    }
}
