//! Models of full size without their weights: headers whose tensors have the shapes that a configuration gives,
//! in files that are said to be as large as they would be.
#![allow(dead_code)]

pub mod shapes;

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

use aim_engine::card::{CardError, Made, Metadata, Repository, describe, make};
use serde_json::{Value as Json, json};

use shapes::Shape;

/// A model whose files are in memory, as far as they are read.
#[derive(Default)]
pub struct Files {
    files: BTreeMap<String, (Vec<u8>, u64)>,
    /// Bytes that were read of files with weights.
    pub read: AtomicU64,
}

impl Files {
    pub fn of(config: &Json) -> Files {
        let mut files = Files::default();
        files.add("config.json", config.to_string().into_bytes());
        files
    }

    pub fn add(&mut self, name: &str, bytes: Vec<u8>) {
        let size = bytes.len() as u64;
        self.files.insert(name.to_owned(), (bytes, size));
    }

    /// A file with weights of which only the header is there.
    pub fn add_weights(&mut self, name: &str, tensors: &[Shape]) {
        let (header, data) = header(tensors);
        let size = header.len() as u64 + data;
        self.files.insert(name.to_owned(), (header, size));
    }

    /// Several files and their index.
    pub fn add_shards(&mut self, tensors: &[Shape], files: usize) {
        let mut map = serde_json::Map::new();
        for (number, part) in tensors.chunks(tensors.len().div_ceil(files)).enumerate() {
            let name = format!("model-{:05}-of-{files:05}.safetensors", number + 1);
            self.add_weights(&name, part);
            for tensor in part {
                map.insert(tensor.name.clone(), name.clone().into());
            }
        }
        let index = json!({"metadata": {"total_size": 0}, "weight_map": map});
        self.add(
            "model.safetensors.index.json",
            index.to_string().into_bytes(),
        );
    }

    pub fn made(&self) -> Result<Made, CardError> {
        let description = describe("acme/Rocket", self)?;
        make("acme/Rocket", None, Metadata::default(), &description)
    }
}

/// The bytes of a header with its length, and how many bytes of data come behind.
pub fn header(tensors: &[Shape]) -> (Vec<u8>, u64) {
    let mut map = serde_json::Map::new();
    let mut at = 0;
    for tensor in tensors {
        let end = at + tensor.bytes();
        let entry =
            json!({"dtype": tensor.dtype, "shape": tensor.shape, "data_offsets": [at, end]});
        map.insert(tensor.name.clone(), entry);
        at = end;
    }
    let text = Json::Object(map).to_string();
    let mut bytes = (text.len() as u64).to_le_bytes().to_vec();
    bytes.extend_from_slice(text.as_bytes());
    (bytes, at)
}

impl Repository for Files {
    type Error = CardError;

    fn files(&self) -> Result<BTreeMap<String, u64>, CardError> {
        Ok(self
            .files
            .iter()
            .map(|(name, (_, size))| (name.clone(), *size))
            .collect())
    }

    fn read_small(&self, path: &str, most: u64) -> Result<Vec<u8>, CardError> {
        let (bytes, _) = &self.files[path];
        assert!(
            bytes.len() as u64 <= most,
            "{path} is larger than what may be read"
        );
        Ok(bytes.clone())
    }

    fn read_range(&self, path: &str, range: Range<u64>) -> Result<Vec<u8>, CardError> {
        let (bytes, size) = &self.files[path];
        let end = range.end.min(*size);
        assert!(end <= bytes.len() as u64, "weights of {path} are read");
        let start = usize::try_from(range.start.min(end)).unwrap();
        let part = &bytes[start..usize::try_from(end).unwrap()];
        self.read.fetch_add(part.len() as u64, Ordering::SeqCst);
        Ok(part.to_vec())
    }
}
