//! Which weights a model lacks that another tool fetched: what belongs to it is said by the files
//! themselves, whose names count them, and by their index.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::scan::{CachedFile, Care, FileState};

/// Names the file of each tensor.
const INDEX: &str = "model.safetensors.index.json";
const WEIGHTS: &str = ".safetensors";

#[derive(Deserialize)]
struct Index {
    weight_map: BTreeMap<String, String>,
}

/// Weights that are not among the files: those that the index names, and without one those that the names of others
/// count. A quick look does not read the index of
/// weights that are whole by their names, such as `model-00002-of-00005.safetensors`: it may have megabytes.
pub(super) fn missing(
    files: &[CachedFile],
    care: Care,
    read: impl FnOnce(&str) -> Option<Vec<u8>>,
) -> BTreeSet<String> {
    let has_index = files.iter().any(|file| file.path == INDEX);
    if !has_index {
        return missing_by_names(files);
    }
    if care == Care::Quick && are_whole(files) {
        return BTreeSet::new();
    }
    let index = read(INDEX).and_then(|bytes| serde_json::from_slice(&bytes).ok());
    let index: Index = index.unwrap_or(Index {
        weight_map: BTreeMap::new(),
    });
    let mut named: BTreeSet<String> = index.weight_map.into_values().collect();
    for file in files {
        named.remove(&file.path);
    }
    named
}

/// The others of weights whose names count them.
fn missing_by_names(files: &[CachedFile]) -> BTreeSet<String> {
    /// More files than any model has.
    const MOST: u32 = 10_000;
    let mut named = BTreeSet::new();
    for (name, place, of) in files.iter().filter_map(|file| counted(&file.path)) {
        let all = of.parse().ok().filter(|all| (place..=MOST).contains(all));
        let path =
            |place: u32| format!("{name}-{place:0width$}-of-{of}{WEIGHTS}", width = of.len());
        let is_counted = files.iter().any(|file| file.path == path(place));
        named.extend(
            all.filter(|_| is_counted)
                .into_iter()
                .flat_map(|all| (1..=all).map(path)),
        );
    }
    for file in files {
        named.remove(&file.path);
    }
    named
}

/// Whether there are weights whose names count them, and all of these.
fn are_whole(files: &[CachedFile]) -> bool {
    let mut sets: BTreeMap<(&str, &str), BTreeSet<u32>> = BTreeMap::new();
    let there = files.iter().filter(|file| file.state == FileState::There);
    for (name, place, of) in there.filter_map(|file| counted(&file.path)) {
        sets.entry((name, of)).or_default().insert(place);
    }
    let is_whole = |(&(_, of), places): (&(&str, &str), &BTreeSet<u32>)| {
        let most = of.parse().unwrap_or(u32::MAX);
        places.len() == most as usize && places.first() == Some(&1) && places.last() == Some(&most)
    };
    !sets.is_empty() && sets.iter().all(is_whole)
}

/// `model`, 2 and `00005` of `model-00002-of-00005.safetensors`.
fn counted(path: &str) -> Option<(&str, u32, &str)> {
    let (rest, of) = path.strip_suffix(WEIGHTS)?.rsplit_once("-of-")?;
    let (name, place) = rest.rsplit_once('-')?;
    Some((name, place.parse().ok()?, of))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(paths: &[&str]) -> Vec<CachedFile> {
        let file = |path: &&str| CachedFile {
            path: (*path).to_owned(),
            blob: None,
            size: 1,
            state: FileState::There,
        };
        paths.iter().map(file).collect()
    }

    #[test]
    fn weights_that_are_not_there_are_named() {
        let index = |names: &[&str]| {
            let map: BTreeMap<String, &&str> = names
                .iter()
                .enumerate()
                .map(|(tensor, name)| (format!("t{tensor}"), name))
                .collect();
            Some(serde_json::json!({"metadata": {}, "weight_map": map}).to_string())
        };
        let look = |paths: &[&str], care, names: &[&str]| {
            let missing = missing(&files(paths), care, |_| Some(index(names)?.into_bytes()));
            missing.into_iter().collect::<Vec<String>>()
        };
        let two = [
            "model-00001-of-00002.safetensors",
            "model-00002-of-00002.safetensors",
        ];
        let whole = [INDEX, two[0], two[1]];
        for care in [Care::Quick, Care::Close] {
            assert_eq!(look(&whole, care, &two), Vec::<String>::new());
            assert_eq!(look(&whole[..2], care, &two), [two[1]]);
            assert_eq!(look(&whole[..1], care, &two), two);
            // What is left of another division into files is no reason to miss more of it.
            let left = [INDEX, two[0], two[1], "model-00001-of-00003.safetensors"];
            assert_eq!(look(&left, care, &two), Vec::<String>::new());
            assert_eq!(
                look(&[INDEX, "a.safetensors"], care, &["b.safetensors"]),
                ["b.safetensors"]
            );
            // Without an index the names count.
            assert_eq!(look(&two[..1], care, &two), [two[1]]);
            assert_eq!(look(&two, care, &two), Vec::<String>::new());
            for odd in ["m-7-of-061.safetensors", "m-00001-of-99999.safetensors"] {
                assert_eq!(look(&[odd], care, &two), Vec::<String>::new());
            }
        }
        let missed = missing(&files(&[INDEX]), Care::Close, |_| Some(b"no JSON".to_vec()));
        assert!(missed.is_empty());
        assert_eq!(counted("a/m-7-of-061.safetensors"), Some(("a/m", 7, "061")));
        assert_eq!(counted("model.safetensors"), None);
    }
}
