//! Which checks are evaluated group of files by group of files.

use aim_engine::policy::{Policy, RuleSources};
use aim_engine::store::{Layer, Store, StoreSpec};

/// A catalog of thousands of recipes is checked after a change in the time that the change's group takes, as long as
/// no built-in check needs all files at once.
#[test]
fn each_check_of_the_rules_looks_at_one_group_of_files() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&StoreSpec {
        layers: Layer::stack(None, &[]),
        file: Some(dir.path().join("store.db")),
        ..StoreSpec::default()
    })
    .unwrap();
    let policy = Policy::load_lints(RuleSources::read(&[], &[]).unwrap(), &store).unwrap();
    let others = policy.lints().iter().filter(|lint| !policy.is_apart(lint));
    let others: Vec<&str> = others.map(|lint| lint.name.as_str()).collect();
    // What is wrong with comments shows when the other checks are done, and is derived by no rule.
    let of_comments = [
        "comment-not-understood",
        "suppression-without-reason",
        "suppression-of-unknown-check",
        "suppression-of-nothing",
    ];
    assert_eq!(others, of_comments);
}
