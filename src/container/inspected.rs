//! A container as an engine describes it.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::plan::{
    LABEL_BACKEND, LABEL_GPU_IDS, LABEL_HEALTH_PATH, LABEL_MANAGED, LABEL_MODEL, LABEL_PORT,
    LABEL_RECIPE, MANAGED_BY,
};

use super::Engine;
use super::time::parse_rfc3339;

/// A container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Container {
    /// Whose it is.
    pub engine: Engine,
    /// Its id, in full.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The image it was made from.
    pub image: String,
    /// What it does.
    pub status: Status,
    /// When it began, in seconds since 1970.
    pub started_s: Option<i64>,
    /// When it ended.
    pub finished_s: Option<i64>,
    labels: BTreeMap<String, String>,
}

/// What a container does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It was made and has not begun.
    Created,
    /// It runs.
    Running,
    /// It has ended.
    Ended {
        /// With this exit code.
        code: i64,
        /// Killed because the machine's memory, or the container's share of it, ran out.
        out_of_memory: bool,
    },
}

impl Container {
    /// Whether this program started it.
    pub fn is_ours(&self) -> bool {
        self.label(LABEL_MANAGED) == Some(MANAGED_BY)
    }

    /// Whether it holds its GPUs and its port.
    pub fn is_live(&self) -> bool {
        !matches!(self.status, Status::Ended { .. })
    }

    /// A label's value.
    pub fn label(&self, key: &str) -> Option<&str> {
        self.labels.get(key).map(String::as_str)
    }

    /// The recipe's id.
    pub fn recipe(&self) -> Option<&str> {
        self.label(LABEL_RECIPE)
    }

    /// The model.
    pub fn model(&self) -> Option<&str> {
        self.label(LABEL_MODEL)
    }

    /// The backend.
    pub fn backend(&self) -> Option<&str> {
        self.label(LABEL_BACKEND)
    }

    /// The port that it answers on.
    pub fn port(&self) -> Option<u16> {
        self.label(LABEL_PORT)?.parse().ok()
    }

    /// The path that it answers on once it is ready.
    pub fn health_path(&self) -> &str {
        let path = self.label(LABEL_HEALTH_PATH);
        path.filter(|path| path.starts_with('/'))
            .unwrap_or("/health")
    }

    /// The GPUs that it uses, by the host's numbers.
    pub fn gpu_ids(&self) -> Vec<u32> {
        let list = self.label(LABEL_GPU_IDS).unwrap_or_default();
        list.split(',')
            .filter_map(|id| id.trim().parse().ok())
            .collect()
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Inspected {
    id: String,
    name: String,
    #[serde(default)]
    image_name: Option<String>,
    state: State,
    #[serde(default)]
    config: Config,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct State {
    status: String,
    running: bool,
    paused: bool,
    restarting: bool,
    exit_code: i64,
    #[serde(rename = "OOMKilled")]
    oom_killed: bool,
    started_at: String,
    finished_at: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Config {
    image: String,
    labels: Option<BTreeMap<String, String>>,
}

/// The containers of an answer to `container inspect`. What cannot be read is left out.
pub(super) fn read(engine: Engine, json: &str) -> Vec<Container> {
    let all: Vec<serde_json::Value> = match serde_json::from_str(json.trim()) {
        Ok(all) => all,
        Err(error) => {
            tracing::debug!(%error, "the engine's answer is no JSON");
            Vec::new()
        }
    };
    all.into_iter()
        .filter_map(|one| serde_json::from_value::<Inspected>(one).ok())
        .map(|one| container(engine, one))
        .collect()
}

fn container(engine: Engine, one: Inspected) -> Container {
    let Inspected {
        id,
        name,
        image_name,
        state,
        config,
    } = one;
    let running = state.running || state.paused || state.restarting;
    let status = match state.status.as_str() {
        _ if running => Status::Running,
        "created" | "configured" | "initialized" => Status::Created,
        _ => Status::Ended {
            code: state.exit_code,
            out_of_memory: state.oom_killed,
        },
    };
    Container {
        engine,
        id,
        name: name.trim_start_matches('/').to_owned(),
        image: image_name.unwrap_or(config.image),
        status,
        started_s: parse_rfc3339(&state.started_at),
        finished_s: parse_rfc3339(&state.finished_at),
        labels: config.labels.unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn docker_and_podman_are_read_alike() {
        let docker = r#"[{"Id": "ab", "Name": "/aim-x", "State": {"Status": "exited", "Running": false,
            "ExitCode": 137, "OOMKilled": true, "StartedAt": "2026-11-21T07:23:05.1Z",
            "FinishedAt": "2026-11-21T07:24:05.1Z"}, "Config": {"Image": "i:1", "Labels": {
            "com.amd.aim.managed": "aim-engine", "com.amd.aim.port": "8000", "com.amd.aim.gpu-ids": "4,5"}}},
            {"Id": 3}]"#;
        let podman = r#"[{"Id": "cd", "Name": "aim-y", "ImageName": "docker.io/library/i:1",
            "State": {"Status": "running", "Running": true, "StartedAt": "2026-11-21T08:23:05.1+01:00",
            "FinishedAt": "0001-01-01T00:00:00Z"}, "Config": {"Labels": null}}]"#;
        let found = read(Engine::Docker, docker);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].name, "aim-x");
        assert_eq!(
            (found[0].port(), found[0].gpu_ids()),
            (Some(8000), vec![4, 5])
        );
        assert!(found[0].is_ours() && !found[0].is_live());
        assert_eq!(
            found[0].status,
            Status::Ended {
                code: 137,
                out_of_memory: true
            }
        );
        let found = read(Engine::Podman, podman);
        assert_eq!(found[0].started_s, parse_rfc3339("2026-11-21T07:23:05Z"));
        assert_eq!(
            (found[0].finished_s, found[0].status),
            (None, Status::Running)
        );
        assert!(!found[0].is_ours());
        assert_eq!(read(Engine::Podman, "oops"), []);
    }
}
