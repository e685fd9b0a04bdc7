//! A Docker daemon of the tests' own, with an image that holds nothing but a small server.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Output, Stdio};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// The image; its entry point is `vllm`.
pub const IMAGE: &str = "aim-test/vllm:1";
const STARTING: Duration = Duration::from_secs(60);

/// The daemon. It ends when this process does, since its script reads this process's end of a pipe.
pub struct Daemon {
    pub root: PathBuf,
    script: Mutex<(Child, ChildStdin)>,
}

/// One test at a time: all see the same containers.
static ALONE: Mutex<()> = Mutex::new(());

/// The daemon for a test, and the right to it; none, with a word why, where there can be none.
pub fn daemon() -> Option<(&'static Daemon, MutexGuard<'static, ()>)> {
    static DAEMON: OnceLock<Result<Daemon, String>> = OnceLock::new();
    let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    match DAEMON.get_or_init(Daemon::begin) {
        Ok(daemon) => Some((daemon, alone)),
        Err(because) => {
            eprintln!("skipped: no Docker engine can be started here: {because}");
            None
        }
    }
}

pub fn has_program(name: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|dir| dir.join(name).is_file())
}

impl Daemon {
    fn begin() -> Result<Daemon, String> {
        for program in [
            "docker", "dockerd", "gcc", "ip", "nsenter", "tar", "unshare",
        ] {
            if !has_program(program) {
                return Err(format!("`{program}` is not installed"));
            }
        }
        let id = Command::new("id").arg("-u").output();
        if id.map_or(true, |id| id.stdout.trim_ascii() != b"0") {
            return Err("only root can start it".to_owned());
        }
        let root = tempfile::Builder::new()
            .prefix("aim-docker-")
            .tempdir()
            .map_err(|error| error.to_string())?
            .keep();
        let subnet = (std::process::id() % 200 + 20).to_string();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/docker/engine.sh");
        let mut child = Command::new("unshare")
            .args(["--mount", "sh"])
            .arg(script)
            .arg(&root)
            .arg(subnet)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| error.to_string())?;
        let stdin = child.stdin.take().ok_or("no pipe")?;
        let daemon = Daemon {
            root,
            script: Mutex::new((child, stdin)),
        };
        daemon.until_it_answers()?;
        daemon.make_image()?;
        Ok(daemon)
    }

    /// What `DOCKER_HOST` names.
    pub fn host(&self) -> String {
        format!("unix://{}/docker.sock", self.root.display())
    }

    /// A program with its words, run where the device files are.
    pub fn beside(&self, program: &str) -> Command {
        let script = self.script.lock().unwrap_or_else(PoisonError::into_inner);
        let mut command = Command::new("nsenter");
        let namespace = format!("--mount=/proc/{}/ns/mnt", script.0.id());
        command.args([&namespace, "--", program]);
        command
    }

    pub fn docker(&self, words: &[&str]) -> Output {
        let mut docker = Command::new("docker");
        docker.env("DOCKER_HOST", self.host()).args(words);
        docker.output().expect("docker runs")
    }

    /// The names of all containers.
    pub fn containers(&self) -> Vec<String> {
        let listed = self.docker(&["ps", "--all", "--format", "{{.Names}}"]);
        let names = String::from_utf8_lossy(&listed.stdout);
        names.lines().map(str::to_owned).collect()
    }

    /// Stops the daemon, with its containers.
    pub fn stop(&self) {
        self.tell("stop");
        let begun = Instant::now();
        while self.docker(&["version"]).status.success() && begun.elapsed() < STARTING {
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    pub fn start_if_stopped(&self) {
        if !self.docker(&["version"]).status.success() {
            self.start();
        }
    }

    pub fn start(&self) {
        self.tell("start");
        self.until_it_answers().expect("the daemon answers again");
    }

    fn tell(&self, word: &str) {
        let mut script = self.script.lock().unwrap_or_else(PoisonError::into_inner);
        writeln!(script.1, "{word}").expect("the script listens");
    }

    fn until_it_answers(&self) -> Result<(), String> {
        let begun = Instant::now();
        while begun.elapsed() < STARTING {
            if self.docker(&["version"]).status.success() {
                return Ok(());
            }
            let mut script = self.script.lock().unwrap_or_else(PoisonError::into_inner);
            if let Ok(Some(_)) = script.0.try_wait() {
                return Err("its script ended: mounts or bridges are not permitted".to_owned());
            }
            drop(script);
            std::thread::sleep(Duration::from_millis(100));
        }
        let log = fs::read_to_string(self.root.join("log")).unwrap_or_default();
        Err(log.lines().last().unwrap_or("it says nothing").to_owned())
    }

    fn make_image(&self) -> Result<(), String> {
        let files = self.root.join("image");
        image_files(&files)?;
        let archive = self.root.join("image.tar");
        run(Command::new("tar")
            .arg("-C")
            .arg(&files)
            .arg("-cf")
            .arg(&archive)
            .arg("."))?;
        let mut import = Command::new("docker");
        import.env("DOCKER_HOST", self.host());
        run(import.arg("import").arg(&archive).arg(IMAGE))
    }
}

/// The files of the image, whichever engine imports them.
pub fn image_files(dir: &Path) -> Result<(), String> {
    let wrong = |error: std::io::Error| error.to_string();
    fs::create_dir_all(dir.join("bin")).map_err(wrong)?;
    fs::create_dir_all(dir.join("etc")).map_err(wrong)?;
    fs::write(
        dir.join("etc/group"),
        "root:x:0:\nvideo:x:44:\nrender:x:109:\n",
    )
    .map_err(wrong)?;
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/docker/server.c");
    run(Command::new("gcc")
        .args(["-static", "-O1", "-o"])
        .arg(dir.join("bin/vllm"))
        .arg(source))
}

fn run(command: &mut Command) -> Result<(), String> {
    let ran = command.output().map_err(|error| error.to_string())?;
    if ran.status.success() {
        return Ok(());
    }
    Err(String::from_utf8_lossy(&ran.stderr).trim().to_owned())
}
