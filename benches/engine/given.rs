//! A program of anyone, where the environment names one.

use divan::Bencher;

use crate::programs::Program;
use crate::{run, settings};

#[divan::bench(sample_count = 10, sample_size = 1)]
fn engine(bencher: Bencher) {
    // Without a program this measures nothing, and says so by taking no time.
    let Some((file, facts)) = settings::program() else {
        return;
    };
    let program = Program::read(&file, &facts).expect("the program can be read");
    let facts = program.given().expect("the facts fit");
    bencher
        .with_inputs(|| facts.clone())
        .bench_values(|facts| run(&program, facts));
}
