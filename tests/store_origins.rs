//! Each base fact has a place in a file of the catalog, and what stands there says it.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on ends"
)]

mod program;

use std::fs;

use aim_engine::store::{Cell, Layer, Place, Scope, Store, StoreSpec, is_lent, read_relation};
use pretty_assertions::assert_eq;
use program::Place as Dir;

/// Views that other views are made of, and columns that are no part of a relation.
const INNER: [&str; 6] = [
    "current_argument",
    "current_block",
    "current_recipe",
    "meant_argument",
    "written_argument",
    "written_block",
];
const ASIDE: [&str; 2] = ["backend_id", "repeats"];

/// Facts of each relation that are looked up.
const SAMPLE: usize = 300;

/// A recipe and a backend with what no embedded document has.
const RECIPE: &str = "\
recipe_id: tuned
huggingface_id: Qwen/Qwen3-32B
model_id: qwen-three
hardware: mi300x
precision: BF16
metric: Latency
image: vllm/vllm-openai-rocm:v0.20.0
vllm_serve:
  1_gpu:
    enabled: false
    image: vllm/vllm-openai-rocm:v0.22.0
    benchmark: {output_tokens_per_s: 1234.5, ttft_ms: 80}
    args:
      tensor_parallel_size: 1
      --middleware: [a, b]
      --lora-modules: {name: x}
      --kv-cache-dtype: fp8
      --compilation-config.level: 3
      --no-enable-prefix-caching:
      --api-key: hidden
  2_gpu:
    args: {--tp: 1, --tensor-parallel-size: 2}
other_serve:
  4:
    enabled: true
";

fn open(overlays: &[std::path::PathBuf], dir: &Dir) -> Store {
    Store::open(&StoreSpec {
        layers: Layer::stack(None, overlays),
        file: Some(dir.path("store.db")),
        ..StoreSpec::default()
    })
    .unwrap()
}

fn with_recipe(text: &str) -> (Dir, Store) {
    let dir = Dir::new();
    dir.write("site/recipes/tuned.yaml", text);
    let store = open(&[dir.path("site")], &dir);
    assert_eq!(store.problems(false).unwrap(), []);
    (dir, store)
}

/// A value of a fact.
#[derive(Clone, Debug, PartialEq)]
enum Owned {
    Text(String),
    Integer(i64),
    Real(f64),
}

impl Owned {
    fn cell(&self) -> Cell<'_> {
        match self {
            Owned::Text(text) => Cell::Text(text),
            Owned::Integer(number) => Cell::Integer(*number),
            Owned::Real(number) => Cell::Real(*number),
        }
    }
}

fn relations(store: &Store) -> Vec<String> {
    let mut names = store.view_names().unwrap();
    // What the model cache lends is in no file of a catalog.
    names.retain(|name| !INNER.contains(&name.as_str()) && !is_lent(name));
    names
}

/// Facts of a relation, taken evenly from all of them, by their columns.
fn facts(store: &Store, relation: &str) -> (Vec<String>, Vec<Vec<Owned>>) {
    let mut columns = store.view_columns(relation).unwrap();
    columns.retain(|column| !ASIDE.contains(&column.as_str()));
    let names: Vec<&str> = columns.iter().map(String::as_str).collect();
    let mut rows = Vec::new();
    let scoped = store.scoped_views().unwrap();
    let row = |cells: &[Cell<'_>]| {
        let owned = |cell: &Cell<'_>| match *cell {
            Cell::Text(text) => Owned::Text(text.to_owned()),
            Cell::Integer(number) => Owned::Integer(number),
            Cell::Real(number) => Owned::Real(number),
            Cell::Null => panic!("no row with nothing in it is given"),
        };
        rows.push(cells.iter().map(owned).collect());
    };
    read_relation(store, &scoped, relation, &names, &Scope::Whole, row).unwrap();
    let step = rows.len().div_ceil(SAMPLE).max(1);
    (columns, rows.into_iter().step_by(step).collect())
}

