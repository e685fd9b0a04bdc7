//! `models fetch` against a hub of the test's own: what is written, what is read for it, and what is said
//! when the hub or its files are not as they should be.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on ends"
)]

mod hub;
mod models;
mod program;

use std::fs;
use std::process::Command;

use hub::{Fault, Hub};
use models::header;
use models::shapes::decoder;
use program::{Place, Ran, ran};
use serde_json::{Value as Json, json};

const MODEL: &str = "acme/Rocket-7B";

fn config() -> Json {
    json!({"model_type": "qwen3", "hidden_size": 64, "intermediate_size": 128,
        "num_hidden_layers": 4, "num_attention_heads": 4, "num_key_value_heads": 2,
        "head_dim": 16, "vocab_size": 200, "max_position_embeddings": 40_960,
        "use_sliding_window": false, "tie_word_embeddings": false, "torch_dtype": "bfloat16"})
}

const PARAMETERS: u64 =
    2 * 200 * 64 + 64 + 4 * (64 * 64 * 2 + 2 * 32 * 64 + 3 * 64 * 128 + 2 * 64 + 2 * 16);

/// Two files with weights, whose data follows the headers.
fn files(config: &Json) -> Vec<(&'static str, Vec<u8>)> {
    let tensors = decoder(config, "BF16");
    let (first, second) = tensors.split_at(tensors.len() / 2);
    let names = [
        "model-00001-of-00002.safetensors",
        "model-00002-of-00002.safetensors",
    ];
    let mut map = serde_json::Map::new();
    let mut all = vec![("config.json", config.to_string().into_bytes())];
    for (name, part) in [(names[0], first), (names[1], second)] {
        let (mut bytes, data) = header(part);
        bytes.resize(bytes.len() + usize::try_from(data).unwrap(), 7);
        map.extend(
            part.iter()
                .map(|tensor| (tensor.name.clone(), Json::from(name))),
        );
        all.push((name, bytes));
    }
    let index = json!({"weight_map": map}).to_string();
    all.push(("model.safetensors.index.json", index.into_bytes()));
    all.push((
        "README.md",
        b"---\nlicense: apache-2.0\n---\n# Rocket\n".to_vec(),
    ));
    all
}

fn command(place: &Place, hub: &Hub, words: &[&str]) -> Command {
    let mut command = place.command(&[&["models", "fetch", MODEL], words].concat());
    command
        .env("HF_ENDPOINT", hub.endpoint())
        .env("AIM_CACHE_DIR", place.path("models"));
    command
}

fn fetch(place: &Place, hub: &Hub, words: &[&str]) -> Ran {
    ran(&mut command(place, hub, words))
}

fn card(place: &Place) -> String {
    fs::read_to_string(place.path("site/models/acme/Rocket-7B.yaml")).unwrap()
}

#[test]
fn a_card_is_made_of_headers_and_no_weights() {
    let (place, hub) = (Place::new(), Hub::start());
    let files = files(&config());
    hub.add(MODEL, &files);
    let answer = fetch(&place, &hub, &["--format", "json"])
        .exits(0)
        .says_nothing()
        .json();
    // The lengths and the headers, and not one byte more of the files with weights.
    let headers: usize = files[1..3]
        .iter()
        .map(|(_, bytes)| {
            8 + usize::try_from(u64::from_le_bytes(bytes[..8].try_into().unwrap())).unwrap()
        })
        .sum();
    assert_eq!(answer["headers"], json!({"files": 2, "bytes": headers}));
    let small: usize = [0, 3].iter().map(|at| files[*at].1.len()).sum();
    assert_eq!(hub.sent(), u64::try_from(headers + small).unwrap());
    assert_eq!(answer["written"], false);
    assert_eq!(answer["file"], Json::Null);
    let figures = answer["figures"].as_array().unwrap();
    let figure = |key: &str| figures.iter().find(|figure| figure["key"] == key).unwrap();
    assert_eq!(figure("parameters")["value"], PARAMETERS.to_string());
    assert_eq!(figure("attention.kv_heads")["from"], "num_key_value_heads");
    assert_eq!(figure("weights_precision")["value"], "bf16");
    let text = fetch(&place, &hub, &[]).exits(0).says_nothing().out;
    assert_eq!(answer["card"], text);
    assert!(
        text.contains("\n  layers: 4 # num_hidden_layers\n"),
        "{text}"
    );
    assert!(text.contains("\ngated: false\n"), "{text}");
    assert!(
        text.lines()
            .filter(|line| line.starts_with('#'))
            .all(|line| line.len() <= 80)
    );
}

