//! What the benchmarks measure gives the answers of the naive evaluator, smaller than there: `benches/run` compares
//! before it measures, with the seed that it measures with.
#![expect(clippy::expect_used, clippy::panic, reason = "a test may fail")]

#[path = "../benches/make_catalog/catalog.rs"]
mod catalog;
mod naive;
#[path = "../benches/programs/naively.rs"]
mod naively;
#[path = "../benches/agree/paths.rs"]
mod paths;
#[path = "../benches/agree/process.rs"]
mod process;
#[path = "../benches/programs/mod.rs"]
mod programs;

use std::path::Path;

use paths::{Size, all_paths};

/// After a change `lint` is compared with itself in the tests of `lint`; here once is enough.
#[test]
fn each_benchmarked_path_answers_as_the_naive_evaluator_does() {
    let size = Size {
        seed: 7,
        recipes: 16,
        requests: 8,
        cells: 40,
        changed: false,
    };
    let mut compared = Vec::new();
    let mut tell = |what: &str, answers: usize| compared.push((what.to_owned(), answers));
    all_paths(
        Path::new(env!("CARGO_BIN_EXE_aim-engine")),
        &size,
        &mut tell,
    )
    .unwrap();
    for (what, answers) in &compared {
        assert!(*answers > 0, "{what}: nothing was compared");
    }
    assert_eq!(compared.len(), 17);
}
