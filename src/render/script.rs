//! A launch plan as a script for any POSIX shell, for a machine that has a container engine and not
//! this program: it checks what it needs, starts the container, waits until the engine answers and says
//! how to go on. Whatever ends it before that takes the container away again.

use super::{RenderError, docker, shell};
use crate::plan::LaunchPlan;

/// Seconds to wait where the plan does not say how long a start may take.
const START_TIMEOUT_S: u32 = 3600;

/// Writes a plan as a script, with `comments` at its head.
///
/// # Errors
/// When a value of the plan has no place in a command ([`LaunchPlan::check`]).
pub fn file(plan: &LaunchPlan, comments: &[String]) -> Result<String, RenderError> {
    // podman or Docker: what starts it is known only there.
    let run = docker::run(&LaunchPlan {
        image: plan.qualified_image(),
        ..plan.clone()
    })?;
    let mut script = String::from("#!/bin/sh\n");
    if !comments.is_empty() {
        script += &shell::comments(comments);
        script += "#\n";
    }
    script += HEAD;
    for name in &plan.env_by_name {
        script += &format!("#   {name}: passed on to the engine, if it is set\n");
    }
    if plan.prefetch.is_some() {
        script += "#   AIM_PREFETCH: 0 leaves it to the engine to fetch the model\n";
    }
    let create = run.printed_behind("id=$(\"$engine\" create")?;
    let probe = answers(plan)?;
    if plan_words_hold(plan, ['$', '`']) {
        script += "# What stands in single quotation marks is meant as it stands.\n";
        script += "# shellcheck disable=SC2016\n";
    }
    script += "set -eu\n\n";
    let timeout_s = plan
        .health_check
        .as_ref()
        .map_or(START_TIMEOUT_S, |check| check.start_period_s);
    script += &format!(
        "name={}\nport={}\ntimeout=${{AIM_START_TIMEOUT:-{timeout_s}}}\n\n",
        plan.name, plan.port
    );
    script += ENGINE;
    if plan.cdi.is_none() && !plan.devices.is_empty() {
        let devices = quoted(&plan.devices)?;
        script += &format!("{HERE}  for device in {devices}; do\n{DEVICE}");
    }
    if plan.health_check.is_none() {
        script += CURL;
    }
    script += EXISTS;
    let folders: Vec<String> = plan.mounts.iter().map(|mount| mount.host.clone()).collect();
    if !folders.is_empty() {
        script += "# Docker would make a missing folder as root, and podman would refuse.\n";
        script += &format!("mkdir -p -- {}\n\n", quoted(&folders)?);
    }
    if let Some(folder) = &plan.relies_on {
        let folder = quoted(std::slice::from_ref(folder))?;
        script += &format!("{HERE}  model={folder}\n{RELIES}");
    }
    if let Some(command) = &plan.prefetch {
        script += &format!("{PREFETCH}  {} || {NOT_FETCHED}", quoted(command)?);
    }
    script += TRAPS;
    script += create.strip_suffix('\n').unwrap_or(&create);
    script += ")\n";
    script += START;
    script += &format!("until {probe}; do\n{WAIT}");
    script += READY;
    Ok(script)
}

/// The command that succeeds once the engine answers: the plan's own inside the container, so that
/// nothing has to be installed beside the container engine, else one from outside.
fn answers(plan: &LaunchPlan) -> Result<String, RenderError> {
    let quiet = ">/dev/null 2>&1";
    Ok(match &plan.health_check {
        Some(check) => format!(
            "\"$engine\" exec \"$id\" \\\n  {} {quiet}",
            quoted(&check.command)?
        ),
        None => {
            let url = format!("http://127.0.0.1:{}{}", plan.port, plan.health_path);
            format!("curl --fail --silent {} {quiet}", quoted(&[url])?)
        }
    })
}

