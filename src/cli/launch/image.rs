//! The image, fetched before anything is chosen: that may take long, and nobody has to wait for it.

use std::time::Duration;

use crate::cli::failure::Failure;
use crate::cli::output;
use crate::container::{Engine, Follower, Next, pull_words};
use crate::plan::LaunchPlan;

use super::progress::Progress;
use super::signals::Signals;
use super::tail::Tail;

const STEP: Duration = Duration::from_millis(100);

/// Why an image is not there.
pub(super) enum NoImage {
    /// It cannot be fetched; what the engine said.
    Refused(Tail),
    /// Whoever waited has had enough.
    Interrupted,
    /// The engine fails.
    Failed(Failure),
}

/// Fetches the image where it is not on this machine.
pub(super) fn fetch(engine: Engine, plan: &LaunchPlan, signals: &Signals) -> Result<(), NoImage> {
    let image = &plan.image;
    if engine
        .has_image(image)
        .map_err(|error| NoImage::Failed(error.into()))?
    {
        return Ok(());
    }
    output::line(
        "note",
        &format!("the image `{image}` is not on this machine and is fetched now"),
    );
    let words = pull_words(engine, plan);
    let mut pull =
        Follower::start(engine.program(), &words).map_err(|error| NoImage::Failed(error.into()))?;
    let mut tail = Tail::default();
    let mut progress = Progress::begin("fetching");
    loop {
        match pull.next(STEP) {
            Next::Line(line) => tail.push(line),
            Next::Quiet => {}
            Next::Ended => break,
        }
        if signals.came() {
            pull.end();
            return Err(NoImage::Interrupted);
        }
        progress.show(tail.last());
    }
    match pull.exit_code() {
        0 => Ok(()),
        _ => Err(NoImage::Refused(tail)),
    }
}