#[test]
fn a_card_is_written_to_its_place_and_used() {
    let (place, hub) = (Place::new(), Hub::start());
    let commit = hub.add(MODEL, &files(&config()));
    fetch(&place, &hub, &["--catalog", "site"])
        .exits(0)
        .says("wrote: site/models/acme/Rocket-7B.yaml");
    let text = card(&place);
    assert!(text.contains(&commit[..12]), "{text}");
    let linted = place.run(&["lint", "site", "--format", "json"]).json();
    assert_eq!(linted["summary"]["errors"], 0, "{linted}");
    let listed = place
        .run(&["list", "models", "--overlay", "site"])
        .exits(0)
        .out;
    assert!(listed.contains(MODEL), "{listed}");
    // What is there stays, and the hub is not asked.
    hub.requests();
    let again = fetch(&place, &hub, &["--catalog", "site"]).exits(2);
    assert!(
        again.err.contains("is there already") && again.err.contains("--update"),
        "{}",
        again.err
    );
    assert!(hub.requests().is_empty());
    assert_eq!(card(&place), text);
    let same = fetch(&place, &hub, &["--catalog", "site", "--update"]).exits(0);
    assert_eq!(same.out, "");
    assert_eq!(card(&place), text);
}

#[test]
fn an_update_changes_what_differs_and_keeps_all_else() {
    let (place, hub) = (Place::new(), Hub::start());
    let commit = hub.add(MODEL, &files(&config()));
    let before = "# Ours.\r\nhuggingface_id: 'acme/Rocket-7B' # the id\r\nsize: \"9B\"\r\n\
        gated: false\r\nparameters: 0x7 # guessed\r\nweights_precision: \"fp16\"\r\n\
        context_length: 40960\r\nattention: {layers: 4, kv_heads: 1, head_dim: 16} # measured\r\n\
        # Who wrote it\r\nuncertain: [attention.kv_heads, gated, builder, parameters]\r\n\
        sources:\r\n  parameters: a guess\r\n";
    place.write("site/models/acme/Rocket-7B.yaml", before);
    let updated = fetch(&place, &hub, &["--catalog", "site", "--update"]).exits(0);
    let text = card(&place);
    let at = format!("commit {}", &commit[..12]);
    let wanted = format!(
        "# Ours.\r\nhuggingface_id: 'acme/Rocket-7B' # the id\r\nsize: \"9B\"\r\n\
        gated: false\r\nparameters: {PARAMETERS} # guessed\r\nweights_precision: \"bf16\"\r\n\
        context_length: 40960\r\n\
        attention: {{layers: 4, heads: 4, kv_heads: 2, head_dim: 16}} # measured\r\n\
        # Who wrote it\r\nuncertain: [builder]\r\nsources:\r\n  \
        parameters: \"shapes in the headers of 2 files; {at}\"\r\n  \
        weights_precision: \"types in the headers; {at}\"\r\n  \
        attention: \"config.json; {at}\"\r\n"
    );
    assert_eq!(text, wanted);
    assert!(
        updated
            .out
            .contains(&format!("parameters: 0x7 -> {PARAMETERS}\n")),
        "{}",
        updated.out
    );
    assert!(
        updated.out.contains("attention.kv_heads: 1 -> 2\n"),
        "{}",
        updated.out
    );
    assert!(
        updated.out.contains("attention.heads: 4 (new)\n"),
        "{}",
        updated.out
    );
    assert!(
        updated
            .out
            .contains("uncertain: attention.kv_heads, gated, builder, parameters -> builder\n"),
        "{}",
        updated.out
    );
    let again = fetch(
        &place,
        &hub,
        &["--catalog", "site", "--update", "--format", "json"],
    )
    .exits(0);
    assert_eq!(again.json()["changes"], json!([]));
    assert_eq!(again.json()["written"], false);
    assert_eq!(card(&place), text);
    // To stdout, the file stays.
    place.write("site/models/acme/Rocket-7B.yaml", before);
    let shown = fetch(&place, &hub, &["--catalog", "site", "--update", "-o", "-"]).exits(0);
    assert_eq!(shown.out, text);
    assert_eq!(card(&place), before);
    let other = "huggingface_id: acme/Other\n";
    place.write("other.yaml", other);
    fetch(&place, &hub, &["-o", "other.yaml", "--update"])
        .exits(1)
        .says("is of `acme/Other`");
    fetch(&place, &hub, &["--update"])
        .exits(2)
        .says("there is no file to update");
}

