//! What differs in one YAML document: which keys, from what to what.

use crate::catalog::secret;
use crate::catalog::yaml::{Node, NodeKind, read_bytes};

/// A key whose value differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyChange {
    /// The key and those above it.
    pub path: Vec<String>,
    /// The value before, where it is short and no secret; a key that was not there has none.
    pub old: Option<String>,
    /// The value after.
    pub new: Option<String>,
    /// How the key came to differ.
    pub change: Change,
}

/// How something differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Change {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// It is another.
    Changed,
}

/// Keys that describe a document and that nothing is decided by.
const DESCRIPTIVE: &[&str] = &[
    "name",
    "title",
    "description",
    "builder",
    "family",
    "license",
    "tags",
    "source",
    "sources",
    "uncertain",
    "aim_recipes",
];

impl KeyChange {
    /// The path as text: `vllm_serve.4_gpu.enabled`.
    pub fn key(&self) -> String {
        self.path.join(".")
    }

    /// Whether a decision may depend on it.
    pub fn decides(&self) -> bool {
        let first = self.path.first().map(String::as_str);
        first.is_none_or(|first| !DESCRIPTIVE.contains(&first))
    }

    /// Whether a block for so many GPUs below `section` may depend on it: it does not stand in another block.
    pub fn concerns_block(&self, section: &str, gpus: u32) -> bool {
        if !self.decides() {
            return false;
        }
        let [first, second, ..] = self.path.as_slice() else {
            return true;
        };
        match second.strip_suffix(BLOCK).map(str::parse::<u32>) {
            Some(Ok(count)) => first == section && count == gpus,
            _ => true,
        }
    }

    /// In words, below the name `key`: `enabled: true → false`.
    fn says(&self, key: &str) -> String {
        match (self.change, &self.old, &self.new) {
            (Change::Added, _, Some(new)) => format!("{key}: {new} is new"),
            (Change::Added, ..) => format!("{key} is new"),
            (Change::Removed, ..) => format!("{key} is gone"),
            (Change::Changed, Some(old), Some(new)) => format!("{key}: {old} → {new}"),
            (Change::Changed, ..) => format!("{key} differs"),
        }
    }
}

/// Changes in words; blocks in which the same changed together: `vllm_serve.{1,2}_gpu.enabled: true → false`.
pub(super) fn in_words(keys: &[&KeyChange]) -> Vec<String> {
    /// All but the GPU count of a block.
    type Alike<'k> = (Vec<&'k str>, &'k Option<String>, &'k Option<String>);
    let mut alike: Vec<(Alike<'_>, Vec<&str>, &KeyChange)> = Vec::new();
    for &key in keys {
        let count = key.path.get(1).and_then(|block| block.strip_suffix(BLOCK));
        let mut path: Vec<&str> = key.path.iter().map(String::as_str).collect();
        if let (Some(_), Some(block)) = (count, path.get_mut(1)) {
            *block = BLOCK;
        }
        let same = (path, &key.old, &key.new);
        match alike.iter_mut().find(|(other, _, change)| {
            count.is_some() && *other == same && change.change == key.change
        }) {
            Some((_, counts, _)) => counts.extend(count),
            None => alike.push((same, count.into_iter().collect(), key)),
        }
    }
    alike
        .into_iter()
        .map(|((path, ..), counts, change)| match counts.as_slice() {
            [] | [_] => change.says(&change.key()),
            counts => {
                let blocks = format!(".{{{}}}{BLOCK}", counts.join(","));
                change.says(&path.join(".").replacen(&format!(".{BLOCK}"), &blocks, 1))
            }
        })
        .collect()
}

/// How the key of a block ends, behind its GPU count.
const BLOCK: &str = "_gpu";

/// The keys that differ between two texts; none where only comments and layout do, and nothing is known
/// where one of them is no YAML.
pub fn keys(old: &[u8], new: &[u8]) -> Option<Vec<KeyChange>> {
    let (Ok(old), Ok(new)) = (read_bytes(old), read_bytes(new)) else {
        return None;
    };
    let mut found = Vec::new();
    compare(&old, &new, &mut Vec::new(), &mut found);
    Some(found)
}

