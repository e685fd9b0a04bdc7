//! What the last lines of a container mean: each cause by lines that engines write.

#![expect(clippy::expect_used, reason = "a test may fail")]

use aim_engine::launch::{Cause, Ended, causes};
use aim_engine::policy::{OF_FAILURES, Policy, RuleSources};
use aim_engine::store::{Layer, Store, StoreSpec};

/// A line, and the cause that it shows.
const LINES: &[(&str, &str)] = &[
    (
        "docker: Error response from daemon: error gathering device information while adding custom device \"/dev/kfd\": no such file or directory.",
        "failed_no_device_file",
    ),
    (
        "Error: stat /dev/kfd: no such file or directory",
        "failed_no_device_file",
    ),
    (
        "docker: Error response from daemon: Unable to find group render: no matching entries in group file.",
        "failed_no_group",
    ),
    (
        "docker: Error response from daemon: Conflict. The container name \"/aim-x\" is already in use by container \"0a1b\".",
        "failed_name_taken",
    ),
    (
        "docker: Error response from daemon: driver failed programming external connectivity on endpoint aim-x: Bind for 0.0.0.0:8000 failed: port is already allocated.",
        "failed_port_taken",
    ),
    (
        "OSError: [Errno 98] error while attempting to bind on address ('0.0.0.0', 8000): address already in use",
        "failed_port_taken",
    ),
    (
        "docker: Error response from daemon: pull access denied for acme/vllm, repository does not exist or may require 'docker login'",
        "failed_no_image",
    ),
    (
        "Error response from daemon: manifest for vllm/vllm-openai-rocm:v9 not found: manifest unknown: manifest unknown",
        "failed_no_image",
    ),
    (
        "Error response from daemon: Get \"https://registry-1.docker.io/v2/\": dial tcp: lookup registry-1.docker.io on 10.0.0.2:53: no such host",
        "failed_registry_unreachable",
    ),
    (
        "docker: Error response from daemon: failed to create shim task: OCI runtime create failed: exec: \"vllm\": executable file not found in $PATH: unknown.",
        "failed_no_program",
    ),
    (
        "vllm: error: unrecognized arguments: --turbo",
        "failed_unknown_flag",
    ),
    (
        "vllm serve: error: argument --dtype: invalid choice: 'float7' (choose from auto, half)",
        "failed_flag_value",
    ),
    (
        "ValueError: User-specified max_model_len (131072) is greater than the derived max_model_len (max_position_embeddings=32768)",
        "failed_max_model_len",
    ),
    (
        "ValueError: Total number of attention heads (25) must be divisible by tensor parallel size (8).",
        "failed_split",
    ),
    (
        "ValueError: World size (8) is larger than the number of available GPUs (4) in this node.",
        "failed_split",
    ),
    (
        "ValueError: Model architectures ['RocketForCausalLM'] are not supported for now. Supported architectures: ...",
        "failed_unknown_architecture",
    ),
    (
        "Please pass the argument `trust_remote_code=True` to allow custom code to be run.",
        "failed_remote_code",
    ),
    (
        "ValueError: Free memory on device (10.2/191.9 GiB) on startup is less than desired GPU memory utilization (0.9, 172.7 GiB).",
        "failed_gpu_in_use",
    ),
    (
        "torch.OutOfMemoryError: HIP out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 191.98 GiB",
        "failed_gpu_memory",
    ),
    (
        "ValueError: No available memory for the cache blocks. Try increasing `gpu_memory_utilization` when initializing the engine.",
        "failed_cache_memory",
    ),
    (
        "ValueError: To serve at least one request with the models's max seq len (131072), (16.00 GiB KV cache is needed, which is larger than the available KV cache memory (3.20 GiB).",
        "failed_cache_memory",
    ),
    (
        "RuntimeError: unable to open shared memory object </torch_1_2> in read-write mode: No space left on device (28)",
        "failed_shared_memory",
    ),
    (
        "OSError: You are trying to access a gated repo. Make sure to have access to it at https://huggingface.co/acme/rocket.",
        "failed_gated",
    ),
    (
        "huggingface_hub.errors.RepositoryNotFoundError: 404 Client Error. Repository Not Found for url: https://huggingface.co/api/models/acme/rocket.",
        "failed_no_model",
    ),
    (
        "OSError: We couldn't connect to 'https://huggingface.co' to load the files, and couldn't find them in the cached files.",
        "failed_hub_unreachable",
    ),
    (
        "OSError: [Errno 28] No space left on device",
        "failed_disk_full",
    ),
    (
        "PermissionError: [Errno 13] Permission denied: '/workspace/model-cache/hub'",
        "failed_cache_permission",
    ),
    ("RuntimeError: No HIP GPUs are available", "failed_no_gpu"),
    (
        "torch.AcceleratorError: HIP error: invalid device function",
        "failed_foreign_image",
    ),
    (
        "torch.distributed.DistBackendError: NCCL error in: ProcessGroupNCCL.cpp:77, unhandled system error",
        "failed_collective",
    ),
    (
        "Memory access fault by GPU node-4 (Agent handle: 0x55d0) on address 0x7f1. Reason: Unknown.",
        "failed_gpu_fault",
    ),
];

