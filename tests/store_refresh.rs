//! The store says what the catalog's files say, whatever happened to them since it was made.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on ends"
)]

mod program;

use std::collections::BTreeMap;
use std::fs::{self, File, FileTimes};
use std::path::Path;
use std::time::{Duration, SystemTime};

use aim_engine::store::{Details, Layer, Store, StoreError, StoreSpec};
use pretty_assertions::assert_eq;
use program::{Place, recipe};
use proptest::prelude::*;
use rusqlite::Connection;

fn open(catalog: &Path, store: &Path) -> Store {
    open_layers(&[catalog], store)
}

fn open_layers(folders: &[&Path], store: &Path) -> Store {
    let layers = folders.iter().map(|dir| Layer::Folder((*dir).to_owned()));
    let spec = StoreSpec {
        layers: layers.collect(),
        file: Some(store.to_owned()),
        ..StoreSpec::default()
    };
    let store = Store::open(&spec).unwrap();
    assert_eq!(store.in_memory_because(), None);
    store
}

/// The ids of the recipes, each with its precision.
fn recipes(store: &Store) -> Vec<(String, String)> {
    let all = store.recipes(None).unwrap().into_iter();
    all.map(|recipe| (recipe.recipe_id, recipe.precision))
        .collect()
}

fn ids(store: &Store) -> Vec<String> {
    recipes(store).into_iter().map(|(id, _)| id).collect()
}

/// All that views, problems and notices say, without the numbers that rows happen to have.
fn contents(file: &Path, store: &Store) -> BTreeMap<String, Vec<String>> {
    let connection = Connection::open(file).unwrap();
    // A store does not have these by itself.
    let written = include_str!("../src/store/written.sql");
    connection.execute_batch(written).unwrap();
    let mut contents = BTreeMap::new();
    let mut views = connection
        .prepare(
            "SELECT view, group_concat('quote(\"' || name || '\")', ' || '' '' || ') FROM view_column
             WHERE view NOT LIKE 'current_%' AND view NOT LIKE 'written_%' AND view <> 'meant_argument'
               AND name NOT IN ('backend_id', 'of_file', 'document', 'at', 'also') AND name NOT LIKE '%!_at' ESCAPE '!'
             GROUP BY view",
        )
        .unwrap();
    let views: Vec<(String, String)> = views
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    for (view, row) in views {
        let mut rows = connection
            .prepare(&format!("SELECT {row} FROM \"{view}\" ORDER BY 1"))
            .unwrap();
        let rows = rows.query_map([], |row| row.get(0)).unwrap();
        contents.insert(view, rows.map(Result::unwrap).collect());
    }
    let problems = store.problems(true).unwrap();
    let told = problems.iter().map(|found| format!("{found:?}")).collect();
    contents.insert("problems".to_owned(), told);
    let notices = store.notices().unwrap();
    let told = notices.iter().map(|notice| format!("{notice:?}")).collect();
    contents.insert("notices".to_owned(), told);
    contents
}

/// How many rows each table has that holds something of a file.
fn row_counts(file: &Path) -> BTreeMap<String, i64> {
    let connection = Connection::open(file).unwrap();
    let violations: i64 = connection
        .query_row("SELECT count(*) FROM pragma_foreign_key_check", [], |row| {
            row.get(0)
        })
        .unwrap();
    assert_eq!(violations, 0, "rows without the row that they belong to");
    let mut tables = connection
        .prepare(
            "SELECT name FROM sqlite_master WHERE type = 'table'
             AND name NOT IN ('meta', 'compiled', 'gathered', 'view_column')",
        )
        .unwrap();
    let tables: Vec<String> = tables
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let count = |table: String| {
        let sql = format!("SELECT count(*) FROM \"{table}\"");
        let rows = connection.query_row(&sql, [], |row| row.get(0)).unwrap();
        (table, rows)
    };
    tables.into_iter().map(count).collect()
}

