//! A program of anyone, where the environment names one.

use std::path::Path;

use divan::Bencher;

use crate::programs::Program;
use crate::{run, settings};

#[divan::bench(sample_count = 10, sample_size = 1, args = settings::programs())]
fn engine(bencher: Bencher, file: &String) {
    let program = Program::read(Path::new(file), &settings::facts());
    let program = program.expect("the program can be read");
    let facts = program.given().expect("the facts fit");
    bencher
        .with_inputs(|| facts.clone())
        .bench_values(|facts| run(&program, facts));
}
