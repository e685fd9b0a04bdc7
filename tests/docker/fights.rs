//! Two launches that want the same.

use crate::engine::IMAGE;
use crate::world::{World, free_port};

#[test]
fn the_second_gets_other_gpus_until_there_are_none() {
    let Some(world) = World::new() else { return };
    world.model("rocket", &[]);
    let mut gpus = Vec::new();
    for name in ["one", "two"] {
        let port = free_port().to_string();
        let ran = world.run(&world.launch(
            "acme/rocket",
            &[
                "2", "--port", &port, "--name", name, "--detach", "--format", "json",
            ],
        ));
        assert_eq!(ran.code, Some(0), "{ran:?}");
        gpus.push(ran.json()["gpu_ids"].clone());
    }
    assert_eq!(gpus, [serde_json::json!([0, 1]), serde_json::json!([2, 3])]);
    let logs = world.run(&["logs", "two"]).out;
    assert!(logs.contains("on GPUs 2,3"), "{logs}");
    let port = free_port().to_string();
    let third = ["1", "--port", &port, "--name", "three", "--detach"];
    let ran = world.run(&world.launch("acme/rocket", &third));
    assert_eq!(ran.code, Some(3), "{ran:?}");
    assert!(ran.err.contains("launch::gpus_taken"), "{ran:?}");
    assert!(
        ran.err.contains("1 GPU is needed, and 0 GPUs are idle"),
        "{ran:?}"
    );
    assert!(ran.err.contains("`one`, `two`"), "{ran:?}");
    // Who names GPUs gets them.
    let shared = [&third[..], &["--gpu-ids", "1"]].concat();
    let ran = world.run(&world.launch("acme/rocket", &shared));
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.err.contains("GPU 1 is used by `one` too"), "{ran:?}");
    let stopped = world.run(&["stop", "--all"]);
    assert_eq!(stopped.out, "stopped: one\nstopped: three\nstopped: two\n");
    world.nothing_is_left();
}

#[test]
fn launched_together_they_share_the_gpus() {
    let Some(world) = World::new() else { return };
    world.model("rocket", &[("DELAY_MS", "1000")]);
    let names = ["a1", "a2", "a3", "a4"];
    let begun: Vec<_> = names
        .iter()
        .map(|name| {
            let port = free_port().to_string();
            let more = [
                "1", "--port", &port, "--name", name, "--detach", "--format", "json",
            ];
            world.begin(&world.launch("acme/rocket", &more))
        })
        .collect();
    let mut gpus: Vec<String> = begun
        .into_iter()
        .map(|launch| {
            let ran = launch.end();
            assert_eq!(ran.code, Some(0), "{ran:?}");
            ran.json()["gpu_ids"].to_string()
        })
        .collect();
    gpus.sort();
    assert_eq!(gpus, ["[0]", "[1]", "[2]", "[3]"]);
    world.run(&["stop", "--all"]);
    world.nothing_is_left();
}

#[test]
fn a_name_and_a_port_are_one_containers() {
    let Some(world) = World::new() else { return };
    world.model("rocket", &[]);
    let port = free_port().to_string();
    let launch = world.launch("acme/rocket", &["1", "--port", &port, "--detach"]);
    assert_eq!(world.run(&launch).code, Some(0));
    let same_name = world.run(&launch);
    assert_eq!(same_name.code, Some(3), "{same_name:?}");
    assert!(
        same_name.err.contains("launch::already_running"),
        "{same_name:?}"
    );
    let same_port = world.run(&[&launch[..], &["--name", "other"]].concat());
    assert_eq!(same_port.code, Some(3), "{same_port:?}");
    let says = format!("port {port} is taken by `aim-rocket`");
    assert!(same_port.err.contains(&says), "{same_port:?}");
    assert!(same_port.err.contains("is free: `--port "), "{same_port:?}");
    assert_eq!(world.daemon.containers(), ["aim-rocket"]);
    world.run(&["stop", "--all"]);

    // Another program's port, and another program's container.
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let taken = listener
        .local_addr()
        .expect("an address")
        .port()
        .to_string();
    let ran = world.run(&world.launch("acme/rocket", &["1", "--port", &taken]));
    assert_eq!(ran.code, Some(3), "{ran:?}");
    assert!(ran.err.contains("is taken by another program"), "{ran:?}");
    let foreign = [
        "run",
        "-d",
        "--name",
        "aim-rocket",
        "--entrypoint",
        "/bin/vllm",
        IMAGE,
    ];
    world.daemon.docker(&foreign);
    let ran = world.run(&launch);
    assert_eq!(ran.code, Some(3), "{ran:?}");
    assert!(ran.err.contains("launch::name_taken"), "{ran:?}");
    // It is nobody's here: not seen, not stopped.
    let status = world.run(&["status", "--format", "json"]);
    assert_eq!(status.json()["containers"], serde_json::json!([]));
    assert_eq!(world.run(&["stop", "aim-rocket"]).code, Some(1));
    assert_eq!(world.run(&["stop", "--all"]).code, Some(0));
    assert_eq!(world.daemon.containers(), ["aim-rocket"]);
    world.daemon.docker(&["rm", "-f", "aim-rocket"]);
    world.nothing_is_left();
}