#[test]
fn a_change_of_the_same_size_is_seen() {
    let place = Place::new();
    let (catalog, store) = (place.path("catalog"), place.path("store.db"));
    place.write(
        "catalog/recipes/a.yaml",
        recipe("a", "o/m", "MI300X", "bf16", 1),
    );
    assert_eq!(
        recipes(&open(&catalog, &store)),
        [("a".into(), "bf16".into())]
    );
    place.write(
        "catalog/recipes/a.yaml",
        recipe("a", "o/m", "MI300X", "fp16", 1),
    );
    assert_eq!(
        recipes(&open(&catalog, &store)),
        [("a".into(), "fp16".into())]
    );
}

#[test]
fn a_change_that_keeps_size_and_time_of_modification_is_seen() {
    let place = Place::new();
    let (catalog, store) = (place.path("catalog"), place.path("store.db"));
    let file = place.write(
        "catalog/recipes/a.yaml",
        recipe("a", "o/m", "MI300X", "bf16", 1),
    );
    let long_ago = SystemTime::UNIX_EPOCH + Duration::from_secs(1_500_000_000);
    let dated = |path: &Path| {
        let opened = File::options().write(true).open(path).unwrap();
        opened
            .set_times(FileTimes::new().set_modified(long_ago))
            .unwrap();
    };
    dated(&file);
    assert_eq!(
        recipes(&open(&catalog, &store)),
        [("a".into(), "bf16".into())]
    );
    place.write(
        "catalog/recipes/a.yaml",
        recipe("a", "o/m", "MI300X", "fp16", 1),
    );
    dated(&file);
    assert_eq!(
        recipes(&open(&catalog, &store)),
        [("a".into(), "fp16".into())]
    );
}

/// A file system whose clock is coarse shows nothing of a change that follows at once. The stamps of
/// the changed file are put into the store, as if they had been the same before.
#[test]
fn a_change_within_one_tick_of_the_clock_is_seen_even_when_nobody_looks_for_a_while() {
    use std::os::unix::fs::MetadataExt;
    for wait in [Duration::ZERO, Duration::from_millis(2200)] {
        let place = Place::new();
        let (catalog, store) = (place.path("catalog"), place.path("store.db"));
        place.write(
            "catalog/recipes/a.yaml",
            recipe("a", "o/m", "MI300X", "bf16", 1),
        );
        drop(open(&catalog, &store));
        let file = place.write(
            "catalog/recipes/a.yaml",
            recipe("a", "o/m", "MI300X", "fp16", 1),
        );
        let now = fs::metadata(&file).unwrap();
        let changed = Connection::open(&store)
            .unwrap()
            .execute(
                "UPDATE file SET modified_ns = ?1, changed_ns = ?2",
                [
                    now.mtime() * 1_000_000_000 + now.mtime_nsec(),
                    now.ctime() * 1_000_000_000 + now.ctime_nsec(),
                ],
            )
            .unwrap();
        assert_eq!(changed, 1);
        std::thread::sleep(wait);
        let found = recipes(&open(&catalog, &store));
        assert_eq!(found, [("a".into(), "fp16".into())], "after {wait:?}");
    }
}

#[test]
fn a_file_that_was_only_touched_keeps_its_rows() {
    let place = Place::new();
    let (catalog, store) = (place.path("catalog"), place.path("store.db"));
    let file = place.write(
        "catalog/recipes/a.yaml",
        recipe("a", "o/m", "MI300X", "bf16", 1),
    );
    let row = |store: &Path| -> i64 {
        let connection = Connection::open(store).unwrap();
        let sql = "SELECT id FROM recipe_document";
        connection.query_row(sql, [], |row| row.get(0)).unwrap()
    };
    drop(open(&catalog, &store));
    let before = row(&store);
    let opened = File::options().write(true).open(file).unwrap();
    opened.set_modified(SystemTime::now()).unwrap();
    assert_eq!(ids(&open(&catalog, &store)), ["a"]);
    assert_eq!(row(&store), before);
}

