//! Two random catalogs compared one way and the other: the same changes with their sides exchanged; and a
//! catalog compared with itself: none.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on ends"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use aim_engine::diff::{Diff, Kind, RuleFile, Served, Side, compare};
use aim_engine::matrix::{Axes, Breadth};
use aim_engine::policy::{Policy, RuleSources};
use aim_engine::store::{Layer, Store, StoreSpec};
use proptest::prelude::*;
use tempfile::TempDir;

/// A recipe's file: model, hardware, precision, and for GPU counts whether the block is enabled.
type Recipe = (bool, bool, bool, Vec<(u32, bool)>, u32);

#[derive(Clone, Debug)]
struct Catalog {
    recipes: Vec<Option<Recipe>>,
    /// Parameters of the first model, in billions.
    size: Option<u32>,
    vetoes: bool,
}

fn catalogs() -> impl Strategy<Value = Catalog> {
    let blocks =
        prop::collection::btree_map(prop::sample::select(vec![1_u32, 2, 4]), any::<bool>(), 1..3);
    let blocks = blocks.prop_map(|blocks| blocks.into_iter().collect::<Vec<_>>());
    let recipe = (
        any::<bool>(),
        any::<bool>(),
        any::<bool>(),
        blocks,
        1..3_u32,
    );
    let recipes = prop::collection::vec(prop::option::weighted(0.8, recipe), 4);
    let size = prop::option::of(prop::sample::select(vec![8, 70, 700]));
    (recipes, size, any::<bool>()).prop_map(|(recipes, size, vetoes)| Catalog {
        recipes,
        size,
        vetoes,
    })
}

const VETO: &str = "veto(Q, \"r1\", B, N, \"no\") :- considered(Q, \"r1\", B, N).\n";

struct Rules {
    sources: RuleSources,
    policy: Policy,
    own: Vec<RuleFile>,
}

/// The built-in rules, and those with a veto.
static RULES: LazyLock<[Rules; 2]> = LazyLock::new(|| {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("site.dl");
    fs::write(&file, VETO).unwrap();
    let store = opened(&dir, &[Layer::stack(None, &[])].concat());
    [vec![], vec![file]].map(|files| {
        let sources = RuleSources::read(&files, &[]).unwrap();
        Rules {
            policy: Policy::compile(sources.clone(), &store).expect("rules"),
            own: files
                .iter()
                .map(|_| RuleFile {
                    name: "rules/site.dl".into(),
                    text: VETO.into(),
                })
                .collect(),
            sources,
        }
    })
});

fn opened(dir: &TempDir, layers: &[Layer]) -> Store {
    let spec = StoreSpec {
        layers: layers.to_vec(),
        file: Some(dir.path().join("store.db")),
        ..StoreSpec::default()
    };
    Store::open(&spec).unwrap()
}

fn written(catalog: &Catalog, dir: &Path) {
    fs::create_dir_all(dir.join("recipes")).unwrap();
    fs::create_dir_all(dir.join("models")).unwrap();
    if let Some(size) = catalog.size {
        let card = format!("model_id: org/m\nsize: {size}B\nparameters: {size}000000000\n");
        fs::write(dir.join("models/m.yaml"), card).unwrap();
    }
    for (number, recipe) in catalog.recipes.iter().enumerate() {
        let Some((model, hardware, precision, blocks, length)) = recipe else {
            continue;
        };
        let either = |first: bool, a: &'static str, b| if first { a } else { b };
        let mut text = format!(
            "recipe_id: r{number}\nhuggingface_id: {}\nhardware: {}\nprecision: {}\nvllm_serve:\n",
            either(*model, "org/m", "org/n"),
            either(*hardware, "MI300X", "MI355X"),
            either(*precision, "bf16", "fp16"),
        );
        for (gpus, enabled) in blocks {
            text += &format!(
                "  {gpus}_gpu:\n    enabled: {enabled}\n    args: {{--max-model-len: {length}000}}\n"
            );
        }
        fs::write(dir.join(format!("recipes/r{number}.yaml")), text).unwrap();
    }
}

/// A change: what happened, the files, what served before and after, the request, the parts of a command.
type Change = (
    Kind,
    Vec<String>,
    Option<String>,
    Option<String>,
    String,
    Vec<Part>,
);
/// What it is, and how it reads before and after.
type Part = (String, Option<String>, Option<String>);

fn changes(diff: &Diff) -> BTreeSet<Change> {
    let served = |served: &Option<Served>| served.as_ref().map(|served| format!("{served:?}"));
    let mut changes = BTreeSet::new();
    for group in &diff.groups {
        let files = group
            .causes
            .iter()
            .filter_map(|place| diff.files.get(*place));
        let files: Vec<String> = files.map(|file| file.file().to_owned()).collect();
        let parts = group.command.iter().cloned();
        let parts: Vec<Part> = parts.map(|part| (part.name, part.old, part.new)).collect();
        for row in &group.rows {
            for question in &row.questions {
                changes.insert((
                    group.kind,
                    files.clone(),
                    served(&row.before),
                    served(&row.after),
                    format!("{question:?}"),
                    parts.clone(),
                ));
            }
        }
    }
    changes
}

/// The same with the sides exchanged.
fn mirrored(changes: BTreeSet<Change>) -> BTreeSet<Change> {
    let mirrored = changes
        .into_iter()
        .map(|(kind, files, before, after, question, parts)| {
            let kind = match kind {
                Kind::Lost => Kind::Gained,
                Kind::Gained => Kind::Lost,
                same => same,
            };
            let parts = parts.into_iter().map(|(name, old, new)| (name, new, old));
            (kind, files, after, before, question, parts.collect())
        });
    mirrored.collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn a_comparison_is_its_mirror_image_the_other_way(a in catalogs(), b in catalogs()) {
        let dirs = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let mut stores = Vec::new();
        for (catalog, dir) in [&a, &b].into_iter().zip(&dirs) {
            let folder = dir.path().join("catalog");
            written(catalog, &folder);
            stores.push(opened(dir, &Layer::stack(Some(&folder), &[])));
        }
        let side = |store, vetoes: bool| {
            let rules = &RULES[usize::from(vetoes)];
            Side { store, policy: &rules.policy, rules: &rules.sources, own_rules: &rules.own }
        };
        let (old, new) = (side(&stores[0], a.vetoes), side(&stores[1], b.vetoes));
        let mut axes = Axes::of(old.store).unwrap().merged(Axes::of(new.store).unwrap());
        axes.keep_hardware(&["MI300X".to_owned(), "MI355X".to_owned(), "MI325X".to_owned()]);
        let of = |old, new| compare(old, new, &axes, Breadth::Plain).expect("a comparison");
        let there = of(old, new);
        let back = of(new, old);
        prop_assert_eq!(changes(&there), mirrored(changes(&back)));
        for side in [old, new] {
            let same = of(side, side);
            prop_assert!(same.groups.is_empty() && same.files.is_empty());
        }
        // What nothing explains would be a change without a cause.
        prop_assert!(there.groups.iter().all(|group| !group.causes.is_empty()));
    }
}
