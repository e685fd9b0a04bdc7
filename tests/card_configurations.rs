//! What configurations of all architectures say of the cache, the context and the precision; and that
//! configurations and headers of strangers do no harm.
//!
//! The numbers of layers are those that the architectures' own code derives from the same configurations.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on ends"
)]

mod models;

use aim_engine::card::{Made, header_length, tensors};
use aim_engine::catalog::{model, yaml};
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use models::Files;
use models::shapes::Tensors;

fn made(config: &Json) -> Made {
    Files::of(config).made().unwrap()
}

/// The figures of attention in one line: `layers 62, heads 32`.
fn attention(made: &Made) -> String {
    let figures = made.values().into_iter().filter_map(|value| {
        let key = value.key.strip_prefix("attention.")?;
        Some(format!("{key} {}", value.value))
    });
    figures.collect::<Vec<_>>().join(", ")
}

#[test]
fn architectures() {
    for (config, wanted) in [
        // What is left out is the default of the architecture.
        (
            json!({"model_type": "gemma3", "text_config": {"model_type": "gemma3_text",
                "hidden_size": 2560, "num_hidden_layers": 34, "sliding_window": 1024}}),
            "layers 34, heads 8, kv_heads 4, head_dim 256, sliding_window 1024, sliding_layers 29",
        ),
        (
            json!({"model_type": "gemma3", "text_config": {"model_type": "gemma3_text",
                "num_hidden_layers": 62, "num_attention_heads": 32, "num_key_value_heads": 16,
                "head_dim": 128, "sliding_window": 1024}}),
            "layers 62, heads 32, kv_heads 16, head_dim 128, sliding_window 1024, sliding_layers 52",
        ),
        (
            json!({"model_type": "gemma2", "num_hidden_layers": 42, "num_attention_heads": 16,
                "num_key_value_heads": 8, "head_dim": 256, "sliding_window": 4096}),
            "layers 42, heads 16, kv_heads 8, head_dim 256, sliding_window 4096, sliding_layers 21",
        ),
        (
            json!({"model_type": "gemma3n", "text_config": {"model_type": "gemma3n_text",
                "num_hidden_layers": 35, "sliding_window": 512, "num_kv_shared_layers": 15}}),
            "layers 35, cached_layers 20, heads 8, kv_heads 2, head_dim 256, \
             sliding_window 512, sliding_layers 16",
        ),
        (
            json!({"model_type": "llama4", "text_config": {"model_type": "llama4_text",
                "attention_chunk_size": 8192, "head_dim": 128, "num_hidden_layers": 48,
                "num_attention_heads": 40, "num_key_value_heads": 8, "no_rope_layers": []}}),
            "layers 48, heads 40, kv_heads 8, head_dim 128, sliding_window 8192, sliding_layers 36",
        ),
        (
            json!({"model_type": "llama4_text", "attention_chunk_size": 8192, "head_dim": 128,
                "num_hidden_layers": 4, "num_attention_heads": 40, "num_key_value_heads": 8,
                "no_rope_layers": [1, 0, 1, 0]}),
            "layers 4, heads 40, kv_heads 8, head_dim 128, sliding_window 8192, sliding_layers 2",
        ),
        (
            json!({"model_type": "qwen3_next", "num_hidden_layers": 48, "num_attention_heads": 16,
                "num_key_value_heads": 2, "head_dim": 256, "full_attention_interval": 4}),
            "layers 48, cached_layers 12, heads 16, kv_heads 2, head_dim 256",
        ),
        (
            json!({"model_type": "qwen3_5_moe", "text_config": {"model_type": "qwen3_5_moe_text",
                "num_hidden_layers": 4, "num_attention_heads": 32, "num_key_value_heads": 2,
                "head_dim": 256, "layer_types": ["linear_attention", "linear_attention",
                    "linear_attention", "full_attention"]}}),
            "layers 4, cached_layers 1, heads 32, kv_heads 2, head_dim 256",
        ),
        (
            json!({"model_type": "qwen2", "num_hidden_layers": 28, "num_attention_heads": 12,
                "num_key_value_heads": 2, "hidden_size": 1536, "use_sliding_window": true,
                "sliding_window": 4096, "max_window_layers": 21}),
            "layers 28, heads 12, kv_heads 2, head_dim 128, sliding_window 4096, sliding_layers 7",
        ),
        (
            json!({"model_type": "qwen2", "num_hidden_layers": 28, "num_attention_heads": 28,
                "num_key_value_heads": 4, "hidden_size": 3584, "use_sliding_window": false,
                "sliding_window": 131_072, "max_window_layers": 21}),
            "layers 28, heads 28, kv_heads 4, head_dim 128",
        ),
        (
            json!({"model_type": "mistral", "num_hidden_layers": 32, "num_attention_heads": 32,
                "num_key_value_heads": 8, "hidden_size": 4096, "sliding_window": 4096}),
            "layers 32, heads 32, kv_heads 8, head_dim 128, sliding_window 4096, sliding_layers 32",
        ),
        (
            json!({"model_type": "mixtral", "num_hidden_layers": 32, "num_attention_heads": 32,
                "num_key_value_heads": 8, "hidden_size": 4096, "sliding_window": null}),
            "layers 32, heads 32, kv_heads 8, head_dim 128",
        ),
        (
            json!({"model_type": "mistral3", "text_config": {"model_type": "mistral",
                "num_hidden_layers": 40, "num_attention_heads": 32, "num_key_value_heads": 8,
                "hidden_size": 5120, "head_dim": 128, "sliding_window": null}}),
            "layers 40, heads 32, kv_heads 8, head_dim 128",
        ),
        (
            json!({"model_type": "phi3", "num_hidden_layers": 40, "num_attention_heads": 40,
                "num_key_value_heads": 10, "hidden_size": 5120, "sliding_window": null}),
            "layers 40, heads 40, kv_heads 10, head_dim 128",
        ),
        (
            json!({"model_type": "gpt_oss", "num_hidden_layers": 24, "num_attention_heads": 64,
                "num_key_value_heads": 8, "head_dim": 64, "sliding_window": 128}),
            "layers 24, heads 64, kv_heads 8, head_dim 64, sliding_window 128, sliding_layers 12",
        ),
        (
            json!({"model_type": "cohere2", "num_hidden_layers": 32, "num_attention_heads": 32,
                "num_key_value_heads": 8, "hidden_size": 4096, "sliding_window": 4096,
                "sliding_window_pattern": 4}),
            "layers 32, heads 32, kv_heads 8, head_dim 128, sliding_window 4096, sliding_layers 24",
        ),
        // Nothing said, and said to be none.
        (
            json!({"model_type": "cohere2", "num_hidden_layers": 8, "num_attention_heads": 32,
                "num_key_value_heads": null, "hidden_size": 4096}),
            "layers 8, heads 32, kv_heads 32, head_dim 128, sliding_window 4096, sliding_layers 6",
        ),
        (
            json!({"model_type": "cohere2", "num_hidden_layers": 8, "num_attention_heads": 32,
                "num_key_value_heads": 8, "hidden_size": 4096, "sliding_window": null}),
            "layers 8, heads 32, kv_heads 8, head_dim 128",
        ),
        // The keys of all heads are one compressed one.
        (
            json!({"model_type": "kimi_k25", "text_config": {"model_type": "kimi_k2",
                "num_hidden_layers": 61, "num_attention_heads": 64, "num_key_value_heads": 64,
                "hidden_size": 7168, "kv_lora_rank": 512, "qk_rope_head_dim": 64}}),
            "layers 61, heads 64, kv_lora_rank 512, rope_dim 64",
        ),
        (
            json!({"model_type": "glm4_moe", "num_hidden_layers": 92, "num_attention_heads": 96,
                "num_key_value_heads": 8, "head_dim": 128, "hidden_size": 5120}),
            "layers 92, heads 96, kv_heads 8, head_dim 128",
        ),
        (
            json!({"model_type": "minimax", "num_hidden_layers": 4, "num_attention_heads": 64,
                "num_key_value_heads": 8, "head_dim": 128, "attn_type_list": [0, 0, 0, 1]}),
            "layers 4, cached_layers 1, heads 64, kv_heads 8, head_dim 128",
        ),
        (
            json!({"model_type": "nemotron_h", "num_hidden_layers": 8, "num_attention_heads": 32,
                "num_key_value_heads": 8, "head_dim": 128, "hybrid_override_pattern": "M-M*-ME*"}),
            "layers 8, cached_layers 2, heads 32, kv_heads 8, head_dim 128",
        ),
        (
            json!({"model_type": "lfm2", "num_hidden_layers": 16, "num_attention_heads": 32,
                "num_key_value_heads": 8, "hidden_size": 2048, "full_attn_idxs": [2, 5, 8, 10, 12, 14]}),
            "layers 16, cached_layers 6, heads 32, kv_heads 8, head_dim 64",
        ),
        // Mistral's own file.
        (
            json!({"n_layers": 40, "n_heads": 32, "n_kv_heads": 8, "dim": 5120, "head_dim": 128}),
            "layers 40, heads 32, kv_heads 8, head_dim 128",
        ),
    ] {
        assert_eq!(attention(&made(&config)), wanted, "{config}");
    }
}

