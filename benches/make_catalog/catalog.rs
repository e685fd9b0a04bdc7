//! A catalog of so many recipes, the same for the same seed.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::Path;

/// With the thousand million bytes of memory of one, and whether it computes with eight bits.
const HARDWARE: [(&str, u64, bool); 5] = [
    ("MI300X", 206, true),
    ("MI325X", 274, true),
    ("MI355X", 309, true),
    ("MI250", 68, false),
    ("MI210", 68, false),
];
/// With the value of `--dtype` and the bytes of a weight.
const PRECISIONS: [(&str, &str, u64); 3] = [
    ("bf16", "bfloat16", 2),
    ("fp16", "float16", 2),
    ("fp8", "auto", 1),
];
const SIZES: [(u64, u32, u32); 5] = [
    (8, 36, 32),
    (14, 40, 40),
    (32, 64, 64),
    (72, 80, 64),
    (235, 94, 64),
];

/// Numbers that look random and are the same for the same seed (splitmix64).
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % most
    }

    fn of<T: Copy>(&mut self, all: &[T]) -> T {
        let place = self.below(all.len() as u64);
        all[usize::try_from(place).unwrap_or(0)]
    }
}

/// Writes a catalog of so many recipes into a folder, one in `wrong` of them with a mistake.
pub fn make(dir: &Path, recipes: usize, seed: u64, wrong: u64) -> io::Result<()> {
    let mut dice = Dice(seed);
    fs::create_dir_all(dir.join("recipes"))?;
    let mut written = 0;
    let mut model = 0;
    while written < recipes {
        let name = format!("model-{model}");
        let (billions, layers, heads) = dice.of(&SIZES);
        let org = format!("org-{}", model % 17);
        let card = card(&org, &name, billions, layers, heads);
        fs::create_dir_all(dir.join("models").join(&org))?;
        fs::write(
            dir.join("models").join(&org).join(format!("{name}.yaml")),
            card,
        )?;
        let precisions = if model % 10 == 0 { 3 } else { 1 };
        for (hardware, memory, eight_bits) in HARDWARE {
            for (precision, dtype, bytes) in PRECISIONS.into_iter().take(precisions) {
                if bytes == 1 && !eight_bits {
                    continue;
                }
                if written == recipes {
                    return Ok(());
                }
                let id = format!("{name}-{}-{precision}", hardware.to_lowercase());
                let head = format!(
                    "recipe_id: {id}\nmodel_id: {org}/{name}\nhuggingface_id: {org}/{name}\n\
                     hardware: {hardware}\nprecision: {precision}\n"
                );
                let mut text = head + &blocks(dtype, billions * bytes, memory, &mut dice);
                if dice.below(wrong.max(1)) == 0 {
                    text = broken(&text, &mut dice);
                }
                fs::write(dir.join("recipes").join(format!("{id}.yaml")), text)?;
                written += 1;
            }
        }
        model += 1;
    }
    Ok(())
}

/// A recipe with one of the mistakes that people make.
fn broken(text: &str, dice: &mut Dice) -> String {
    let (right, wrong) = dice.of(&[
        ("--trust-remote-code:", "--trust-remote-codes:"),
        ("--tensor-parallel-size: 4", "--tensor-parallel-size: 3"),
        ("--gpu-memory-utilization:", "--mem-fraction-static:"),
        ("--max-model-len:", "--max-context-len:"),
        (
            "--gpu-memory-utilization: 0.9",
            "--gpu-memory-utilization: 90",
        ),
        ("\nmodel_id: org-", "\nmodel_id: orq-"),
        ("\nprecision: ", "\nprecision: b"),
        ("vllm_serve:", "vllm_serve: \"unfinished"),
        ("vllm_serve:", "precision: bf16\nvllm_serve:"),
    ]);
    text.replacen(right, wrong, 1)
}

fn card(org: &str, name: &str, billions: u64, layers: u32, heads: u32) -> String {
    format!(
        "model_id: {org}/{name}\nhuggingface_id: {org}/{name}\naliases: [{name}]\nsize: {billions}B\n\
         readiness_level: production\ngated: false\nparameters: {billions}000000000\n\
         weights_precision: bf16\ncontext_length: 131072\n\
         attention:\n  layers: {layers}\n  heads: {heads}\n  kv_heads: 8\n  head_dim: 128\n"
    )
}

/// Blocks for two engines; of GPU counts on which the weights do not fit none is enabled.
fn blocks(dtype: &str, weights: u64, memory: u64, dice: &mut Dice) -> String {
    let mut text = String::new();
    let quantized = match dtype {
        "auto" => "      --quantization: fp8\n",
        _ => "",
    };
    let tokens = dice.of(&[8192, 16_384, 32_768]);
    let engines = [
        ("vllm_serve", "--max-model-len", "--gpu-memory-utilization"),
        ("sglang_serve", "--context-length", "--mem-fraction-static"),
    ];
    let both = 1 + usize::from(dice.below(3) > 0);
    for (section, length, share) in engines.into_iter().take(both) {
        let _ = writeln!(text, "{section}:");
        for gpus in [1, 2, 4, 8] {
            let fits = weights * 4 < gpus * memory * 3;
            let enabled = fits && dice.below(8) > 0;
            let _ = write!(
                text,
                "  {gpus}_gpu:\n    enabled: {enabled}\n    args:\n      --dtype: {dtype}\n{quantized}      \
                 --tensor-parallel-size: {gpus}\n      {length}: {tokens}\n      {share}: 0.9\n      \
                 --trust-remote-code: true\n    env:\n      HSA_NO_SCRATCH_RECLAIM: \"1\"\n      \
                 NCCL_MIN_NCHANNELS: \"112\"\n"
            );
        }
    }
    text
}