#[test]
fn files_may_come_go_and_move() {
    let place = Place::new();
    let (catalog, store) = (place.path("catalog"), place.path("store.db"));
    let found = || ids(&open(&catalog, &store));
    let files = || -> Vec<String> {
        let store = open(&catalog, &store);
        let all = store.recipes(None).unwrap().into_iter();
        all.map(|recipe| recipe.file).collect()
    };
    let nameless = recipe("x", "o/m", "MI300X", "bf16", 1).replace("recipe_id: x\n", "");
    place.write("catalog/recipes/a.yaml", &nameless);
    assert_eq!(found(), ["a"]);
    place.write(
        "catalog/recipes/b.yaml",
        recipe("b", "o/m", "MI300X", "fp16", 2),
    );
    assert_eq!(found(), ["a", "b"]);
    // A recipe that names itself after its file has another name after the file is renamed.
    let renamed = |from: &str, to: &str| {
        let to = place.path(to);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::rename(place.path(from), to).unwrap();
    };
    renamed("catalog/recipes/a.yaml", "catalog/recipes/c.yaml");
    assert_eq!(found(), ["b", "c"]);
    renamed(
        "catalog/recipes/b.yaml",
        "catalog/recipes/deep/below/b.yaml",
    );
    assert_eq!(files(), ["recipes/deep/below/b.yaml", "recipes/c.yaml"]);
    fs::remove_file(place.path("catalog/recipes/c.yaml")).unwrap();
    assert_eq!(found(), ["b"]);
    fs::remove_dir_all(place.path("catalog/recipes/deep")).unwrap();
    assert_eq!(found(), Vec::<String>::new());
}

/// A file that moves to the folder of another kind is read as that kind.
#[test]
fn the_folder_of_a_file_tells_its_kind() {
    let place = Place::new();
    let (catalog, store) = (place.path("catalog"), place.path("store.db"));
    let text = "model_id: o/m\nhuggingface_id: o/m\nsize: 8B\n";
    place.write("catalog/models/m.yaml", text);
    let opened = open(&catalog, &store);
    assert_eq!(opened.models().unwrap().len(), 1);
    assert_eq!(opened.problems(false).unwrap().len(), 0);
    fs::create_dir_all(place.path("catalog/recipes")).unwrap();
    fs::rename(
        place.path("catalog/models/m.yaml"),
        place.path("catalog/recipes/m.yaml"),
    )
    .unwrap();
    let opened = open(&catalog, &store);
    assert_eq!(opened.models().unwrap().len(), 0);
    assert!(!opened.problems(false).unwrap().is_empty());
}

#[test]
fn a_broken_file_is_reported_in_its_place_and_the_others_are_read() {
    let place = Place::new();
    place.write(
        "catalog/recipes/a.yaml",
        recipe("a", "o/m", "MI300X", "bf16", 1),
    );
    place.write(
        "catalog/recipes/broken.yaml",
        "recipe_id: b\nhardware: [MI300X\n",
    );
    // The second run reads the report from the store.
    for _ in 0..2 {
        let ran = place
            .run(&[
                "list",
                "recipes",
                "--catalog",
                "catalog",
                "--format",
                "json",
            ])
            .exits(0)
            .says("catalog::yaml-syntax")
            .says("broken.yaml:");
        assert_eq!(ran.json()[0]["recipe_id"], "a");
    }
    place.write(
        "catalog/recipes/broken.yaml",
        recipe("b", "o/m", "MI300X", "bf16", 1),
    );
    let ran = place.run(&[
        "list",
        "recipes",
        "--catalog",
        "catalog",
        "--format",
        "json",
    ]);
    assert_eq!(ran.exits(0).says_nothing().json()[1]["recipe_id"], "b");
}

