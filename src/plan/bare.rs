//! A plan without its container: for a process that is already where the engine is.

use super::{EnvVar, LaunchPlan, Mount, VISIBLE_DEVICES};

/// Variables that hide GPUs before or beside [`VISIBLE_DEVICES`]. The plan's numbers are those of all
/// GPUs here, and any of these would have them counted among fewer.
pub const HIDING_DEVICES: [&str; 3] = [
    "ROCR_VISIBLE_DEVICES",
    "CUDA_VISIBLE_DEVICES",
    "GPU_DEVICE_ORDINAL",
];

/// The engine as a process of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BareEngine {
    /// Variables that it must not inherit.
    pub unset: Vec<String>,
    /// Variables that it gets beside those it inherits.
    pub env: Vec<EnvVar>,
    /// The command line.
    pub argv: Vec<String>,
}

impl LaunchPlan {
    /// The engine without a container: its variables and its command line, in which the folders of the
    /// host stand for the places where a container would see them.
    pub fn bare(&self) -> BareEngine {
        let env = self.environment().into_iter().map(|var| EnvVar {
            value: self.on_host(&var.value),
            name: var.name,
        });
        let env: Vec<EnvVar> = env.collect();
        let hides = |name: &&&str| {
            let visible = env.iter().any(|var| var.name == VISIBLE_DEVICES);
            visible && !env.iter().any(|var| var.name == **name)
        };
        BareEngine {
            unset: HIDING_DEVICES
                .iter()
                .filter(hides)
                .map(|name| (*name).to_owned())
                .collect(),
            argv: self.argv.iter().map(|word| self.on_host(word)).collect(),
            env,
        }
    }

    /// A path below a mount by its name on the host; any other text as it is.
    fn on_host(&self, text: &str) -> String {
        let inside = |mount: &&Mount| {
            text.strip_prefix(&mount.container)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        match self.mounts.iter().find(inside) {
            Some(Mount {
                host, container, ..
            }) => {
                let rest = text.strip_prefix(container.as_str()).unwrap_or_default();
                let path = format!("{}{rest}", host.trim_end_matches('/'));
                if path.is_empty() { host.clone() } else { path }
            }
            None => text.to_owned(),
        }
    }
}
