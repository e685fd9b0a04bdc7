//! One call of an engine's program: without a shell, for a limited time, with limited output.

use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::{ContainerError, Engine};

/// What an engine answers beyond this is not read.
const MOST_BYTES: u64 = 16 << 20;
const STEP: Duration = Duration::from_millis(5);

/// How a call ended.
#[derive(Debug)]
pub(super) struct Called {
    pub success: bool,
    pub out: String,
    pub err: String,
}

/// Runs the engine's program with these words.
pub(super) fn call(
    engine: Engine,
    words: &[&str],
    limit: Duration,
) -> Result<Called, ContainerError> {
    tracing::debug!(program = engine.program(), ?words, "asking the engine");
    let mut child = Command::new(engine.program())
        .args(words)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| ContainerError::of_start(engine.program(), error))?;
    let (out, err) = (read(child.stdout.take()), read(child.stderr.take()));
    let success = ended(&mut child, limit).map_err(|error| match error {
        None => ContainerError::Silent {
            program: engine.program().to_owned(),
            seconds: limit.as_secs(),
        },
        Some(error) => ContainerError::of_start(engine.program(), error),
    })?;
    let text = |reader: thread::JoinHandle<String>| reader.join().unwrap_or_default();
    Ok(Called {
        success,
        out: text(out),
        err: text(err),
    })
}

/// Whether the child ends well; `None` as the error when it does not end in time, and is killed.
fn ended(child: &mut Child, limit: Duration) -> Result<bool, Option<std::io::Error>> {
    let started = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Ok(status.success()),
            Ok(None) if started.elapsed() < limit => thread::sleep(STEP),
            Ok(None) => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(None);
            }
            Err(error) => return Err(Some(error)),
        }
    }
}

fn read(stream: Option<impl Read + Send + 'static>) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut stream) = stream {
            let _ = stream.by_ref().take(MOST_BYTES).read_to_end(&mut bytes);
            // A program that cannot write any more would not end.
            let _ = std::io::copy(&mut stream, &mut std::io::sink());
        }
        String::from_utf8_lossy(&bytes).into_owned()
    })
}
