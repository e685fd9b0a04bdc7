//! A launch plan as a `.container` file of Quadlet, the systemd generator of podman.
//!
//! Keys are those of podman 4.4, the first with Quadlet: an unknown key is an error there. What they
//! do not cover goes through `PodmanArgs`. Three readers follow each other: Quadlet splits a value into
//! words as systemd does and writes them into `ExecStart`; systemd replaces `%` specifiers and then `$`
//! variables in there. So words are quoted once, and `%` and `$` are doubled.
//!
//! A variable without a known value is in no key: the service reads it from a file that only its owner
//! can read, and podman passes it on by name.

use std::fmt::Write;

use super::{RenderError, docker, shell};
use crate::plan::{Group, HealthCheck, InvalidPlan, LaunchPlan, Mount, PlanError, PlanErrorKind};

/// Where the values of variables without one are read from, with systemd's `%E`: `/etc` for the
/// system's services, `~/.config` for a user's. The `-` lets it be missing.
const ENVIRONMENT_FILE: &str = "-%E/aim-engine/environment";

/// Seconds for the start: it pulls the image first.
const START_TIMEOUT_S: u32 = 3600;

/// Writes a plan as a `.container` file, after `comments`.
///
/// # Errors
/// When a value of the plan has no place in a command ([`LaunchPlan::check`]) or in such a file.
pub fn file(plan: &LaunchPlan, comments: &[String]) -> Result<String, RenderError> {
    plan.check()?;
    let mut lines = Lines::default();
    lines.section("Unit");
    lines.plain("Description", &format!("{} by AIM Engine", plan.name));
    if let Some(folder) = &plan.relies_on {
        // Without it the engine would ask a hub, which it is told not to.
        lines.plain("AssertPathIsDirectory", folder);
    }
    lines.section("Container");
    lines.plain("ContainerName", &plan.name);
    lines.plain("Image", &plan.qualified_image());
    for (key, value) in &plan.labels {
        lines.words("Label", &[format!("{key}={value}")]);
    }
    for device in plan.device_options() {
        lines.either("AddDevice", device, &[format!("--device={device}")]);
    }
    for group in &plan.groups {
        let group = match group {
            Group::Name(name) => name.clone(),
            Group::Id(id) => id.to_string(),
        };
        lines.podman(&[format!("--group-add={group}")]);
    }
    if plan.ipc_host {
        lines.podman(&["--ipc=host".to_owned()]);
    }
    for option in &plan.security_options {
        lines.podman(&[format!("--security-opt={option}")]);
    }
    for capability in &plan.capabilities {
        lines.plain("AddCapability", capability);
    }
    for var in plan.environment() {
        lines.words("Environment", &[format!("{}={}", var.name, var.value)]);
    }
    for name in &plan.env_by_name {
        lines.podman(&[format!("--env={name}")]);
    }
    for mount in &plan.mounts {
        volume(&mut lines, mount);
    }
    lines.plain("PublishPort", &format!("{0}:{0}", plan.port));
    if let Some(check) = &plan.health_check {
        health(&mut lines, check);
    }
    if let Some((entry_point, rest)) = plan.argv.split_first() {
        lines.podman(&[format!("--entrypoint={}", entry_point_value(entry_point))]);
        lines.exec(rest);
    }
    lines.section("Service");
    for mount in &plan.mounts {
        // Docker makes a missing folder, podman refuses it.
        let words = ["mkdir", "-p", "--", mount.host.as_str()].map(str::to_owned);
        lines.words("ExecStartPre", &words);
    }
    if !plan.env_by_name.is_empty() {
        let names = plan.env_by_name.join(", ");
        lines.text += &format!("# With values for {names}, a line NAME=value each:\n");
        lines.raw("EnvironmentFile", ENVIRONMENT_FILE);
    }
    lines.raw("Restart", "on-failure");
    lines.raw("TimeoutStartSec", &START_TIMEOUT_S.to_string());
    lines.section("Install");
    lines.raw("WantedBy", "default.target");
    match lines.wrong {
        errors if errors.is_empty() => Ok(super::head(plan, comments)? + &lines.text),
        errors => Err(InvalidPlan { errors }.into()),
    }
}

