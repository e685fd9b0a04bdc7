//! The tensors of architectures, by their names in published weights.

use serde_json::Value as Json;

/// A tensor.
#[derive(Clone)]
pub struct Shape {
    pub name: String,
    pub dtype: &'static str,
    pub shape: Vec<u64>,
}

impl Shape {
    pub fn bytes(&self) -> u64 {
        let values: u64 = self.shape.iter().product();
        values * bits(self.dtype) / 8
    }
}

fn bits(dtype: &str) -> u64 {
    match dtype {
        "F32" | "I32" => 32,
        "BF16" | "F16" => 16,
        _ => 8,
    }
}

/// Tensors in the making.
pub struct Tensors {
    pub all: Vec<Shape>,
    /// The type of matrices of linear layers, which have scales where it is a small one.
    linear: &'static str,
}

impl Tensors {
    pub fn new(linear: &'static str) -> Tensors {
        Tensors {
            all: Vec::new(),
            linear,
        }
    }

    pub fn add(&mut self, name: impl Into<String>, dtype: &'static str, shape: &[u64]) {
        self.all.push(Shape {
            name: name.into(),
            dtype,
            shape: shape.to_vec(),
        });
    }

    fn norm(&mut self, name: String, width: u64) {
        self.add(name, "BF16", &[width]);
    }

    /// A matrix as it is stored.
    fn linear(&mut self, name: &str, out: u64, width: u64) {
        let weight = format!("{name}.weight");
        match self.linear {
            // Blocks of 128 x 128 with a scale each.
            "F8_E4M3" => {
                self.add(weight, "F8_E4M3", &[out, width]);
                let scales = [out.div_ceil(128), width.div_ceil(128)];
                self.add(format!("{name}.weight_scale_inv"), "F32", &scales);
            }
            // Two values in a byte, and a scale for each 32.
            "U8" => {
                self.add(weight, "U8", &[out, width / 2]);
                self.add(format!("{name}.weight_scale"), "U8", &[out, width / 32]);
            }
            // Eight values in a word.
            "I32" => {
                self.add(format!("{name}.qweight"), "I32", &[width / 8, out]);
                self.add(format!("{name}.qzeros"), "I32", &[width / 128, out / 8]);
                self.add(format!("{name}.scales"), "F16", &[width / 128, out]);
            }
            other => self.add(weight, other, &[out, width]),
        }
    }
}

fn of(config: &Json, key: &str) -> u64 {
    config[key].as_u64().unwrap_or_else(|| panic!("no {key}"))
}

/// Llama, Qwen3 and Qwen3 with experts: what is there is read off the configuration.
pub fn decoder(config: &Json, linear: &'static str) -> Vec<Shape> {
    let mut all = Tensors::new(linear);
    let (width, vocabulary) = (of(config, "hidden_size"), of(config, "vocab_size"));
    let heads = of(config, "num_attention_heads");
    let dim = config["head_dim"].as_u64().unwrap_or(width / heads);
    let kv = of(config, "num_key_value_heads") * dim;
    let kind = config["model_type"].as_str().unwrap();
    all.add("model.embed_tokens.weight", "BF16", &[vocabulary, width]);
    for layer in 0..of(config, "num_hidden_layers") {
        let at = format!("model.layers.{layer}");
        all.norm(format!("{at}.input_layernorm.weight"), width);
        all.norm(format!("{at}.post_attention_layernorm.weight"), width);
        for (name, out, width) in [
            ("q_proj", heads * dim, width),
            ("k_proj", kv, width),
            ("v_proj", kv, width),
            ("o_proj", width, heads * dim),
        ] {
            all.linear(&format!("{at}.self_attn.{name}"), out, width);
            if kind == "qwen2" && name != "o_proj" {
                all.norm(format!("{at}.self_attn.{name}.bias"), out);
            }
        }
        if kind.starts_with("qwen3") {
            all.norm(format!("{at}.self_attn.q_norm.weight"), dim);
            all.norm(format!("{at}.self_attn.k_norm.weight"), dim);
        }
        match config["num_experts"].as_u64() {
            None => feed_forward(
                &mut all,
                &format!("{at}.mlp"),
                width,
                of(config, "intermediate_size"),
            ),
            Some(experts) => {
                all.add(format!("{at}.mlp.gate.weight"), "BF16", &[experts, width]);
                let inner = of(config, "moe_intermediate_size");
                for expert in 0..experts {
                    feed_forward(
                        &mut all,
                        &format!("{at}.mlp.experts.{expert}"),
                        width,
                        inner,
                    );
                }
            }
        }
    }
    all.norm("model.norm.weight".into(), width);
    if config["tie_word_embeddings"] != true {
        all.add("lm_head.weight", "BF16", &[vocabulary, width]);
    }
    all.all
}

fn feed_forward(all: &mut Tensors, at: &str, width: u64, inner: u64) {
    all.linear(&format!("{at}.gate_proj"), inner, width);
    all.linear(&format!("{at}.up_proj"), inner, width);
    all.linear(&format!("{at}.down_proj"), width, inner);
}

