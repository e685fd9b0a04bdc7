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
        env = "AIM_CONTAINER_ENGINE",
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
        let engine = Engine::find(self.named())?;
        if self.engine.is_none() && Engine::ALL.first() != Some(&engine) {
            let program = engine.program();
            output::line("note", &format!("containers are run by `{program}`"));
        }
        Ok(engine)
    }

    /// Those to look for containers in: the one that is named, else all that are installed. One that does
    /// not answer is passed over when another does and nothing is known to run in it.
    pub fn all(&self) -> Result<Vec<Engine>, Failure> {
        if let Some(engine) = self.named() {
            return Ok(vec![Engine::find(Some(engine))?]);
        }
        let mut engines = Vec::new();
        let mut silent = Vec::new();
        for engine in Engine::ALL {
            match engine.answers() {
                Ok(()) => engines.push(engine),
                Err(error) if error.is_missing() => {}
                Err(error) => silent.push((engine, error)),
            }
        }
        let used = match silent.is_empty() {
            true => Vec::new(),
            false => State::open_existing().engines_in_use(),
        };
        for (engine, error) in silent {
            if engines.is_empty() || used.iter().any(|used| used == engine.program()) {
                return Err(error.into());
            }
            tracing::info!(%error, "an engine is passed over");
        }
        match engines.is_empty() {
            true => Err(ContainerError::NoEngine.into()),
            false => Ok(engines),
        }
    }
}

impl From<ContainerError> for Failure {
    fn from(error: ContainerError) -> Self {
        Failure::new(Exit::Environment, error)
    }
}