/// podman reads an entry point that is a JSON list as words, and any other as one word.
fn entry_point_value(word: &str) -> String {
    if word.starts_with('[') {
        return json(std::slice::from_ref(&word));
    }
    word.to_owned()
}

/// `Volume` where nothing in it could be taken for something else; it also makes the service wait for
/// the folder's file system.
fn volume(lines: &mut Lines, mount: &Mount) {
    let words = docker::mount(mount);
    match words.as_slice() {
        [option, value] if option == "-v" => lines.either("Volume", value, &words),
        _ => lines.podman(&words),
    }
}

/// podman takes the words of a health check as a JSON list.
fn health(lines: &mut Lines, check: &HealthCheck) {
    lines.podman(&[format!("--health-cmd={}", json(&check.command))]);
    lines.podman(&[
        format!("--health-interval={}s", check.interval_s),
        format!("--health-timeout={}s", check.timeout_s),
        format!("--health-retries={}", check.retries),
        format!("--health-start-period={}s", check.start_period_s),
    ]);
}

fn json<T: serde::Serialize>(words: &[T]) -> String {
    serde_json::to_string(words).unwrap_or_default()
}

/// The file's lines, and what cannot stand in any.
#[derive(Default)]
struct Lines {
    text: String,
    wrong: Vec<PlanError>,
}

impl Lines {
    fn section(&mut self, name: &str) {
        let gap = if self.text.is_empty() { "" } else { "\n" };
        let _ = writeln!(self.text, "{gap}[{name}]");
    }

    /// A value of the grammar of names, image references or numbers.
    fn plain(&mut self, key: &str, value: &str) {
        self.raw(key, &value.replace('%', "%%"));
    }

    fn raw(&mut self, key: &str, value: &str) {
        let _ = writeln!(self.text, "{key}={value}");
    }

    /// A key that takes words.
    fn words(&mut self, key: &str, words: &[String]) {
        let quoted = self.quoted(words).join(" ");
        self.raw(key, &quoted);
    }

    fn podman(&mut self, words: &[String]) {
        self.words("PodmanArgs", words);
    }

    /// `key` for a value that needs no quoting, else these words for podman.
    fn either(&mut self, key: &str, value: &str, words: &[String]) {
        if value.chars().all(is_safe) {
            self.raw(key, value);
        } else {
            self.podman(words);
        }
    }

    /// The command, a flag a line.
    fn exec(&mut self, words: &[String]) {
        let lines: Vec<String> = shell::by_flag(words)
            .iter()
            .map(|group| self.quoted(group).join(" "))
            .collect();
        if !lines.is_empty() {
            self.raw("Exec", &lines.join(" \\\n  "));
        }
    }

    fn quoted(&mut self, words: &[String]) -> Vec<String> {
        for word in words {
            let kind = match word.as_str() {
                "" => Some(PlanErrorKind::Empty),
                // It would end the command, and Quadlet takes every quotation mark from it.
                ";" => Some(PlanErrorKind::Character(';')),
                _ => word
                    .chars()
                    .find(|c| is_lost(*c))
                    .map(PlanErrorKind::Character),
            };
            self.wrong.extend(kind.map(|kind| PlanError {
                part: "argument in a unit file",
                text: word.clone(),
                kind,
            }));
        }
        words.iter().map(|word| quote(word)).collect()
    }
}

/// What Quadlet or systemd change or refuse in whatever form it is written.
fn is_lost(letter: char) -> bool {
    let code = u32::from(letter);
    letter == '\u{80}' || (0xfdd0..=0xfdef).contains(&code) || code & 0xfffe == 0xfffe
}

fn is_safe(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || "_-./:=,@+".contains(letter)
}

/// A word as it comes out of Quadlet's unquoting and systemd's two substitutions.
fn quote(word: &str) -> String {
    if word.chars().all(is_safe) {
        return word.to_owned();
    }
    let mut quoted = String::from("\"");
    for letter in word.chars() {
        match letter {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '%' => quoted.push_str("%%"),
            '$' => quoted.push_str("$$"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            '\r' => quoted.push_str("\\r"),
            _ if letter.is_ascii_control() => {
                let _ = write!(quoted, "\\x{:02x}", u32::from(letter));
            }
            _ => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}
