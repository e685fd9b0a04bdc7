//! What is in use of each GPU: its memory, and how many processes hold some of it.

use std::fs::read_dir;
use std::path::Path;

use super::{MAX_BANKS, numbered_entries, word};
use crate::detect::observation::Device;

/// One folder a process that has the KFD open, with a file `vram_<gpu id>` for each GPU.
const PROCESSES: &str = "sys/class/kfd/kfd/proc";
const MAX_PROCESSES: usize = 4096;
const MAX_FILES: usize = 4096;

/// The memory of a node's banks that is in use, which newer drivers tell.
pub(super) fn used_mib(node: &Path) -> Option<u64> {
    let folder = node.join("mem_banks");
    let banks = numbered_entries(&folder, MAX_BANKS).ok()?;
    let used: Vec<u64> = banks
        .into_iter()
        .filter_map(|bank| word(&folder.join(bank.to_string()).join("used_memory")))
        .collect();
    (!used.is_empty()).then(|| used.into_iter().fold(0, u64::saturating_add) >> 20)
}

/// Counts the processes that hold memory of each device. Where the folder cannot be read nothing is known.
pub(super) fn count_processes(root: &Path, devices: &mut [Device]) {
    let folder = root.join(PROCESSES);
    let Ok(processes) = numbered_entries(&folder, MAX_PROCESSES) else {
        return;
    };
    let mut holders = Vec::new();
    for process in processes.into_iter().take(MAX_PROCESSES) {
        let Ok(files) = read_dir(folder.join(process.to_string())) else {
            continue;
        };
        for file in files.flatten().take(MAX_FILES) {
            let name = file.file_name();
            let gpu_id = name.to_str().and_then(|name| name.strip_prefix("vram_"));
            if let Some(gpu_id) = gpu_id.and_then(|id| id.parse::<u32>().ok())
                && word::<u64>(&file.path()).is_some_and(|bytes| bytes > 0)
            {
                holders.push(gpu_id);
            }
        }
    }
    for device in devices {
        let Some(gpu_id) = device.gpu_id else {
            continue;
        };
        let count = holders.iter().filter(|holder| **holder == gpu_id).count();
        device.processes = u32::try_from(count).ok();
    }
}
