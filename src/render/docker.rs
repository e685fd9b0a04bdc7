//! A launch plan as a `docker run` command.
//!
//! A command that stays in the foreground has `--rm`: its output was on the terminal, and the same
//! command can be run again, which a container left under the same name would prevent. A detached one
//! has not: when it ends by itself, its log and its exit code are all there is to say why.

use super::{UnquotableWord, shell};
use crate::plan::{Group, InvalidPlan, LaunchPlan, Mount};

/// A `docker run` command: an option, or a flag of the engine with its values, a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DockerRun {
    first: Vec<String>,
    groups: Vec<Vec<String>>,
}

impl DockerRun {
    /// The words to execute, `docker` first.
    pub fn argv(&self) -> Vec<String> {
        let groups = self.groups.iter().flatten();
        self.first.iter().chain(groups).cloned().collect()
    }

    /// The same command for a program that takes Docker's options, such as `podman`.
    pub fn for_program(mut self, program: &str) -> Self {
        if let Some(word) = self.first.first_mut() {
            *word = program.to_owned();
        }
        self
    }

    /// The options, the image and the engine's words for `sh`, behind a command that takes those of
    /// `docker run`.
    pub(super) fn printed_behind(&self, command: &str) -> Result<String, UnquotableWord> {
        let words = shell::command(&[], &self.groups)?;
        Ok(format!("{command}{words}"))
    }

    /// The command for a person or a script: quoted for `sh`, one option a line, after `comments`.
    ///
    /// # Errors
    /// When a word holds a NUL byte, which a checked plan never does.
    pub fn printed(&self, comments: &[String]) -> Result<String, UnquotableWord> {
        let command = shell::command(&self.first, &self.groups)?;
        Ok(shell::comments(comments) + &command)
    }
}

/// Writes a plan as a `docker run` command.
///
/// # Errors
/// When a value of the plan has no place in a command ([`LaunchPlan::check`]).
pub fn run(plan: &LaunchPlan) -> Result<DockerRun, InvalidPlan> {
    plan.check()?;
    let lifetime = if plan.detach { "--detach" } else { "--rm" };
    let mut groups = vec![pair("--name", &plan.name)];
    for (key, value) in &plan.labels {
        groups.push(pair("--label", &format!("{key}={value}")));
    }
    for device in plan.device_options() {
        groups.push(single("--device", device));
    }
    for group in &plan.groups {
        let group = match group {
            Group::Name(name) => name.clone(),
            Group::Id(id) => id.to_string(),
        };
        groups.push(single("--group-add", &group));
    }
    if plan.ipc_host {
        groups.push(single("--ipc", "host"));
    }
    for option in &plan.security_options {
        groups.push(pair("--security-opt", option));
    }
    for capability in &plan.capabilities {
        groups.push(single("--cap-add", capability));
    }
    for var in plan.environment() {
        groups.push(pair("-e", &format!("{}={}", var.name, var.value)));
    }
    for name in &plan.env_by_name {
        groups.push(pair("-e", name));
    }
    groups.extend(plan.mounts.iter().map(mount));
    groups.push(pair("-p", &format!("{0}:{0}", plan.port)));
    let (entry_point, rest) = match plan.argv.split_first() {
        Some((entry_point, rest)) => (entry_point.as_str(), rest),
        None => ("", plan.argv.as_slice()),
    };
    groups.push(pair("--entrypoint", entry_point));
    groups.push(vec![plan.image.clone()]);
    groups.extend(shell::by_flag(rest));
    Ok(DockerRun {
        first: ["docker", "run", lifetime].map(str::to_owned).into(),
        groups,
    })
}

/// Docker takes the word after such an option as its value, whatever it begins with.
fn pair(option: &str, value: &str) -> Vec<String> {
    vec![option.to_owned(), value.to_owned()]
}

fn single(option: &str, value: &str) -> Vec<String> {
    vec![format!("{option}={value}")]
}

/// `-v` where its colons are unambiguous, else the long form, whose fields are read as CSV. The short
/// one is preferred because it makes a missing folder of the host.
pub(super) fn mount(mount: &Mount) -> Vec<String> {
    let Mount {
        host,
        container,
        writable,
    } = mount;
    if !host.contains(':') && !container.contains(':') {
        let read_only = if *writable { "" } else { ":ro" };
        return pair("-v", &format!("{host}:{container}{read_only}"));
    }
    let mut fields = vec![
        "type=bind".to_owned(),
        csv_field(&format!("src={host}")),
        csv_field(&format!("dst={container}")),
    ];
    if !writable {
        fields.push("readonly".into());
    }
    pair("--mount", &fields.join(","))
}

fn csv_field(text: &str) -> String {
    if text.contains([',', '"']) {
        return format!("\"{}\"", text.replace('"', "\"\""));
    }
    text.to_owned()
}
