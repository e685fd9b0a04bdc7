//! After any change of a catalog a run with a store finds, byte for byte, what a run from nothing finds.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on ends"
)]

use std::fs;
use std::path::{Path, PathBuf};

use aim_engine::lint::{Files, Subject, lint};
use aim_engine::policy::{Policy, RuleSources};
use aim_engine::store::{Layer, Store, StoreSpec};
use pretty_assertions::assert_eq;

/// Numbers that look random and are the same for the same seed (splitmix64).
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % most as u64).unwrap()
    }

    fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }
}

const MODELS: [&str; 4] = ["Qwen/Qwen3-8B", "qwen/qwen3-8b", "org/new-7b", "Other-7b"];
const HARDWARE: [&str; 4] = ["MI300X", "MI355X", "MI999", "MI210"];
const PRECISIONS: [&str; 4] = ["bf16", "fp8", "bfloat16", "mxfp4"];
const ARGUMENTS: [&str; 12] = [
    "--tensor-parallel-size: 3",
    "--max-model-len: 8192",
    "--max-model-len: 4096",
    "--dtype: bf16",
    "--max-num-seqs: many",
    "--no-such-flag: 1",
    "--port: 30000, --nccl-port: 30000",
    "--model: Qwen/Qwen3-8B",
    "--gpu-memory-utilization: 1.5",
    "--mem-fraction-static: 0.99",
    "--tp: 2, --tensor-parallel-size: 2",
    "",
];
const COMMENTS: [&str; 5] = [
    "",
    "",
    "# aim-engine: ignore-file[AIM305] measured\n",
    "# aim-engine: ignore-file[AIM104, AIM999]\n",
    "# aim-engine: ignroe[AIM301] it is so\n",
];
const SITE_RULES: [&str; 4] = [
    "/// `{recipe}` is for {hardware}\n/// code: SITE1\n/// severity: note\n/// at: here for {at}\n\
     .decl site_hardware(at: node, recipe: symbol, hardware: symbol)\n\
     site_hardware(At, R, H) :- recipe_file(D, R, At), written_hardware(D, H, _).\n",
    // It compares recipes that share nothing, so all of them are needed at once.
    "/// `{recipe}` and `{other}` are for one GPU\n/// code: SITE2\n/// severity: note\n/// at: here for {at}\n\
     /// at: there for {also}\n\
     .decl site_pair(at: node, also: node, recipe: symbol, other: symbol)\n\
     site_pair(At, Also, R, S) :- recipe_file(D, R, At), recipe_file(E, S, Also), written_hardware(D, H, _),\n\
       written_hardware(E, H, _), R < S.\n",
    "/// the catalog has {recipes} recipes\n/// code: SITE3\n/// severity: note\n\
     .decl site_count(recipes: number)\nsite_count(N) :- N = count : { recipe_file(_, _, _) }.\n",
    "/// no other recipe is for {hardware}\n/// code: SITE4\n/// severity: note\n/// at: here for {at}\n\
     .decl site_alone(at: node, hardware: symbol)\n\
     site_alone(At, H) :- written_hardware(_, H, At), 1 = count : { written_hardware(_, H, _) }.\n",
];

fn recipe(id: &str, dice: &mut Dice) -> String {
    let mut text = format!(
        "{}recipe_id: {id}\nhuggingface_id: {}\n",
        dice.of(&COMMENTS),
        dice.of(&MODELS)
    );
    if dice.below(2) == 0 {
        text += &format!("model_id: {}\n", dice.of(&MODELS));
    }
    text += &format!(
        "hardware: {}\nprecision: {}\n",
        dice.of(&HARDWARE),
        dice.of(&PRECISIONS)
    );
    for section in ["vllm_serve", "sglang_serve"] {
        if dice.below(3) == 0 {
            continue;
        }
        text += &format!("{section}:\n");
        for gpus in [1, 2, 8] {
            let args = dice.of(&ARGUMENTS);
            let enabled = dice.below(3) > 0;
            text += &format!("  {gpus}_gpu: {{enabled: {enabled}, args: {{{args}}}}}\n");
        }
    }
    text
}

fn card(dice: &mut Dice) -> String {
    let mut text = format!("model_id: {}\n", dice.of(&MODELS));
    let lines = [
        "size: 8B\n",
        "parameters: 70000000000\n",
        "aliases: [new-7b, Other-7b]\n",
        "attention: {layers: 36, heads: 30, kv_heads: 8, head_dim: 128}\n",
        "context_length: 4096\n",
        "readiness_level: preview\n",
        "aim_recipes:\n  - {recipe_file: recipes/r1.yaml}\n  - {recipe_file: recipes/gone.yaml}\n",
        "weights_precision: fp9\n",
    ];
    for line in lines {
        if dice.below(2) == 0 {
            text += line;
        }
    }
    text
}

const GPU: &str = "hardware: MI999\ngfx: gfx999\nvram_mib: 65536\ncompute_units: 100\n\
    native_precisions: [bf16, fp16]\nproduct_names: [\"AMD Instinct MI999\"]\npci_ids: []\n";

