//! An aggregate: the least of 24 for each of 20,000.

use datafrog::Relation;
use divan::Bencher;

use crate::programs::Program;
use crate::programs::small::{self, LEAST, Pairs};
use crate::{pairs, run, settings};

fn rows() -> Pairs {
    small::candidates(20_000, settings::seed())
}

fn program(rows: &Pairs) -> Program {
    let relations: [(&str, &[(u32, u32)]); 1] = [("candidate", rows)];
    small::program("least", LEAST, &relations, "best").expect("the program is valid")
}

#[divan::bench(sample_count = 10, sample_size = 1)]
fn engine(bencher: Bencher) {
    let program = program(&rows());
    let facts = program.given().expect("the facts fit");
    bencher
        .with_inputs(|| facts.clone())
        .bench_values(|facts| run(&program, facts));
}

#[divan::bench(sample_count = 10, sample_size = 1)]
fn datafrog(bencher: Bencher) {
    let rows = rows();
    let best = || {
        let candidates = Relation::from_vec(rows.clone());
        let mut least: Vec<(u32, u32)> = Vec::new();
        for &(group, value) in candidates.iter() {
            match least.last_mut() {
                Some((last, least)) if *last == group => *least = (*least).min(value),
                _ => least.push((group, value)),
            }
        }
        let least = Relation::from_vec(least);
        let joined: Relation<(u32, u32, u32)> =
            Relation::from_join(&candidates, &least, |&group, &value, &least| {
                (group, value, least)
            });
        let best = joined.iter().filter(|(_, value, least)| value == least);
        best.map(|&(group, value, _)| (group, value))
            .collect::<Vec<_>>()
    };
    assert!(best() == pairs(&program(&rows)), "both find the same");
    bencher.bench(best);
}
