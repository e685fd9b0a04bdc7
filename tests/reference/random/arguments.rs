//! Arguments of blocks: right ones, misspelt ones, wrong ones.

use std::collections::{BTreeMap, BTreeSet};

use serde_yaml::Value;

use super::super::arguments::{Reading, read};
use super::super::documents::Backend;
use super::super::version::Version;
use super::Random;

/// Taken by most versions, whatever they are called.
const RIGHT: &[(&str, &str)] = &[
    ("--dtype", "bfloat16"),
    ("--dtype", "auto"),
    ("--dtype", "half"),
    ("--kv-cache-dtype", "fp8_e5m2"),
    ("--trust-remote-code", "true"),
    ("--trust-remote-code", "\"true\""),
    ("--trust-remote-code", "false"),
    ("--trust-remote-code", "null"),
    ("--max-num-batched-tokens", "8192"),
    ("--max-num-seqs", "\"256\""),
    ("--enforce-eager", "true"),
    ("--served-model-name", "[one, two]"),
    ("--port", "8000"),
    ("--seed", "7"),
    ("--host", "0.0.0.0"),
    // Misnamed.
    ("--max-batch-size", "64"),
    ("--max-context-len", "4096"),
    ("--context-length", "4096"),
    ("--max-model-len", "4096"),
    ("--max-running-requests", "16"),
    ("--chunked-prefill-size", "2048"),
    ("--page-size", "16"),
    ("--random-seed", "1"),
];

/// Taken by some versions and refused by others, or by all.
const DOUBTFUL: &[(&str, &str)] = &[
    ("--dtype", "float8_e4m3"),
    ("--dtype", "float8_e5m2"),
    ("--dtype", "bf16"),
    ("--kv-cache-dtype", "fp16"),
    ("--kv-cache-dtype", "fp8"),
    ("--device", "cuda"),
    ("--device", "rocm"),
    ("--block-size", "16"),
    ("--block-size", "7"),
    ("--load-format", "safetensors"),
    ("--load-format", "magic"),
    ("--tokenizer-mode", "slow"),
    ("--tokenizer-mode", "fast"),
    ("--quantization", "fp8"),
    ("--quantization", "fp9"),
    ("--swap-space", "4"),
    ("--disable-log-requests", "true"),
    ("--enable-ep-moe", "true"),
    ("--max_model_len", "4096"),
    ("--max_num_seqs", "8"),
    ("--compilation-config", "{level: 3}"),
    ("--compilation-config.level", "3"),
    ("--json-model-override-args.rope", "1"),
    ("--no-enable-prefix-caching", "null"),
    ("--cuda-graph-sizes", "[1, 2]"),
    ("--speculative-algo", "EAGLE"),
    ("--speculative-algo", "HAWK"),
    ("--such-flag-is-not", "1"),
    ("--Max-Model-Len", "4096"),
    ("-q", "fp8"),
];

const PARALLEL: &[&str] = &[
    "--tensor-parallel-size",
    "-tp",
    "--tp",
    "--tp-size",
    "--tensor_parallel_size",
];
const SHARE: &[&str] = &[
    "--gpu-memory-utilization",
    "--mem-fraction-static",
    "--gpu_memory_utilization",
];

/// Shares of memory that blocks give an engine.
pub const SHARES: [f64; 5] = [0.9, 0.95, 0.5, 0.85, 0.3];

/// Arguments of one block of a backend at a version.
pub fn arguments(
    random: &mut Random,
    backend: &Backend,
    version: &Version,
    gpus: u32,
    doubt: usize,
) -> BTreeMap<String, Value> {
    let mut drawn: Vec<(&str, String)> = Vec::new();
    if random.chance(60) {
        let parallel = match random.below(3) {
            0 => *random.pick(&[1, 2, 3, 4, 5, 8]),
            _ => gpus,
        };
        drawn.push((
            *random.pick(PARALLEL),
            number(random, &parallel.to_string()),
        ));
    }
    if random.chance(60) {
        let share = random.pick(&SHARES).to_string();
        drawn.push((*random.pick(SHARE), number(random, &share)));
    }
    for _ in 0..random.below(4) {
        let &(flag, value) = random.pick(RIGHT);
        drawn.push((flag, value.to_owned()));
    }
    if random.chance(doubt) {
        let &(flag, value) = random.pick(DOUBTFUL);
        drawn.push((flag, value.to_owned()));
    }

    let mut arguments = BTreeMap::new();
    let mut given = BTreeSet::new();
    for (flag, text) in drawn {
        let value: Value = serde_yaml::from_str(&text).unwrap();
        // An engine that takes no underscores has no name for these two, and what the block gives
        // it once unknown flags are allowed is not said.
        if flag.contains('_')
            && !backend.underscores
            && (PARALLEL.contains(&flag) || SHARE.contains(&flag))
        {
            continue;
        }
        let name = match read(backend, version, flag, &value) {
            Reading::Taken(name) => name,
            Reading::Refused => flag.to_owned(),
            Reading::Open => continue,
        };
        // One spelling of each.
        if given.insert(name.trim_end_matches(".*").to_owned()) {
            arguments.insert(flag.to_owned(), value);
        }
    }
    arguments
}

/// A number as YAML, sometimes in quotes.
fn number(random: &mut Random, text: &str) -> String {
    if random.chance(50) {
        format!("\"{text}\"")
    } else {
        text.to_owned()
    }
}
