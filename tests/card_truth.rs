//! Cards made of configurations and headers say what the built-in cards say of the same models.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on ends"
)]

mod models;

use std::sync::atomic::Ordering;

use aim_engine::card::{Made, update};
use aim_engine::catalog::model::{self, Model};
use aim_engine::catalog::{embedded, yaml};
use serde_json::{Value as Json, json};

use models::Files;
use models::shapes::{Shape, decoder, deepseek, gpt_oss};

fn embedded_card(id: &str) -> (Model, Option<u64>) {
    let bytes = embedded::read(&format!("models/{id}.yaml")).unwrap();
    let root = yaml::read_bytes(bytes).unwrap();
    let active = root.get("active_parameters").and_then(yaml::Node::text);
    let active = active.map(|text| text.parse().unwrap());
    (model::read(&root).unwrap().0, active)
}

fn made(config: &Json, tensors: &[Shape]) -> Made {
    let mut files = Files::of(config);
    files.add_shards(tensors, 7);
    let made = files.made().unwrap();
    let headers: usize = tensors.len();
    assert!(files.read.load(Ordering::SeqCst) < 400 * headers as u64);
    made
}

/// The card of these figures, read as the catalog reads cards.
fn read(made: &Made) -> (Model, Option<u64>) {
    let text = made.text();
    let root = yaml::read(&text).unwrap_or_else(|problems| panic!("{problems:?}\n{text}"));
    let (card, problems) = model::read(&root).unwrap_or_else(|problems| panic!("{problems:?}"));
    assert!(problems.is_empty(), "{problems:?}\n{text}");
    let active = root.get("active_parameters").and_then(yaml::Node::text);
    (card, active.map(|text| text.parse().unwrap()))
}

/// Fails unless both cards say the same of what memory needs.
#[track_caller]
fn agrees(id: &str, made: &Made) {
    let (card, active) = read(made);
    let (wanted, wanted_active) = embedded_card(id);
    assert_eq!(card.attention, wanted.attention, "{id}");
    assert_eq!(card.parameters, wanted.parameters, "{id}");
    assert_eq!(active, wanted_active, "{id}");
    assert_eq!(card.context_length, wanted.context_length, "{id}");
    assert_eq!(card.weights_precision, wanted.weights_precision, "{id}");
    assert_eq!(made.notes, Vec::<String>::new());
    changes_no_figure(id, made);
}

/// Fails unless the built-in card's update leaves its figures, and all of its lines but those that tell of them.
#[track_caller]
fn changes_no_figure(id: &str, made: &Made) {
    let bytes = embedded::read(&format!("models/{id}.yaml")).unwrap();
    let text = std::str::from_utf8(bytes).unwrap();
    let made = Made {
        model: id.to_owned(),
        ..made.clone()
    };
    let updated = update(text, &made).unwrap();
    assert_eq!(updated.notes, Vec::<String>::new(), "{id}");
    for change in &updated.changes {
        let is_about = change.key == "uncertain" || change.key.starts_with("sources.");
        let is_new = change.key == "weights_gib" && change.from.is_none();
        assert!(is_about || is_new, "{id}: {change:?}");
    }
    let is_about = |line: &&str| {
        let told = ["weights_gib:", "uncertain:"];
        !told.iter().any(|key| line.trim_start().starts_with(key))
    };
    let kept = |text: &'static str| text.lines().filter(is_about).collect::<Vec<_>>();
    let after = updated.text.lines().filter(is_about).collect::<Vec<_>>();
    assert_eq!(after, kept(text), "{id}");
    let again = update(&updated.text, &made).unwrap();
    assert_eq!(again.changes, Vec::new(), "{id}");
}

fn qwen3_32b() -> Json {
    json!({"model_type": "qwen3", "hidden_size": 5120, "intermediate_size": 25600,
        "num_hidden_layers": 64, "num_attention_heads": 64, "num_key_value_heads": 8,
        "head_dim": 128, "vocab_size": 151_936, "max_position_embeddings": 40_960,
        "max_window_layers": 64, "sliding_window": null, "use_sliding_window": false,
        "rope_scaling": null, "tie_word_embeddings": false, "torch_dtype": "bfloat16"})
}

fn with(mut config: Json, more: &Json) -> Json {
    let map = config.as_object_mut().unwrap();
    map.extend(more.as_object().unwrap().clone());
    config
}

#[test]
fn dense_models() {
    let config = qwen3_32b();
    agrees("Qwen/Qwen3-32B", &made(&config, &decoder(&config, "BF16")));
    let fp8 = json!({"quantization_config": {"quant_method": "fp8", "fmt": "e4m3",
        "weight_block_size": [128, 128], "activation_scheme": "dynamic"}});
    let config = with(config, &fp8);
    agrees(
        "Qwen/Qwen3-32B-FP8",
        &made(&config, &decoder(&config, "F8_E4M3")),
    );
    let config = json!({"model_type": "llama", "hidden_size": 2048, "intermediate_size": 8192,
        "num_hidden_layers": 16, "num_attention_heads": 32, "num_key_value_heads": 8,
        "head_dim": 64, "vocab_size": 128_256, "max_position_embeddings": 131_072,
        "tie_word_embeddings": true, "torch_dtype": "bfloat16",
        "rope_scaling": {"factor": 32.0, "high_freq_factor": 4.0, "low_freq_factor": 1.0,
            "original_max_position_embeddings": 8192, "rope_type": "llama3"}});
    agrees(
        "meta-llama/Llama-3.2-1B-Instruct",
        &made(&config, &decoder(&config, "BF16")),
    );
}

