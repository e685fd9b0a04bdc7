//! Whatever strings a plan holds, a real shell hands Docker exactly the words that were meant.
//!
//! Each batch of plans is one script, in which `docker` is a function that writes its words out, each
//! ended by a NUL byte; so a batch is one process of each shell.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test's own assumptions"
)]

#[path = "render/strings.rs"]
mod strings;

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use aim_engine::plan::{LaunchPlan, Mount};
use aim_engine::render::docker;
use proptest::prelude::*;
use strings::hostile;

const STUB: &str = r#"docker() { printf '%s\0' "$#" docker "$@"; }"#;

/// What the shell passes on, command by command; none when this machine does not have the shell.
fn passed_on(shell: &str, script: &str) -> Option<Vec<Vec<String>>> {
    let output = match Command::new(shell)
        .args(["-c", script])
        .stdin(Stdio::null())
        .output()
    {
        Ok(output) => output,
        Err(error) if error.kind() == ErrorKind::NotFound && shell != "sh" => return None,
        Err(error) => panic!("{shell}: {error}"),
    };
    assert!(output.status.success(), "{shell}: {output:?}");
    let text = String::from_utf8(output.stdout).expect("the words are UTF-8");
    let mut words = text.split_terminator('\0').map(str::to_owned);
    let mut commands = Vec::new();
    while let Some(count) = words.next() {
        let count: usize = count.parse().expect("a count before each command");
        commands.push(words.by_ref().take(count + 1).collect());
    }
    Some(commands)
}

fn plan() -> impl Strategy<Value = LaunchPlan> {
    let some = || prop::collection::vec(hostile(), 0..4);
    (some(), some(), some(), hostile(), any::<bool>()).prop_map(
        |(labels, values, words, path, detach)| {
            let mut plan = LaunchPlan::for_rocm("rocm/vllm:latest", "aim-test", 8000);
            plan.detach = detach;
            plan.gpu_ids = vec![0, 1];
            for (number, value) in labels.into_iter().enumerate() {
                plan.labels.insert(format!("label.{number}"), value);
            }
            for (number, value) in values.into_iter().enumerate() {
                plan.set_env(&format!("VALUE_{number}"), value);
            }
            let path: String = path.chars().filter(|c| !c.is_control()).collect();
            plan.mounts.push(Mount {
                host: format!("/{path}"),
                container: "/workspace/model-cache".into(),
                writable: !detach,
            });
            plan.argv = vec!["vllm".into()];
            plan.argv.extend(words);
            plan
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn render_any_plan_as_a_shell_reads_it(
        plans in prop::collection::vec((plan(), prop::collection::vec(hostile(), 0..3)), 20)
    ) {
        let mut script = format!("{STUB}\n");
        let mut meant = Vec::new();
        for (plan, comments) in &plans {
            let run = docker::run(plan).expect("a plan without faults");
            script += &run.printed(comments).expect("words without NUL");
            meant.push(run.argv());
        }
        for shell in ["sh", "dash", "bash"] {
            if let Some(passed) = passed_on(shell, &script) {
                prop_assert_eq!(&passed, &meant, "{}", shell);
            }
        }
    }

    #[test]
    fn render_never_leaves_a_comment(comments in prop::collection::vec(any::<String>(), 0..8)) {
        let mut plan = LaunchPlan::for_rocm("image", "aim-test", 8000);
        plan.argv = vec!["vllm".into()];
        let printed = docker::run(&plan)
            .expect("a plan without faults")
            .printed(&comments)
            .expect("words without NUL");
        let (before, _) = printed.split_once("docker run").expect("the command");
        prop_assert!(before.lines().all(|line| line.starts_with('#')));
    }
}

/// The same with an executable in the search path instead of a function.
#[test]
fn render_for_an_executable() {
    let folder = tempfile::tempdir().expect("a folder");
    let stub = folder.path().join("docker");
    fs::write(&stub, "#!/bin/sh\nprintf '%s\\0' \"$#\" docker \"$@\"\n").expect("a stub");
    fs::set_permissions(&stub, fs::Permissions::from_mode(0o755)).expect("an executable");
    let mut plan = LaunchPlan::for_rocm("image", "aim-test", 8000);
    plan.argv = [
        "vllm",
        "",
        "-",
        "a'b\"c$(d)`e`!\\",
        "line\r\nline\t",
        "日本 \\",
    ]
    .map(str::to_owned)
    .into();
    let run = docker::run(&plan).expect("a plan without faults");
    let printed = run.printed(&[]).expect("words without NUL");
    let script = format!("PATH={}:$PATH\n{printed}", folder.path().display());
    assert_eq!(passed_on("sh", &script), Some(vec![run.argv()]));
}