#[test]
fn offline_the_cache_is_read() {
    let (place, hub) = (Place::new(), Hub::start());
    let commit = hub.add(MODEL, &files(&config()));
    let mut offline = command(&place, &hub, &["--format", "json"]);
    offline.env("HF_HUB_OFFLINE", "1");
    ran(&mut offline).exits(1).says("is not in");
    let mut add = place.command(&["cache", "add", MODEL]);
    add.env("HF_ENDPOINT", hub.endpoint())
        .env("AIM_CACHE_DIR", place.path("models"));
    ran(&mut add).exits(0);
    hub.requests();
    let answer = ran(&mut offline).exits(0).json();
    assert!(hub.requests().is_empty());
    assert_eq!(answer["from"], "cache");
    assert_eq!(answer["commit"], commit.as_str());
    let keys: Vec<&str> = answer["figures"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| f["key"].as_str().unwrap())
        .collect();
    assert!(
        keys.contains(&"parameters") && !keys.contains(&"gated"),
        "{keys:?}"
    );
    // Of a model that is there in part, what is there.
    let snapshot = place
        .path("models/hub/models--acme--Rocket-7B/snapshots")
        .join(&commit);
    fs::remove_file(snapshot.join("model-00002-of-00002.safetensors")).unwrap();
    let answer = ran(&mut offline).exits(0).json();
    let note = "1 of 2 files with weights are missing: parameters are not known";
    assert_eq!(answer["notes"], json!([note]));
    assert!(answer["card"].as_str().unwrap().contains("\n  layers: 4 "));
}

#[test]
fn what_the_hub_refuses_is_said_with_what_to_do() {
    let (place, hub) = (Place::new(), Hub::start());
    fetch(&place, &hub, &[])
        .exits(1)
        .says("the hub has no model `acme/Rocket-7B`");
    hub.add(MODEL, &files(&config()));
    fetch(&place, &hub, &["--revision", "v9"])
        .exits(1)
        .says("has no revision `v9`");
    hub.change(MODEL, |model| {
        model.gated = true;
        model.token = Some("hf_secret".to_owned());
    });
    let gated = fetch(&place, &hub, &[]).exits(3).says("is gated");
    assert!(
        gated.err.contains(&format!("{}/{MODEL}", hub.endpoint())),
        "{}",
        gated.err
    );
    let mut allowed = command(&place, &hub, &[]);
    let allowed = ran(allowed.env("HF_TOKEN", "hf_secret")).exits(0);
    assert!(allowed.out.contains("\ngated: true\n"), "{}", allowed.out);
    assert!(!allowed.out.contains("hf_secret") && !allowed.err.contains("hf_secret"));
    hub.fault("config.json", 1, Fault::Status(403, vec![]));
    let mut refused = command(&place, &hub, &["--catalog", "site"]);
    ran(refused.env("HF_TOKEN", "hf_secret")).exits(3);
    assert!(!place.path("site").exists());
    let mut id = place.command(&["models", "fetch", "../x"]);
    ran(&mut id).exits(2).says("is no model id");
}

#[test]
fn a_host_that_knows_no_ranges_does_not_send_all() {
    let (place, hub) = (Place::new(), Hub::start());
    hub.add(MODEL, &files(&config()));
    hub.fault(".safetensors", 100, Fault::NoRanges);
    let answer = fetch(&place, &hub, &["--format", "json"]).exits(0).json();
    assert_eq!(answer["headers"]["files"], 2);
}

#[test]
fn models_without_headers_or_configuration() {
    let (place, hub) = (Place::new(), Hub::start());
    let config = config().to_string().into_bytes();
    hub.add(
        MODEL,
        &[("config.json", config), ("pytorch_model.bin", vec![0; 100])],
    );
    let only_bin = fetch(&place, &hub, &[])
        .exits(0)
        .says("parameters are not known");
    assert!(!only_bin.out.contains("\nparameters:") && only_bin.out.contains("layers: 4"));
    hub.add(
        MODEL,
        &[("config.json", b"{\"num_hidden_layers\": \"x\"}".to_vec())],
    );
    let wrong = fetch(&place, &hub, &[]).exits(1);
    assert!(
        wrong
            .err
            .contains("`num_hidden_layers` of `config.json` is `\"x\"`"),
        "{}",
        wrong.err
    );
    hub.add(MODEL, &[("rocket.gguf", vec![0; 10])]);
    fetch(&place, &hub, &[])
        .exits(1)
        .says("it has weights for llama.cpp");
    let hostile = [&u64::MAX.to_le_bytes()[..], b"{}"].concat();
    hub.add(
        MODEL,
        &[
            ("config.json", b"{}".to_vec()),
            ("model.safetensors", hostile),
        ],
    );
    fetch(&place, &hub, &[])
        .exits(1)
        .says("`model.safetensors` is no safetensors file");
}