#[test]
fn what_is_not_known_is_left_out_and_said() {
    let unknown = made(&json!({"model_type": "rocket", "num_hidden_layers": 4,
        "num_attention_heads": 8, "hidden_size": 512, "sliding_window": 100}));
    assert_eq!(attention(&unknown), "layers 4, heads 8, head_dim 64");
    let doubt = unknown.attention.layers.clone().unwrap().doubt.unwrap();
    assert_eq!(doubt, "nothing is known of the model type `rocket`");
    assert!(
        unknown
            .notes
            .iter()
            .any(|note| note.contains("which layers of `rocket` keep a window"))
    );
    assert!(
        unknown
            .notes
            .iter()
            .any(|note| note.contains("parameters are not known"))
    );
    let text = unknown.text();
    assert!(text.contains("\nuncertain: [attention.layers]\n"), "{text}");
    let layers = made(&json!({"model_type": "jet", "num_hidden_layers": 2,
        "layer_types": ["full_attention", "telepathy"]}));
    assert_eq!(attention(&layers), "layers 2");
    assert_eq!(attention(&made(&json!({}))), "");
    assert!(
        made(&json!({}))
            .text()
            .contains("huggingface_id: acme/Rocket\n")
    );
    // Not every attention can be said in a card.
    let gemma = made(
        &json!({"model_type": "gemma4_text", "num_hidden_layers": 60,
        "num_attention_heads": 32, "num_key_value_heads": 16, "head_dim": 256}),
    );
    assert!(
        gemma
            .text()
            .contains("uncertain: [attention.kv_heads, attention.head_dim]")
    );
}

