//! Ctrl-C and its relatives: they are noted, and whoever waits looks.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

/// Whether this process was told to end.
#[derive(Clone, Debug, Default)]
pub(in crate::cli) struct Signals(Arc<AtomicBool>);

impl Signals {
    /// From now on, signals that end a process are noted and do not end it. Those that it was started to
    /// ignore, as by `nohup` or in the background of a script, stay ignored.
    pub(in crate::cli) fn listen() -> std::io::Result<Signals> {
        let signals = Signals::default();
        let ignored = ignored();
        for signal in [SIGINT, SIGTERM, SIGHUP] {
            if ignored & (1 << (signal - 1)) == 0 {
                signal_hook::flag::register(signal, Arc::clone(&signals.0))?;
            }
        }
        Ok(signals)
    }

    pub(in crate::cli) fn came(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// The signals that this process ignores, the first one in the lowest bit; none where the system does not tell.
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .unwrap_or_default()
}
