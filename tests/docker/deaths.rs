//! Containers that do not come up: each way, with its meaning, and nothing left.

use crate::world::{World, free_port};

/// What the server is told, the exit code, and what is said of it.
const WAYS: &[(&str, &str, &str)] = &[
    (
        "gpu-memory",
        "exit code 1",
        "more memory than its GPUs have",
    ),
    (
        "cache-memory",
        "exit code 1",
        "no room is left for the key/value cache",
    ),
    ("gated", "exit code 1", "https://huggingface.co/acme/rocket"),
    ("flag", "exit code 2", "does not know a flag"),
    ("port", "exit code 1", "The port is taken"),
    ("no-gpu", "exit code 1", "sees no GPU"),
    ("shm", "exit code 1", "shared memory"),
    ("killed", "exit code 137", "killed from outside"),
    ("crash", "exit code 139", "The engine crashed."),
    ("quietly", "exit code 1", "the whole log is kept"),
];

#[test]
fn each_death_is_explained_and_leaves_nothing() {
    let Some(world) = World::new() else { return };
    for (number, (way, code, says)) in WAYS.iter().enumerate() {
        world.model("rocket", &[("DIE", way)]);
        let port = free_port().to_string();
        // In turn in the foreground and detached: the one sees the end of its child, the other asks.
        let more: &[&str] = match number % 2 {
            0 => &["1", "--port", &port],
            _ => &["1", "--port", &port, "--detach"],
        };
        let ran = world.run(&world.launch("acme/rocket", more));
        assert_eq!(ran.code, Some(1), "{way}: {ran:?}");
        let err = ran.err.replace("\n        ", " ");
        assert!(err.contains("launch::died"), "{way}: {ran:?}");
        assert!(err.contains(code), "{way}: {ran:?}");
        assert!(err.contains(says), "{way}: {ran:?}");
        assert!(err.contains("  INFO loading acme/rocket"), "{way}: {ran:?}");
        assert_eq!(ran.out, "");
        world.nothing_is_left();
    }
}

#[test]
fn the_log_of_what_died_is_kept() {
    let Some(world) = World::new() else { return };
    world.model("rocket", &[("DIE", "quietly")]);
    let port = free_port().to_string();
    world.run(&world.launch("acme/rocket", &["1", "--port", &port]));
    let logs = world.run(&["logs", "aim-rocket"]);
    assert_eq!(logs.code, Some(0));
    assert!(logs.out.contains("INFO loading acme/rocket"), "{logs:?}");
    assert!(logs.out.contains("Goodbye.\n"), "{logs:?}");
    assert!(logs.err.contains("did not come up"), "{logs:?}");
    let unknown = world.run(&["logs", "../rocket"]);
    assert_eq!(unknown.code, Some(1), "{unknown:?}");
}

#[test]
fn what_does_not_answer_in_time_is_stopped() {
    let Some(world) = World::new() else { return };
    world.model("rocket", &[("DELAY_MS", "600000")]);
    let port = free_port().to_string();
    for more in [
        &["1", "--port", &port, "--timeout", "2"][..],
        &["1", "--port", &port, "--timeout", "2s", "--detach"],
    ] {
        let ran = world.run(&world.launch("acme/rocket", more));
        assert_eq!(ran.code, Some(1), "{ran:?}");
        assert!(ran.err.contains("did not answer within 2 s"), "{ran:?}");
        assert!(ran.err.contains("--timeout"), "{ran:?}");
        world.nothing_is_left();
    }
}

#[test]
fn what_the_engine_refuses_is_of_the_environment() {
    let Some(world) = World::new() else { return };
    world.model("rocket", &[]);
    let port = free_port().to_string();
    let missing = world.run(&world.launch(
        "acme/rocket",
        &["1", "--port", &port, "--image", "localhost:1/none:1"],
    ));
    assert_eq!(missing.code, Some(3), "{missing:?}");
    assert!(missing.err.contains("launch::no_image"), "{missing:?}");
    world.nothing_is_left();

    for detach in [false, true] {
        let mut more = vec!["1", "--port", &port, "--backend", "sglang"];
        more.extend(detach.then_some("--detach"));
        world.model_of_sglang("slang");
        let ran = world.run(&world.launch("acme/slang", &more));
        assert_eq!(ran.code, Some(3), "{ran:?}");
        assert!(ran.err.contains("launch::refused"), "{ran:?}");
        assert!(
            ran.err.contains("The image has no such program to start."),
            "{ran:?}"
        );
        world.nothing_is_left();
    }
}

#[test]
fn what_dies_after_it_was_ready_is_told_too() {
    let Some(world) = World::new() else { return };
    world.model("rocket", &[("DIE", "gpu-memory"), ("DIE_MS", "2500")]);
    let port = free_port().to_string();
    let ran = world.run(&world.launch("acme/rocket", &["1", "--port", &port]));
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.out.contains("acme/rocket answers at"), "{ran:?}");
    assert!(
        ran.err.contains("more memory than its GPUs have"),
        "{ran:?}"
    );
    assert!(!ran.err.contains("before it answered"), "{ran:?}");
    world.nothing_is_left();

    let detached = world.run(&world.launch("acme/rocket", &["1", "--port", &port, "--detach"]));
    assert_eq!(detached.code, Some(0), "{detached:?}");
    std::thread::sleep(std::time::Duration::from_secs(4));
    let status = world.run(&["status", "--format", "json"]).json();
    assert_eq!(status["containers"][0]["state"], "ended");
    assert_eq!(status["containers"][0]["exit_code"], 1);
    assert!(world.run(&["status"]).out.contains("ended (1)"));
    // Its name, its GPU and its port are free for the next one.
    world.model("rocket", &[]);
    let again = world.run(&world.launch("acme/rocket", &["1", "--port", &port, "--detach"]));
    assert_eq!(again.code, Some(0), "{again:?}");
    assert!(again.err.contains("is removed"), "{again:?}");
    world.run(&["stop", "--all"]);
    world.nothing_is_left();
}