#[test]
fn contexts_are_those_that_engines_derive() {
    let llama = |more: Json| {
        let mut config = json!({"model_type": "llama", "max_position_embeddings": 4096});
        config
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        made(&config)
            .context_length
            .map(|figure| (figure.value, figure.doubt.is_some()))
    };
    for (more, wanted) in [
        (json!({}), (4096, false)),
        (
            json!({"max_position_embeddings": 8192, "seq_length": 2048}),
            (2048, false),
        ),
        (json!({"model_max_length": 131_072}), (131_072, false)),
        (
            json!({"rope_scaling": {"type": "linear", "factor": 4.0}}),
            (16_384, true),
        ),
        (
            json!({"rope_scaling": {"rope_type": "llama3", "factor": 8.0}}),
            (4096, false),
        ),
        (
            json!({"rope_scaling": {"type": "longrope", "factor": 8.0}}),
            (4096, false),
        ),
        (
            json!({"rope_scaling": {"type": "mrope", "mrope_section": [1, 2]}}),
            (4096, false),
        ),
        (
            json!({"rope_scaling": {"rope_type": "yarn", "factor": 4.0,
                "original_max_position_embeddings": 1024}}),
            (4096, false),
        ),
        (
            json!({"rope_scaling": {"rope_type": "yarn", "factor": 4.0,
                "original_max_position_embeddings": 4096}}),
            (16_384, true),
        ),
        (
            json!({"rope_parameters": {"full_attention": {"rope_type": "yarn", "factor": 2.0,
                "original_max_position_embeddings": 2048},
                "sliding_attention": {"rope_type": "default"}}}),
            (4096, false),
        ),
        (
            json!({"rope_scaling": {"type": "video_rope", "factor": null}}),
            (4096, false),
        ),
    ] {
        assert_eq!(llama(more.clone()), Some(wanted), "{more}");
    }
    // What is written is the scaled context here.
    let gemma = made(
        &json!({"model_type": "gemma3_text", "max_position_embeddings": 131_072,
        "rope_scaling": {"rope_type": "linear", "factor": 8.0}}),
    );
    assert_eq!(gemma.context_length.unwrap().value, 131_072);
}

