//! Which GPUs of a machine a plan takes: those that nothing uses, before those that something does.

use crate::detect::Detected;
use crate::launch::{BusyGpu, Decision, MachineFacts, in_use};
use crate::policy::{Policy, PolicyError};
use crate::store::Store;

/// The usable GPUs of a machine, in the order in which they are taken.
#[derive(Debug, Default)]
pub(super) struct Order {
    /// The host's numbers: first those that are idle.
    pub gpu_ids: Vec<u32>,
    busy: Vec<BusyGpu>,
}

impl Order {
    /// The order for a decision's machine. A machine that was not looked at has nothing in use.
    pub(super) fn of(
        store: &Store,
        policy: &Policy,
        machine: &MachineFacts,
        decision: &Decision,
    ) -> Result<Order, PolicyError> {
        if !tells_usage(machine) {
            let usable = decision.machine.usable_gpus.unwrap_or_default();
            let gpu_ids = match decision.machine.gpu_ids.is_empty() {
                true => (0..u32::try_from(usable).unwrap_or_default()).collect(),
                false => decision.machine.gpu_ids.clone(),
            };
            return Ok(Order {
                gpu_ids,
                busy: Vec::new(),
            });
        }
        let in_use = in_use(store, policy, machine)?;
        let busy = in_use.busy.iter().map(|gpu| gpu.index);
        let mut gpu_ids: Vec<u32> = in_use.idle.iter().copied().chain(busy).collect();
        // Of mixed GPUs the decision is for one kind.
        gpu_ids.retain(|gpu| decision.machine.gpu_ids.contains(gpu));
        Ok(Order {
            gpu_ids,
            busy: in_use.busy,
        })
    }

    /// The GPUs for a plan that takes so many, where they are not simply the first; none where there are
    /// too few.
    pub(super) fn first(&self, count: u32) -> Option<Vec<u32>> {
        let mut first = self.gpu_ids.get(..usize::try_from(count).ok()?)?.to_vec();
        first.sort_unstable();
        Some(first)
    }

    /// What uses any of these.
    pub(super) fn warnings(&self, gpu_ids: &[u32]) -> Vec<String> {
        let taken = self.busy.iter().filter(|gpu| gpu_ids.contains(&gpu.index));
        taken.flat_map(|gpu| gpu.says.iter().cloned()).collect()
    }
}

fn tells_usage(machine: &MachineFacts) -> bool {
    let devices = machine.detected.as_ref().and_then(Detected::devices);
    let mut devices = devices.unwrap_or_default().iter();
    devices.any(|device| device.used_vram_mib.is_some() || device.processes.is_some())
}