#[test]
fn quantized_weights_are_counted_as_what_they_stand_for() {
    let config = json!({"model_type": "llama", "hidden_size": 8192, "intermediate_size": 28672,
        "num_hidden_layers": 80, "num_attention_heads": 64, "num_key_value_heads": 8,
        "vocab_size": 128_256, "max_position_embeddings": 131_072,
        "tie_word_embeddings": false, "torch_dtype": "bfloat16",
        "rope_scaling": {"factor": 8.0, "rope_type": "llama3"}});
    let mxfp4 = json!({"quantization_config": {"quant_method": "quark", "exclude": ["lm_head"],
        "global_quant_config": {"weight": {"dtype": "fp4", "qscheme": "per_group",
            "group_size": 32, "scale_format": "e8m0"}, "input_tensors": {"dtype": "fp4"}}}});
    let mxfp4 = with(config.clone(), &mxfp4);
    agrees(
        "amd/Llama-3.3-70B-Instruct-MXFP4-Preview",
        &made(&mxfp4, &decoder(&mxfp4, "U8")),
    );
    let awq = json!({"quantization_config": {"quant_method": "awq", "bits": 4, "group_size": 128,
        "version": "gemm", "zero_point": true}});
    let awq = with(config, &awq);
    let made = made(&awq, &decoder(&awq, "I32"));
    assert_eq!(made.parameters.unwrap().value, 70_553_706_496);
    assert_eq!(made.weights_precision.unwrap().value, "int4");
}

#[test]
fn experts() {
    let config = json!({"model_type": "qwen3_moe", "hidden_size": 2048, "intermediate_size": 6144,
        "moe_intermediate_size": 768, "num_experts": 128, "num_experts_per_tok": 8,
        "num_hidden_layers": 48, "num_attention_heads": 32, "num_key_value_heads": 4,
        "head_dim": 128, "vocab_size": 151_936, "max_position_embeddings": 40_960,
        "max_window_layers": 48, "use_sliding_window": false, "tie_word_embeddings": false,
        "torch_dtype": "bfloat16"});
    agrees(
        "Qwen/Qwen3-30B-A3B",
        &made(&config, &decoder(&config, "BF16")),
    );
    for (id, layers, experts) in [
        ("openai/gpt-oss-20b", 24, 32),
        ("openai/gpt-oss-120b", 36, 128),
    ] {
        let config = json!({"model_type": "gpt_oss", "hidden_size": 2880, "intermediate_size": 2880,
            "num_local_experts": experts, "num_experts_per_tok": 4, "experts_per_token": 4,
            "num_hidden_layers": layers, "num_attention_heads": 64, "num_key_value_heads": 8,
            "head_dim": 64, "vocab_size": 201_088, "max_position_embeddings": 131_072,
            "sliding_window": 128, "tie_word_embeddings": false,
            "rope_scaling": {"rope_type": "yarn", "factor": 32.0, "truncate": false,
                "original_max_position_embeddings": 4096},
            "quantization_config": {"quant_method": "mxfp4"}});
        agrees(id, &made(&config, &gpt_oss(&config)));
    }
}

/// The router's biases are parameters in the weights, and in the built-in card they are not.
#[test]
fn latent_attention() {
    let config = json!({"model_type": "deepseek_v3", "hidden_size": 7168, "intermediate_size": 18432,
        "moe_intermediate_size": 2048, "n_routed_experts": 256, "n_shared_experts": 1,
        "num_experts_per_tok": 8, "first_k_dense_replace": 3, "num_hidden_layers": 61,
        "num_nextn_predict_layers": 1, "num_attention_heads": 128, "num_key_value_heads": 128,
        "q_lora_rank": 1536, "kv_lora_rank": 512, "qk_nope_head_dim": 128, "qk_rope_head_dim": 64,
        "v_head_dim": 128, "vocab_size": 129_280, "max_position_embeddings": 163_840,
        "tie_word_embeddings": false, "torch_dtype": "bfloat16",
        "rope_scaling": {"type": "yarn", "factor": 40, "original_max_position_embeddings": 4096},
        "quantization_config": {"quant_method": "fp8", "fmt": "e4m3", "weight_block_size": [128, 128]}});
    let mut made = made(&config, &deepseek(&config, "F8_E4M3"));
    let biases = 58 * 256;
    for figure in [&mut made.parameters, &mut made.active_parameters] {
        figure.as_mut().unwrap().value -= biases;
    }
    let from = &made.parameters.as_ref().unwrap().from;
    assert!(
        from.contains("of layers for multi-token prediction not counted"),
        "{from}"
    );
    agrees("deepseek-ai/DeepSeek-V3", &made);
}