#[test]
fn precisions_are_those_of_the_stored_weights() {
    for (quantization, wanted) in [
        (
            json!({"quant_method": "fp8", "weight_block_size": [128, 128]}),
            Some("fp8"),
        ),
        (json!({"quant_method": "fbgemm_fp8"}), Some("fp8")),
        (json!({"quant_method": "mxfp4"}), Some("mxfp4")),
        (
            json!({"quant_method": "gptq", "bits": 4, "group_size": 128}),
            Some("int4"),
        ),
        (json!({"quant_method": "gptq", "bits": 8}), Some("int8")),
        (json!({"quant_method": "gptq", "bits": 3}), None),
        (json!({"quant_method": "awq", "w_bit": 4}), Some("int4")),
        (
            json!({"quant_method": "bitsandbytes", "load_in_4bit": true}),
            Some("int4"),
        ),
        (
            json!({"quant_method": "compressed-tensors", "format": "pack-quantized", "config_groups":
                {"group_0": {"weights": {"num_bits": 4, "type": "int", "group_size": 32}}}}),
            Some("int4"),
        ),
        (
            json!({"quant_method": "compressed-tensors", "format": "float-quantized", "config_groups":
                {"group_0": {"weights": {"num_bits": 8, "type": "float"}}}}),
            Some("fp8"),
        ),
        (
            json!({"quant_method": "compressed-tensors", "format": "nvfp4-pack-quantized",
                "config_groups": {"group_0": {"weights": {"num_bits": 4, "type": "float"}}}}),
            Some("fp4"),
        ),
        (
            json!({"quant_method": "quark", "global_quant_config":
                {"weight": {"dtype": "fp8_e4m3", "qscheme": "per_tensor"}}}),
            Some("fp8"),
        ),
        // Of two stages the last one is what is stored.
        (
            json!({"quant_method": "quark", "global_quant_config":
                {"weight": [{"dtype": "fp8_e4m3"}, {"dtype": "int4"}]}}),
            Some("int4"),
        ),
        (
            json!({"quant_method": "modelopt", "quant_algo": "NVFP4"}),
            Some("fp4"),
        ),
        (json!({"quant_method": "magic"}), None),
    ] {
        let config = json!({"model_type": "llama", "torch_dtype": "bfloat16",
            "quantization_config": quantization});
        let made = made(&config);
        let found = made.weights_precision.map(|figure| figure.value);
        assert_eq!(found.as_deref(), wanted, "{config}");
        assert_eq!(
            wanted.is_none(),
            made.notes.iter().any(|note| note.contains("quantisation"))
        );
    }
    let plain = made(&json!({"dtype": "float16"}));
    assert_eq!(plain.weights_precision.unwrap().value, "fp16");
    // What the tensors are counts more than what the configuration says.
    let mut files = Files::of(&json!({"torch_dtype": "float32"}));
    let mut weights = Tensors::new("BF16");
    weights.add("model.embed_tokens.weight", "BF16", &[100, 10]);
    weights.add("model.norm.weight", "F32", &[10]);
    files.add_weights("model.safetensors", &weights.all);
    let made = files.made().unwrap();
    assert_eq!(made.weights_precision.unwrap().value, "bf16");
    assert_eq!(made.parameters.unwrap().value, 1010);
    let mut files = Files::of(&json!({"model_type": "llama"}));
    let beside = json!({"producer": {}, "quantization": {"quant_algo": "FP8"}});
    files.add("hf_quant_config.json", beside.to_string().into_bytes());
    assert_eq!(
        files.made().unwrap().weights_precision.unwrap().value,
        "fp8"
    );
}

