//! The schemas of recipes and model cards: current, true of every file of the catalog, and not of others.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on ends"
)]

mod program;

use aim_engine::catalog::embedded;
use aim_engine::catalog::kind::Kind;
use aim_engine::catalog::yaml;
use aim_engine::schema::schema;
use jsonschema::Validator;
use pretty_assertions::assert_eq;
use program::Place;

fn validator(kind: Kind) -> Validator {
    jsonschema::draft202012::new(&schema(kind).unwrap()).unwrap()
}

/// What the schema says of a text.
fn said(kind: Kind, text: &str) -> Vec<String> {
    let root = yaml::read(text).unwrap();
    let json = root.to_json();
    validator(kind)
        .iter_errors(&json)
        .map(|error| error.to_string())
        .collect()
}

#[test]
fn the_schemas_in_the_repository_are_current() {
    for (word, kind) in [("recipe", Kind::Recipe), ("model", Kind::Model)] {
        let path = format!(
            "{}/docs/schema/{word}.schema.json",
            env!("CARGO_MANIFEST_DIR")
        );
        let text = Place::new()
            .run(&["schema", word])
            .exits(0)
            .says_nothing()
            .out;
        if std::env::var_os("UPDATE_EXPECTED").is_some() {
            std::fs::write(&path, &text).unwrap();
        }
        assert_eq!(
            std::fs::read_to_string(&path).unwrap(),
            text,
            "UPDATE_EXPECTED=1 writes it"
        );
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(
            value["$schema"],
            "https://json-schema.org/draft/2020-12/schema"
        );
        assert_eq!(value, schema(kind).unwrap());
        assert!(jsonschema::meta::validate(&value).is_ok());
    }
}

#[test]
fn every_recipe_and_card_of_the_catalog_has_its_form() {
    for kind in [Kind::Recipe, Kind::Model] {
        let validator = validator(kind);
        let files = embedded::files(kind);
        assert!(!files.is_empty());
        for file in files {
            let json = yaml::read_bytes(file.bytes).unwrap().to_json();
            let errors: Vec<_> = validator
                .iter_errors(&json)
                .map(|e| e.to_string())
                .collect();
            assert_eq!(errors, Vec::<String>::new(), "{}", file.path);
        }
    }
}

const RECIPE: &str = "huggingface_id: a/b\nhardware: MI300X\nprecision: bf16\nvllm_serve:\n  4_gpu:\n    enabled: true\n    args: {--x: 1, y: [a, {b: c}], --flag: }\n    env: {A: 1}\n";
const CARD: &str = "model_id: a/b\nsize: 8\nattention: {layers: 32}\ntags: [x]\n";

#[test]
fn what_is_right_passes() {
    for text in [
        RECIPE.to_owned(),
        RECIPE.replace("huggingface_id", "model_id"),
        RECIPE.replace("4_gpu", "8"),
        RECIPE.replace("true", "'true'"),
        format!("{RECIPE}sglang_serve:\n"),
    ] {
        assert_eq!(said(Kind::Recipe, &text), Vec::<String>::new(), "{text}");
    }
    for text in [
        CARD.to_owned(),
        CARD.replace("8", "8B"),
        CARD.replace("model_id", "huggingface_id"),
    ] {
        assert_eq!(said(Kind::Model, &text), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn what_is_wrong_does_not() {
    for (from, to) in [
        ("huggingface_id: a/b\n", ""),
        ("hardware", "hardwear"),
        ("precision: bf16\n", ""),
        ("vllm_serve", "vllm"),
        ("4_gpu", "four"),
        ("4_gpu", "0_gpu"),
        ("true", "maybe"),
        ("args", "arguments"),
        ("{--x: 1, y: [a, {b: c}], --flag: }", "[--x]"),
        ("A: 1", "A-B: 1"),
        ("A: 1", "A: [1]"),
    ] {
        let text = RECIPE.replace(from, to);
        assert_ne!(said(Kind::Recipe, &text), Vec::<String>::new(), "{text}");
    }
    for (from, to) in [
        ("model_id: a/b\n", ""),
        ("size", "sise"),
        ("layers: 32", "layers: many"),
        ("layers: 32", "heads: 32"),
        ("tags: [x]", "context_length: 8k"),
    ] {
        let text = CARD.replace(from, to);
        assert_ne!(said(Kind::Model, &text), Vec::<String>::new(), "{text}");
    }
}
