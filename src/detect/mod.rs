//! What hardware is here: facts with their origin, at the levels host, container and runtime.
//!
//! One file a source. Nothing is decided and nothing is guessed: a device that no one knows passes
//! through with its ids, and which source is believed and which devices count is left to the rules.

mod amd_smi;
mod bounded_file;
mod clock;
mod drm;
pub mod environment;
mod host;
pub mod host_file;
mod identify;
mod kfd;
mod observation;
mod owners;
mod pci;
mod rocm_smi;
mod rocminfo;
mod tool;
mod torch;

use std::path::Path;

pub use environment::EnvMap;
pub use host::Around;
pub use host_file::{HostFileError, parse_host_file, read_host_file};
pub use observation::{Detected, Device, Fact, FactValue, Level, Observation, Problem};
pub use owners::device_owner_groups;
pub use torch::Deep;

/// How much is looked at. Each takes in what stands before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Extent {
    /// What a decision needs: the driver's own view, and the variables. No command is run where the driver
    /// tells anything.
    Devices,
    /// Also what is in use of each device, as far as the driver tells.
    Usage,
    /// Every source, and the machine's settings.
    Everything,
}

/// Everything there is to see on this machine, and what a program in a container of an image gets.
pub fn look_deep(env: &EnvMap, deep: &Deep) -> Detected {
    let root = Path::new("/");
    let mut found = look(root, env, Extent::Everything);
    torch::ask(deep, &mut found);
    identify::number_alike(&mut found);
    clock::stamp(root, &mut found);
    found
}

/// Looks at what a decision needs: sysfs below `root` (`/` for this machine) and the variables in `env`.
///
/// It never fails. What could not be read is in `problems`, and `looked_at` names every place, so that
/// an empty answer still says where it comes from. For a tree saved from another machine `env` is
/// normally empty, because this process's variables say nothing about that machine.
pub fn detect(root: &Path, env: &EnvMap) -> Detected {
    look(root, env, Extent::Devices)
}

/// The same, to the extent that is asked for.
pub fn look(root: &Path, env: &EnvMap, extent: Extent) -> Detected {
    let mut found = Detected {
        host: host_name(root),
        ..Detected::default()
    };
    kfd::observe(root, extent >= Extent::Usage, &mut found);
    // The driver's own list is enough for a decision; the others take up to seconds.
    if extent == Extent::Everything || found.observations.is_empty() {
        tools(root, &mut found);
        torch::observe(root, &mut found);
        drm::observe(root, &mut found);
        pci::observe(root, &mut found);
    }
    if extent == Extent::Everything {
        host::observe(root, &mut found);
    }
    identify::number_alike(&mut found);
    environment::observe(env, &mut found);
    clock::stamp(root, &mut found);
    found
}

/// Adds what a launch needs of this machine: room, a token, a port.
pub fn look_around(around: &Around, found: &mut Detected) {
    host::observe_around(around, found);
    clock::stamp(Path::new("/"), found);
}

/// Adds what is around the GPUs of this machine: device files, who may open them, the kernel's settings and the
/// container engines, as [`Extent::Everything`] does.
pub fn look_at_host(found: &mut Detected) {
    host::observe(Path::new("/"), found);
    clock::stamp(Path::new("/"), found);
}

/// The variables of a process on the machine that `root` is of: those of this process for `/`, else those in the
/// file `environment` of a saved tree, one `NAME=VALUE` a line.
pub fn variables(root: &Path) -> EnvMap {
    if root == Path::new("/") {
        environment::of_this_process()
    } else {
        environment::saved(root)
    }
}

/// The vendor's tools, all at the same time.
fn tools(root: &Path, found: &mut Detected) {
    let tools: [fn(&Path, &mut Detected); 3] =
        [amd_smi::observe, rocm_smi::observe, rocminfo::observe];
    let answers = std::thread::scope(|scope| {
        let asked = tools.map(|tool| {
            scope.spawn(move || {
                let mut answer = Detected::default();
                tool(root, &mut answer);
                answer
            })
        });
        asked.map(|asked| asked.join().unwrap_or_default())
    });
    for answer in answers {
        found.observations.extend(answer.observations);
        found.facts.extend(answer.facts);
        found.problems.extend(answer.problems);
        found.looked_at.extend(answer.looked_at);
    }
}

fn host_name(root: &Path) -> Option<String> {
    let text = bounded_file::read(&root.join("proc/sys/kernel/hostname"), 1024).ok()?;
    let name = text.trim();
    (!name.is_empty()).then(|| name.to_owned())
}