#[test]
fn weights_that_cannot_be_counted_are_said() {
    let mut files = Files::of(&json!({"model_type": "llama"}));
    let mut weights = Tensors::new("BF16");
    weights.add("model.magic", "U8", &[100]);
    files.add_weights("model.safetensors", &weights.all);
    let made = files.made().unwrap();
    assert_eq!(made.parameters, None);
    assert!(made.notes[0].contains("how many parameters `model.magic` is, of type `U8`"));
    assert!(
        made.text()
            .contains("# To be looked at: it is not known how many parameters")
    );
    let mut files = Files::of(&json!({"model_type": "llama"}));
    files.add("pytorch_model-00001-of-00002.bin", vec![0; 10]);
    let made = files.made().unwrap();
    assert!(
        made.notes[0].contains("are in `pytorch_model-00001-of-00002.bin`"),
        "{:?}",
        made.notes
    );
    // The same weights in another form are not counted twice.
    let mut files = Files::of(&json!({"model_type": "mistral"}));
    let mut weights = Tensors::new("BF16");
    weights.add("x", "BF16", &[7]);
    files.add_weights("consolidated.safetensors", &weights.all);
    files.add_weights("weights.safetensors", &weights.all);
    assert_eq!(files.made().unwrap().parameters.unwrap().value, 7);
}

#[test]
fn damaged_files_are_refused_with_what_is_wrong() {
    let error = |name: &str, bytes: &[u8]| {
        let mut files = Files::of(&json!({}));
        files.add(name, bytes.to_vec());
        files.made().unwrap_err().to_string()
    };
    for (name, bytes, wanted) in [
        (
            "config.json",
            &b"{"[..],
            "`config.json` is no JSON object: EOF",
        ),
        (
            "model.safetensors",
            b"\x01",
            "`model.safetensors` is no safetensors file: it ends before",
        ),
        (
            "model.safetensors",
            b"\xff\xff\xff\xff\xff\xff\xff\xff{}",
            "is longer than the file",
        ),
        (
            "model.safetensors",
            b"\x02\0\0\0\0\0\0\0[]",
            "is no safetensors file: invalid type",
        ),
        (
            "model.safetensors.index.json",
            b"{}",
            "is no index of weights: missing field",
        ),
        (
            "model.safetensors.index.json",
            br#"{"weight_map": {"a": "../../etc/passwd"}}"#,
            "it names `../../etc/passwd`, which the model does not have",
        ),
    ] {
        let found = error(name, bytes);
        assert!(found.contains(wanted), "{found}");
    }
    let none = Files::default().made().unwrap_err().to_string();
    assert_eq!(none, "`acme/Rocket` has no config.json: it has no files");
    let wrong = Files::of(&json!({"layer_types": ["full_attention"], "num_hidden_layers": 2}));
    let wrong = wrong.made().unwrap_err().to_string();
    assert!(
        wrong.contains("has to be a list with an entry for each layer"),
        "{wrong}"
    );
    let huge = Files::of(&json!({"num_hidden_layers": 4_000_000_000_u32})).made();
    assert!(huge.is_err());
}

