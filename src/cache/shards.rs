//! Which weights a model lacks that another tool fetched: what belongs to it is said by the files
//! themselves, whose names count them, and by their index.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::scan::{CachedFile, Care};

/// Names the file of each tensor.
const INDEX: &str = "model.safetensors.index.json";
const INDEXED: &str = ".safetensors";

#[derive(Deserialize)]
struct Index {
    weight_map: BTreeMap<String, String>,
}

/// Weights that are not among the files, and that the index names or, where it does not speak of them, the
/// names of others count. A quick look does not read the index, which may have megabytes, of weights that are
/// whole by their names.
pub(super) fn missing(
    files: &[CachedFile],
    care: Care,
    read: impl FnOnce(&str) -> Option<Vec<u8>>,
) -> BTreeSet<String> {
    let sets: BTreeSet<Set<'_>> = files.iter().filter_map(|file| set(&file.path)).collect();
    let are_counted = !sets.is_empty();
    let counted = sets.iter().flat_map(Set::names).collect();
    let lacking = |mut names: BTreeSet<String>| {
        for file in files {
            names.remove(&file.path);
        }
        names
    };
    let by_count = lacking(counted);
    let has_index = files.iter().any(|file| file.path == INDEX);
    let are_whole = are_counted && by_count.is_empty();
    if !has_index || (care == Care::Quick && are_whole) {
        return by_count;
    }
    let index: Option<Index> = read(INDEX).and_then(|bytes| serde_json::from_slice(&bytes).ok());
    let Some(index) = index else {
        return by_count;
    };
    let mut lacking = lacking(index.weight_map.into_values().collect());
    let is_indexed = |path: &str| path.ends_with(INDEXED) && !path.contains('/');
    lacking.extend(by_count.into_iter().filter(|path| !is_indexed(path)));
    lacking
}

/// Files whose names count them.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Set<'p> {
    before: &'p str,
    width: usize,
    count: u32,
    ending: &'p str,
}

impl Set<'_> {
    fn names(&self) -> impl Iterator<Item = String> {
        let Set {
            before,
            width,
            count,
            ending,
        } = self;
        (1..=*count)
            .map(move |number| format!("{before}-{number:0width$}-of-{count:0width$}{ending}"))
    }
}

/// The set that a name such as `model-00002-of-00005.safetensors` is of; none where the name is not like that.
fn set(path: &str) -> Option<Set<'_>> {
    const MOST: u32 = 10_000;
    let (before, count) = path.split_once("-of-")?;
    let digits = count.find(|c: char| !c.is_ascii_digit())?;
    let (count, ending) = count.split_at(digits);
    let (before, number) = before.rsplit_once('-')?;
    let is_number = number.len() == count.len() && number.parse::<u32>().is_ok();
    let parsed = count.parse().ok();
    Some(Set {
        before,
        width: count.len(),
        count: parsed.filter(|count| is_number && *count <= MOST)?,
        ending,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::FileState;

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
    fn names_with_a_count_name_the_others() {
        let shards = set("q4/model-00002-of-00003.safetensors").unwrap();
        let names = |number: u32| format!("q4/model-{number:05}-of-00003.safetensors");
        assert_eq!(
            shards.names().collect::<Vec<_>>(),
            (1..=3).map(names).collect::<Vec<_>>()
        );
        for path in [
            "config.json",
            "best-of-breed.txt",
            "a-1-of-00003.bin",
            "a-1-of-3",
            "a-00001-of-99999.bin",
        ] {
            assert_eq!(set(path), None, "{path}");
        }
    }

    #[test]
    fn weights_that_are_not_there_are_named() {
        let look = |paths: &[&str], care, names: &[&str]| {
            let tensors = names.iter().enumerate();
            let map: BTreeMap<String, &&str> = tensors
                .map(|(tensor, name)| (format!("t{tensor}"), name))
                .collect();
            let index = serde_json::json!({"metadata": {}, "weight_map": map}).to_string();
            let missing = missing(&files(paths), care, |_| Some(index.into_bytes()));
            missing.into_iter().collect::<Vec<String>>()
        };
        let none = Vec::<String>::new();
        let two = [
            "model-00001-of-00002.safetensors",
            "model-00002-of-00002.safetensors",
        ];
        let whole = [INDEX, two[0], two[1]];
        for care in [Care::Quick, Care::Close] {
            assert_eq!(look(&whole, care, &two), none);
            assert_eq!(look(&whole[..2], care, &two), [two[1]]);
            assert_eq!(look(&whole[..1], care, &two), two);
            assert_eq!(look(&two[..1], care, &[]), [two[1]]);
            // What is left of another division into files is no reason to miss more of it.
            let left = [INDEX, two[0], two[1], "model-00001-of-00003.safetensors"];
            assert_eq!(look(&left, care, &two), none);
            let other = [INDEX, "a.safetensors", "q4-1-of-2.gguf"];
            let lacking = ["b.safetensors", "q4-2-of-2.gguf"];
            assert_eq!(look(&other, care, &["b.safetensors"]), lacking);
        }
        let no_json = |_: &str| Some(b"no JSON".to_vec());
        assert!(missing(&files(&[INDEX]), Care::Close, no_json).is_empty());
    }
}
