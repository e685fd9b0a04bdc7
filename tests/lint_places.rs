//! Nodes of the base relations: what stands at each of them is what the relation says of it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use aim_engine::catalog::kind::Kind;
use aim_engine::datalog::CompiledProgram;
use aim_engine::policy::{Policy, RuleSources};
use aim_engine::store::{Cell, Layer, LooseFile, Place, Scope, Store, StoreSpec, read_relation};
use pretty_assertions::assert_eq;

fn embedded(dir: &tempfile::TempDir) -> Store {
    Store::open(&StoreSpec {
        layers: Layer::stack(None, &[]),
        file: Some(dir.path().join("store.db")),
        ..StoreSpec::default()
    })
    .unwrap()
}

fn with(store: &Store, name: &str, kind: Kind, text: &[u8]) -> Store {
    let file = LooseFile {
        name: name.to_owned(),
        kind: Some(kind),
        text: Some(text.into()),
    };
    store.with_files(vec![file]).unwrap()
}

/// Each row of a view: the text of one column and the place in another.
fn texts_and_places(store: &Store, view: &str, text: &str, at: &str) -> Vec<(String, Place)> {
    let mut rows = Vec::new();
    let scoped = store.scoped_views().unwrap();
    read_relation(store, &scoped, view, &[text, at], &Scope::Whole, |cells| {
        if let [Cell::Text(text), Cell::Integer(node)] = cells {
            rows.push(((*text).to_owned(), *node));
        }
    })
    .unwrap();
    let rows = rows.into_iter();
    rows.map(|(text, node)| (text, store.node_place(node).unwrap().unwrap()))
        .collect()
}

/// The text without the quotes that YAML takes off.
fn unquoted(place: &Place) -> &str {
    place.underlined().trim_matches(['"', '\''])
}

#[test]
fn what_stands_at_a_node_is_what_the_relation_says() {
    let dir = tempfile::tempdir().unwrap();
    let store = embedded(&dir);
    for (view, text, at) in [
        ("recipe_value", "text", "at"),
        ("card_value", "text", "at"),
        ("recipe_file", "recipe", "at"),
        ("card_file", "model", "at"),
        ("card_recipe", "file", "at"),
        ("recipe_section", "section", "at"),
        ("recipe_block", "key", "at"),
        ("recipe_argument", "flag", "at"),
        ("recipe_word", "word", "at"),
    ] {
        let rows = texts_and_places(&store, view, text, at);
        assert!(rows.len() > 30, "{view}");
        for (text, place) in rows {
            // What may be a secret is covered, each in its own way.
            if text.contains("**") {
                continue;
            }
            // A flag alone stands for its value, a map is shown by its key, a folded text by its first line.
            let is_whole = !text.is_empty()
                && !text.starts_with('{')
                && !place.underlined().starts_with(['>', '|']);
            if is_whole {
                assert_eq!(
                    unquoted(&place),
                    text,
                    "{view} {}:{}",
                    place.file,
                    place.line
                );
            }
        }
    }
    for (path, place) in texts_and_places(&store, "recipe_value", "path", "key_at") {
        assert!(path.ends_with(unquoted(&place)), "{path}");
    }
}

#[test]
fn bytes_are_right_after_a_mark_windows_lines_and_wide_letters() {
    let dir = tempfile::tempdir().unwrap();
    let text = "\u{feff}recipe_id: tünéd\r\ndescription: \"模型\"\r\nhuggingface_id: a/b # é\r\nhardware: 'MI300X'\r\nprecision:\r\n  bf16\r\nvllm_serve: {1_gpu: {enabled: true, args: {--x: \"é\", --seed: 7}}}\r\n";
    let store = with(&embedded(&dir), "new.yaml", Kind::Recipe, text.as_bytes());
    let words = texts_and_places(&store, "recipe_word", "word", "at");
    let (_, seed) = words
        .iter()
        .find(|(_, place)| place.file == "new.yaml" && place.underlined() == "7")
        .unwrap();
    assert_eq!(seed.offset, text.find("7}}").unwrap());
    assert_eq!((seed.line, seed.column), (7, 62));
    let values = texts_and_places(&store, "recipe_value", "text", "at");
    let at = |value: &str| {
        let (_, place) = values
            .iter()
            .find(|(text, place)| place.file == "new.yaml" && text == value)
            .unwrap();
        (place.line, place.column, place.underlined())
    };
    assert_eq!(at("tünéd"), (1, 12, "tünéd"));
    assert_eq!(at("MI300X"), (4, 11, "'MI300X'"));
    assert_eq!(at("bf16"), (6, 3, "bf16"));
}

#[test]
fn problems_of_files_that_cannot_be_used_have_places_too() {
    let dir = tempfile::tempdir().unwrap();
    let base = embedded(&dir);
    for (text, says, at) in [
        (&b"a: [1\nb: 2\n"[..], "not valid YAML", (2, 2, ":")),
        (b"a: 1\nbb: \xff\n", "not UTF-8", (2, 5, "")),
        (b"", "holds no document", (1, 1, "")),
        (b"a: 1\na: 2\n", "stands twice", (2, 1, "a")),
    ] {
        let store = with(&base, "new.yaml", Kind::Recipe, text);
        let problems = texts_and_places(&store, "document_problem", "says", "at");
        let [(message, place)] = problems.as_slice() else {
            unreachable!("one problem: {problems:?}")
        };
        assert!(message.contains(says), "{message}");
        assert_eq!((place.line, place.column, place.underlined()), at);
    }
}

#[test]
fn a_catalog_with_a_file_more_leaves_the_store_as_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let store = embedded(&dir);
    let before = store.files().unwrap();
    let more = with(&store, "new.yaml", Kind::Recipe, b"recipe_id: new\n");
    assert_eq!(store.files().unwrap(), before);
    let files = more.files().unwrap();
    assert_eq!(files.len(), before.len() + 1);
    assert_eq!(files.iter().filter(|file| !file.embedded).count(), 1);
}

/// Whoever decides does not wait for what only checks need.
#[test]
fn decisions_are_compiled_without_checks_and_checks_without_decisions() {
    let dir = tempfile::tempdir().unwrap();
    let store = embedded(&dir);
    let has = |program: &CompiledProgram, name: &str| program.relation(name).is_some();
    let decisions = Policy::load(RuleSources::default(), &store).unwrap();
    assert!(decisions.lints().is_empty());
    for (name, wanted) in [
        ("chosen", true),
        ("tensor_parallel_mismatch", false),
        ("recipe_word", false),
    ] {
        assert_eq!(has(&decisions.program, name), wanted, "{name}");
    }
    assert!(decisions.relations_named("change_").is_empty());
    let checks = Policy::load_lints(RuleSources::default(), &store).unwrap();
    assert!(checks.lints().len() > 10);
    for (name, wanted) in [
        ("chosen", false),
        ("tensor_parallel_mismatch", true),
        ("recipe_word", true),
    ] {
        assert_eq!(has(&checks.program, name), wanted, "{name}");
    }
    // As the store gives them back.
    let again = Policy::load_lints(RuleSources::default(), &store).unwrap();
    assert_eq!(again.lints(), checks.lints());
}
