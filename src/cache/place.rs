//! Where models are kept on the host.

use std::path::PathBuf;

/// The folder for models: as asked, else `AIM_CACHE_DIR`, else where the hub's own tools keep them
/// (`HF_HOME`, else `huggingface` below the user's cache folder), so that nothing is fetched twice.
pub fn cache_dir(asked: Option<PathBuf>) -> Option<PathBuf> {
    let set = |name: &str| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    let dir = asked
        .or_else(|| set("AIM_CACHE_DIR"))
        .or_else(|| set("HF_HOME"))
        .or_else(|| {
            let base =
                set("XDG_CACHE_HOME").or_else(|| set("HOME").map(|home| home.join(".cache")))?;
            Some(base.join("huggingface"))
        })?;
    std::path::absolute(dir).ok()
}