#[test]
fn of_one_layer_the_first_file_with_an_id_counts_and_the_other_is_named() {
    let place = Place::new();
    place.write(
        "catalog/recipes/1.yaml",
        recipe("a", "o/m", "MI300X", "bf16", 1),
    );
    place.write(
        "catalog/recipes/2.yaml",
        recipe("a", "o/m", "MI300X", "fp16", 1),
    );
    let list = [
        "list",
        "recipes",
        "--catalog",
        "catalog",
        "--format",
        "json",
    ];
    let ran = place.run(&list).exits(0);
    assert_eq!(
        ran.err,
        "warning: catalog/recipes/2.yaml is left out: catalog/recipes/1.yaml has the recipe `a` too\n"
    );
    assert_eq!(ran.json()[0]["precision"], "bf16");
    fs::remove_file(place.path("catalog/recipes/1.yaml")).unwrap();
    let ran = place.run(&list).exits(0).says_nothing();
    assert_eq!(ran.json()[0]["precision"], "fp16");
}

#[test]
fn a_later_layer_replaces_what_has_the_same_id() {
    let place = Place::new();
    place.write(
        "catalog/recipes/a.yaml",
        recipe("a", "o/m", "MI300X", "bf16", 1),
    );
    place.write("one/a.yaml", recipe("a", "o/m", "MI300X", "fp16", 1));
    place.write("two/a.yaml", recipe("a", "o/m", "MI300X", "fp8", 1));
    place.write("two/b.yaml", recipe("b", "o/m", "MI300X", "fp8", 2));
    let [catalog, one, two] = ["catalog", "one", "two"].map(|name| place.path(name));
    let store = place.path("store.db");
    let opened = open_layers(&[&catalog, &one, &two], &store);
    let of = |id: &str, precision: &str| (id.to_owned(), precision.to_owned());
    assert_eq!(recipes(&opened), [of("a", "fp8"), of("b", "fp8")]);
    let notices = opened.notices().unwrap();
    let used: Vec<_> = notices.iter().map(|n| (n.same_layer, &n.used)).collect();
    let winner = two.join("a.yaml").display().to_string();
    assert_eq!(used, [(false, &winner), (false, &winner)]);
    // Other layers in the same file: it is made again.
    let opened = open_layers(&[&catalog, &two, &one], &store);
    assert_eq!(recipes(&opened), [of("a", "fp16"), of("b", "fp8")]);
}

/// What is kept of one reading must not be taken for the rows that another process wrote meanwhile.
#[test]
fn a_reading_is_of_one_moment_and_names_it() {
    let place = Place::new();
    let (catalog, store) = (place.path("catalog"), place.path("store.db"));
    place.write(
        "catalog/recipes/a.yaml",
        recipe("a", "o/m", "MI300X", "bf16", 1),
    );
    let first = open(&catalog, &store);
    let moment = |store: &Store| {
        let name = |generation: &str| Ok::<_, StoreError>(generation.to_owned());
        store.at_one_moment(None, name).unwrap()
    };
    let during = first.at_one_moment(Some(Details::All), |generation| {
        place.write(
            "catalog/recipes/b.yaml",
            recipe("b", "o/m", "MI300X", "bf16", 2),
        );
        let second = open(&catalog, &store);
        assert_eq!(ids(&second), ["a", "b"]);
        assert_ne!(moment(&second), generation);
        assert_eq!(ids(&first), ["a"]);
        Ok::<_, StoreError>(generation.to_owned())
    });
    assert_ne!(during.unwrap(), moment(&first));
    assert_eq!(ids(&first), ["a", "b"]);
}

#[test]
fn no_rows_stay_behind_when_files_go() {
    let place = Place::new();
    let (catalog, store) = (place.path("catalog"), place.path("store.db"));
    let kinds = ["recipes", "models", "hardware", "backends"];
    for kind in kinds {
        copy(&Path::new("catalog").join(kind), &catalog.join(kind), 8);
    }
    open(&catalog, &store).unpack(Details::All).unwrap();
    let full = row_counts(&store);
    assert!(
        full["block_argument"] > 0 && full["flag_name"] > 0 && full["pci"] > 0,
        "{full:?}"
    );
    for kind in kinds {
        fs::remove_dir_all(catalog.join(kind)).unwrap();
    }
    drop(open(&catalog, &store));
    let left: Vec<_> = row_counts(&store)
        .into_iter()
        .filter(|(_, n)| *n > 0)
        .collect();
    assert_eq!(left, []);
}

