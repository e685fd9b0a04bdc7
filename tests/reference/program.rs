//! The built program, asked through its command line.

use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::Value;

/// What the program said to a batch of requests.
pub struct Answers {
    /// One a line of standard output.
    pub lines: Vec<Value>,
    /// Standard error.
    pub notes: String,
}

/// Asks `aim-engine generate --batch -` with further `flags`, one request a line.
pub fn ask(flags: &[&str], requests: &str) -> Answers {
    let mut child = Command::new(env!("CARGO_BIN_EXE_aim-engine"))
        .args(["generate", "--batch", "-"])
        .args(flags)
        .env_remove("AIM_CATALOG")
        .env_remove("AIM_STORE")
        .env_remove("AIM_RULES")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let requests = requests.to_owned();
    // The pipes hold less than a large batch; both directions have to move.
    let writer = std::thread::spawn(move || stdin.write_all(requests.as_bytes()));
    let output = child.wait_with_output().unwrap();
    let notes = String::from_utf8_lossy(&output.stderr).into_owned();
    let written = writer.join().unwrap();
    assert!(
        written.is_ok(),
        "the program did not read its requests: {notes}"
    );
    let lines = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| Value::String(line.into())))
        .collect();
    Answers { lines, notes }
}