fn compare(old: &Node, new: &Node, path: &mut Vec<String>, found: &mut Vec<KeyChange>) {
    let (NodeKind::Mapping(before), NodeKind::Mapping(after)) = (&old.kind, &new.kind) else {
        // Compared as JSON: layout and places do not count.
        if old.to_json() != new.to_json() {
            found.push(changed(path, Some(old), Some(new)));
        }
        return;
    };
    for entry in before {
        let name = entry.key.text().unwrap_or("null").to_owned();
        let there = after
            .iter()
            .find(|other| other.key.text() == entry.key.text());
        path.push(name);
        match there {
            Some(there) => compare(&entry.value, &there.value, path, found),
            None => found.push(changed(path, Some(&entry.value), None)),
        }
        path.pop();
    }
    for entry in after {
        let known = before
            .iter()
            .any(|other| other.key.text() == entry.key.text());
        if !known {
            path.push(entry.key.text().unwrap_or("null").to_owned());
            found.push(changed(path, None, Some(&entry.value)));
            path.pop();
        }
    }
}

fn changed(path: &[String], old: Option<&Node>, new: Option<&Node>) -> KeyChange {
    KeyChange {
        old: old.and_then(|old| shown(path, old)),
        new: new.and_then(|new| shown(path, new)),
        change: match (old, new) {
            (None, _) => Change::Added,
            (_, None) => Change::Removed,
            _ => Change::Changed,
        },
        path: path.to_vec(),
    }
}

/// Characters of a value that are shown at most.
const SHOWN: usize = 60;

/// The value in a line, unless it is long or stands below the name of a secret.
fn shown(path: &[String], value: &Node) -> Option<String> {
    let text = match &value.kind {
        NodeKind::Scalar(_) => value.text().unwrap_or("null").to_owned(),
        NodeKind::Sequence(_) => value.to_json().to_string(),
        NodeKind::Mapping(_) => return None,
    };
    let one_line = !text.contains(char::is_control) && text.chars().count() <= SHOWN;
    let secret = path.iter().any(|key| {
        let line = format!("{key}: {text}");
        secret::masked(&line) != line
    });
    (one_line && !secret).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn says(old: &str, new: &str) -> Vec<String> {
        let keys = keys(old.as_bytes(), new.as_bytes()).unwrap_or_default();
        in_words(&keys.iter().collect::<Vec<_>>())
    }

    #[test]
    fn keys_are_named_by_their_path() {
        let old =
            "hardware: MI300X\nvllm_serve:\n  1_gpu: {enabled: true}\n  2_gpu: {args: {--a: 1}}\n";
        let new = "# remark\nvllm_serve:\n  1_gpu: {enabled: false}\n  4_gpu: {args: {--a: 1}}\nhardware: 'MI300X'\n";
        assert_eq!(
            says(old, new),
            [
                "vllm_serve.1_gpu.enabled: true → false",
                "vllm_serve.2_gpu is gone",
                "vllm_serve.4_gpu is new",
            ]
        );
        assert_eq!(says(new, new), [] as [String; 0]);
    }

    #[test]
    fn blocks_in_which_the_same_changed_are_named_together() {
        let old = "a: {1_gpu: {b: 1}, 2_gpu: {b: 1}, 4_gpu: {b: 1}}\n";
        let new = "a: {1_gpu: {b: 2}, 2_gpu: {b: 2}, 4_gpu: {b: 3}}\n";
        assert_eq!(says(old, new), ["a.{1,2}_gpu.b: 1 → 2", "a.4_gpu.b: 1 → 3"]);
    }

    #[test]
    fn secrets_are_not_shown() {
        let old = "env: {HF_TOKEN: hf_old, A: '1'}\n--api-key: [a]\n";
        let new = "env: {HF_TOKEN: hf_new, A: '2'}\n--api-key: [b]\n";
        assert_eq!(
            says(old, new),
            ["env.HF_TOKEN differs", "env.A: 1 → 2", "--api-key differs"]
        );
    }

    #[test]
    fn a_block_depends_on_what_stands_in_it_or_above_all_blocks() {
        let old = "tags: [a]\nhardware: A\nvllm_serve: {1_gpu: {enabled: true}}\n";
        let new = "tags: [b]\nhardware: B\nvllm_serve: {1_gpu: {enabled: false}}\n";
        let keys = keys(old.as_bytes(), new.as_bytes()).unwrap_or_default();
        let concerned = |section, gpus| {
            let keys = keys.iter().filter(|key| key.concerns_block(section, gpus));
            keys.map(KeyChange::key).collect::<Vec<_>>()
        };
        assert_eq!(
            concerned("vllm_serve", 1),
            ["hardware", "vllm_serve.1_gpu.enabled"]
        );
        assert_eq!(concerned("vllm_serve", 2), ["hardware"]);
        assert_eq!(concerned("sglang_serve", 1), ["hardware"]);
    }
}
