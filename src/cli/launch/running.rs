//! A container from the moment it is started until it answers, ends, or is given up.

use std::time::{Duration, Instant};

use crate::container::{
    Container, ContainerError, Engine, Follower, Health, Next, Status, is_healthy,
};
use crate::plan::LaunchPlan;

use super::progress::Progress;
use super::signals::Signals;
use super::tail::Tail;

const STEP: Duration = Duration::from_millis(100);
/// Between two questions how the engine is.
const ASK: Duration = Duration::from_millis(500);
/// How long it may take to answer such a question.
const ANSWER: Duration = Duration::from_secs(2);
/// Between two looks whether the container is there.
const LOOK: Duration = Duration::from_millis(150);
/// How long a container whose maker was killed may still appear, and one that is removed may still be there.
const SETTLE: Duration = Duration::from_secs(10);
const APPEAR: Duration = Duration::from_secs(1);
/// How many lines of its log a container had written before it was followed.
const WRITTEN: usize = 10_000;

/// What became of a start.
#[derive(Debug)]
pub(super) enum Outcome {
    /// It answers.
    Ready,
    /// The container ended.
    Ended(End),
    /// It did not answer in time.
    TimedOut,
    /// Whoever waited has had enough.
    Interrupted,
}

/// How a container ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct End {
    pub code: i64,
    pub out_of_memory: bool,
}

impl End {
    /// Whether the engine's own command failed, so that nothing ever ran: Docker's and podman's exit codes.
    pub(super) fn is_refusal(self) -> bool {
        (125..=127).contains(&self.code)
    }
}

/// A container that was started.
#[derive(Debug)]
pub(super) struct Running<'p> {
    engine: Engine,
    plan: &'p LaunchPlan,
    follower: Follower,
    /// Its id, once it is there.
    pub id: Option<String>,
    /// What it, or its engine, has written.
    pub tail: Tail,
}

