//! Transitive closure: 1,000 nodes, 3,000 edges, about 870,000 tuples.

use datafrog::{Iteration, Relation, RelationLeaper};
use divan::Bencher;

use crate::programs::Program;
use crate::programs::small::{self, CLOSURE, Pairs};
use crate::{pairs, run, settings};

fn edges() -> Pairs {
    small::edges(1000, 3000, settings::seed())
}

fn program(edges: &Pairs) -> Program {
    small::program("closure", CLOSURE, &[("edge", edges)], "path").expect("the program is valid")
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn engine(bencher: Bencher) {
    let program = program(&edges());
    let facts = program.given().expect("the facts fit");
    bencher
        .with_inputs(|| facts.clone())
        .bench_values(|facts| run(&program, facts));
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn datafrog(bencher: Bencher) {
    let edges = edges();
    let closed = || {
        let edges: Relation<(u32, u32)> = edges.iter().copied().collect();
        let mut iteration = Iteration::new();
        // Kept as (end, start), which is the key of the join.
        let path = iteration.variable::<(u32, u32)>("path");
        path.extend(edges.iter().map(|&(a, b)| (b, a)));
        while iteration.changed() {
            path.from_join(&path, &edges, |_, &start, &end| (end, start));
        }
        path.complete()
    };
    let mut found: Vec<_> = closed().iter().map(|&(end, start)| (start, end)).collect();
    found.sort_unstable();
    assert!(found == pairs(&program(&edges)), "both find the same");
    bencher.bench(closed);
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn datafrog_leapjoin(bencher: Bencher) {
    let edges = edges();
    let closed = || {
        let edges: Relation<(u32, u32)> = edges.iter().copied().collect();
        let mut iteration = Iteration::new();
        let path = iteration.variable::<(u32, u32)>("path");
        path.insert(edges.clone());
        while iteration.changed() {
            path.from_leapjoin(
                &path,
                edges.extend_with(|&(_, end)| end),
                |&(start, _), &end| (start, end),
            );
        }
        path.complete()
    };
    assert!(
        closed()[..] == pairs(&program(&edges)),
        "both find the same"
    );
    bencher.bench(closed);
}
