//! A catalog of models that die in different ways, a state folder, and the program between them.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::MutexGuard;
use std::time::{Duration, Instant};

use crate::engine::{Daemon, IMAGE, daemon};

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(150);

/// What a test has to itself.
pub struct World {
    pub daemon: &'static Daemon,
    pub dir: tempfile::TempDir,
    _alone: MutexGuard<'static, ()>,
}

/// How a run of the program ended.
pub struct Ran {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Ran {
        Ran {
            code: output.status.code(),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

impl Ran {
    /// What was printed, as a JSON document.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}\n{self:?}"))
    }
}

impl std::fmt::Debug for Ran {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "exit {:?}\n{}\n{}", self.code, self.out, self.err)
    }
}

impl World {
    /// None where there is no engine, which is said.
    pub fn new() -> Option<World> {
        let (daemon, alone) = daemon()?;
        let left = daemon.containers();
        assert!(left.is_empty(), "left by another test: {left:?}");
        let dir = tempfile::tempdir().expect("a folder");
        Some(World {
            daemon,
            dir,
            _alone: alone,
        })
    }

    /// A model `acme/NAME` with a recipe for 1 and 2 GPUs, whose container has these variables.
    pub fn model(&self, name: &str, env: &[(&str, &str)]) {
        let card = format!("model_id: acme/{name}\nsize: 7M\n");
        let mut recipe = format!(
            "recipe_id: {name}-mi300x-bf16\nhuggingface_id: acme/{name}\nhardware: MI300X\nprecision: bf16\nimage: {IMAGE}\nengine_version: 0.24.0\n"
        );
        if !env.is_empty() {
            recipe.push_str("env:\n");
        }
        for (name, value) in env {
            recipe.push_str(&format!("  {name}: \"{value}\"\n"));
        }
        recipe.push_str("vllm_serve:\n");
        for gpus in [1, 2] {
            recipe.push_str(&format!(
                "  {gpus}_gpu:\n    enabled: true\n    args:\n      --dtype: bfloat16\n      --tensor-parallel-size: {gpus}\n"
            ));
        }
        for (folder, text) in [("models", card), ("recipes", recipe)] {
            let folder = self.dir.path().join("catalog").join(folder);
            fs::create_dir_all(&folder).expect("a folder");
            let file = match folder.ends_with("models") {
                true => folder.join(format!("{name}.yaml")),
                false => folder.join(format!("{name}-mi300x-bf16.yaml")),
            };
            fs::write(file, text).expect("a file");
        }
    }

    /// A model `acme/NAME` that only an engine serves which is not in the image.
    pub fn model_of_sglang(&self, name: &str) {
        self.model(name, &[]);
        let file = format!("catalog/recipes/{name}-mi300x-bf16.yaml");
        let file = self.dir.path().join(file);
        let text = fs::read_to_string(&file).expect("a recipe");
        let text = text
            .replace("vllm_serve", "sglang_serve")
            .replace("engine_version: 0.24.0\n", "");
        fs::write(file, text).expect("a file");
    }

    /// The program with its own home, and nothing else from outside but where programs are. Whoever runs the tests
    /// may ignore signals, as a script does for what it starts in the background; the program does not.
    pub fn aim(&self, words: &[&str]) -> Command {
        self.aim_with("--default-signal=INT,TERM,HUP", words)
    }

    /// The same, its signals set by an option of `env`.
    fn aim_with(&self, signals: &str, words: &[&str]) -> Command {
        let mut command = Command::new("env");
        let home = self.dir.path();
        command
            .args([signals, env!("CARGO_BIN_EXE_aim-engine")])
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", home)
            .env("DOCKER_HOST", self.daemon.host())
            .env("AIM_CACHE_DIR", home.join("models"))
            .env("AIM_CATALOG", home.join("catalog"))
            .args(words)
            .stdin(Stdio::null());
        command
    }

