//! All checks over a catalog, evaluated at once.

use divan::Bencher;

use crate::programs::real;
use crate::{run, settings};

#[divan::bench(sample_count = 5, sample_size = 1)]
fn engine(bencher: Bencher) {
    let (_folder, store) = settings::store();
    let program = real::lint(&store).expect("the rules are valid");
    let facts = program.given().expect("the facts fit");
    bencher
        .with_inputs(|| facts.clone())
        .bench_values(|facts| run(&program, facts));
}