/// The place of a fact whose values are given in the order of `columns`.
fn place(
    store: &Store,
    relation: &str,
    fact: &[(&str, Cell<'_>)],
    column: Option<&str>,
) -> Option<Place> {
    store.place_of(relation, fact, column).unwrap()
}

/// Whether a text of a file says a value: the same without case and quotes, or the same number, in
/// millions too.
fn says(text: &str, value: &Owned) -> bool {
    let text = text.trim_matches(['"', '\'']);
    let number = |wanted: f64| {
        let plain = text.strip_suffix(['B', 'K', 'M', 'k']).unwrap_or(text);
        let found = plain.parse::<f64>().unwrap_or(f64::NAN);
        let same = |factor: f64| (found * factor - wanted).abs() <= wanted.abs() * 1e-9;
        [1.0, 1e-6, 1e3, 1024.0].into_iter().any(same)
    };
    match value {
        Owned::Text(value) => text.eq_ignore_ascii_case(value),
        #[expect(clippy::cast_precision_loss, reason = "small numbers")]
        Owned::Integer(value) => number(*value as f64),
        Owned::Real(value) => number(*value),
    }
}

/// Columns whose place says the same in another way: a block's key, a section's name, the parts of a
/// sum, the flag alone, an image's tag.
fn is_other_way(relation: &str, column: &str, underlined: &str) -> bool {
    match (relation, column) {
        ("argument_word", "reading" | "word") => true,
        ("model_latent" | "flag_takes", "values") => true,
        ("native_precision", "precision") | ("hardware_product", "product") => true,
        ("id_parts", "org" | "name" | "slug") | ("backend_purpose", "purpose" | "backend") => true,
        ("known_flag" | "backend_flag", "kind") => underlined.starts_with("--"),
        ("backend_image", "place" | "gfx") | ("block_version", "version") => true,
        (_, "gpus") => underlined.starts_with(|c: char| c.is_ascii_digit()),
        (_, "backend") => underlined.ends_with("_serve"),
        _ => false,
    }
}

/// Whether a text is the version that a position stands for; of no end only the flag can be shown.
fn is_version(store: &Store, fact: &[(&str, Cell<'_>)], column: &str, underlined: &str) -> bool {
    // What stands in the entry of a flag for a secret is masked like the secret.
    if !underlined.is_empty() && underlined.chars().all(|c| c == '*') {
        return true;
    }
    let value = |name| fact.iter().find(|(column, _)| *column == name).unwrap().1;
    let (Cell::Text(backend), Cell::Integer(at)) = (value("backend"), value(column)) else {
        return false;
    };
    let versions = store.backend(backend).unwrap().unwrap().versions;
    match usize::try_from(at).ok().and_then(|at| versions.get(at)) {
        Some(version) => version.starts_with(underlined.trim_matches('"')),
        None => column == "until",
    }
}

#[test]
fn each_fact_of_the_catalog_has_a_place_that_says_it() {
    let (_dir, store) = with_recipe(RECIPE);
    let mut wrong = Vec::new();
    for relation in relations(&store) {
        let (columns, rows) = facts(&store, &relation);
        // Of such problems there are none in a catalog that can be read.
        let is_empty = relation == "document_problem_also";
        assert!(!rows.is_empty() || is_empty, "`{relation}` has no facts");
        // These say themselves where they stand: see lint_places.rs.
        let says_where = columns
            .iter()
            .any(|name| name == "at" || name == "document");
        for row in rows {
            let fact: Vec<_> = columns
                .iter()
                .map(String::as_str)
                .zip(row.iter().map(Owned::cell))
                .collect();
            let Some(whole) = place(&store, &relation, &fact, None) else {
                wrong.push(format!("{relation}{row:?}: no place"));
                continue;
            };
            if whole.underlined().is_empty() {
                wrong.push(format!("{relation}{row:?}: nothing underlined"));
            }
            let values = columns.iter().zip(&row).filter(|_| !says_where);
            for (column, value) in values {
                let place = place(&store, &relation, &fact, Some(column)).unwrap();
                let text = place.underlined();
                let versioned = ["since", "until", "version"].contains(&column.as_str())
                    && relation != "block_version";
                let right = if versioned {
                    is_version(&store, &fact, column, text)
                } else {
                    says(text, value) || is_other_way(&relation, column, text)
                };
                if !right {
                    wrong.push(format!("{relation}{row:?}: {column} is `{text}`"));
                }
            }
        }
    }
    // How names are spelled, what is read off them and what there is at all stands in no file.
    let is_spelling = |wrong: &String| {
        ["name_slug", "size_word", "catalog_has"]
            .iter()
            .any(|view| wrong.starts_with(view))
    };
    wrong.retain(|wrong| !is_spelling(wrong));
    wrong.truncate(40);
    assert_eq!(wrong, Vec::<String>::new());
}

/// `line:column text` of a fact of the recipe above.
fn says_at(store: &Store, relation: &str, fact: &[(&str, Cell<'_>)], column: &str) -> String {
    let column = (!column.is_empty()).then_some(column);
    match place(store, relation, fact, column) {
        Some(place) => format!("{}:{} {}", place.line, place.column, place.underlined()),
        None => "nowhere".to_owned(),
    }
}

fn block(gpus: i64) -> Vec<(&'static str, Cell<'static>)> {
    vec![
        ("recipe", Cell::Text("tuned")),
        ("backend", Cell::Text("vllm")),
        ("gpus", Cell::Integer(gpus)),
    ]
}

fn block_and(
    gpus: i64,
    more: &[(&'static str, Cell<'static>)],
) -> Vec<(&'static str, Cell<'static>)> {
    let mut fact = block(gpus);
    fact.extend_from_slice(more);
    fact
}

#[test]
fn facts_of_a_recipe_stand_at_their_keys_and_values() {
    let (_dir, store) = with_recipe(RECIPE);
    let one = block(1);
    let other = vec![
        ("recipe", Cell::Text("tuned")),
        ("backend", Cell::Text("other")),
        ("gpus", Cell::Integer(4)),
    ];
    let flag = |flag| block_and(1, &[("flag", Cell::Text(flag))]);
    let word = |flag, word| block_and(1, &[("flag", Cell::Text(flag)), ("word", Cell::Text(word))]);
    let split = |size| block_and(2, &[("size", Cell::Integer(size))]);
    for (relation, fact, column, wanted) in [
        ("recipe", one.clone(), "hardware", "4:11 mi300x"),
        ("configuration", one.clone(), "", "9:3 1_gpu"),
        ("configuration", one.clone(), "backend", "8:1 vllm_serve"),
        ("configuration", other, "", "24:3 4"),
        (
            "block_image",
            one.clone(),
            "",
            "11:12 vllm/vllm-openai-rocm:v0.22.0",
        ),
        (
            "block_image",
            block(2),
            "image",
            "7:8 vllm/vllm-openai-rocm:v0.20.0",
        ),
        (
            "block_version",
            block(2),
            "",
            "7:8 vllm/vllm-openai-rocm:v0.20.0",
        ),
        ("tensor_parallel_argument", one.clone(), "", "14:29 1"),
        ("tensor_parallel_argument", split(1), "", "22:18 1"),
        ("tensor_parallel_argument", split(2), "", "22:45 2"),
        (
            "argument",
            flag("--tensor-parallel-size"),
            "",
            "14:7 tensor_parallel_size",
        ),
        (
            "argument",
            flag("--compilation-config"),
            "",
            "18:7 --compilation-config.level",
        ),
        (
            "argument_word",
            word("--middleware", "b"),
            "word",
            "15:25 b",
        ),
        (
            "argument_word",
            word("--middleware", "b"),
            "flag",
            "15:7 --middleware",
        ),
        (
            "argument_word",
            word("--lora-modules", "{\"name\":\"x\"}"),
            "",
            "16:7 --lora-modules",
        ),
        (
            "argument_word",
            word("--no-enable-prefix-caching", ""),
            "",
            "19:7 --no-enable-prefix-caching",
        ),
        ("measured_ttft", one, "ms", "12:55 80"),
    ] {
        let found = says_at(&store, relation, &fact, column);
        assert_eq!(found, wanted, "{relation}{fact:?} {column}");
    }
}

#[test]
fn a_fact_that_is_not_there_has_the_nearest_place() {
    let (_dir, store) = with_recipe(RECIPE);
    let flag = |gpus| block_and(gpus, &[("flag", Cell::Text("--seed"))]);
    let mut nothing = block(1);
    nothing[0].1 = Cell::Text("gone");
    let mut unknown = block(1);
    unknown[1].1 = Cell::Null;
    for (relation, fact, wanted) in [
        ("enabled", block(1), "10:14 false"),
        ("enabled", block(2), "21:3 2_gpu"),
        ("argument", flag(1), "13:5 args"),
        ("argument", flag(8), "8:1 vllm_serve"),
        ("configuration", block(8), "8:1 vllm_serve"),
        ("configuration", unknown, "1:12 tuned"),
        ("recipe_readiness", block(1), "1:12 tuned"),
        ("max_model_len_argument", block(1), "13:5 args"),
        ("measured_output", block(2), "21:3 2_gpu"),
        ("configuration", nothing, "nowhere"),
        (
            "model_heads",
            vec![("model", Cell::Text("nobody/has-a-card"))],
            "nowhere",
        ),
        ("no_such_relation", block(1), "nowhere"),
    ] {
        let found = says_at(&store, relation, &fact, "");
        assert_eq!(found, wanted, "{relation}{fact:?}");
    }
    let of_backend = |name: &'static str, value| {
        vec![("backend", Cell::Text("vllm")), (name, Cell::Text(value))]
    };
    let flag = of_backend("name", "--no-such-flag");
    assert!(says_at(&store, "known_flag", &flag, "").ends_with(" flags"));
    let mut choice = of_backend("name", "--dtype");
    choice.extend([
        ("since", Cell::Integer(0)),
        ("choice", Cell::Text("float8_e4m3")),
    ]);
    assert!(says_at(&store, "flag_choice", &choice, "").ends_with(" choices"));
}

#[test]
fn a_block_without_arguments_or_of_another_name_is_where_they_would_be() {
    let recipe = program::recipe("tuned", "Qwen/Qwen3-32B", "MI300X", "bf16", 1);
    let text = recipe.replace("    args:\n      --max-model-len: 8192\n", "");
    let (_dir, store) = with_recipe(&text);
    let fact = block_and(1, &[("flag", Cell::Text("--seed"))]);
    assert_eq!(says_at(&store, "argument", &fact, ""), "6:3 1_gpu");
    let mut fact = block(1);
    fact[1].1 = Cell::Text("sglang");
    assert_eq!(says_at(&store, "configuration", &fact, ""), "1:12 tuned");
}

#[test]
fn a_recipe_without_a_name_of_its_own_is_told_by_its_model() {
    let text = program::recipe("x", "Qwen/Qwen3-32B", "MI300X", "bf16", 1);
    let (_, text) = text.split_once('\n').unwrap();
    let (_dir, store) = with_recipe(text);
    let found = says_at(&store, "recipe", &block(1), "recipe");
    assert_eq!(found, "1:17 Qwen/Qwen3-32B");
}

/// The text of a recipe whose lines end as on Windows, with a mark at its beginning and letters of
/// several bytes before what is looked up.
#[test]
fn columns_count_characters_and_offsets_bytes() {
    let text = "\u{feff}recipe_id: tuned\r\nhuggingface_id: Qwen/Qwen3-32B\r\ndescription: \"é\"\r\nprecision: bf16\r\nhardware: MI300X\r\nvllm_serve: {1_gpu: {enabled: true, args: {--served-model-name: \"großé 模型\", --seed: 7}}}\r\n";
    let (_dir, store) = with_recipe(text);
    let words =
        |flag, word| block_and(1, &[("flag", Cell::Text(flag)), ("word", Cell::Text(word))]);
    let seed = place(&store, "argument_word", &words("--seed", "7"), None).unwrap();
    let line = text.lines().last().unwrap();
    let before = line.find('7').unwrap();
    assert_eq!(seed.underlined(), "7");
    assert_eq!(
        (seed.line, seed.column),
        (6, line[..before].chars().count() + 1)
    );
    assert_eq!(seed.offset, text.find("7}}").unwrap());
    assert_eq!(&*seed.text, text);
    let name = words("--served-model-name", "großé 模型");
    assert_eq!(
        says_at(&store, "argument_word", &name, ""),
        "6:65 \"großé 模型\""
    );
    let first = says_at(&store, "recipe", &block(1), "recipe");
    assert_eq!(first, "1:12 tuned");
}

#[test]
fn what_an_alias_brings_in_stands_where_it_was_written() {
    let (_dir, store) = with_recipe(
        "recipe_id: tuned\nhuggingface_id: Qwen/Qwen3-32B\nhardware: MI300X\nprecision: bf16\nvllm_serve:\n  1_gpu: &one\n    enabled: true\n    args: &args\n      --seed: 7\n  2_gpu: *one\n  4_gpu:\n    <<: *one\n    args:\n      <<: *args\n      --seed: 8\n      --max-num-seqs: 9\n",
    );
    let seed = |gpus| {
        let value = if gpus == 4 { "8" } else { "7" };
        block_and(
            gpus,
            &[("flag", Cell::Text("--seed")), ("word", Cell::Text(value))],
        )
    };
    for (relation, fact, wanted) in [
        ("argument_word", seed(1), "9:15 7"),
        ("argument_word", seed(2), "9:15 7"),
        ("argument_word", seed(4), "15:15 8"),
        ("configuration", block(2), "10:3 2_gpu"),
        ("enabled", block(4), "7:14 true"),
    ] {
        assert_eq!(
            says_at(&store, relation, &fact, ""),
            wanted,
            "{relation}{fact:?}"
        );
    }
}

#[test]
fn the_file_that_counts_is_the_one_that_is_shown() {
    let (dir, store) = with_recipe(
        "recipe_id: qwen3-32b-mi300x-bf16\nhuggingface_id: Qwen/Qwen3-32B\nhardware: MI300X\nprecision: bf16\n",
    );
    let recipe = |name| vec![("recipe", Cell::Text(name))];
    let ours = place(&store, "recipe", &recipe("qwen3-32b-mi300x-bf16"), None).unwrap();
    assert_eq!((ours.embedded, ours.line), (false, 1));
    assert_eq!(ours.file, dir.text("site/recipes/tuned.yaml"));
    let theirs = place(&store, "recipe", &recipe("qwen3-32b-fp8-mi300x-fp8"), None);
    let theirs = theirs.unwrap();
    assert!(theirs.embedded);
    assert_eq!(theirs.file, "recipes/qwen3-32b-fp8-mi300x-fp8.yaml");
    assert_eq!(theirs.underlined(), "qwen3-32b-fp8-mi300x-fp8");
}

#[test]
fn a_name_that_only_recipes_give_a_model_stands_in_one_of_them() {
    let text = RECIPE.replace("Qwen/Qwen3-32B", "site/model");
    let (_dir, store) = with_recipe(&text);
    let name = |name| vec![("name", Cell::Text(name))];
    for (fact, column, wanted) in [
        (name("site/model"), "", "2:17 site/model"),
        (name("qwen-three"), "", "3:11 qwen-three"),
        (name("qwen-three"), "model", "2:17 site/model"),
    ] {
        assert_eq!(says_at(&store, "model_name", &fact, column), wanted);
    }
}

#[test]
fn a_file_that_changed_or_went_since_it_was_read_has_no_places() {
    let (dir, store) = with_recipe(RECIPE);
    dir.write("site/recipes/tuned.yaml", "recipe_id: [\n");
    assert_eq!(says_at(&store, "configuration", &block(1), ""), "nowhere");
    let (dir, store) = with_recipe(RECIPE);
    fs::remove_file(dir.path("site/recipes/tuned.yaml")).unwrap();
    assert_eq!(says_at(&store, "configuration", &block(1), ""), "nowhere");
}

/// The store remembers paths as its first run wrote them; a later one may stand in another folder.
#[test]
fn paths_are_those_of_the_run_that_asks() {
    let (dir, store) = with_recipe(RECIPE);
    drop(store);
    let store = open(&[dir.path("./site")], &dir);
    let place = place(&store, "configuration", &block(1), None).unwrap();
    let wanted = dir.path("./site").join("recipes/tuned.yaml");
    assert_eq!(place.file, wanted.display().to_string());
}

#[test]
fn the_text_of_a_place_shows_no_secret_and_nothing_that_a_terminal_obeys() {
    let text = RECIPE
        .replace("hidden", "\"sésame\"")
        .replace("Latency", "\"Latency\" # \u{85}31m");
    let (_dir, store) = with_recipe(&text);
    let fact = block_and(1, &[("flag", Cell::Text("--api-key"))]);
    let place = place(&store, "argument", &fact, None).unwrap();
    assert_eq!(place.underlined(), "--api-key");
    assert!(!place.text.contains("sésame"));
    assert!(!place.text.contains('\u{85}'));
    assert_eq!(place.text.len(), text.len());
}

#[test]
fn a_recipe_that_is_a_single_file_is_shown_by_its_path() {
    let dir = Dir::new();
    let file = dir.write("tuned.yaml", RECIPE);
    let mut layers = Layer::stack(None, &[]);
    layers.push(Layer::File(file.clone()));
    let store = Store::open(&StoreSpec {
        layers,
        file: Some(dir.path("store.db")),
        ..StoreSpec::default()
    })
    .unwrap();
    let place = place(&store, "configuration", &block(1), None).unwrap();
    assert_eq!(place.file, file.display().to_string());
    assert_eq!((place.line, place.underlined()), (9, "1_gpu"));
}