    pub fn run(&self, words: &[&str]) -> Ran {
        self.aim(words).output().expect("the program runs").into()
    }

    /// `launch` on a machine with four GPUs, and `more`.
    pub fn launch<'w>(&self, model: &'w str, more: &[&'w str]) -> Vec<&'w str> {
        let machine = [
            "launch",
            model,
            "--hardware",
            "MI300X",
            "--available-gpus",
            "4",
        ];
        machine.into_iter().chain(more.iter().copied()).collect()
    }

    /// Starts the program, to be told something while it runs.
    pub fn begin(&self, words: &[&str]) -> Begun {
        begin(self.aim(words))
    }

    /// The same for one that is to ignore when its terminal goes away.
    pub fn begin_under_nohup(&self, words: &[&str]) -> Begun {
        begin(self.aim_with("--ignore-signal=HUP", words))
    }

    /// Nothing is left: no container, no lock, no file that is not whole.
    pub fn nothing_is_left(&self) {
        assert_eq!(self.daemon.containers(), [""; 0]);
        self.no_files_are_left();
    }

    pub fn no_files_are_left(&self) {
        let state = self.dir.path().join(".local/state/aim-engine");
        let mut left = Vec::new();
        files(&state, &mut left);
        left.retain(|file| !file.ends_with("state.db") && !file.ends_with(".log"));
        assert_eq!(left, [""; 0]);
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.daemon.start_if_stopped();
            for name in self.daemon.containers() {
                self.daemon.docker(&["rm", "-f", &name]);
            }
        }
    }
}

fn files(dir: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        match entry.path() {
            path if path.is_dir() => files(&path, found),
            path => found.push(path.display().to_string()),
        }
    }
}

/// A run of the program that goes on.
pub struct Begun {
    child: Child,
    out: std::sync::mpsc::Receiver<String>,
    err: std::sync::mpsc::Receiver<String>,
    seen: String,
}

/// Starts a command, to be told something while it runs.
pub fn begin(mut command: Command) -> Begun {
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program runs");
    let lines = |stream: Box<dyn std::io::Read + Send>| {
        let (sender, receiver) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stream).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        receiver
    };
    let out = lines(Box::new(child.stdout.take().expect("a pipe")));
    let err = lines(Box::new(child.stderr.take().expect("a pipe")));
    Begun {
        child,
        out,
        err,
        seen: String::new(),
    }
}

impl Begun {
    /// Waits until it has printed a line with `text` to stdout.
    pub fn until_out(&mut self, text: &str) {
        until(&self.out, text, &mut self.seen);
    }

    /// The same for stderr.
    pub fn until_err(&mut self, text: &str) {
        until(&self.err, text, &mut self.seen);
    }

    /// Sends a signal by its name.
    pub fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &id]).status();
        assert!(sent.expect("kill runs").success());
    }

    /// Waits until it ends.
    pub fn end(mut self) -> Ran {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("a child") {
                let rest = |lines: std::sync::mpsc::Receiver<String>| {
                    lines.iter().map(|line| line + "\n").collect::<String>()
                };
                return Ran {
                    code: status.code(),
                    out: rest(self.out),
                    err: self.seen + &rest(self.err),
                };
            }
            if begun.elapsed() > PATIENCE {
                let _ = self.child.kill();
                let rest: String = self.err.try_iter().map(|line| line + "\n").collect();
                panic!("it does not end:\n{}{rest}", self.seen);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

fn until(lines: &std::sync::mpsc::Receiver<String>, text: &str, seen: &mut String) {
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        match lines.recv_timeout(PATIENCE) {
            Ok(line) => {
                let found = line.contains(text);
                seen.push_str(&line);
                seen.push('\n');
                if found {
                    return;
                }
            }
            Err(_) => break,
        }
    }
    panic!("`{text}` was not printed:\n{seen}");
}

/// A port that nobody listens on.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    listener.local_addr().expect("an address").port()
}
