//! The base relations of the rules and the views of the store are the same.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on ends"
)]

mod program;

use std::collections::{BTreeMap, BTreeSet};

use aim_engine::datalog::{ast::Decl, load, source::Sources};
use aim_engine::policy::{RuleSources, builtin_names, read_builtin};
use aim_engine::store::{Details, Layer, Store, StoreSpec, lent_relations};
use pretty_assertions::assert_eq;
use program::Place;
use rusqlite::Connection;

/// Facts of a request and its machine, which no store holds.
const GIVEN: [&str; 22] = [
    "allow_unknown_flags",
    "asked_backend",
    "asked_gpus",
    "asked_metric",
    "asked_precision",
    "asked_recipe",
    "container_end",
    "counted",
    "declared_gpus",
    "declared_hardware",
    "gpu_figure",
    "gpu_property",
    "host_figure",
    "host_property",
    "launched",
    "limited",
    "listed",
    "log_line",
    "request",
    "source_device",
    "source_gpus",
    "strict",
];

/// Views that other views are made of.
const INNER: [&str; 6] = [
    "current_argument",
    "current_block",
    "current_recipe",
    "meant_argument",
    "written_argument",
    "written_block",
];

/// Columns that are no part of a relation: how a view is limited, and what other views take from it.
const ASIDE: [&str; 4] = ["scope_key", "of_file", "backend_id", "repeats"];

/// The columns of the built-in rules' `.input` relations, sorted.
fn inputs() -> BTreeMap<String, Vec<String>> {
    let mut sources = Sources::new();
    let (files, mut loader) = RuleSources::default().into_sources(&mut sources);
    let checked = load(&mut sources, &files, &mut loader).expect("the built-in rules are right");
    let decls: BTreeMap<&str, &Decl> = checked
        .program
        .decls
        .iter()
        .map(|decl| (decl.name.name.as_str(), decl))
        .collect();
    let mut inputs = BTreeMap::new();
    for file in builtin_names() {
        let text = read_builtin(file).unwrap();
        for name in text.lines().filter_map(|line| line.strip_prefix(".input ")) {
            let columns = decls[name].columns.iter();
            let mut columns: Vec<_> = columns.map(|column| column.name.name.clone()).collect();
            columns.sort();
            inputs.insert(name.trim().to_owned(), columns);
        }
    }
    inputs
}

/// The store of the embedded catalog, as any other program reads it.
fn embedded(place: &Place) -> Connection {
    let file = place.path("store.db");
    let spec = StoreSpec {
        layers: Layer::stack(None, &[]),
        file: Some(file.clone()),
        ..StoreSpec::default()
    };
    let store = Store::open(&spec).unwrap();
    store.unpack(Details::All).unwrap();
    let connection = Connection::open(file).unwrap();
    // A store does not have these by itself.
    let written = include_str!("../src/store/written.sql");
    connection.execute_batch(written).unwrap();
    connection
}

/// The views of a store with their columns, sorted.
fn views() -> BTreeMap<String, Vec<String>> {
    let place = Place::new();
    let store = Store::open(&StoreSpec {
        layers: Layer::stack(None, &[]),
        file: Some(place.path("store.db")),
        ..StoreSpec::default()
    })
    .unwrap();
    let lent: Vec<&str> = lent_relations().collect();
    let names = store.view_names().unwrap();
    names
        .into_iter()
        .filter(|name| !lent.contains(&name.as_str()))
        .map(|name| {
            let mut columns = store.view_columns(&name).unwrap();
            columns.retain(|column| !ASIDE.contains(&column.as_str()));
            columns.sort();
            (name, columns)
        })
        .collect()
}

#[test]
fn each_input_of_the_rules_is_a_view_with_its_columns_and_each_view_is_an_input() {
    let mut inputs = inputs();
    for name in GIVEN {
        assert!(
            inputs.remove(name).is_some(),
            "`{name}` is no input any more"
        );
    }
    for name in lent_relations() {
        assert!(inputs.remove(name).is_some(), "`{name}` is no input");
    }
    let mut views = views();
    for name in INNER {
        assert!(views.remove(name).is_some(), "`{name}` is no view any more");
    }
    assert_eq!(inputs, views);
}

#[test]
fn each_view_is_used_by_a_rule() {
    let mut used = BTreeSet::new();
    for file in builtin_names() {
        let text = read_builtin(file).unwrap();
        let rules = text.lines().filter(|line| !line.starts_with(['.', '/']));
        for line in rules {
            let words = line.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            used.extend(words.map(str::to_owned));
        }
    }
    let idle: Vec<_> = views()
        .into_keys()
        .filter(|view| !INNER.contains(&view.as_str()) && !used.contains(view))
        .collect();
    assert_eq!(idle, Vec::<String>::new());
}

/// Every view can be read, and only those that no embedded document fills are empty.
#[test]
fn the_views_of_the_embedded_catalog_hold_rows() {
    let place = Place::new();
    let connection = embedded(&place);
    let mut empty = Vec::new();
    for view in views().into_keys() {
        let sql = format!("SELECT count(*) FROM \"{view}\"");
        let rows: i64 = connection.query_row(&sql, [], |row| row.get(0)).unwrap();
        if rows == 0 {
            empty.push(view);
        }
    }
    // What no embedded document has.
    let of_sites = [
        "block_image",
        "block_version",
        "document_problem",
        "document_problem_also",
        "measured_output",
        "measured_ttft",
        "recipe_block_image",
        "recipe_block_version",
        "recipe_metric",
        "repeated_flag",
    ];
    empty.retain(|view| !of_sites.contains(&view.as_str()));
    assert_eq!(empty, Vec::<String>::new());
}

fn generate_with(rules: &str) -> program::Ran {
    let place = Place::new();
    place.write("site.dl", rules);
    place.run(&[
        "generate",
        "Qwen/Qwen3-32B",
        "--hardware=MI300X",
        "--available-gpus=8",
        "--rules=site.dl",
    ])
}

#[test]
fn an_input_that_is_no_view_is_told_with_the_nearest_one() {
    generate_with(
        ".decl model_parameter(model: symbol, millions: float)\n.input model_parameter\n\
         veto(Q, R, B, N, \"large\") :- considered(Q, R, B, N), recipe(R, M, _, _), model_parameter(M, P), P > 1000.0.\n",
    )
    .exits(2)
    .says("policy::unknown-view")
    .says("did you mean `model_parameters`?");
}

#[test]
fn an_input_with_other_columns_is_told_with_those_of_the_view() {
    let declared = ".decl hardware(hardware: symbol, gfx: symbol, vram_mib: number)";
    let text = read_builtin("catalog.dl").unwrap();
    assert!(text.contains(declared));
    let text = text
        .replace(
            declared,
            ".decl hardware(hardware: symbol, gfx: symbol, memory: number)",
        )
        .replace("{vram_mib}", "{memory}");
    let place = Place::new();
    place.write("catalog.dl", text);
    let ran = place.run(&[
        "generate",
        "Qwen/Qwen3-32B",
        "--hardware=MI300X",
        "--available-gpus=8",
        "--rules=catalog.dl",
    ]);
    ran.exits(2)
        .says("policy::view-columns")
        .says("the view `hardware` has no column `memory`")
        .says("not a column of the view")
        .says("it has gfx, hardware, vram_mib");
}
