//! Where a model's files are: on a hub or in a folder. Only small files and headers are read.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread;

use serde::Deserialize;

use super::config::Config;
use super::error::{CardError, shown};
use super::knowledge::knowledge;
use super::safetensors::{LENGTH_BYTES, Tensor, header_length, tensors};

/// The largest configuration that is read.
const MOST_CONFIG: u64 = 8 << 20;
/// The largest index of weights that is read.
const MOST_INDEX: u64 = 64 << 20;
/// More files of weights than any model has.
const MOST_FILES: usize = 5_000;
/// So many headers are asked for at a time.
const AT_ONCE: usize = 8;

const INDEX: &str = "model.safetensors.index.json";
const SINGLE: &str = "model.safetensors";

/// The files of one revision of a model.
pub trait Repository: Sync {
    /// What goes wrong in reading them.
    type Error: From<CardError> + Send;

    /// Whether a file that is not listed is one that the model does not have.
    fn is_whole(&self) -> bool {
        true
    }

    /// All files with their sizes.
    ///
    /// # Errors
    /// They cannot be listed.
    fn files(&self) -> Result<BTreeMap<String, u64>, Self::Error>;

    /// A file of at most so many bytes, as a whole.
    ///
    /// # Errors
    /// It cannot be read, or is larger.
    fn read_small(&self, path: &str, most: u64) -> Result<Vec<u8>, Self::Error>;

    /// Some bytes of a file; fewer where it ends before.
    ///
    /// # Errors
    /// It cannot be read.
    fn read_range(&self, path: &str, range: Range<u64>) -> Result<Vec<u8>, Self::Error>;
}

/// What a model's files say, before anything is made of it.
#[derive(Debug)]
pub struct Description {
    pub(super) config: Config,
    /// Small files beside the configuration, by name.
    pub(super) beside: BTreeMap<String, Vec<u8>>,
    /// The tensors; none where there are no files with headers.
    pub(super) tensors: Option<Vec<Tensor>>,
    /// What there is to say.
    pub(super) notes: Vec<String>,
    /// How many headers were read.
    pub headers: usize,
    /// How many bytes of files with weights were read.
    pub header_bytes: u64,
}

/// Reads what describes a model: its configuration, and the headers of its weights.
///
/// # Errors
/// A file cannot be read, or is not what its name says.
pub fn describe<R: Repository>(model: &str, repository: &R) -> Result<Description, R::Error> {
    let files = repository.files()?;
    let known = knowledge();
    let Some(name) = known.configs.iter().find(|name| files.contains_key(*name)) else {
        return Err(no_config(model, &files).into());
    };
    let config = Config::read(name, &repository.read_small(name, MOST_CONFIG)?)?;
    let mut beside = BTreeMap::new();
    for name in known.quantization.files.keys() {
        if files.contains_key(name) {
            beside.insert(name.clone(), repository.read_small(name, MOST_CONFIG)?);
        }
    }
    let mut description = Description {
        config,
        beside,
        tensors: None,
        notes: Vec::new(),
        headers: 0,
        header_bytes: 0,
    };
    let index = match files.contains_key(INDEX) {
        true => Some(read_index(&repository.read_small(INDEX, MOST_INDEX)?)?),
        false => None,
    };
    if let (Some(index), false) = (&index, repository.is_whole()) {
        let named: BTreeSet<&String> = index.values().collect();
        let missing = named.iter().filter(|name| !files.contains_key(**name));
        let missing = missing.count();
        if missing > 0 {
            description.notes.push(format!(
                "{missing} of {} files with weights are missing: parameters are not known",
                named.len()
            ));
            return Ok(description);
        }
    }
    let of_weights = weights(&files, index.as_ref())?;
    if of_weights.is_empty() {
        description.notes.push(no_headers(&files));
        return Ok(description);
    }
    let (tensors, bytes) = headers(repository, &files, &of_weights)?;
    description.headers = of_weights.len();
    description.header_bytes = bytes;
    description.tensors = Some(match index {
        None => tensors.into_values().flatten().collect(),
        Some(index) => indexed(&index, tensors, &mut description.notes),
    });
    Ok(description)
}

/// Which file has which tensor.
type Index = BTreeMap<String, String>;

fn read_index(bytes: &[u8]) -> Result<Index, CardError> {
    #[derive(Deserialize)]
    struct File {
        weight_map: Index,
    }
    let file: File = serde_json::from_slice(bytes).map_err(|error| CardError::Index {
        file: INDEX.to_owned(),
        because: error.to_string(),
    })?;
    Ok(file.weight_map)
}