/// Whether any of these is in a word that the script quotes.
fn plan_words_hold(plan: &LaunchPlan, letters: [char; 2]) -> bool {
    let probe = plan.health_check.iter().flat_map(|check| &check.command);
    let mut words = (plan.argv.iter().chain(probe))
        .chain(plan.labels.values())
        .chain(plan.env.iter().map(|var| &var.value))
        .chain(plan.mounts.iter().map(|mount| &mount.host))
        .chain(plan.prefetch.iter().flatten())
        .chain(&plan.relies_on);
    words.any(|word| word.contains(letters))
}

fn quoted(words: &[String]) -> Result<String, RenderError> {
    Ok(shell::quoted(words)?.join(" "))
}

const HEAD: &str = "\
# Starts the container, and returns once the engine in it answers.
# Exit status: 0 it answers; 1 it does not; 3 something is missing on this machine.
# From the environment:
#   AIM_CONTAINER_ENGINE: docker or podman; else the first of them that is there
#   AIM_START_TIMEOUT: seconds to wait until it answers
";

const ENGINE: &str = r#"say() {
  printf '%s\n' "$*" >&2
}

fail() {
  code=$1
  shift
  say "error: $*"
  exit "$code"
}

engine=${AIM_CONTAINER_ENGINE:-}
if [ -z "$engine" ]; then
  for candidate in docker podman; do
    if command -v "$candidate" >/dev/null 2>&1; then
      engine=$candidate
      break
    fi
  done
fi
[ -n "$engine" ] || fail 3 'neither docker nor podman is installed'
"$engine" info >/dev/null 2>&1 ||
  fail 3 "$engine does not answer: is its service running, and may you use it?"
"#;

const HERE: &str = r#"# What another machine has is not seen from here.
if [ -z "${DOCKER_HOST:-}${CONTAINER_HOST:-}" ]; then
"#;

const RELIES: &str = r#"  [ -d "$model" ] ||
    fail 3 "the model is not in $model, where it was when this script was made"
fi

"#;

const PREFETCH: &str = r#"# What is fetched here the engine finds, and no GPU waits for it.
if [ "${AIM_PREFETCH:-1}" != 0 ] && command -v aim-engine >/dev/null 2>&1; then
"#;

const NOT_FETCHED: &str = r#"fail 1 'the model was not fetched'
fi

"#;

const DEVICE: &str = r#"    [ -e "$device" ] || fail 3 "there is no $device: is the amdgpu driver loaded?"
  done
fi
"#;

const CURL: &str = "command -v curl >/dev/null 2>&1 || fail 3 'curl is not installed'\n";

const EXISTS: &str = r#"if "$engine" container inspect "$name" >/dev/null 2>&1; then
  fail 1 "there is a container $name; to remove it: $engine rm --force $name"
fi

"#;

const TRAPS: &str = r#"# A start that comes to nothing leaves no container behind.
id=
trap '[ -z "$id" ] || "$engine" rm --force "$id" >/dev/null 2>&1 || :' EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

"#;

const START: &str = r#""$engine" start "$id" >/dev/null || fail 1 "$name did not start"

say "$name: waiting until it answers, for up to $timeout s"
begin=$(date +%s)
"#;

const WAIT: &str = r#"  running=$("$engine" inspect --format '{{.State.Running}}' "$id" 2>/dev/null) || :
  if [ "$running" != true ]; then
    "$engine" logs --tail 30 "$id" >&2 || :
    fail 1 "$name ended before it answered; the last lines of its log are above"
  fi
  if [ $(($(date +%s) - begin)) -ge "$timeout" ]; then
    "$engine" logs --tail 30 "$id" >&2 || :
    fail 1 "$name did not answer within $timeout s"
  fi
  sleep 2
done

"#;

const READY: &str = r#"trap - EXIT
say "$name answers at http://127.0.0.1:$port"
say "  to try it:       curl http://127.0.0.1:$port/v1/models"
say "  to see its log:  $engine logs --follow $name"
say "  to stop it:      $engine rm --force $name"
"#;