impl<'p> Running<'p> {
    /// Runs the command.
    pub(super) fn start(
        engine: Engine,
        plan: &'p LaunchPlan,
        argv: &[String],
    ) -> Result<Running<'p>, ContainerError> {
        let words = argv.get(1..).unwrap_or_default();
        Ok(Running {
            engine,
            plan,
            follower: Follower::start(engine.program(), words)?,
            id: None,
            tail: Tail::default(),
        })
    }

    /// Waits until the container is there; gives back how it ended when it never is, or what prevents
    /// waiting.
    pub(super) fn until_there(
        &mut self,
        signals: &Signals,
    ) -> Result<Option<Outcome>, ContainerError> {
        let mut look = Instant::now();
        let mut progress = Progress::begin("starting");
        loop {
            let ended = self.read();
            if signals.came() {
                return Ok(Some(Outcome::Interrupted));
            }
            if ended || Instant::now() >= look {
                self.id = self.look()?.map(|container| container.id);
                look = Instant::now() + LOOK;
            }
            if self.plan.detach {
                if ended {
                    let code = self.follower.exit_code();
                    if code != 0 || self.id.is_none() {
                        return Ok(Some(Outcome::Ended(End::of(code))));
                    }
                    return self.follow_log().map(|()| None);
                }
            } else if ended {
                let code = self.follower.exit_code();
                return Ok(Some(Outcome::Ended(End::of(code))));
            } else if self.id.is_some() {
                return Ok(None);
            }
            progress.show(self.tail.last());
        }
    }

    /// Waits until the engine answers, or something else comes of it.
    pub(super) fn until_ready(
        &mut self,
        limit: Duration,
        signals: &Signals,
        progress: &mut Progress,
    ) -> Result<Outcome, ContainerError> {
        let mut ask = Instant::now();
        loop {
            if self.read() {
                return self.end().map(Outcome::Ended);
            }
            if signals.came() {
                return Ok(Outcome::Interrupted);
            }
            let now = Instant::now();
            if now >= ask {
                ask = now + ASK;
                let health = is_healthy(self.plan.port, &self.plan.health_path, ANSWER);
                if health == Health::Healthy {
                    return Ok(Outcome::Ready);
                }
            }
            if progress.elapsed() > limit {
                return Ok(Outcome::TimedOut);
            }
            progress.show(self.tail.last());
        }
    }

    /// Hands on what the container writes, until it ends or whoever reads has had enough.
    pub(super) fn until_ended(
        &mut self,
        signals: &Signals,
        mut say: impl FnMut(&str),
    ) -> Result<Outcome, ContainerError> {
        loop {
            match self.follower.next(STEP) {
                Next::Line(line) => {
                    say(&line);
                    self.tail.push(line);
                }
                Next::Quiet => {}
                Next::Ended => return self.end().map(Outcome::Ended),
            }
            if signals.came() {
                return Ok(Outcome::Interrupted);
            }
        }
    }

    /// Ends and removes the container, and whatever was about to make it. One that serves is given `grace` to
    /// end by itself; one that still loads has nothing to bring to an end.
    pub(super) fn remove(&mut self, grace: Option<Duration>) -> Result<(), ContainerError> {
        if self.id.is_none() {
            self.follower.end();
            let until = Instant::now() + APPEAR;
            while self.id.is_none() && Instant::now() < until {
                self.id = self.look()?.map(|container| container.id);
                std::thread::sleep(LOOK);
            }
        }
        let removed = match &self.id {
            Some(id) => self.remove_container(id, grace),
            None => Ok(()),
        };
        self.follower.end();
        removed
    }

    /// Leaves the container to itself.
    pub(super) fn leave(&mut self) {
        self.follower.end();
    }

    fn remove_container(&self, id: &str, grace: Option<Duration>) -> Result<(), ContainerError> {
        let runs = |container: Container| container.status == Status::Running;
        if let Some(grace) = grace
            && self.engine.container(id)?.is_some_and(runs)
        {
            self.engine.stop(id, grace)?;
        }
        self.engine.remove(id)?;
        // The engine removes some by itself, and takes a moment for it.
        let until = Instant::now() + SETTLE;
        while self.engine.container(id)?.is_some() && Instant::now() < until {
            std::thread::sleep(LOOK);
        }
        Ok(())
    }

    /// Takes a line, if there is one; whether there will be no more.
    fn read(&mut self) -> bool {
        match self.follower.next(STEP) {
            Next::Line(line) => {
                self.tail.push(line);
                false
            }
            Next::Quiet => false,
            Next::Ended => true,
        }
    }

    /// The container of the plan's name, if it is one of this program. Nobody else makes one meanwhile.
    fn look(&self) -> Result<Option<Container>, ContainerError> {
        let there = self.engine.container(&self.plan.name)?;
        Ok(there.filter(Container::is_ours))
    }

    fn follow_log(&mut self) -> Result<(), ContainerError> {
        if let Some(id) = &self.id {
            // What was written so far is the id.
            self.tail = Tail::default();
            self.follower = self.engine.follow(id, WRITTEN)?;
        }
        Ok(())
    }

    /// How the container ended, whose output has.
    fn end(&mut self) -> Result<End, ContainerError> {
        let code = self.follower.exit_code();
        // A daemon that goes takes its clients along, whatever they end with.
        self.engine.answers()?;
        if !self.plan.detach {
            return Ok(End::of(code));
        }
        let there = match &self.id {
            Some(id) => self.engine.container(id)?,
            None => None,
        };
        match there.map(|container| container.status) {
            Some(Status::Ended {
                code,
                out_of_memory,
            }) => Ok(End {
                code,
                out_of_memory,
            }),
            _ => Ok(End::of(code)),
        }
    }
}

impl End {
    fn of(code: i32) -> End {
        End {
            code: i64::from(code),
            out_of_memory: false,
        }
    }
}
