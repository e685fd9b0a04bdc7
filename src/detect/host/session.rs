//! Whose process this is, in which groups and in which container, and what it may lock in memory.

use std::path::Path;

use super::note;
use crate::detect::bounded_file;
use crate::detect::observation::{Detected, Level};

const SOURCE: &str = "process";
const MAX_BYTES: u64 = 1024 * 1024;
/// Files that container engines put into each container.
const MARKS: [(&str, &str); 3] = [
    (".dockerenv", "docker"),
    ("run/.containerenv", "podman"),
    ("var/run/secrets/kubernetes.io", "kubernetes"),
];
/// More groups than anybody is in.
const MAX_GROUPS: usize = 256;

/// Adds what is known of the process.
pub(super) fn observe(root: &Path, found: &mut Detected) {
    let place = (Level::Container, SOURCE);
    let path = root.join("proc/self/status");
    let shown = path.display().to_string();
    if let Ok(status) = bounded_file::read_lossy(&path, MAX_BYTES) {
        let user = ids(&status, "Uid:").nth(1);
        let user = user.map(|id| if id == 0 { "root" } else { "other" });
        if let Some(user) = user {
            note(found, place, &shown, ("process", "user"), user);
        }
        let own = ids(&status, "Gid:").nth(1);
        let mut groups: Vec<u32> = own.into_iter().chain(ids(&status, "Groups:")).collect();
        groups.sort_unstable();
        groups.dedup();
        for group in groups.into_iter().take(MAX_GROUPS) {
            let name = group_name(root, group);
            note(found, place, &shown, ("process", "group"), name);
        }
    }
    for (mark, engine) in MARKS {
        let path = root.join(mark);
        if path.exists() {
            let shown = path.display().to_string();
            note(found, place, &shown, ("process", "container"), engine);
        }
    }
    locked_memory(root, found);
}

/// The numbers behind a name in `/proc/self/status`.
fn ids<'s>(status: &'s str, name: &str) -> impl Iterator<Item = u32> + use<'s> {
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let words = line.unwrap_or_default().split_whitespace();
    words.filter_map(|word| word.parse().ok())
}

/// A group's name, or its number where it has none here.
pub(super) fn group_name(root: &Path, id: u32) -> String {
    let groups = bounded_file::read_lossy(&root.join("etc/group"), MAX_BYTES).unwrap_or_default();
    let named = groups.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(id)).then(|| name.to_owned())
    });
    named.unwrap_or_else(|| id.to_string())
}

fn locked_memory(root: &Path, found: &mut Detected) {
    let path = root.join("proc/self/limits");
    let Ok(limits) = bounded_file::read_lossy(&path, MAX_BYTES) else {
        return;
    };
    let mut lines = limits.lines();
    let line = lines.find_map(|line| line.strip_prefix("Max locked memory"));
    let soft = line.and_then(|line| line.split_whitespace().next()?.parse::<i64>().ok());
    // Without a limit there is no number.
    if let Some(bytes) = soft {
        let shown = path.display().to_string();
        let place = (Level::Container, SOURCE);
        note(found, place, &shown, ("memlock", "limit_kib"), bytes >> 10);
    }
}
