//! Three relations of 100,000 rows joined, and one of them negated.

use datafrog::{Iteration, Relation};
use divan::Bencher;

use crate::programs::Program;
use crate::programs::small::{self, JOIN, Pairs};
use crate::{pairs, run, settings};

fn relations() -> [Pairs; 4] {
    small::four(100_000, settings::seed())
}

fn program([a, b, c, d]: &[Pairs; 4]) -> Program {
    let relations: [(&str, &[(u32, u32)]); 4] = [("a", a), ("b", b), ("c", c), ("d", d)];
    small::program("join", JOIN, &relations, "found").expect("the program is valid")
}

#[divan::bench(sample_count = 10, sample_size = 1)]
fn engine(bencher: Bencher) {
    let program = program(&relations());
    let facts = program.given().expect("the facts fit");
    bencher
        .with_inputs(|| facts.clone())
        .bench_values(|facts| run(&program, facts));
}

#[divan::bench(sample_count = 10, sample_size = 1)]
fn datafrog(bencher: Bencher) {
    let inputs = relations();
    let joined = || {
        let [a, b, c, d] = inputs.clone().map(Relation::from_vec);
        let by_y = Relation::from_map(&a, |&(x, y)| (y, x));
        let by_z = Relation::from_join(&by_y, &b, |_, &x, &z| (z, x));
        let joined = Relation::from_join(&by_z, &c, |_, &x, &w| ((x, w), ()));
        let mut iteration = Iteration::new();
        let (joined_variable, found) = (iteration.variable("joined"), iteration.variable("found"));
        joined_variable.insert(joined);
        while iteration.changed() {
            found.from_antijoin(&joined_variable, &d, |&pair, ()| pair);
        }
        found.complete()
    };
    assert!(
        joined()[..] == pairs(&program(&inputs)),
        "both find the same"
    );
    bencher.bench(joined);
}
