//! How far a long run is: one line on a terminal, gone when the run ends.

use std::io::{self, IsTerminal, Write};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::store::files_read;

/// Who waits no longer than this needs no word.
const PATIENCE: Duration = Duration::from_millis(500);
const STEP: Duration = Duration::from_millis(100);

/// A line that is shown until this is dropped.
pub(super) struct Progress(Option<(Sender<()>, JoinHandle<()>)>);

impl Progress {
    /// Begins to watch; nothing is shown where stderr is no terminal.
    pub(super) fn begin() -> Progress {
        if !io::stderr().is_terminal() {
            return Progress(None);
        }
        let (sender, end) = channel::<()>();
        let watch = thread::spawn(move || {
            let mut wait = PATIENCE;
            let mut shown = false;
            while let Err(RecvTimeoutError::Timeout) = end.recv_timeout(wait) {
                let mut stderr = io::stderr().lock();
                // To the line's beginning, and what stands there is cleared.
                let _ = write!(stderr, "\r\x1b[2K{}", line(files_read()));
                let _ = stderr.flush();
                wait = STEP;
                shown = true;
            }
            if shown {
                let mut stderr = io::stderr().lock();
                let _ = write!(stderr, "\r\x1b[2K");
                let _ = stderr.flush();
            }
        });
        Progress(Some((sender, watch)))
    }
}

fn line((done, all): (usize, usize)) -> String {
    const WIDTH: usize = 20;
    if done >= all {
        return "checking".to_owned();
    }
    let filled = WIDTH * done / all.max(1);
    let bar = format!("{}{}", "#".repeat(filled), "-".repeat(WIDTH - filled));
    format!("reading [{bar}] {done} of {all} files")
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some((end, watch)) = self.0.take() {
            drop(end);
            let _ = watch.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::line;

    #[test]
    fn the_line_counts_files() {
        assert_eq!(line((0, 0)), "checking");
        assert_eq!(
            line((5, 20)),
            "reading [#####---------------] 5 of 20 files"
        );
        assert_eq!(line((20, 20)), "checking");
    }
}
