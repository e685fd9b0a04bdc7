//! The model, fetched before a container starts: nobody waits for it with GPUs that do nothing.
//!
//! Nothing is held meanwhile but the model itself, which no cleanup takes. What is seen to be in the way of the
//! start is said before.

use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use crate::cache::{self, Cache, Meter, size};
use crate::cli::cache::{JOBS, hub, index, shown, wanted};
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::cli::session::Session;
use crate::hub::{HubError, ModelId, Revision};
use crate::launch::ModelCache;

use super::signals::Signals;

const STEP: Duration = Duration::from_millis(100);
/// Between two notes how far it is, where no terminal shows it.
const NOTE: Duration = Duration::from_secs(30);

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) enum Fetched {
    /// All of it is there.
    Whole,
    /// Whoever waited has had enough.
    Interrupted,
}

/// Fetches the model of a plan.
pub(in crate::cli) fn fetch(
    session: &mut Session,
    model: &str,
    planned: &ModelCache,
    signals: &Signals,
) -> Result<Fetched, Failure> {
    let model = ModelId::parse(model)?;
    let revision = Revision::parse(planned.revision.as_deref().unwrap_or("main"))?;
    let cache = Cache::new(&planned.folder);
    let hub = Arc::new(hub()?);
    let asked = (Arc::clone(&hub), model.clone(), revision.clone());
    let listed = aside(
        signals,
        || {},
        move || {
            let (hub, model, revision) = asked;
            let commit = hub.info(&model, &revision)?.commit;
            let files = hub.files(&model, &commit)?;
            Ok::<_, HubError>((commit, files))
        },
    );
    let Some(listed) = listed else {
        output::line("note", "nothing was fetched, and nothing was started");
        return Ok(Fetched::Interrupted);
    };
    let (commit, files) = listed?;
    let plan = wanted(session, &cache, (&model, &revision), (&commit, files))?;
    output::line(
        "note",
        &format!(
            "fetching `{model}`, {} of {}, into {}",
            size(plan.missing()),
            size(plan.size()),
            cache.root().display()
        ),
    );
    let meter = Arc::new(plan.meter());
    let of_thread = Arc::clone(&meter);
    let mut said = Instant::now();
    let note = || {
        if said.elapsed() >= NOTE && !io::stderr().is_terminal() {
            output::line("note", &so_far(&meter));
            said = Instant::now();
        }
    };
    let added = shown(&meter, || {
        aside(signals, note, move || {
            cache::add(&hub, &plan, &of_thread, JOBS)
        })
    });
    match added {
        Some(added) => {
            let added = added?;
            index(&cache)?;
            let says = format!("`{model}` is there, {} came", size(added.fetched));
            output::line("note", &says);
            Ok(Fetched::Whole)
        }
        None => {
            let says = format!(
                "{}, and are kept: the same command goes on from there; nothing was started",
                so_far(&meter)
            );
            output::line("note", &says);
            Ok(Fetched::Interrupted)
        }
    }
}

/// What `work` gives; none when whoever waits has had enough of it. It is not waited for then: it may hang on the
/// hub, and what it writes is good at any moment.
fn aside<T: Send + 'static>(
    signals: &Signals,
    mut meanwhile: impl FnMut(),
    work: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    let (sender, ended) = channel();
    thread::spawn(move || {
        let _ = sender.send(work());
    });
    loop {
        match ended.recv_timeout(STEP) {
            Ok(done) => return Some(done),
            Err(RecvTimeoutError::Disconnected) => return None,
            Err(RecvTimeoutError::Timeout) if signals.came() => return None,
            Err(RecvTimeoutError::Timeout) => meanwhile(),
        }
    }
}

fn so_far(meter: &Meter) -> String {
    format!("{} of {} are there", size(meter.done()), size(meter.size()))
}
