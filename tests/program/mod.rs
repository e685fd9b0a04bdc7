//! Runs the program in a place of its own, with nothing of the tester's environment.
#![allow(dead_code)]
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// A folder that serves as home, cache and catalog.
pub struct Place {
    dir: TempDir,
}

/// How a run of the program ended.
#[derive(Debug)]
pub struct Ran {
    /// Nothing when a signal ended it.
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Place {
    pub fn new() -> Place {
        Place {
            dir: tempfile::tempdir().unwrap(),
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The same as text, for command lines.
    pub fn text(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    /// Writes a file and the folders above it.
    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }

    /// The program with these words, ready to be started.
    pub fn command(&self, words: &[&str]) -> Command {
        self.command_as(Path::new(env!("CARGO_BIN_EXE_aim-engine")), words)
    }

    /// The same by another name of the program.
    pub fn command_as(&self, program: &Path, words: &[&str]) -> Command {
        let mut command = Command::new(program);
        command
            .args(words)
            .current_dir(self.dir.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.path("home"))
            .stdin(Stdio::null());
        command
    }

    pub fn run(&self, words: &[&str]) -> Ran {
        ran(&mut self.command(words))
    }

    /// The stores in the cache folder, without their companions.
    pub fn stores(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.path("home/.cache/aim-engine"));
        let paths = entries.into_iter().flatten().flatten().map(|e| e.path());
        paths
            .filter(|path| path.extension().is_some_and(|ending| ending == "db"))
            .collect()
    }
}

pub fn ran(command: &mut Command) -> Ran {
    Ran::of(command.output().unwrap())
}

impl Ran {
    pub fn of(output: Output) -> Ran {
        Ran {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).expect("stdout is UTF-8"),
            err: String::from_utf8(output.stderr).expect("stderr is UTF-8"),
        }
    }

    /// Fails with all that was printed unless the run ended with this code.
    #[track_caller]
    pub fn exits(self, code: i32) -> Ran {
        assert_eq!(self.code, Some(code), "{}\n{}", self.out, self.err);
        self
    }

    #[track_caller]
    pub fn says(self, text: &str) -> Ran {
        assert!(self.err.contains(text), "no `{text}` in:\n{}", self.err);
        self
    }

    #[track_caller]
    pub fn says_nothing(self) -> Ran {
        assert_eq!(self.err, "");
        self
    }

    /// Nothing but that the model is still to be fetched.
    #[track_caller]
    pub fn says_nothing_of_the_catalog(self) -> Ran {
        let is_other = |line: &&str| !line.starts_with("note: The model cache does not have");
        let others: Vec<&str> = self.err.lines().filter(is_other).collect();
        assert_eq!(others, Vec::<&str>::new());
        self
    }

    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}", self.out))
    }
}

/// A recipe for vLLM with one enabled block.
pub fn recipe(id: &str, model: &str, hardware: &str, precision: &str, gpus: u32) -> String {
    format!(
        "recipe_id: {id}\nhuggingface_id: {model}\nhardware: {hardware}\nprecision: {precision}\n\
         vllm_serve:\n  {gpus}_gpu:\n    enabled: true\n    args:\n      --max-model-len: 8192\n"
    )
}

/// The card of a small model.
pub fn card(model: &str) -> String {
    format!(
        "model_id: {model}\nhuggingface_id: {model}\nsize: 8B\nparameters: 8000000000\n\
         attention: {{layers: 32, heads: 32, kv_heads: 8, head_dim: 128}}\n"
    )
}
