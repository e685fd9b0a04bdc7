//! Terminal sessions: ```` ```console run ```` blocks are run by `sh`, and what they print is compared.
//!
//! A line `$ command` is a command, `> more` goes on with it, and what follows is its output (stdout
//! and stderr, as on a terminal). A line `...` stands for any number of lines.

use std::fs;
use std::io::{Read, Seek};
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::page::{Block, root};

const BINARY: &str = env!("CARGO_BIN_EXE_aim-engine");
/// Printed behind the output of each command.
const END: char = '\u{1e}';
const ELLIPSIS: &str = "...";

/// A command of a session and what it is said to print.
pub struct Step {
    /// The lines of the block that hold the command.
    pub shown: String,
    /// The command.
    pub command: String,
    /// The lines below it.
    pub expected: String,
}

/// The steps of a session.
pub fn steps(block: &Block) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for line in block.text.split_inclusive('\n') {
        match (line.strip_prefix("$ "), steps.last_mut()) {
            (Some(command), _) => steps.push(Step {
                shown: line.to_owned(),
                command: command.to_owned(),
                expected: String::new(),
            }),
            (None, Some(step)) => match line.strip_prefix("> ") {
                Some(more) if step.expected.is_empty() => {
                    step.shown.push_str(line);
                    step.command.push_str(more);
                }
                _ => step.expected.push_str(line),
            },
            (None, None) => panic!("{}: output before any command", block.place),
        }
    }
    steps
}

/// A folder to run the sessions of one page in.
pub struct Sandbox {
    dir: TempDir,
}

impl Sandbox {
    /// One with the folders of a checkout that pages speak of.
    pub fn new() -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        for folder in ["fixtures", "rules"] {
            std::os::unix::fs::symlink(root().join(folder), dir.path().join(folder))
                .expect("a link");
        }
        Sandbox { dir }
    }

    /// Writes a `file=` block.
    pub fn write(&self, name: &str, text: &str) {
        let path = self.dir.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("the file is written");
    }

    /// What each step of a session prints.
    pub fn run(&self, steps: &[Step], home: &Path) -> Vec<String> {
        let mut script = String::new();
        for step in steps {
            script.push_str(&step.command);
            // The next command still finds the exit status in `$?`.
            script.push_str("__status=$?; printf '\\036'; (exit $__status)\n");
        }
        let mut output = tempfile::tempfile().expect("a file");
        let folder = Path::new(BINARY).parent().expect("a folder");
        let path = format!("{}:/usr/local/bin:/usr/bin:/bin", folder.display());
        Command::new("sh")
            .arg("-c")
            .arg(script)
            .current_dir(self.dir.path())
            .env_clear()
            .env("PATH", path)
            .env("HOME", home)
            .env("AIM_CACHE_DIR", "/srv/models")
            .stdin(std::process::Stdio::null())
            .stdout(output.try_clone().expect("the same file"))
            .stderr(output.try_clone().expect("the same file"))
            .status()
            .expect("a shell");
        let mut text = String::new();
        output.rewind().expect("the file");
        output.read_to_string(&mut text).expect("text");
        text.split(END)
            .take(steps.len())
            .map(without_blanks_at_line_ends)
            .collect()
    }
}

/// How lines begin that depend on the disk and the container engines of whoever runs the session.
const OF_THE_MACHINE: [&str; 3] = [
    "warning: About ",
    "warning: `docker` does not tell",
    "warning: `podman` does not tell",
];

fn without_blanks_at_line_ends(text: &str) -> String {
    text.lines()
        .filter(|line| !OF_THE_MACHINE.iter().any(|known| line.starts_with(known)))
        .map(|line| line.trim_end().to_owned() + "\n")
        .collect()
}

/// Whether the output is what is shown, where `...` stands for any lines.
pub fn is_as_shown(shown: &str, output: &str) -> bool {
    let shown: Vec<&str> = shown.lines().map(str::trim_end).collect();
    let output: Vec<&str> = output.lines().collect();
    fits(&shown, &output)
}

fn fits(shown: &[&str], output: &[&str]) -> bool {
    match shown.split_first() {
        None => output.is_empty(),
        Some((first, rest)) if first.trim() == ELLIPSIS => {
            (0..=output.len()).any(|skipped| fits(rest, &output[skipped..]))
        }
        Some((first, rest)) => {
            output.first() == Some(first) && fits(rest, output.get(1..).unwrap_or_default())
        }
    }
}

/// Whether part of the output is left out.
pub fn is_shortened(shown: &str) -> bool {
    shown.lines().any(|line| line.trim() == ELLIPSIS)
}
