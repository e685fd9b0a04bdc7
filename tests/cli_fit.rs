//! `fit` on a catalog whose figures are worked out by hand.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on ends"
)]

mod program;

use pretty_assertions::assert_eq;
use program::{Place, card, recipe};
use serde_json::{Value, json};

/// One model that fits, one that is too large, one of unknown size, one without a recipe.
fn catalog(place: &Place) {
    let half = |id: &str, model: &str| {
        let recipe = recipe(id, model, "MI300X", "bf16", 1);
        recipe + "      --gpu-memory-utilization: 0.5\n"
    };
    for (name, text) in [
        ("models/small.yaml", card("acme/Small")),
        (
            "models/large.yaml",
            card("acme/Large").replace("8000000000", "100000000000"),
        ),
        ("models/orphan.yaml", card("acme/Orphan")),
        ("recipes/small.yaml", half("small", "acme/Small")),
        ("recipes/large.yaml", half("large", "acme/Large")),
        ("recipes/bare.yaml", half("bare", "acme/Bare")),
    ] {
        place.write(&format!("catalog/{name}"), text);
    }
}

fn fit<'a>(more: &[&'a str]) -> Vec<&'a str> {
    let words = [
        "fit",
        "--catalog=catalog",
        "--hardware=mi300x",
        "--available-gpus=2",
    ];
    [&words, more].concat()
}

fn models(answer: &Value) -> Vec<&str> {
    let models = answer["models"].as_array().expect("a list");
    models
        .iter()
        .map(|model| model["model"].as_str().unwrap())
        .collect()
}

#[test]
fn memory_is_what_it_is_by_hand() {
    let place = Place::new();
    catalog(&place);
    let answer = place.run(&fit(&["--format=json"])).exits(0).json();
    assert_eq!(
        answer["machine"],
        json!({"hardware": "MI300X", "gfx": "gfx942", "usable_gpus": 2, "vram_mib": 196_608,
               "source": "flags"})
    );
    assert_eq!(
        answer["summary"],
        json!({"models": 4, "served": 2, "rejected": 1, "without_recipe": 1})
    );
    assert_eq!(models(&answer), ["acme/Bare", "acme/Small"]);
    // 8,000 million weights of 2 bytes are 15,258.8 MiB. A token takes 2 x 32 x 8 x 128 values of
    // 2 bytes, 131,072 bytes; 8,192 of them 1,024 MiB. Half of 196,608 MiB leaves 83,045.2.
    assert_eq!(
        answer["models"][1],
        json!({"model": "acme/Small", "recipes": 1,
               "selected": {"recipe_id": "small", "backend": "vllm", "gpus": 1, "precision": "bf16",
                            "hardware": "MI300X"},
               "memory": {"weights_mib": 15_259, "kv_cache_mib": 1024, "budget_mib": 98_304,
                          "fits": true, "sequence_tokens": 8192, "sequences": 81,
                          "cached_tokens": 664_361},
               "warnings": [], "nearest": null})
    );
    let bare = &answer["models"][0];
    assert_eq!(bare["memory"], Value::Null);
    assert!(bare["warnings"][0].as_str().unwrap().contains("unknown"));
}

#[test]
fn with_all_what_does_not_fit_is_there_with_its_reason() {
    let place = Place::new();
    catalog(&place);
    for flag in ["--all", "--limits"] {
        let answer = place.run(&fit(&["--format=json", flag])).exits(0).json();
        assert_eq!(
            models(&answer),
            ["acme/Bare", "acme/Large", "acme/Orphan", "acme/Small"]
        );
        assert_eq!(answer["models"][1]["selected"], Value::Null);
        assert_eq!(
            answer["models"][1]["nearest"],
            json!({"recipe_id": "large", "backend": "vllm", "gpus": 1,
                   "says": "Its weights take 190734 MiB of each GPU, and the engine may use 98304 MiB."})
        );
        assert_eq!(answer["models"][2]["nearest"], Value::Null);
    }
}

#[test]
fn people_read_figures_in_gib() {
    let place = Place::new();
    catalog(&place);
    let ran = place.run(&fit(&[])).exits(0).says_nothing();
    for says in [
        "MI300X, 2 GPUs usable, 192 GiB each (from flags)\n",
        "acme/Small    1    14.9    1.0    96.0    81\n  small, vllm, bf16, 8192 tokens\n",
        "acme/Bare     1       ?      ?       ?     ?\n",
        "2 of 4 models are served; the recipes of 1 will not do here; 1 without a recipe\n",
    ] {
        assert!(ran.out.contains(says), "no `{says}` in:\n{}", ran.out);
    }
    assert!(!ran.out.contains("acme/Large"));
    let all = place.run(&fit(&["--all"])).exits(0).out;
    for says in [
        "acme/Large\n  large, vllm on 1 GPU: Its weights take 190734 MiB",
        "Models without a recipe: acme/Orphan\n",
    ] {
        assert!(all.contains(says), "no `{says}` in:\n{all}");
    }
}

#[test]
fn what_fits_is_what_generate_chooses() {
    let place = Place::new();
    let machine = ["--hardware=MI325X", "--available-gpus=4"];
    let words = [&["fit", "--format=json", "--all"][..], &machine].concat();
    let answer = place.run(&words).exits(0).json();
    let fits = answer["models"].as_array().unwrap();
    let lines: Vec<String> = fits
        .iter()
        .map(|fit| json!({"model": fit["model"]}).to_string())
        .collect();
    place.write("requests", lines.join("\n"));
    let ran = place.run(&[&["generate", "--batch", "requests"][..], &machine].concat());
    let mut served = 0;
    for (fit, line) in fits.iter().zip(ran.out.lines()) {
        let answer: Value = serde_json::from_str(line).unwrap();
        for key in ["recipe_id", "backend", "gpus", "precision"] {
            assert_eq!(fit["selected"][key], answer["selected"][key], "{line}");
        }
        for key in ["weights_mib", "kv_cache_mib", "budget_mib", "fits"] {
            assert_eq!(fit["memory"][key], answer["memory"][key], "{line}");
        }
        served += usize::from(!answer["selected"].is_null());
    }
    assert_eq!(answer["summary"]["served"], served);
    assert!(served > 10);
}

#[test]
fn text_fits_a_terminal() {
    let place = Place::new();
    for gpus in ["1", "8"] {
        let words = [
            "fit",
            "--all",
            "--hardware=MI300X",
            "--available-gpus",
            gpus,
        ];
        let text = place.run(&words).exits(0).out;
        let wide: Vec<&str> = text
            .lines()
            .filter(|line| line.chars().count() > 80)
            .collect();
        assert!(wide.is_empty(), "{}", wide.join("\n"));
    }
}

#[test]
fn a_machine_has_to_be_known() {
    let place = Place::new();
    place
        .run(&["fit", "--hardware=MI300X"])
        .exits(2)
        .says("cli::available_gpus");
    place
        .run(&["fit", "--root=nowhere"])
        .exits(3)
        .says("detect::nothing_found");
    let mixed = format!(
        "--root={}/fixtures/hosts/mixed-mi300x-mi210",
        env!("CARGO_MANIFEST_DIR")
    );
    let ran = place.run(&["fit", &mixed]).exits(0);
    let warned = ran.err.matches("This machine also has MI210").count();
    assert_eq!(warned, 1, "{}", ran.err);
    assert!(ran.out.starts_with("MI300X, 3 GPUs usable"), "{}", ran.out);
}
