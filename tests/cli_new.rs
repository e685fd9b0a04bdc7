//! `new recipe` and `new model`: what they write is read again.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on ends"
)]

mod program;

use std::fs;

use program::Place;

const RECIPE: [&str; 6] = [
    "new",
    "recipe",
    "Qwen/Qwen3-8B",
    "--hardware=mi300x",
    "--precision=FP16",
    "--gpus=1,2",
];

#[test]
fn a_new_recipe_serves_its_model_in_a_catalog_of_its_own() {
    let place = Place::new();
    let text = place.run(&RECIPE).exits(0).says_nothing().out;
    place.write("catalog/recipes/new.yaml", text);
    for gpus in ["1", "2"] {
        let ran = place.run(&[
            "generate",
            "Qwen/Qwen3-8B",
            gpus,
            "--precision=fp16",
            "--strict",
            "--hardware=MI300X",
            "--available-gpus=8",
            "--catalog=catalog",
            "--format=json",
            "-v",
        ]);
        let ran = ran.exits(0);
        let selected = &ran.json()["selected"];
        assert_eq!(selected["recipe_id"], "qwen3-8b-mi300x-fp16");
        assert!(!ran.err.contains("catalog::"), "{}", ran.err);
    }
}

#[test]
fn counts_that_do_not_fit_get_no_block() {
    let place = Place::new();
    let model = "deepseek-ai/DeepSeek-R1-0528";
    let ran = place.run(&[
        "new",
        "recipe",
        model,
        "--hardware=MI300X",
        "--precision=fp8",
    ]);
    let ran = ran.exits(0).says("note: no block for vllm on 1 GPU: ");
    assert!(!ran.out.contains("  1_gpu:"), "{}", ran.out);
    assert!(ran.out.contains("  8_gpu:"), "{}", ran.out);
    place
        .run(&[
            "new",
            "recipe",
            model,
            "--hardware=MI300X",
            "--precision=fp8",
            "--gpus=1",
        ])
        .exits(1)
        .says("new::nothing_fits");
}

#[test]
fn a_new_card_is_read_and_recipes_can_be_made_for_it() {
    let place = Place::new();
    let catalog = "--catalog=catalog";
    fs::create_dir_all(place.path("catalog")).unwrap();
    let card = [
        "new",
        "model",
        "org/Some.Model-8B",
        "--size=8.2B",
        "--context-length=32768",
    ];
    place
        .run(&[&card[..], &[catalog]].concat())
        .exits(0)
        .says("wrote: ");
    assert!(place.path("catalog/models/org/Some.Model-8B.yaml").exists());
    let ran = place
        .run(&["list", "models", "--format=json", catalog, "-v"])
        .exits(0);
    assert_eq!(ran.json()[0]["model_id"], "org/Some.Model-8B");
    assert!(!ran.err.contains("catalog::"), "{}", ran.err);
    let recipe = [
        "new",
        "recipe",
        "some-model-8b",
        "--hardware=MI355X",
        catalog,
    ];
    place.run(&recipe).exits(0).says("wrote: ");
    let file = place.path("catalog/recipes/some-model-8b-mi355x-bf16.yaml");
    assert!(file.exists());
    let ran = place.run(&[
        "generate",
        "org/Some.Model-8B",
        "--hardware=MI355X",
        "--available-gpus=8",
        catalog,
        "--format=json",
    ]);
    assert_eq!(
        ran.exits(0).json()["selected"]["recipe_id"],
        "some-model-8b-mi355x-bf16"
    );
}

#[test]
fn a_file_that_is_there_is_only_replaced_when_asked_for() {
    let place = Place::new();
    place.write("mine.yaml", "mine");
    let words = [&RECIPE[..], &["--output=mine.yaml"]].concat();
    place
        .run(&words)
        .exits(2)
        .says("new::write")
        .says("`--force`");
    assert_eq!(fs::read_to_string(place.path("mine.yaml")).unwrap(), "mine");
    place.run(&[&words[..], &["--force"]].concat()).exits(0);
    let text = fs::read_to_string(place.path("mine.yaml")).unwrap();
    assert!(text.contains("recipe_id: qwen3-8b-mi300x-fp16"), "{text}");
    let left: Vec<_> = fs::read_dir(place.path("."))
        .unwrap()
        .flatten()
        .map(|entry| entry.file_name())
        .collect();
    assert_eq!(left.len(), 2, "no temporary file is left: {left:?}");
}

#[test]
fn names_that_yaml_would_read_as_something_else_are_quoted() {
    let place = Place::new();
    let ran = place.run(&["new", "model", "1/2", "--size=1B"]).exits(0);
    place.write("catalog/models/m.yaml", ran.out);
    let ran = place.run(&["list", "models", "--format=json", "--catalog=catalog"]);
    assert_eq!(ran.exits(0).says_nothing().json()[0]["model_id"], "1/2");
    for id in ["../x", "a/../b", "a/.b", "/etc", "a/b/c", "a b/c"] {
        place
            .run(&["new", "model", id, "--size=1B"])
            .exits(2)
            .says("new::model_id");
    }
}
