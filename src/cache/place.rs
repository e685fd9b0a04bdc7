//! Where models are kept on the host.

use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// The folder for models: as asked, else `AIM_CACHE_DIR`, else where the hub's own tools keep them, so that
/// nothing is fetched twice: `HF_HUB_CACHE`, else the older `HUGGINGFACE_HUB_CACHE`, else `HF_HOME`, else
/// `huggingface` below the user's cache folder.
pub fn cache_dir(asked: Option<PathBuf>) -> Option<PathBuf> {
    let dir = asked
        .or_else(|| set("AIM_CACHE_DIR"))
        .or_else(|| match hub_cache()? {
            hub if hub.file_name() == Some(OsStr::new(HUB)) => hub.parent().map(Path::to_owned),
            hub => Some(hub),
        })
        .or_else(|| home(&text))?;
    std::path::absolute(dir).ok()
}

/// The folder of all models in a cache's folder.
pub(super) fn hub_of(root: &Path) -> PathBuf {
    let is_hub = || hub_cache().and_then(|hub| std::path::absolute(hub).ok());
    match is_hub() {
        // The folder that was named for the models has another name: there is none above it that is a cache.
        Some(hub) if hub == root && hub.file_name() != Some(OsStr::new(HUB)) => hub,
        _ => root.join(HUB),
    }
}

const HUB: &str = "hub";

fn hub_cache() -> Option<PathBuf> {
    let named = text("HF_HUB_CACHE").or_else(|| text("HUGGINGFACE_HUB_CACHE"))?;
    Some(expanded(&named, &text))
}

fn set(name: &str) -> Option<PathBuf> {
    let value = env::var_os(name).filter(|value| !value.is_empty());
    value.map(PathBuf::from)
}

fn text(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// Where the hub's own tools keep what is theirs.
pub(crate) fn home(env: &dyn Fn(&str) -> Option<String>) -> Option<PathBuf> {
    if let Some(home) = env("HF_HOME") {
        return Some(expanded(&home, env));
    }
    let caches = match env("XDG_CACHE_HOME") {
        Some(dir) => expanded(&dir, env),
        None => PathBuf::from(env("HOME")?).join(".cache"),
    };
    Some(caches.join("huggingface"))
}

/// A path as the hub's own tools read it from a variable: `~` is the user's home, `$NAME` and `${NAME}` are
/// variables. What is not set stays as it is.
pub(crate) fn expanded(path: &str, env: &dyn Fn(&str) -> Option<String>) -> PathBuf {
    let home = match path.strip_prefix('~') {
        Some(rest) if rest.is_empty() || rest.starts_with('/') => {
            env("HOME").map(|home| home + rest)
        }
        _ => None,
    };
    let path = home.unwrap_or_else(|| path.to_owned());
    let mut text = String::new();
    let mut rest = path.as_str();
    while let Some((before, behind)) = rest.split_once('$') {
        text.push_str(before);
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let (name, after) = match behind
            .strip_prefix('{')
            .and_then(|text| text.split_once('}'))
        {
            Some(braced) => braced,
            None => behind.split_at(behind.find(|c| !is_word(c)).unwrap_or(behind.len())),
        };
        match env(name).filter(|_| !name.is_empty()) {
            Some(value) => {
                text.push_str(&value);
                rest = after;
            }
            None => {
                text.push('$');
                rest = behind;
            }
        }
    }
    text.push_str(rest);
    text.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_read_as_the_hubs_own_tools_do() {
        let env = |name: &str| match name {
            "HOME" => Some("/home/me".to_owned()),
            "DISK" => Some("/d$HOME".to_owned()),
            _ => None,
        };
        for (path, wanted) in [
            ("~", "/home/me"),
            ("~/x", "/home/me/x"),
            ("~you/x", "~you/x"),
            ("$DISK/x", "/d$HOME/x"),
            ("/a/${DISK}x$", "/a//d$HOMEx$"),
            ("$NONE/${NONE}/${DISK", "$NONE/${NONE}/${DISK"),
            ("/plain", "/plain"),
        ] {
            assert_eq!(expanded(path, &env), PathBuf::from(wanted), "{path}");
        }
        assert_eq!(home(&env), Some("/home/me/.cache/huggingface".into()));
        let xdg = |name: &str| (name == "XDG_CACHE_HOME").then(|| "/c".to_owned());
        assert_eq!(home(&xdg), Some("/c/huggingface".into()));
    }
}