/// The files with weights that an engine loads.
fn weights(
    files: &BTreeMap<String, u64>,
    index: Option<&Index>,
) -> Result<BTreeSet<String>, CardError> {
    let wrong = |because: String| CardError::Index {
        file: INDEX.to_owned(),
        because,
    };
    if let Some(index) = index {
        let named: BTreeSet<String> = index.values().cloned().collect();
        if let Some(missing) = named.iter().find(|name| !files.contains_key(*name)) {
            let missing = shown(missing);
            return Err(wrong(format!(
                "it names {missing}, which the model does not have"
            )));
        }
        if named.len() > MOST_FILES {
            return Err(wrong(format!("it names {} files", named.len())));
        }
        return Ok(named);
    }
    if files.contains_key(SINGLE) {
        return Ok(BTreeSet::from([SINGLE.to_owned()]));
    }
    let is_weights = |name: &&String| {
        name.ends_with(".safetensors") && !name.contains('/') && !name.starts_with("adapter")
    };
    // The same weights once more, for another loader.
    let is_copy = |name: &str| name.starts_with("consolidated");
    let all: BTreeSet<String> = files.keys().filter(is_weights).cloned().collect();
    let others: BTreeSet<String> = all.iter().filter(|name| !is_copy(name)).cloned().collect();
    Ok(match others.is_empty() {
        true => all,
        false => others,
    })
}

/// The tensors of each file.
type ByFile = BTreeMap<String, Vec<Tensor>>;

/// The headers of files, several at a time, and how many bytes they are.
fn headers<R: Repository>(
    repository: &R,
    sizes: &BTreeMap<String, u64>,
    files: &BTreeSet<String>,
) -> Result<(ByFile, u64), R::Error> {
    let files: Vec<&String> = files.iter().collect();
    let next = AtomicUsize::new(0);
    let bytes = AtomicU64::new(0);
    let found = Mutex::new((BTreeMap::new(), None));
    let work = || {
        while let Some(file) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
            let read = header(repository, file, sizes.get(*file).copied(), &bytes);
            let Ok(mut found) = found.lock() else {
                return;
            };
            match read {
                Ok(tensors) => {
                    found.0.insert((*file).clone(), tensors);
                }
                Err(error) => {
                    found.1.get_or_insert(error);
                    next.store(files.len(), Ordering::Relaxed);
                }
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..AT_ONCE.min(files.len()) {
            scope.spawn(work);
        }
    });
    let (tensors, error) = found
        .into_inner()
        .unwrap_or_else(|poisoned| poisoned.into_inner());
    match error {
        Some(error) => Err(error),
        None => Ok((tensors, bytes.into_inner())),
    }
}

/// The tensors of one file, from its header and nothing behind it.
fn header<R: Repository>(
    repository: &R,
    file: &str,
    size: Option<u64>,
    read: &AtomicU64,
) -> Result<Vec<Tensor>, R::Error> {
    let first = repository.read_range(file, 0..LENGTH_BYTES)?;
    read.fetch_add(first.len() as u64, Ordering::Relaxed);
    let length = header_length(file, &first, size)?;
    let header = repository.read_range(file, LENGTH_BYTES..LENGTH_BYTES + length)?;
    read.fetch_add(header.len() as u64, Ordering::Relaxed);
    if header.len() as u64 != length {
        let because = "it ends in its header".to_owned();
        let file = file.to_owned();
        return Err(CardError::Safetensors { file, because }.into());
    }
    Ok(tensors(file, &header, size)?)
}

/// The tensors that the index names, each from the file that it names.
fn indexed(index: &Index, mut tensors: ByFile, notes: &mut Vec<String>) -> Vec<Tensor> {
    let mut all = Vec::with_capacity(index.len());
    for (file, tensors) in &mut tensors {
        let named = |tensor: &Tensor| index.get(&tensor.name).is_some_and(|named| named == file);
        all.extend(std::mem::take(tensors).into_iter().filter(named));
    }
    let missing = index.len() - all.len().min(index.len());
    if missing > 0 {
        notes.push(format!(
            "{INDEX} names {missing} tensors that its files do not have: they are not counted"
        ));
    }
    all
}

/// What to say where nothing describes a model.
fn no_config(model: &str, files: &BTreeMap<String, u64>) -> CardError {
    let has = |ending: &str| files.keys().any(|name| name.ends_with(ending));
    let begin = "begin a card by hand with `aim-engine new model`";
    let (instead, help) = if files.contains_key("adapter_config.json") {
        (
            "it is an adapter",
            "fetch the card of the model that it adapts".to_owned(),
        )
    } else if has(".gguf") {
        (
            "it has weights for llama.cpp",
            format!("fetch the card of the model that they were made from, or {begin}"),
        )
    } else if files.is_empty() {
        ("it has no files", "check the revision".to_owned())
    } else {
        ("it is made for another library", begin.to_owned())
    };
    CardError::NoConfig {
        model: model.to_owned(),
        instead: instead.to_owned(),
        help,
    }
}

/// What to say where no file has a header.
fn no_headers(files: &BTreeMap<String, u64>) -> String {
    let of = |ending: &str| files.keys().find(|name| name.ends_with(ending));
    match [".bin", ".pt", ".pth", ".gguf"].into_iter().find_map(of) {
        Some(name) => format!(
            "the weights are in {} and not in safetensors files, which say their shapes: \
             parameters are not known",
            shown(name)
        ),
        None => "there are no files with weights: parameters are not known".to_owned(),
    }
}
