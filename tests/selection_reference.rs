//! The program's decisions against a second writing of the selection policy, over random catalogs.

#![expect(clippy::unwrap_used, reason = "a test's own assumptions")]

mod reference;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Mutex;

use reference::documents::{Catalog, Request};
use reference::random::Random;
use reference::{compare, decide, order, random, shrink};

const SEED: u64 = 20_251_101;
const CATALOGS: u64 = 100;
const REQUESTS: usize = 40;
/// Cases shown in full; the others only count.
const SHOWN: usize = 3;

/// A number from the environment, so that a longer search or another one needs no new build.
fn setting(name: &str, default: u64) -> u64 {
    let text = std::env::var(name).ok();
    text.map_or(default, |text| text.parse().unwrap())
}

fn drawn(seed: u64) -> (Catalog, Vec<Request>) {
    let mut random = Random::new(seed);
    let catalog = random::catalog(&mut random);
    let requests = (0..REQUESTS)
        .map(|_| random::request(&mut random, &catalog))
        .collect();
    (catalog, requests)
}

fn seeds() -> std::ops::Range<u64> {
    let first = setting("SELECTION_SEED", SEED);
    first..first + setting("SELECTION_CATALOGS", CATALOGS)
}

/// One seed's cases in which the program and the policy differ.
fn wrong(seed: u64) -> Vec<(u64, Catalog, Request, Vec<String>)> {
    let (catalog, requests) = drawn(seed);
    let answers = compare::ask(&catalog, &requests);
    assert_eq!(
        answers.lines.len(),
        requests.len(),
        "seed {seed}: one answer a request\n{}",
        answers.notes
    );
    let cases = requests.iter().zip(&answers.lines);
    cases
        .filter_map(|(request, answer)| {
            let differences = compare::differences(&catalog, request, answer);
            (!differences.is_empty()).then(|| (seed, catalog.clone(), request.clone(), differences))
        })
        .collect()
}

#[test]
fn the_program_decides_random_requests_as_the_policy_says() {
    let seeds = seeds();
    println!("seeds {seeds:?}");
    let queue = Mutex::new(seeds.clone());
    let found = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let Some(seed) = queue.lock().unwrap().next() else {
                        break;
                    };
                    let wrong = wrong(seed);
                    found.lock().unwrap().extend(wrong);
                }
            });
        }
    });
    let mut found = found.into_inner().unwrap();
    if found.is_empty() {
        return;
    }
    found.sort_by_key(|(seed, ..)| *seed);
    let mut text = format!("{} answers are not the policy's\n", found.len());
    // One case for each kind of difference says more than three of the same.
    let mut kinds = BTreeMap::new();
    for case in &found {
        let kind = case.3.first().map(|says| says.split(':').next());
        kinds.entry(kind).or_insert(case);
    }
    for (seed, catalog, request, _) in kinds.values().take(SHOWN) {
        let (catalog, request) = shrink::shrink(catalog, request);
        write!(
            text,
            "\n=== seed {seed}\n{}",
            shrink::describe(&catalog, &request)
        )
        .unwrap();
    }
    assert!(found.is_empty(), "{text}");
}

/// One request a process, by flags, is answered as in a batch; its exit code says whether.
#[test]
fn flags_are_answered_as_a_batch_is() {
    for seed in SEED..SEED + 3 {
        let (catalog, requests) = drawn(seed);
        let requests = &requests[..4];
        let batch = compare::ask(&catalog, requests);
        for (request, in_batch) in requests.iter().zip(&batch.lines) {
            let (code, answer) = compare::ask_by_flags(&catalog, request);
            for key in [
                "request",
                "machine",
                "selected",
                "exact",
                "tried",
                "engine_argv",
            ] {
                assert_eq!(answer[key], in_batch[key], "{key} of {:?}", request.words());
            }
            let code_wanted = i32::from(answer["selected"].is_null());
            assert_eq!(code, Some(code_wanted), "{:?}", request.words());
        }
    }
}

/// What the random cases reach, so that a change of the generator cannot empty the test unseen.
#[test]
fn the_random_cases_reach_every_point() {
    let mut points: BTreeMap<u8, usize> = BTreeMap::new();
    let mut decided_by: BTreeMap<usize, usize> = BTreeMap::new();
    let mut chosen = 0;
    let mut exact = 0;
    for seed in SEED..SEED + CATALOGS {
        let (catalog, requests) = drawn(seed);
        for request in &requests {
            let decision = decide(&catalog, request);
            for point in decision.considered.iter().filter_map(|c| c.rejected_by) {
                *points.entry(point).or_default() += 1;
            }
            let card = catalog.card(&request.model);
            let place = |c| order::place(&catalog, request, card, &decision.targets, c);
            let mut eligible = decision.eligible();
            if let Some(first) = eligible.next() {
                chosen += 1;
                exact += usize::from(decision.exact == Some(true));
                if let Some(second) = eligible.next() {
                    let point = order::deciding_point(&place(first), &place(second));
                    *decided_by.entry(point).or_default() += 1;
                }
            }
        }
    }
    println!("rejections {points:?}, decided by {decided_by:?}, {chosen} chosen, {exact} exact");
    let total = usize::try_from(CATALOGS).unwrap() * REQUESTS;
    assert!(
        chosen > total / 3 && chosen < total * 9 / 10,
        "{chosen} of {total} chosen"
    );
    assert!(exact > total / 10, "{exact} exact");
    for point in 5..=12 {
        assert!(
            points.get(&point).is_some_and(|n| *n > 30),
            "point {point}: {points:?}"
        );
    }
    for point in 13..=21 {
        let reached = decided_by.get(&point).copied().unwrap_or(0);
        assert!(reached > 5, "point {point}: {decided_by:?}");
    }
}
