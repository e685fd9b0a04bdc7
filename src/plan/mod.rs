//! The launch plan: everything that a decision means for running an engine, in no target's syntax.
//!
//! Who makes a plan decides; `render` only writes it down.

mod bare;
mod cdi;
mod check;
mod health;

use std::collections::BTreeMap;

use serde::Serialize;

pub use bare::{BareEngine, HIDING_DEVICES};
pub use cdi::CdiDevices;
pub use check::{InvalidPlan, PlanError, PlanErrorKind};
pub use health::HealthCheck;

/// Marks what this program started; its value is [`MANAGED_BY`].
pub const LABEL_MANAGED: &str = "com.amd.aim.managed";
/// The value of [`LABEL_MANAGED`].
pub const MANAGED_BY: &str = "aim-engine";
/// The recipe's id.
pub const LABEL_RECIPE: &str = "com.amd.aim.recipe";
/// The model, as the request named it.
pub const LABEL_MODEL: &str = "com.amd.aim.model";
/// The commit of the model that the plan relies on, where it does on one.
pub const LABEL_REVISION: &str = "com.amd.aim.revision";
/// The port that the engine answers on.
pub const LABEL_PORT: &str = "com.amd.aim.port";
/// The backend's name.
pub const LABEL_BACKEND: &str = "com.amd.aim.backend";
/// The GPUs that it uses, by the host's numbers with commas between them.
pub const LABEL_GPU_IDS: &str = "com.amd.aim.gpu-ids";
/// The path that the engine answers on once it is ready.
pub const LABEL_HEALTH_PATH: &str = "com.amd.aim.health-path";
/// Where the model cache is inside a container.
pub const CACHE_PATH: &str = "/workspace/model-cache";
/// The variable that carries [`LaunchPlan::gpu_ids`].
pub const VISIBLE_DEVICES: &str = "HIP_VISIBLE_DEVICES";
/// The hub's token, passed by name: its value is in no plan.
pub const TOKEN: &str = "HF_TOKEN";
/// The registry of images that name none.
const DOCKER_HUB: &str = "docker.io";

/// How to run one engine for one model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LaunchPlan {
    /// Container image.
    pub image: String,
    /// Container name.
    pub name: String,
    /// Labels by key.
    pub labels: BTreeMap<String, String>,
    /// Device files that the engine opens.
    pub devices: Vec<String>,
    /// The GPUs by CDI, in place of `devices`.
    pub cdi: Option<CdiDevices>,
    /// Groups that own the device files.
    pub groups: Vec<Group>,
    /// Share the host's memory segments, which the engine's processes exchange tensors in.
    pub ipc_host: bool,
    /// Security options, `seccomp=unconfined`.
    pub security_options: Vec<String>,
    /// Added kernel capabilities, `SYS_PTRACE`.
    pub capabilities: Vec<String>,
    /// The GPUs to use, by the host's numbers; passed as [`VISIBLE_DEVICES`], by the container's
    /// numbers where it is given only those.
    pub gpu_ids: Vec<u32>,
    /// Variables in order, without [`VISIBLE_DEVICES`]. No secret is among them.
    pub env: Vec<EnvVar>,
    /// Variables whose value is taken from the environment of whoever runs the plan.
    pub env_by_name: Vec<String>,
    /// Folders of the host inside the container.
    pub mounts: Vec<Mount>,
    /// The engine's port, the same inside and outside.
    pub port: u16,
    /// The engine's whole command line. Its first word is the container's entry point.
    pub argv: Vec<String>,
    /// Where the engine answers once it is ready, `/health`.
    pub health_path: String,
    /// How to ask for that inside the container.
    pub health_check: Option<HealthCheck>,
    /// The words of the command that fetches the model, where that may be done before the engine starts.
    pub prefetch: Option<Vec<String>>,
    /// The folder of the host that has the model's files, where the engine is to find them without a hub.
    pub relies_on: Option<String>,
    /// Return once it has started, instead of staying with its output.
    pub detach: bool,
}

/// A variable and its value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EnvVar {
    /// The name.
    pub name: String,
    /// The value.
    pub value: String,
}

