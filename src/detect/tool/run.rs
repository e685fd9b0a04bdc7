//! Commands that look at the machine: by their words, with a limit on time and on what is read.

use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use super::{Printed, Tool};

/// A tool that takes longer waits for something that it does not get, as with a GPU that hangs.
pub(super) const LIMIT: Duration = Duration::from_secs(10);
/// More than 64 devices take.
const MAX_BYTES: u64 = 4 * 1024 * 1024;
const PAUSE: Duration = Duration::from_millis(5);
/// Where ROCm's tools are when they are not on the path.
const ALSO_IN: &str = "/opt/rocm/bin";

/// Runs a tool as it is to be run, all at the same time.
pub(super) fn all(tool: &Tool) -> Vec<Printed> {
    thread::scope(|scope| {
        let started: Vec<_> = tool
            .runs
            .iter()
            .map(|words| scope.spawn(|| one(tool.name, words, LIMIT)))
            .collect();
        let ended = started.into_iter().map(|run| run.join().ok().flatten());
        ended.flatten().collect()
    })
}

/// Runs one command; nothing where it is missing.
pub(super) fn one(program: &str, words: &[&str], limit: Duration) -> Option<Printed> {
    let origin = [&[program], words].concat().join(" ");
    match run(Path::new(program), words, limit) {
        Ok(printed) => Some(Printed { origin, ..printed }),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let beside: PathBuf = Path::new(ALSO_IN).join(program);
            let printed = run(&beside, words, limit).ok()?;
            Some(Printed { origin, ..printed })
        }
        Err(error) => Some(Printed {
            origin,
            cut: Some(format!("cannot be run: {error}")),
            ..Printed::default()
        }),
    }
}

fn run(program: &Path, words: &[&str], limit: Duration) -> std::io::Result<Printed> {
    let mut child = Command::new(program)
        .args(words)
        .env("LC_ALL", "C")
        .env("NO_COLOR", "1")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let out = child.stdout.take().map(read);
    let err = child.stderr.take().map(read);
    let end = Instant::now() + limit;
    let ended = wait(&mut child, end);
    // Whoever holds the pipe longer than the command, as its own children may, is not waited for.
    let text = |bytes: Option<Receiver<Vec<u8>>>| {
        let left = end
            .saturating_duration_since(Instant::now())
            .max(PAUSE * 20);
        let bytes = bytes.and_then(|bytes| bytes.recv_timeout(left).ok());
        String::from_utf8_lossy(&bytes.unwrap_or_default()).into_owned()
    };
    Ok(Printed {
        origin: String::new(),
        out: text(out),
        err: text(err),
        cut: (!ended).then(|| format!("did not end within {} s", limit.as_secs())),
    })
}

/// Reads a pipe to its end, or to the limit; then the rest is thrown away, so that the writer can go on.
fn read(pipe: impl Read + Send + 'static) -> Receiver<Vec<u8>> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let mut pipe = pipe.take(MAX_BYTES);
        let _ = pipe.read_to_end(&mut bytes);
        let _ = sender.send(bytes);
        let _ = std::io::copy(&mut pipe.into_inner(), &mut std::io::sink());
    });
    receiver
}

/// Whether the command ended by itself.
fn wait(child: &mut Child, end: Instant) -> bool {
    loop {
        match child.try_wait() {
            Ok(Some(_)) => return true,
            Ok(None) if Instant::now() < end => thread::sleep(PAUSE),
            _ => {
                let _ = child.kill();
                let _ = child.wait();
                return false;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_command_prints_is_read_from_both_streams() {
        let printed = one("sh", &["-c", "echo out; echo err >&2"], LIMIT).unwrap();
        assert_eq!(
            (printed.out.as_str(), printed.err.as_str()),
            ("out\n", "err\n")
        );
        assert_eq!(printed.origin, "sh -c echo out; echo err >&2");
        assert_eq!(printed.cut, None);
    }

    #[test]
    fn what_is_missing_prints_nothing() {
        assert_eq!(one("no-such-tool", &[], LIMIT), None);
    }

    #[test]
    fn what_does_not_end_is_ended() {
        let printed = run(
            Path::new("sh"),
            &["-c", "echo begun; sleep 100"],
            Duration::from_millis(100),
        );
        let cut = printed.unwrap().cut.unwrap();
        assert!(cut.starts_with("did not end within"), "{cut}");
    }

    #[test]
    fn what_never_stops_printing_is_cut() {
        let printed = run(
            Path::new("sh"),
            &["-c", "yes & sleep 0.2; kill $!"],
            Duration::from_secs(5),
        );
        assert!(u64::try_from(printed.unwrap().out.len()).unwrap() <= MAX_BYTES);
    }
}
