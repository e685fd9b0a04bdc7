//! Ctrl-C, and containers that go while somebody watches.

use crate::world::{World, free_port};

#[test]
fn interrupted_it_takes_along_what_it_started() {
    let Some(world) = World::new() else { return };
    world.model("rocket", &[("DELAY_MS", "600000")]);
    let port = free_port().to_string();
    for signal in ["INT", "TERM", "HUP"] {
        let mut launch = world.begin(&world.launch("acme/rocket", &["1", "--port", &port]));
        launch.until_err("waiting for http://");
        assert_eq!(world.daemon.containers(), ["aim-rocket"]);
        launch.signal(signal);
        let ran = launch.end();
        assert_eq!(ran.code, Some(1), "{signal}: {ran:?}");
        assert!(ran.err.contains("stopping `aim-rocket`"), "{ran:?}");
        world.nothing_is_left();
    }
}

#[test]
fn what_it_was_told_to_ignore_it_ignores() {
    let Some(world) = World::new() else { return };
    world.model("rocket", &[("DELAY_MS", "600000")]);
    let port = free_port().to_string();
    let words = world.launch("acme/rocket", &["1", "--port", &port]);
    let mut launch = world.begin_under_nohup(&words);
    launch.until_err("waiting for http://");
    launch.signal("HUP");
    std::thread::sleep(std::time::Duration::from_millis(500));
    assert_eq!(world.daemon.containers(), ["aim-rocket"]);
    launch.signal("TERM");
    assert_eq!(launch.end().code, Some(1));
    world.nothing_is_left();
}

#[test]
fn interrupted_at_any_moment_it_leaves_nothing() {
    let Some(world) = World::new() else { return };
    world.model("rocket", &[("DELAY_MS", "600000")]);
    let port = free_port().to_string();
    for step in 0..8 {
        let launch = world.begin(&world.launch("acme/rocket", &["1", "--port", &port]));
        std::thread::sleep(std::time::Duration::from_millis(150 + step * 120));
        launch.signal("INT");
        let _ = launch.end();
        world.nothing_is_left();
    }
}

#[test]
fn when_it_serves_ctrl_c_is_the_way_to_end_it() {
    let Some(world) = World::new() else { return };
    world.model("rocket", &[]);
    let port = free_port().to_string();
    let mut launch = world.begin(&world.launch("acme/rocket", &["1", "--port", &port]));
    launch.until_out("Stop it: Ctrl-C");
    launch.signal("INT");
    let ran = launch.end();
    assert_eq!(ran.code, Some(0), "{ran:?}");
    world.nothing_is_left();
}

#[test]
fn stopped_elsewhere_it_ends_well() {
    let Some(world) = World::new() else { return };
    world.model("rocket", &[]);
    let port = free_port().to_string();
    let mut launch = world.begin(&world.launch("acme/rocket", &["1", "--port", &port]));
    launch.until_out("Stop it: Ctrl-C");
    let stopped = world.run(&["stop", "aim-rocket"]);
    assert_eq!(stopped.code, Some(0), "{stopped:?}");
    let ran = launch.end();
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.err.contains("was stopped"), "{ran:?}");
    world.nothing_is_left();
}

#[test]
fn detached_it_goes_on_when_nobody_waits_any_more() {
    let Some(world) = World::new() else { return };
    world.model("rocket", &[("DELAY_MS", "3000")]);
    let port = free_port().to_string();
    let mut launch = world.begin(&world.launch("acme/rocket", &["1", "--port", &port, "--detach"]));
    launch.until_err("waiting for http://");
    let status = world.run(&["status", "--format", "json"]).json();
    assert_eq!(status["containers"][0]["state"], "starting");
    launch.signal("INT");
    let ran = launch.end();
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.err.contains("goes on starting"), "{ran:?}");
    assert_eq!(world.daemon.containers(), ["aim-rocket"]);
    std::thread::sleep(std::time::Duration::from_secs(3));
    let status = world.run(&["status", "--format", "json"]).json();
    assert_eq!(status["containers"][0]["state"], "ready");
    world.run(&["stop", "--all"]);
    world.nothing_is_left();
}

#[test]
fn not_waiting_returns_at_once() {
    let Some(world) = World::new() else { return };
    world.model("rocket", &[("DELAY_MS", "600000")]);
    let port = free_port().to_string();
    let ran = world.run(&world.launch(
        "acme/rocket",
        &[
            "1",
            "--port",
            &port,
            "--detach",
            "--timeout",
            "0",
            "--format",
            "json",
        ],
    ));
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let launched = ran.json();
    assert_eq!(launched["state"], "starting");
    assert_eq!(launched["name"], "aim-rocket");
    let id = launched["id"].as_str().unwrap_or_default();
    let stopped = world.run(&["stop", &id[..12]]);
    assert_eq!(stopped.out, "stopped: aim-rocket\n", "{stopped:?}");
    world.nothing_is_left();
}