/// A group that the container's process joins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Group {
    /// By name, which is looked up in the image: for a plan that another machine will run.
    Name(String),
    /// By number: for a plan that this machine will run.
    Id(u32),
}

impl Group {
    /// `video` and `render`, for a machine whose numbers are not known.
    pub fn for_another_machine() -> Vec<Self> {
        ["video", "render"]
            .map(|name| Self::Name(name.into()))
            .into()
    }
}

/// A folder of the host that is seen inside the container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Mount {
    /// Absolute path on the host.
    pub host: String,
    /// Absolute path inside the container.
    pub container: String,
    /// Whether the container may write into it.
    pub writable: bool,
}

impl LaunchPlan {
    /// The plan's fixed parts for an engine on ROCm: the device files, host IPC, what its debugger
    /// and its memory pools ask of the kernel, and the label that says who started it.
    pub fn for_rocm(image: impl Into<String>, name: impl Into<String>, port: u16) -> Self {
        Self {
            image: image.into(),
            name: name.into(),
            labels: [(LABEL_MANAGED.into(), MANAGED_BY.into())].into(),
            devices: vec!["/dev/kfd".into(), "/dev/dri".into()],
            cdi: None,
            groups: Group::for_another_machine(),
            ipc_host: true,
            security_options: vec!["seccomp=unconfined".into()],
            capabilities: vec!["SYS_PTRACE".into()],
            gpu_ids: Vec::new(),
            env: Vec::new(),
            env_by_name: Vec::new(),
            mounts: Vec::new(),
            port,
            argv: Vec::new(),
            health_path: "/health".into(),
            health_check: None,
            prefetch: None,
            relies_on: None,
            detach: false,
        }
    }

    /// Sets a variable: in its old place when it is there, else last.
    pub fn set_env(&mut self, name: &str, value: impl Into<String>) {
        let value = value.into();
        if let Some(there) = self.env.iter_mut().find(|var| var.name == name) {
            there.value = value;
        } else {
            let name = name.to_owned();
            self.env.push(EnvVar { name, value });
        }
    }

    /// The GPUs to use with commas between them, as labels have them.
    pub fn gpu_list(&self) -> String {
        listed(&self.gpu_ids)
    }

    /// The image with its registry: Docker's own where none is named, as Docker reads it. podman has to
    /// be told.
    pub fn qualified_image(&self) -> String {
        let image = &self.image;
        match image.split_once('/') {
            Some((first, _)) if first.contains(['.', ':']) || first == "localhost" => image.clone(),
            Some(_) => format!("{DOCKER_HUB}/{image}"),
            None => format!("{DOCKER_HUB}/library/{image}"),
        }
    }

    /// What the container is given, in the words of a container engine's `--device`.
    pub fn device_options(&self) -> &[String] {
        match &self.cdi {
            Some(cdi) => &cdi.names,
            None => &self.devices,
        }
    }

    /// All variables with a known value, [`VISIBLE_DEVICES`] first.
    pub fn environment(&self) -> Vec<EnvVar> {
        let ids = match &self.cdi {
            Some(cdi) => &cdi.visible,
            None => &self.gpu_ids,
        };
        let visible = (!ids.is_empty()).then(|| EnvVar {
            name: VISIBLE_DEVICES.into(),
            value: listed(ids),
        });
        visible
            .into_iter()
            .chain(self.env.iter().cloned())
            .collect()
    }
}

/// Numbers with commas between them.
fn listed(ids: &[u32]) -> String {
    let ids: Vec<String> = ids.iter().map(u32::to_string).collect();
    ids.join(",")
}

/// The name of a model's container: `aim-` and the last part of the model's id in lower case, with `-`
/// for whatever a name may not have: `Qwen/Qwen3-32B` → `aim-qwen3-32b`.
pub fn container_name(model: &str) -> String {
    let mut name = String::from("aim");
    let mut gap = true;
    for letter in model
        .trim_end_matches('/')
        .rsplit('/')
        .next()
        .unwrap_or(model)
        .chars()
    {
        if letter.is_ascii_alphanumeric() || matches!(letter, '.' | '_') {
            if gap {
                name.push('-');
            }
            gap = false;
            name.push(letter.to_ascii_lowercase());
        } else {
            gap = true;
        }
    }
    name
}