/// Any JSON, with the keys that are read.
fn any_json() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        (0..200_u32).prop_map(Json::from),
        any::<f64>().prop_map(|number| json!(number)),
        "[ -~]{0,12}".prop_map(Json::from),
        prop::sample::select(vec![
            "gemma3_text",
            "qwen2",
            "llama4_text",
            "gpt_oss",
            "jamba",
            "yarn",
            "full_attention",
            "sliding_attention",
            "fp8",
            "gptq",
            "bfloat16",
            "\u{0}\n# x: {"
        ])
        .prop_map(Json::from),
    ];
    let key = prop::sample::select(vec![
        "model_type",
        "text_config",
        "num_hidden_layers",
        "num_attention_heads",
        "num_key_value_heads",
        "head_dim",
        "hidden_size",
        "kv_lora_rank",
        "qk_rope_head_dim",
        "sliding_window",
        "sliding_window_pattern",
        "attention_chunk_size",
        "layer_types",
        "max_window_layers",
        "use_sliding_window",
        "num_kv_shared_layers",
        "max_position_embeddings",
        "rope_scaling",
        "factor",
        "rope_type",
        "num_experts",
        "original_max_position_embeddings",
        "quantization_config",
        "quant_method",
        "bits",
        "config_groups",
        "weights",
        "torch_dtype",
        "num_experts_per_tok",
        "full_attn_idxs",
    ]);
    leaf.prop_recursive(4, 60, 12, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Json::from),
            prop::collection::vec((key.clone(), inner), 0..12).prop_map(|entries| {
                entries
                    .into_iter()
                    .map(|(key, value)| (key.to_owned(), value))
                    .collect()
            }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_configuration_is_a_card_or_an_error(config in any_json()) {
        let mut files = Files::of(&config);
        let mut weights = Tensors::new("BF16");
        weights.add("model.layers.3.mlp.experts.0.up_proj.qweight", "I32", &[10]);
        files.add_weights("model.safetensors", &weights.all);
        if let Ok(made) = files.made() {
            let text = made.text();
            let root = yaml::read(&text).unwrap_or_else(|problems| panic!("{problems:?}\n{text}"));
            prop_assert!(model::read(&root).is_ok(), "{}", text);
            let updated = aim_engine::card::update(&text, &made).unwrap();
            prop_assert_eq!(updated.text, text);
            prop_assert!(updated.changes.is_empty());
        }
    }

    #[test]
    fn any_header_is_tensors_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        let _ = header_length("m", &bytes, Some(bytes.len() as u64));
        let _ = tensors("m", &bytes, Some(bytes.len() as u64));
    }

    #[test]
    fn any_tensors_are_in_their_file_or_refused(
        entries in prop::collection::vec(
            ("[a-c]", prop::sample::select(vec!["BF16", "F8_E4M3", "F4", "X1"]),
             prop::collection::vec(any::<u64>(), 0..4), any::<u64>(), any::<u64>()), 0..5),
        size in any::<u64>(),
    ) {
        let entries = entries.into_iter().map(|(name, dtype, shape, begin, end)| {
            (name, json!({"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}))
        });
        let header = Json::Object(entries.collect()).to_string();
        if let Ok(found) = tensors("m", header.as_bytes(), Some(size)) {
            prop_assert!(found.iter().map(|tensor| u128::from(tensor.bytes)).sum::<u128>() <= u128::from(size));
        }
    }
}