/// gpt-oss, with experts in MXFP4.
pub fn gpt_oss(config: &Json) -> Vec<Shape> {
    let mut all = Tensors::new("BF16");
    let (width, vocabulary) = (of(config, "hidden_size"), of(config, "vocab_size"));
    let (heads, dim) = (of(config, "num_attention_heads"), of(config, "head_dim"));
    let kv = of(config, "num_key_value_heads") * dim;
    let (experts, inner) = (
        of(config, "num_local_experts"),
        of(config, "intermediate_size"),
    );
    all.add("model.embed_tokens.weight", "BF16", &[vocabulary, width]);
    for layer in 0..of(config, "num_hidden_layers") {
        let at = format!("model.layers.{layer}");
        all.norm(format!("{at}.input_layernorm.weight"), width);
        all.norm(format!("{at}.post_attention_layernorm.weight"), width);
        for (name, out, width) in [
            ("q_proj", heads * dim, width),
            ("k_proj", kv, width),
            ("v_proj", kv, width),
            ("o_proj", width, heads * dim),
        ] {
            all.linear(&format!("{at}.self_attn.{name}"), out, width);
            all.norm(format!("{at}.self_attn.{name}.bias"), out);
        }
        all.norm(format!("{at}.self_attn.sinks"), heads);
        all.add(format!("{at}.mlp.router.weight"), "BF16", &[experts, width]);
        all.add(format!("{at}.mlp.router.bias"), "BF16", &[experts]);
        for (name, out, width) in [
            ("gate_up_proj", 2 * inner, width),
            ("down_proj", width, inner),
        ] {
            let at = format!("{at}.mlp.experts.{name}");
            all.add(
                format!("{at}_blocks"),
                "U8",
                &[experts, out, width / 32, 16],
            );
            all.add(format!("{at}_scales"), "U8", &[experts, out, width / 32]);
            all.add(format!("{at}_bias"), "BF16", &[experts, out]);
        }
    }
    all.norm("model.norm.weight".into(), width);
    all.add("lm_head.weight", "BF16", &[vocabulary, width]);
    all.all
}

/// DeepSeek V3, with the layer behind the last one that predicts further tokens.
pub fn deepseek(config: &Json, linear: &'static str) -> Vec<Shape> {
    let mut all = Tensors::new(linear);
    let (width, vocabulary) = (of(config, "hidden_size"), of(config, "vocab_size"));
    let heads = of(config, "num_attention_heads");
    let (q_rank, rank) = (of(config, "q_lora_rank"), of(config, "kv_lora_rank"));
    let (rope, nope) = (
        of(config, "qk_rope_head_dim"),
        of(config, "qk_nope_head_dim"),
    );
    let value = of(config, "v_head_dim");
    let (experts, inner) = (
        of(config, "n_routed_experts"),
        of(config, "moe_intermediate_size"),
    );
    let layers = of(config, "num_hidden_layers");
    all.add("model.embed_tokens.weight", "BF16", &[vocabulary, width]);
    for layer in 0..layers + config["num_nextn_predict_layers"].as_u64().unwrap_or(0) {
        let at = format!("model.layers.{layer}");
        all.norm(format!("{at}.input_layernorm.weight"), width);
        all.norm(format!("{at}.post_attention_layernorm.weight"), width);
        let own = format!("{at}.self_attn");
        all.linear(&format!("{own}.q_a_proj"), q_rank, width);
        all.norm(format!("{own}.q_a_layernorm.weight"), q_rank);
        all.linear(&format!("{own}.q_b_proj"), heads * (nope + rope), q_rank);
        all.linear(&format!("{own}.kv_a_proj_with_mqa"), rank + rope, width);
        all.norm(format!("{own}.kv_a_layernorm.weight"), rank);
        all.linear(&format!("{own}.kv_b_proj"), heads * (nope + value), rank);
        all.linear(&format!("{own}.o_proj"), width, heads * value);
        if layer < of(config, "first_k_dense_replace") {
            feed_forward(
                &mut all,
                &format!("{at}.mlp"),
                width,
                of(config, "intermediate_size"),
            );
            continue;
        }
        all.add(format!("{at}.mlp.gate.weight"), "BF16", &[experts, width]);
        all.add(
            format!("{at}.mlp.gate.e_score_correction_bias"),
            "F32",
            &[experts],
        );
        for expert in 0..experts {
            feed_forward(
                &mut all,
                &format!("{at}.mlp.experts.{expert}"),
                width,
                inner,
            );
        }
        let shared = inner * of(config, "n_shared_experts");
        feed_forward(&mut all, &format!("{at}.mlp.shared_experts"), width, shared);
        if layer >= layers {
            all.add(
                format!("{at}.embed_tokens.weight"),
                "BF16",
                &[vocabulary, width],
            );
            all.norm(format!("{at}.enorm.weight"), width);
            all.norm(format!("{at}.hnorm.weight"), width);
            all.add(format!("{at}.eh_proj.weight"), "BF16", &[width, 2 * width]);
            all.norm(format!("{at}.shared_head.norm.weight"), width);
            all.add(
                format!("{at}.shared_head.head.weight"),
                "BF16",
                &[vocabulary, width],
            );
        }
    }
    all.norm("model.norm.weight".into(), width);
    all.add("lm_head.weight", "BF16", &[vocabulary, width]);
    all.all
}
