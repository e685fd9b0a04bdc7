//! Container engines: which are installed, and whether this process may use them.

use std::path::Path;

use super::note;
use crate::detect::observation::{Detected, Level};
use crate::detect::tool::{Printed, printed_once};

const SOURCE: &str = "engine";
const ENGINES: [&str; 2] = ["docker", "podman"];
const WORDS: [&str; 1] = ["version"];

/// Adds the state of each engine: `missing`, `denied`, `stopped`, `failing` or `ready`. A saved tree without its
/// answer says nothing of it.
pub(super) fn observe(root: &Path, found: &mut Detected) {
    let here = root == Path::new("/");
    for engine in ENGINES {
        let place = (Level::Host, SOURCE);
        match printed_once(root, engine, &WORDS) {
            Some(printed) => {
                let about = (engine, "state");
                note(found, place, &printed.origin, about, state(&printed));
            }
            None if here => {
                let origin = format!("{engine} {}", WORDS.join(" "));
                note(found, place, &origin, (engine, "state"), "missing");
            }
            None => {}
        }
    }
}

fn state(printed: &Printed) -> &'static str {
    let says = |text: &str| printed.err.contains(text) || printed.out.contains(text);
    if says("permission denied") || says("Permission denied") {
        "denied"
    } else if says("Cannot connect") || says("failed to connect") || says("daemon running") {
        "stopped"
    } else if printed.cut.is_some() {
        "failing"
    } else if printed.out.contains("Version:") {
        "ready"
    } else {
        "failing"
    }
}
