//! The variables that hide devices from ROCm programs: `ROCR_VISIBLE_DEVICES` at the container level,
//! then `HIP_VISIBLE_DEVICES`, `CUDA_VISIBLE_DEVICES` and `GPU_DEVICE_ORDINAL` at the runtime level.
//!
//! The rules are those of the two readers' source: `core/runtime/amd_filter_device.cpp` of
//! ROCR-Runtime, and `rocclr/device/rocm/rocdevice.cpp` with `rocclr/utils/flags.cpp` of clr, beside
//! the page "GPU isolation techniques" of the ROCm documentation.

mod entry;
mod selection;

use std::collections::BTreeMap;
use std::path::Path;

use super::bounded_file;
use super::observation::{Detected, Fact, Level, Observation};
use selection::{Pool, Reader};

/// Names and values of an environment.
pub type EnvMap = BTreeMap<String, String>;

/// The variables that are read, in the order in which they take effect.
pub const VARIABLES: [&str; 4] = [ROCR, HIP, CUDA, ORDINAL];

const ROCR: &str = "ROCR_VISIBLE_DEVICES";
const HIP: &str = "HIP_VISIBLE_DEVICES";
const CUDA: &str = "CUDA_VISIBLE_DEVICES";
const ORDINAL: &str = "GPU_DEVICE_ORDINAL";
const SOURCE: &str = "environment";

/// This process's values of [`VARIABLES`]. Bytes that are not UTF-8 are replaced: no device is named
/// by them.
pub fn of_this_process() -> EnvMap {
    VARIABLES
        .into_iter()
        .filter_map(|name| {
            let value = std::env::var_os(name)?;
            Some((name.to_owned(), value.to_string_lossy().into_owned()))
        })
        .collect()
}

/// The file of a saved tree that has the variables of a process, one `NAME=VALUE` a line.
const SAVED: &str = "environment";
const MAX_BYTES: u64 = 1024 * 1024;

/// The values of [`VARIABLES`] in a saved tree; none where it does not tell.
pub(super) fn saved(root: &Path) -> EnvMap {
    let text = bounded_file::read_lossy(&root.join(SAVED), MAX_BYTES).unwrap_or_default();
    let named = text.lines().filter_map(|line| line.split_once('='));
    named
        .filter(|(name, _)| VARIABLES.contains(name))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// Adds what the variables leave visible of the devices that were found at the host level.
pub(super) fn observe(env: &EnvMap, found: &mut Detected) {
    found.looked_at.extend(VARIABLES.map(str::to_owned));
    for (name, value) in env {
        let level = if name == ROCR {
            Level::Container
        } else {
            Level::Runtime
        };
        found.facts.push(Fact {
            level,
            source: SOURCE.into(),
            origin: format!("{name}={}", shown(value)),
            time: None,
            about: name.clone(),
            property: "value".into(),
            value: shown(value).into(),
        });
    }
    let mut pool = Pool::of_host(found.devices());
    // What a program of this session sees has gone through it already.
    let is_of_host = found
        .numbering()
        .is_none_or(|seen| seen.level == Level::Host);
    if let Some(value) = env.get(ROCR).filter(|_| is_of_host) {
        pool = restrict(&pool, Level::Container, Reader::Rocr, ROCR, value, found);
    }
    if let Some((name, value)) = runtime_variable(env, found) {
        restrict(&pool, Level::Runtime, Reader::Hip, name, value, found);
    }
}

fn restrict(
    pool: &Pool,
    level: Level,
    reader: Reader,
    name: &str,
    value: &str,
    found: &mut Detected,
) -> Pool {
    let selected = selection::select(reader, value, pool);
    let origin = format!("{name}={}", shown(value));
    for says in selected.remarks {
        found.problem(SOURCE, origin.as_str(), says);
    }
    found.observations.push(Observation {
        level,
        source: SOURCE.into(),
        origin,
        time: None,
        devices: None,
        visible: Some(selected.pool.len()),
        indices: selected.pool.host_indices(),
        own_numbers: false,
    });
    selected.pool
}

/// The variable that the HIP runtime obeys, and a remark on each that it does not.
fn runtime_variable<'a>(
    env: &'a EnvMap,
    found: &mut Detected,
) -> Option<(&'static str, &'a String)> {
    let set = |name: &'static str| {
        env.get(name)
            .filter(|value| !selection::counts_as_unset(value))
            .map(|value| (name, value))
    };
    let (hip, cuda, ordinal) = (set(HIP), set(CUDA), set(ORDINAL));
    // clr takes `CUDA_VISIBLE_DEVICES` only where `HIP_VISIBLE_DEVICES` is not set; both set and
    // different, some programs (Ray) refuse to start.
    if let (Some((_, hip)), Some((_, cuda))) = (hip, cuda)
        && hip != cuda
    {
        let says = format!(
            "differs from `{HIP}={}`, which HIP obeys instead; some engines refuse to start with both",
            shown(hip)
        );
        found.problem(SOURCE, format!("{CUDA}={}", shown(cuda)), says);
    }
    // The documentation says that HIP programs obey it too; clr reads it for OpenCL alone. Whoever set
    // it meant to leave that many, and fewer GPUs are safe where more may not be.
    if let Some((_, value)) = ordinal {
        let says = match hip.or(cuda) {
            Some((name, _)) => format!("is not read by HIP; `{name}` is taken"),
            None => format!(
                "is documented for HIP programs, but HIP itself reads only `{HIP}` and `{CUDA}`: set one of those"
            ),
        };
        found.problem(SOURCE, format!("{ORDINAL}={}", shown(value)), says);
    }
    hip.or(cuda).or(ordinal)
}

/// A value for a message or an origin, cut to a length that a person reads.
fn shown(value: &str) -> String {
    const LONGEST: usize = 200;
    if value.chars().count() <= LONGEST {
        return value.to_owned();
    }
    value.chars().take(LONGEST).chain(['…']).collect()
}
