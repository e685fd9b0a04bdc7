//! Where the lines of earlier prompts are kept.

use std::path::PathBuf;

/// The file below the user's state folder, which is made; none when it cannot be.
pub(super) fn file() -> Option<PathBuf> {
    let set = |name| {
        let value = std::env::var_os(name).filter(|value| !value.is_empty());
        value.map(PathBuf::from)
    };
    let base = set("XDG_STATE_HOME")
        .filter(|path| path.is_absolute())
        .or_else(|| set("HOME").map(|home| home.join(".local/state")))?;
    let folder = base.join("aim-engine");
    std::fs::create_dir_all(&folder).ok()?;
    Some(folder.join("shell_history"))
}
