//! A launch plan as a file of Docker Compose.
//!
//! Compose replaces `$NAME` in every value by what its own environment says, so each `$` of the plan is
//! doubled. A variable without a value is taken from that environment when the container is started:
//! no secret is in the file.

use super::yaml::Yaml;
use super::{RenderError, docker};
use crate::plan::{Group, HealthCheck, LaunchPlan, Mount};

/// The name of the only service.
const SERVICE: &str = "engine";

/// Writes a plan as a compose file, after `comments`.
///
/// # Errors
/// When a value of the plan has no place in a command ([`LaunchPlan::check`]).
pub fn file(plan: &LaunchPlan, comments: &[String]) -> Result<String, RenderError> {
    plan.check()?;
    let document = map([("services", map([(SERVICE, service(plan))]))]);
    Ok(super::head(plan, comments)? + &document.document())
}

fn service(plan: &LaunchPlan) -> Yaml {
    let mut entries = vec![
        ("image", text(&plan.image)),
        ("container_name", text(&plan.name)),
        ("restart", text("unless-stopped")),
        ("labels", labels(plan)),
        ("devices", texts(plan.device_options())),
    ];
    let groups = plan.groups.iter().map(|group| match group {
        Group::Name(name) => name.clone(),
        Group::Id(id) => id.to_string(),
    });
    let groups: Vec<String> = groups.collect();
    if !groups.is_empty() {
        entries.push(("group_add", texts(&groups)));
    }
    if plan.ipc_host {
        entries.push(("ipc", text("host")));
    }
    if !plan.security_options.is_empty() {
        entries.push(("security_opt", texts(&plan.security_options)));
    }
    if !plan.capabilities.is_empty() {
        entries.push(("cap_add", texts(&plan.capabilities)));
    }
    entries.push(("environment", environment(plan)));
    let volumes: Vec<Yaml> = plan.mounts.iter().map(volume).collect();
    if !volumes.is_empty() {
        entries.push(("volumes", Yaml::List(volumes)));
    }
    entries.push(("ports", texts(&[format!("{0}:{0}", plan.port)])));
    if let Some((entry_point, rest)) = plan.argv.split_first() {
        entries.push(("entrypoint", texts(std::slice::from_ref(entry_point))));
        entries.push(("command", texts(rest)));
    }
    if let Some(check) = &plan.health_check {
        entries.push(("healthcheck", health(check)));
    }
    map(entries)
}

fn labels(plan: &LaunchPlan) -> Yaml {
    let labels = plan.labels.iter();
    Yaml::Map(
        labels
            .map(|(key, value)| (key.clone(), text(value)))
            .collect(),
    )
}

fn environment(plan: &LaunchPlan) -> Yaml {
    let known = plan.environment().into_iter();
    let known = known.map(|var| format!("{}={}", var.name, var.value));
    let all: Vec<String> = known.chain(plan.env_by_name.iter().cloned()).collect();
    texts(&all)
}

/// As one text where its colons are unambiguous: then Docker makes a missing folder.
fn volume(mount: &Mount) -> Yaml {
    if let [option, value] = docker::mount(mount).as_slice()
        && option == "-v"
    {
        return text(value);
    }
    let mut entries = vec![
        ("type", text("bind")),
        ("source", text(&mount.host)),
        ("target", text(&mount.container)),
    ];
    if !mount.writable {
        entries.push(("read_only", Yaml::Flag(true)));
    }
    map(entries)
}

fn health(check: &HealthCheck) -> Yaml {
    let test: Vec<String> = std::iter::once("CMD".to_owned())
        .chain(check.command.iter().cloned())
        .collect();
    let seconds = |seconds: u32| text(&format!("{seconds}s"));
    map([
        ("test", texts(&test)),
        ("interval", seconds(check.interval_s)),
        ("timeout", seconds(check.timeout_s)),
        ("retries", Yaml::Number(check.retries)),
        ("start_period", seconds(check.start_period_s)),
    ])
}

fn map<'a>(entries: impl IntoIterator<Item = (&'a str, Yaml)>) -> Yaml {
    let entries = entries.into_iter();
    Yaml::Map(
        entries
            .map(|(key, value)| (key.to_owned(), value))
            .collect(),
    )
}

fn texts(texts: &[String]) -> Yaml {
    Yaml::texts(texts.iter().map(|text| literal(text)))
}

fn text(text: &str) -> Yaml {
    Yaml::Text(literal(text))
}

/// The text as it stays after Compose's substitution.
fn literal(text: &str) -> String {
    text.replace('$', "$$")
}
