//! Launch, healthy, status, logs, stop.

use crate::world::{World, free_port};

#[test]
fn a_model_is_launched_seen_and_stopped() {
    let Some(world) = World::new() else { return };
    world.model("rocket", &[("DELAY_MS", "800")]);
    let port = free_port().to_string();
    let launched = world.run(&world.launch("acme/rocket", &["2", "--detach", "--port", &port]));
    assert_eq!(launched.code, Some(0), "{launched:?}");
    let url = format!("http://127.0.0.1:{port}");
    assert!(
        launched
            .out
            .contains(&format!("acme/rocket answers at {url}"))
    );
    assert!(
        launched
            .out
            .contains(&format!("curl {url}/v1/chat/completions"))
    );
    assert!(launched.out.contains("\"model\":\"acme/rocket\""));
    assert!(launched.out.contains("aim-engine stop aim-rocket"));
    world.no_files_are_left();

    let status = world.run(&["status", "--format", "json"]);
    let shown = &status.json()["containers"][0];
    assert_eq!(shown["name"], "aim-rocket");
    assert_eq!(shown["state"], "ready");
    assert_eq!(shown["gpu_ids"], serde_json::json!([0, 1]));
    assert_eq!(shown["port"].to_string(), port);
    assert_eq!(shown["recipe"], "rocket-mi300x-bf16");
    assert_eq!(shown["engine"], "docker");
    let table = world.run(&["status"]).out;
    assert!(table.contains("aim-rocket"), "{table}");
    assert!(table.contains("0-1"), "{table}");

    let logs = world.run(&["logs", "aim-rocket"]);
    assert!(
        logs.out.contains("INFO loading acme/rocket on GPUs 0,1\n"),
        "{logs:?}"
    );
    let last = world.run(&["logs", "--tail", "1"]);
    assert_eq!(last.out, "INFO ready\n");

    let stopped = world.run(&["stop", "aim-rocket"]);
    assert_eq!(
        (stopped.code, stopped.out.as_str()),
        (Some(0), "stopped: aim-rocket\n")
    );
    world.nothing_is_left();
    let status = world.run(&["status", "--format", "json"]);
    assert_eq!(status.json(), serde_json::json!({"containers": []}));
}
