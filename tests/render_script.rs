//! A launch plan as a script: what `shellcheck` says to it, and what it does with a container engine.
//!
//! The engine is a script of the test's own, which writes down the words of each call.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

#[path = "render/plans.rs"]
mod plans;
#[path = "render/strings.rs"]
mod strings;

use std::fs;
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use aim_engine::plan::{CdiDevices, LaunchPlan};
use aim_engine::render::{docker, script};
use plans::full;
use pretty_assertions::assert_eq;
use proptest::prelude::*;
use strings::hostile;
use tempfile::TempDir;

/// Answers as a container engine does. Files beside it say how: `taken` that the name is, `dead` that
/// the container ended, `slow` that it answers only after two questions.
const ENGINE: &str = r#"#!/bin/sh
here=${0%/bin/*}
printf '%s\0' "$#" "$@" >> "$here/calls"
case $1 in
info) [ ! -e "$here/down" ] ;;
container) [ -e "$here/taken" ] ;;
create) echo 0123456789ab ;;
start) [ ! -e "$here/unstartable" ] ;;
exec)
  [ -e "$here/asked" ] && [ ! -e "$here/dead" ] && [ ! -e "$here/never" ] && exit 0
  : > "$here/asked"
  exit 1
  ;;
inspect) if [ -e "$here/dead" ]; then echo false; else echo true; fi ;;
logs) echo 'the last line' ;;
esac
"#;

struct Machine {
    dir: TempDir,
}

impl Machine {
    fn new(engine: &str) -> Machine {
        let dir = tempfile::tempdir().unwrap();
        let bin = dir.path().join("bin");
        fs::create_dir(&bin).unwrap();
        for tool in ["mkdir", "date", "sleep"] {
            let real = ["/usr/bin", "/bin"]
                .map(|folder| PathBuf::from(folder).join(tool))
                .into_iter()
                .find(|path| path.exists());
            symlink(real.unwrap(), bin.join(tool)).unwrap();
        }
        let machine = Machine { dir };
        machine.has(engine);
        machine
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Puts a container engine into the search path.
    fn has(&self, engine: &str) {
        if !engine.is_empty() {
            let path = self.path("bin").join(engine);
            fs::write(&path, ENGINE).unwrap();
            fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
        }
    }

    fn is(&self, state: &str) {
        fs::write(self.path(state), "").unwrap();
    }

    /// A plan that needs nothing that this machine has not.
    fn plan(&self) -> LaunchPlan {
        let mut plan = full();
        plan.devices = vec!["/dev/null".into()];
        plan.mounts[0].host = self.path("models here").display().to_string();
        plan
    }

    fn command(&self, plan: &LaunchPlan) -> Command {
        let script = self.path("script");
        fs::write(&script, script::file(plan, &[]).unwrap()).unwrap();
        let mut command = Command::new("/bin/sh");
        command
            .arg(script)
            .env_clear()
            .env("PATH", self.path("bin"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    fn run(&self, plan: &LaunchPlan) -> Output {
        self.command(plan).output().unwrap()
    }

    /// The words of each call of the container engine.
    fn calls(&self) -> Vec<Vec<String>> {
        let text = fs::read_to_string(self.path("calls")).unwrap_or_default();
        let mut words = text.split_terminator('\0').map(str::to_owned);
        let mut calls = Vec::new();
        while let Some(count) = words.next() {
            calls.push(words.by_ref().take(count.parse().unwrap()).collect());
        }
        calls
    }

    fn verbs(&self) -> Vec<String> {
        let calls = self.calls().into_iter();
        calls.filter_map(|call| call.into_iter().next()).collect()
    }
}

fn said(output: &Output) -> String {
    assert_eq!(output.stdout, b"", "nothing is an answer");
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn it_starts_waits_and_says_how_to_go_on() {
    let machine = Machine::new("docker");
    let output = machine.run(&machine.plan());
    assert_eq!(
        said(&output),
        "aim-qwen3-32b: waiting until it answers, for up to 600 s\n\
         aim-qwen3-32b answers at http://127.0.0.1:8000\n\
         \x20 to try it:       curl http://127.0.0.1:8000/v1/models\n\
         \x20 to see its log:  docker logs --follow aim-qwen3-32b\n\
         \x20 to stop it:      docker rm --force aim-qwen3-32b\n"
    );
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(
        machine.verbs(),
        [
            "info",
            "container",
            "create",
            "start",
            "exec",
            "inspect",
            "exec"
        ]
    );
    let probe = ["exec", "0123456789ab", "probe", "8000", "/health"];
    assert_eq!(machine.calls()[4], probe);
    assert!(machine.path("models here").is_dir());
}

#[test]
fn the_container_is_that_of_docker_run() {
    let machine = Machine::new("docker");
    let mut plan = machine.plan();
    machine.run(&plan);
    plan.detach = true;
    plan.image = plan.qualified_image();
    let run = docker::run(&plan).unwrap().argv();
    assert_eq!(run[..3], ["docker", "run", "--detach"]);
    assert_eq!(machine.calls()[2][1..], run[3..]);
}

#[test]
fn podman_serves_where_docker_is_not() {
    let machine = Machine::new("podman");
    let output = machine.run(&machine.plan());
    assert!(said(&output).contains("podman logs"), "{output:?}");
    machine.has("docker");
    let command = &mut machine.command(&machine.plan());
    let output = command
        .env("AIM_CONTAINER_ENGINE", "podman")
        .output()
        .unwrap();
    assert!(said(&output).contains("podman logs"), "{output:?}");
}

#[test]
fn what_is_missing_is_said_before_anything_starts() {
    let machine = Machine::new("");
    let output = machine.run(&machine.plan());
    assert_eq!(output.status.code(), Some(3));
    assert_eq!(
        said(&output),
        "error: neither docker nor podman is installed\n"
    );

    let machine = Machine::new("docker");
    machine.is("down");
    let output = machine.run(&machine.plan());
    assert_eq!(output.status.code(), Some(3));
    assert!(said(&output).contains("docker does not answer"));

    let machine = Machine::new("docker");
    let mut plan = machine.plan();
    plan.devices.push("/dev/no-such-device".into());
    let output = machine.run(&plan);
    assert_eq!(output.status.code(), Some(3));
    assert!(said(&output).contains("there is no /dev/no-such-device"));
    assert_eq!(machine.verbs(), ["info"]);

    // An engine elsewhere has devices of its own.
    let mut command = machine.command(&plan);
    let output = command.env("DOCKER_HOST", "tcp://there").output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}

#[test]
fn cdi_needs_no_device_file() {
    let machine = Machine::new("docker");
    let mut plan = machine.plan();
    plan.devices = vec!["/dev/no-such-device".into()];
    plan.cdi = Some(CdiDevices::of(&[0], &[]));
    assert_eq!(machine.run(&plan).status.code(), Some(0));
    assert!(machine.calls()[2].contains(&"--device=amd.com/gpu=0".to_owned()));
}

#[test]
fn a_model_that_the_plan_relies_on_has_to_be_there() {
    let machine = Machine::new("docker");
    let mut plan = machine.plan();
    let folder = machine.path("it's here");
    plan.relies_on = Some(folder.display().to_string());
    let output = machine.run(&plan);
    assert_eq!(output.status.code(), Some(3));
    assert!(said(&output).contains("the model is not in "));
    assert!(!machine.verbs().contains(&"create".to_owned()));
    fs::create_dir(&folder).unwrap();
    assert_eq!(machine.run(&plan).status.code(), Some(0));
}

#[test]
fn a_model_is_fetched_first_where_the_program_is_there() {
    let machine = Machine::new("docker");
    let mut plan = machine.plan();
    plan.prefetch = Some(
        ["aim-engine", "cache", "add", "a model"]
            .map(str::to_owned)
            .into(),
    );
    // Without the program the engine fetches it.
    assert_eq!(machine.run(&plan).status.code(), Some(0));
    for (status, code) in [(0, 0), (1, 1)] {
        let machine = Machine::new("docker");
        let program = machine.path("bin/aim-engine");
        let fetched = machine.path("fetched").display().to_string();
        let text = format!("#!/bin/sh\nprintf '%s\\n' \"$@\" >'{fetched}'\nexit {status}\n");
        fs::write(&program, text).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        let mut plan = machine.plan();
        plan.prefetch = Some(
            ["aim-engine", "cache", "add", "a model"]
                .map(str::to_owned)
                .into(),
        );
        let left = machine
            .command(&plan)
            .env("AIM_PREFETCH", "0")
            .output()
            .unwrap();
        assert_eq!(left.status.code(), Some(0));
        assert!(!machine.path("fetched").exists());
        let output = machine.run(&plan);
        assert_eq!(output.status.code(), Some(code), "{}", said(&output));
        let words = fs::read_to_string(&fetched).unwrap();
        assert_eq!(words, "cache\nadd\na model\n");
    }
}

#[test]
fn a_container_of_that_name_stays() {
    let machine = Machine::new("docker");
    machine.is("taken");
    let output = machine.run(&machine.plan());
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("docker rm --force aim-qwen3-32b"));
    assert_eq!(machine.verbs(), ["info", "container"]);
}

#[test]
fn a_start_that_comes_to_nothing_leaves_no_container() {
    for (state, says) in [
        (
            "dead",
            "the last line\nerror: aim-qwen3-32b ended before it answered",
        ),
        (
            "never",
            "the last line\nerror: aim-qwen3-32b did not answer within 0 s",
        ),
        ("unstartable", "error: aim-qwen3-32b did not start"),
    ] {
        let machine = Machine::new("docker");
        machine.is(state);
        let mut command = machine.command(&machine.plan());
        let output = command.env("AIM_START_TIMEOUT", "0").output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        assert!(said(&output).contains(says), "{output:?}");
        assert_eq!(
            machine.calls().last().unwrap()[..],
            ["rm", "--force", "0123456789ab"]
        );
    }
}

/// SIGTERM: a shell that was started with SIGINT ignored, as in the background, cannot catch that.
#[test]
fn a_signal_takes_the_container_away() {
    let machine = Machine::new("docker");
    machine.is("never");
    let child = machine.command(&machine.plan()).spawn().unwrap();
    let begin = Instant::now();
    while !machine.verbs().contains(&"inspect".to_owned()) {
        assert!(begin.elapsed() < Duration::from_secs(60), "it never waits");
        std::thread::sleep(Duration::from_millis(20));
    }
    let id = child.id().to_string();
    let sent = Command::new("kill").args(["-s", "TERM", &id]).status();
    assert!(sent.unwrap().success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(143), "{output:?}");
    assert_eq!(machine.verbs().last().unwrap(), "rm");
}

#[test]
fn the_plan_of_an_engine_without_a_probe_asks_from_outside() {
    let mut plan = full();
    plan.health_check = None;
    plan.health_path = "/is it".into();
    let text = script::file(&plan, &[]).unwrap();
    let machine = Machine::new("docker");
    plan.devices.clear();
    let output = machine.run(&plan);
    assert_eq!(output.status.code(), Some(3));
    assert_eq!(said(&output), "error: curl is not installed\n");
    assert!(
        text.contains("until curl --fail --silent 'http://127.0.0.1:8000/is it'"),
        "{text}"
    );
}

/// What `shellcheck` says; nothing where it is not installed.
fn shellchecked(text: &str) -> String {
    let child = Command::new("shellcheck")
        .args(["--shell=sh", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let Ok(mut child) = child else {
        eprintln!("shellcheck is not installed: nothing is checked with it");
        return String::new();
    };
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(text.as_bytes()).unwrap();
    drop(stdin);
    String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap()
}

#[test]
fn shellcheck_finds_nothing() {
    let comments = ["it's \"why\" `so` $HOME".to_owned()];
    let mut plan = full();
    assert_eq!(shellchecked(&script::file(&plan, &comments).unwrap()), "");
    plan.relies_on = Some("/models/it's `here`".into());
    assert_eq!(shellchecked(&script::file(&plan, &comments).unwrap()), "");
    plan.relies_on = None;
    plan.prefetch = Some(
        ["aim-engine", "cache", "add", "$a"]
            .map(str::to_owned)
            .into(),
    );
    assert_eq!(shellchecked(&script::file(&plan, &comments).unwrap()), "");
    plan.cdi = Some(CdiDevices::of(&plan.gpu_ids, &[]));
    plan.health_check = None;
    plan.env_by_name.clear();
    plan.mounts.clear();
    assert_eq!(shellchecked(&script::file(&plan, &[]).unwrap()), "");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_words_reach_the_engine(
        values in prop::collection::vec(hostile(), 0..4),
        further in prop::collection::vec(hostile(), 0..6),
        comments in prop::collection::vec(hostile(), 0..3),
    ) {
        let machine = Machine::new("docker");
        machine.is("asked");
        let mut plan = machine.plan();
        plan.argv.extend(further);
        for (number, value) in values.into_iter().enumerate() {
            plan.set_env(&format!("VALUE_{number}"), value);
        }
        let mut command = machine.command(&plan);
        fs::write(machine.path("script"), script::file(&plan, &comments).unwrap()).unwrap();
        let output = command.output().unwrap();
        prop_assert_eq!(output.status.code(), Some(0), "{:?}", output);
        plan.image = plan.qualified_image();
        let run = docker::run(&plan).unwrap().argv();
        prop_assert_eq!(&machine.calls()[2][1..], &run[3..]);
    }
}