/// An exit code, whether memory ran out, and the cause that they show.
const CODES: &[(i64, bool, &str)] = &[
    (137, true, "failed_host_memory"),
    (137, false, "failed_killed"),
    (139, false, "failed_crashed"),
];

struct Rules {
    store: Store,
    policy: Policy,
}

fn rules(site: &[std::path::PathBuf]) -> Rules {
    let spec = StoreSpec {
        layers: Layer::stack(None, &[]),
        file: Some(tempfile::tempdir().expect("a folder").keep().join("s.db")),
        ..StoreSpec::default()
    };
    let store = Store::open(&spec).expect("a store");
    let sources = RuleSources::read(&[], site).expect("rules");
    let policy = Policy::load_failures(sources, &store).expect("a policy");
    Rules { store, policy }
}

impl Rules {
    fn of(&self, lines: &[&str], code: i64, out_of_memory: bool) -> Vec<Cause> {
        let ended = Ended {
            model: "acme/rocket",
            backend: "vllm",
            lines,
            code: Some(code),
            out_of_memory,
        };
        causes(&self.store, &self.policy, &ended).expect("causes")
    }
}

#[test]
fn each_line_tells_its_cause_and_no_other() {
    let rules = rules(&[]);
    for (line, relation) in LINES {
        let found = rules.of(&["INFO starting", line, "Traceback"], 1, false);
        let names: Vec<&str> = found.iter().map(|cause| cause.relation.as_str()).collect();
        assert_eq!(names, [*relation], "{line}");
        assert_eq!(found[0].line.as_deref(), Some(*line));
        assert!(found[0].says.ends_with('.'), "{}", found[0].says);
        assert!(found[0].help.is_some(), "{relation}");
    }
}

#[test]
fn each_exit_code_tells_its_cause() {
    let rules = rules(&[]);
    for (code, out_of_memory, relation) in CODES {
        let found = rules.of(&["INFO starting"], *code, *out_of_memory);
        let names: Vec<&str> = found.iter().map(|cause| cause.relation.as_str()).collect();
        assert_eq!(names, [*relation], "{code}");
        assert_eq!(found[0].line, None);
    }
    assert_eq!(rules.of(&["INFO starting"], 1, false), []);
}

#[test]
fn each_cause_has_an_example() {
    let rules = rules(&[]);
    let known: Vec<&str> = LINES
        .iter()
        .map(|(_, relation)| *relation)
        .chain(CODES.iter().map(|(_, _, relation)| *relation))
        .collect();
    for (_, relation) in rules.policy.relations_named(OF_FAILURES) {
        assert!(known.contains(&relation.as_str()), "{relation}");
    }
}

#[test]
fn what_a_log_says_beside_is_no_cause() {
    let ordinary = [
        "INFO 11-21 07:00:01 [api_server.py:1899] vLLM API server version 0.24.0",
        "INFO Loading safetensors checkpoint shards: 100% Completed | 17/17",
        "WARNING [rocm.py:280] Model architecture 'Qwen3ForCausalLM' is partially supported by ROCm",
        "INFO: 127.0.0.1:40112 - \"GET /health HTTP/1.1\" 200 OK",
        "INFO Graph capturing finished in 21 secs, took 3.05 GiB",
        "INFO Using trust_remote_code=False",
        "INFO Available KV cache memory: 101.2 GiB",
    ];
    assert_eq!(rules(&[]).of(&ordinary, 1, false), []);
}

#[test]
fn a_site_adds_a_cause() {
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("site.dl");
    let text = "/// The licence server of {model} does not answer.\n/// help: call 4711.\n\
                .decl failed_licence(line: number, text: symbol, model: symbol)\n\
                failed_licence(L, T, M) :- log_line(L, T), launched(M, _), contains(\"no licence\", T).\n";
    std::fs::write(&file, text).expect("a file");
    let found = rules(&[file]).of(&["no licence today"], 1, false);
    assert_eq!(found.len(), 1);
    assert_eq!(
        found[0].says,
        "The licence server of acme/rocket does not answer."
    );
    assert_eq!(found[0].help.as_deref(), Some("call 4711."));
}