/// The files that there are below a folder, sorted.
fn files(dir: &Path, folder: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir.join(folder)).unwrap();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// Changes something, and says what.
fn change(dir: &Path, dice: &mut Dice) -> String {
    let recipes = files(dir, "recipes");
    let name = format!("r{}", dice.below(9));
    match dice.below(12) {
        0..=2 => {
            let id = if dice.below(4) == 0 {
                "r1".to_owned()
            } else {
                name.clone()
            };
            fs::write(dir.join(format!("recipes/{name}.yaml")), recipe(&id, dice)).unwrap();
            format!("recipe {name} with id {id}")
        }
        3 if recipes.len() > 2 => {
            let gone = &recipes[dice.below(recipes.len())];
            fs::remove_file(gone).unwrap();
            format!("removed {}", gone.display())
        }
        4 => {
            let from = &recipes[dice.below(recipes.len())];
            fs::rename(from, dir.join(format!("recipes/{name}.yaml"))).unwrap();
            format!("{} is now {name}", from.display())
        }
        5 => {
            let file = &recipes[dice.below(recipes.len())];
            let text = fs::read_to_string(file).unwrap() + "hardware: MI300X\nextra: [1\n";
            fs::write(file, text).unwrap();
            format!("broke {}", file.display())
        }
        6 | 7 => {
            let number = dice.below(3);
            fs::write(dir.join(format!("models/m{number}.yaml")), card(dice)).unwrap();
            format!("card m{number}")
        }
        8 => {
            let cards = files(dir, "models");
            match cards.first() {
                Some(card) => fs::remove_file(card).unwrap(),
                None => fs::write(dir.join("models/m0.yaml"), card(dice)).unwrap(),
            }
            "first card removed or made".to_owned()
        }
        9 => {
            let file = dir.join("hardware/mi999.yaml");
            match file.exists() {
                true => fs::remove_file(file).unwrap(),
                false => fs::write(file, GPU).unwrap(),
            }
            "hardware".to_owned()
        }
        10 => {
            let file = dir.join("rules/site.dl");
            fs::write(file, dice.of(&SITE_RULES)).unwrap();
            "rules".to_owned()
        }
        _ => {
            let file = dir.join("backends/sglang.yaml");
            match file.exists() {
                true => fs::remove_file(file).unwrap(),
                false => {
                    let text = include_str!("../catalog/backends/sglang.yaml");
                    let text = text.replace("--mem-fraction-static", "--memory-part");
                    fs::write(file, text).unwrap();
                }
            }
            "backend".to_owned()
        }
    }
}

fn open(dir: &Path, store: &Path) -> Store {
    Store::open(&StoreSpec {
        layers: Layer::stack(Some(dir), &[]),
        file: Some(store.to_owned()),
        ..StoreSpec::default()
    })
    .unwrap()
}

fn policy(dir: &Path, store: &Store) -> Policy {
    let rules = files(dir, "rules");
    let rules = RuleSources::read(&rules, &[]).unwrap();
    Policy::load_lints(rules, store).expect("the rules")
}

fn found(store: &Store, policy: &Policy) -> String {
    let findings = lint(store, policy, &Subject::all(Files::Folders)).unwrap();
    let suppressed = findings.suppressed.iter();
    let suppressed: Vec<String> = suppressed
        .map(|suppressed| format!("{} {}", suppressed.finding.message, suppressed.reason))
        .collect();
    serde_json::to_string_pretty(&(&findings, suppressed)).unwrap()
}

#[test]
fn a_run_after_any_changes_finds_what_a_run_from_nothing_finds() {
    let mut codes = std::collections::BTreeSet::new();
    for seed in 1..=2 {
        let mut dice = Dice(seed);
        let place = tempfile::tempdir().unwrap();
        let dir = place.path().join("catalog");
        for folder in ["recipes", "models", "hardware", "backends", "rules"] {
            fs::create_dir_all(dir.join(folder)).unwrap();
        }
        for name in ["r0", "r1", "r2", "r3"] {
            fs::write(
                dir.join(format!("recipes/{name}.yaml")),
                recipe(name, &mut dice),
            )
            .unwrap();
        }
        fs::write(dir.join("models/m0.yaml"), card(&mut dice)).unwrap();
        let mut history = Vec::new();
        for step in 0..10 {
            let store = open(&dir, &place.path().join("kept.db"));
            let policy = policy(&dir, &store);
            let kept = found(&store, &policy);
            let store = open(&dir, &place.path().join(format!("anew{step}.db")));
            let anew = found(&store, &policy);
            assert_eq!(kept, anew, "seed {seed}, after {history:#?}");
            let parsed: serde_json::Value = serde_json::from_str(&anew).unwrap();
            for finding in parsed[0]["findings"].as_array().unwrap() {
                codes.insert(finding["code"].as_str().unwrap().to_owned());
            }
            for _ in 0..=dice.below(2) {
                history.push(change(&dir, &mut dice));
            }
        }
    }
    // Else the catalogs say too little.
    assert!(codes.len() > 30, "{codes:?}");
}
