//! A program whose output is followed line by line while it runs.

use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread;
use std::time::Duration;

use super::ContainerError;
use super::bounded_lines::each_line;

/// So many lines wait to be read before the program has to.
const WAITING: usize = 1024;

/// A running program, and the lines that it writes.
///
/// It is in a process group of its own, so that Ctrl-C at the terminal reaches this program alone.
#[derive(Debug)]
pub struct Follower {
    child: Child,
    lines: Receiver<String>,
}

/// What a followed program did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// It wrote a line.
    Line(String),
    /// It wrote nothing.
    Quiet,
    /// It has closed its output.
    Ended,
}

impl Follower {
    /// Starts a program.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn start(program: &str, words: &[String]) -> Result<Follower, ContainerError> {
        tracing::debug!(program, ?words, "starting");
        let begin = || {
            // One pipe for both streams: lines stay in their order.
            let (stream, pipe) = std::io::pipe()?;
            let child = Command::new(program)
                .args(words)
                .stdin(Stdio::null())
                .stdout(pipe.try_clone()?)
                .stderr(pipe)
                .process_group(0)
                .spawn()?;
            Ok((child, stream))
        };
        let (child, stream) = begin().map_err(|error| ContainerError::of_start(program, error))?;
        let (sender, lines) = sync_channel(WAITING);
        thread::spawn(move || each_line(stream, |line| sender.send(line).is_ok()));
        Ok(Follower { child, lines })
    }

    /// The next line, waited for so long.
    pub fn next(&self, wait: Duration) -> Next {
        match self.lines.recv_timeout(wait) {
            Ok(line) => Next::Line(line),
            Err(RecvTimeoutError::Timeout) => Next::Quiet,
            Err(RecvTimeoutError::Disconnected) => Next::Ended,
        }
    }

    /// The exit code of a program that has closed its output; 128 and the signal's number for one that
    /// was killed.
    pub fn exit_code(&mut self) -> i32 {
        match self.child.wait() {
            Ok(status) => status
                .code()
                .or_else(|| status.signal().map(|signal| 128 + signal))
                .unwrap_or(-1),
            Err(_) => -1,
        }
    }

    /// Ends the program.
    pub fn end(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
