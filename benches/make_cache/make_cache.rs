//! Writes a model cache of so many models, the same for the same seed: `make_cache DIR MODELS [SEED]`.
//!
//! Names, files and sizes are those that models have: six to thirty files, the weights in shards (sparse
//! ones, so that they take no room), an index that names each tensor. Every third model has two commits
//! that share their weights, every other one was fetched by another tool, and one in twenty is begun only.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::ExitCode;

/// Small files that models have, with their bytes.
const SMALL: [(&str, usize); 8] = [
    ("config.json", 700),
    ("generation_config.json", 240),
    ("tokenizer_config.json", 9_700),
    ("README.md", 16_000),
    ("LICENSE", 11_300),
    (".gitattributes", 1_500),
    ("merges.txt", 20_000),
    ("vocab.json", 30_000),
];
/// So many of them every model has.
const ALWAYS: usize = 4;
/// A file of this size is named by its SHA-256.
const TOKENIZER: u64 = 11_400_000;
const SHARD: u64 = 4_900_000_000;
const MOST_SHARDS: u64 = 20;
/// The weights of a layer.
const PARTS: [&str; 11] = [
    "input_layernorm",
    "post_attention_layernorm",
    "self_attn.q_proj",
    "self_attn.k_proj",
    "self_attn.v_proj",
    "self_attn.o_proj",
    "self_attn.q_norm",
    "self_attn.k_norm",
    "mlp.gate_proj",
    "mlp.up_proj",
    "mlp.down_proj",
];

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let made = match &words[..] {
        [dir, models, seed @ ..] => {
            let seed = seed.first().map_or(Ok(1), |seed| seed.parse());
            match (models.parse(), seed) {
                (Ok(models), Ok(seed)) => make(Path::new(dir), models, Dice(seed)),
                _ => Err(io::Error::other("MODELS and SEED are whole numbers")),
            }
        }
        _ => Err(io::Error::other("usage: make_cache DIR MODELS [SEED]")),
    };
    match made {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("make_cache: {error}");
            ExitCode::from(2)
        }
    }
}

/// Numbers that look random and are the same for the same seed (splitmix64).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, most: u64) -> u64 {
        self.next() % most
    }

    /// So many hexadecimal digits.
    fn hex(&mut self, digits: usize) -> String {
        let mut text = String::new();
        while text.len() < digits {
            let _ = write!(text, "{:016x}", self.next());
        }
        text.truncate(digits);
        text
    }
}

/// A file of a commit: the name of its content and what is in it.
struct Content {
    blob: String,
    size: u64,
    /// The first bytes, as many as matter; the rest is a hole.
    bytes: Vec<u8>,
}

fn make(dir: &Path, models: usize, mut dice: Dice) -> io::Result<()> {
    for model in 0..models {
        let id = format!("org-{}/Model-{model}-Instruct", model / 8);
        let folder = dir.join("hub/models--".to_owned() + &id.replace('/', "--"));
        one(&folder, &id, model, &mut dice)?;
    }
    Ok(())
}

fn one(folder: &Path, id: &str, number: usize, dice: &mut Dice) -> io::Result<()> {
    for name in ["blobs", "refs", "snapshots"] {
        fs::create_dir_all(folder.join(name))?;
    }
    let mut files = files(dice);
    for turn in 0..if number.is_multiple_of(3) { 2 } else { 1 } {
        let commit = dice.hex(40);
        if turn == 1 {
            for path in ["config.json", "README.md"] {
                if let Some(file) = files.get_mut(path) {
                    file.blob = dice.hex(40);
                }
            }
        }
        let snapshot = folder.join("snapshots").join(&commit);
        let mut manifest = serde_json::Map::new();
        for (path, file) in &files {
            let entry = serde_json::json!({"size": file.size, "blob": file.blob});
            manifest.insert(path.clone(), entry);
            let blob = folder.join("blobs").join(&file.blob);
            let last = path.contains(".safetensors") && !path.ends_with(".json");
            if number % 20 == 7 && last {
                let begun = File::create(blob.with_extension("incomplete"))?;
                begun.set_len(file.size / 3)?;
                continue;
            }
            if !blob.exists() {
                fs::write(&blob, &file.bytes)?;
                File::options()
                    .write(true)
                    .open(&blob)?
                    .set_len(file.size)?;
            }
            let link = snapshot.join(path);
            if let Some(above) = link.parent() {
                fs::create_dir_all(above)?;
            }
            let up = "../".repeat(2 + path.matches('/').count());
            symlink(format!("{up}blobs/{}", file.blob), link)?;
        }
        if number.is_multiple_of(2) {
            let manifest = serde_json::json!({
                "format_version": 1, "model": id, "commit": commit, "revision": "main",
                "added_at": 1_750_000_000 + number, "files": manifest,
            });
            fs::create_dir_all(folder.join(".aim"))?;
            let text = serde_json::to_string_pretty(&manifest)?;
            fs::write(folder.join(".aim").join(format!("{commit}.json")), text)?;
        }
        fs::write(folder.join("refs/main"), &commit)?;
    }
    Ok(())
}

/// The files of a model, by their paths.
fn files(dice: &mut Dice) -> BTreeMap<String, Content> {
    let mut files = BTreeMap::new();
    for (place, (path, size)) in SMALL.into_iter().enumerate() {
        if place < ALWAYS || dice.below(2) == 0 {
            let bytes = vec![b' '; size];
            files.insert(path.to_owned(), Content::small(bytes, dice));
        }
    }
    let tokenizer = Content::large(TOKENIZER, dice);
    files.insert("tokenizer.json".to_owned(), tokenizer);
    let shards = 1 + dice.below(MOST_SHARDS);
    if shards == 1 {
        let weights = Content::large(SHARD, dice);
        files.insert("model.safetensors".to_owned(), weights);
        return files;
    }
    let name = |shard: u64| format!("model-{shard:05}-of-{shards:05}.safetensors");
    let mut map = serde_json::Map::new();
    for shard in 1..=shards {
        let size = SHARD + dice.below(100_000_000);
        files.insert(name(shard), Content::large(size, dice));
        for layer in 4 * (shard - 1)..4 * shard {
            for part in PARTS {
                let tensor = format!("model.layers.{layer}.{part}.weight");
                map.insert(tensor, name(shard).into());
            }
        }
    }
    let index = serde_json::json!({"metadata": {"total_size": SHARD * shards}, "weight_map": map});
    let index = format!("{index:#}").into_bytes();
    let path = "model.safetensors.index.json".to_owned();
    files.insert(path, Content::small(index, dice));
    files
}

impl Content {
    fn small(bytes: Vec<u8>, dice: &mut Dice) -> Content {
        Content {
            blob: dice.hex(40),
            size: bytes.len() as u64,
            bytes,
        }
    }

    fn large(size: u64, dice: &mut Dice) -> Content {
        Content {
            blob: dice.hex(64),
            size,
            bytes: Vec::new(),
        }
    }
}
