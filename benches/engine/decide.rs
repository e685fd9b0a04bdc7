//! The whole choice by several criteria: 24 configurations for each of so many requests.

use divan::Bencher;

use crate::programs::decide::decide;
use crate::{run, settings};

#[divan::bench(sample_count = 3, sample_size = 1, args = [1, 1_000, 10_000, 100_000])]
fn engine(bencher: Bencher, requests: u32) {
    let program = decide(100, requests, settings::seed()).expect("the program is valid");
    let facts = program.given().expect("the facts fit");
    bencher
        .with_inputs(|| facts.clone())
        .bench_values(|facts| run(&program, facts));
}