/// Copies the first files of a folder and of those below it.
fn copy(from: &Path, to: &Path, most: usize) {
    fs::create_dir_all(to).unwrap();
    let entries = fs::read_dir(from).unwrap().map(Result::unwrap);
    let mut entries: Vec<_> = entries.collect();
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries.into_iter().take(most) {
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to, most);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// What happens to a catalog between two runs.
#[derive(Clone, Debug)]
enum Edit {
    Write {
        folder: usize,
        name: usize,
        text: usize,
    },
    Remove {
        folder: usize,
        name: usize,
    },
    Move {
        folder: usize,
        from: usize,
        to: usize,
    },
}

const FOLDERS: [&str; 3] = ["catalog/recipes", "catalog/models", "overlay"];

/// Few ids, models and aliases, so that files meet one another.
fn texts() -> Vec<String> {
    let mut texts = vec!["broken: [\n".to_owned(), String::new()];
    for id in ["p", "q"] {
        for model in ["o/m", "O/M", "n/k"] {
            texts.push(recipe(id, model, "mi300x", "bf16", 1));
            texts.push(recipe(id, model, "MI355X", "fp8", 4) + "engine_version: 0.9.1\n");
        }
    }
    for (model, alias) in [("o/m", "shared"), ("n/k", "shared"), ("O/M", "n/k")] {
        texts.push(format!(
            "model_id: {model}\nhuggingface_id: {model}\naliases: [{alias}]\nsize: 8B\n"
        ));
    }
    texts.push("backend: other\nentrypoint: [x]\n".to_owned());
    texts
}

fn edit() -> impl Strategy<Value = Edit> {
    let write = (0..FOLDERS.len(), 0..4usize, 0..texts().len());
    prop_oneof![
        4 => write.prop_map(|(folder, name, text)| Edit::Write { folder, name, text }),
        1 => (0..FOLDERS.len(), 0..4usize).prop_map(|(folder, name)| Edit::Remove { folder, name }),
        1 => (0..FOLDERS.len(), 0..4usize, 0..4usize)
            .prop_map(|(folder, from, to)| Edit::Move { folder, from, to }),
    ]
}

fn apply(place: &Place, edit: &Edit, texts: &[String]) {
    let path = |folder: usize, name: usize| place.path(&format!("{}/{name}.yaml", FOLDERS[folder]));
    match edit {
        Edit::Write { folder, name, text } => {
            fs::write(path(*folder, *name), &texts[*text]).unwrap();
        }
        Edit::Remove { folder, name } => {
            let _ = fs::remove_file(path(*folder, *name));
        }
        Edit::Move { folder, from, to } => {
            let _ = fs::rename(path(*folder, *from), path(*folder, *to));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// After any edits, a store that was brought up to date says what one made anew says.
    #[test]
    fn a_refreshed_store_equals_a_new_one(
        rounds in prop::collection::vec(prop::collection::vec(edit(), 1..6), 1..6),
    ) {
        let place = Place::new();
        for folder in FOLDERS {
            fs::create_dir_all(place.path(folder)).unwrap();
        }
        let (catalog, overlay) = (place.path("catalog"), place.path("overlay"));
        let texts = texts();
        let kept = place.path("kept.db");
        for (round, edits) in rounds.iter().enumerate() {
            for edit in edits {
                apply(&place, edit, &texts);
            }
            let refreshed = open_layers(&[&catalog, &overlay], &kept);
            let new = place.path(&format!("{round}.db"));
            let anew = open_layers(&[&catalog, &overlay], &new);
            for store in [&refreshed, &anew] {
                store.unpack(Details::All).unwrap();
            }
            prop_assert_eq!(contents(&kept, &refreshed), contents(&new, &anew));
            prop_assert_eq!(row_counts(&kept), row_counts(&new));
        }
    }
}
