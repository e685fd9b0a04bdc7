//! What a launch needs of the machine: room for the model, a token where it is gated, and its port.

use std::net::TcpListener;
use std::path::{Path, PathBuf};

use rustix::fs::statvfs;

use super::note;
use crate::detect::observation::{Detected, Level};

const SOURCE: &str = "launch";
/// The variable by which a container gets the token.
const TOKEN: &str = "HF_TOKEN";

/// What is about to be launched.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Around {
    /// Where models are kept.
    pub cache_dir: Option<PathBuf>,
    /// The model as the hub calls it.
    pub model: Option<String>,
    /// The port on the host.
    pub port: Option<u16>,
}

/// Adds what there is of it on this machine.
pub(in crate::detect) fn observe(around: &Around, found: &mut Detected) {
    let place = (Level::Host, SOURCE);
    if let Some(folder) = &around.cache_dir {
        room(folder, found);
        if let Some(model) = &around.model {
            let hub = folder.join(format!(
                "hub/models--{}/snapshots",
                model.replace('/', "--")
            ));
            let there = if hub.exists() { "yes" } else { "no" };
            let shown = hub.display().to_string();
            note(found, place, &shown, ("model", "downloaded"), there);
        }
    }
    let variable = std::env::var_os(TOKEN).is_some_and(|value| !value.is_empty());
    let file = around.cache_dir.as_ref().map(|folder| folder.join("token"));
    let file = file.filter(|file| file.exists());
    let (state, origin) = match (variable, &file) {
        (true, _) => ("present", TOKEN.to_owned()),
        (false, Some(file)) => ("present", file.display().to_string()),
        (false, None) => ("absent", TOKEN.to_owned()),
    };
    note(found, place, &origin, (TOKEN, "state"), state);
    if let Some(port) = around.port {
        let taken = TcpListener::bind(("0.0.0.0", port))
            .is_err_and(|error| error.kind() == std::io::ErrorKind::AddrInUse);
        let state = if taken { "taken" } else { "free" };
        note(
            found,
            place,
            &format!("port {port}"),
            ("port", "state"),
            state,
        );
        note(
            found,
            place,
            &format!("port {port}"),
            ("port", "number"),
            i64::from(port),
        );
    }
}

/// The room of the file system that will have the folder.
fn room(folder: &Path, found: &mut Detected) {
    let Some((there, size)) = folder
        .ancestors()
        .find_map(|path| Some((path, statvfs(path).ok()?)))
    else {
        return;
    };
    let bytes = size.f_bavail.saturating_mul(size.f_frsize);
    let mib = i64::try_from(bytes >> 20).unwrap_or(i64::MAX);
    let shown = there.display().to_string();
    let place = (Level::Host, SOURCE);
    note(found, place, &shown, ("models", "free_mib"), mib);
    note(
        found,
        place,
        &shown,
        ("models", "folder"),
        folder.display().to_string(),
    );
}
