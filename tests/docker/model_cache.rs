//! What a launch makes of the model cache, with a hub of the tests' own.

use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use crate::hub::{Fault, Hub};
use crate::world::{Begun, Ran, World, begin, free_port};

const MODEL: &str = "acme/rocket";
/// So much that a slow hub takes longer than anything that happens meanwhile.
const LARGE: usize = 400_000;

/// A hub with the model, and its commit.
fn hub() -> (Hub, String) {
    let hub = Hub::start();
    let files = [
        ("config.json", b"{}".to_vec()),
        ("model.safetensors", vec![7; LARGE]),
    ];
    let commit = hub.add(MODEL, &files);
    (hub, commit)
}

fn aim(world: &World, hub: &Hub, words: &[&str]) -> Command {
    let mut command = world.aim(words);
    command.env("HF_ENDPOINT", hub.endpoint());
    command
}

fn run(world: &World, hub: &Hub, words: &[&str]) -> Ran {
    aim(world, hub, words).output().expect("it runs").into()
}

fn start(world: &World, hub: &Hub, words: &[&str]) -> Begun {
    begin(aim(world, hub, words))
}

/// The variables and the mounts of the container.
fn inspected(world: &World) -> (Vec<String>, Value, Value) {
    let printed = world.daemon.docker(&["inspect", "aim-rocket"]).stdout;
    let all: Value = serde_json::from_slice(&printed).expect("JSON");
    let env = all[0]["Config"]["Env"].as_array().expect("variables");
    let env = env.iter().filter_map(|var| var.as_str().map(str::to_owned));
    (
        env.collect(),
        all[0]["Mounts"][0].clone(),
        all[0]["Config"]["Labels"].clone(),
    )
}

fn launch<'w>(world: &World, more: &[&'w str]) -> Vec<&'w str> {
    world.launch(MODEL, more)
}

#[test]
fn a_model_is_fetched_before_its_container_starts_and_found_the_next_time() {
    let Some(world) = World::new() else { return };
    world.model("rocket", &[]);
    let (hub, commit) = hub();
    let port = free_port().to_string();
    let words = launch(&world, &["1", "--detach", "--prefetch", "--port", &port]);
    for launched in 0..2 {
        let ran = run(&world, &hub, &words);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        assert_eq!(ran.err.contains("fetching `acme/rocket`"), launched == 0);
        assert!(ran.err.contains("the engine asks no hub"), "{ran:?}");
        let (env, mount, labels) = inspected(&world);
        assert!(env.contains(&"HF_HUB_OFFLINE=1".to_owned()), "{env:?}");
        assert!(!env.iter().any(|var| var.starts_with("VLLM_CACHE_ROOT=")));
        assert_eq!(mount["RW"], false);
        assert_eq!(labels["com.amd.aim.revision"], json!(commit));
        // What a container serves no cleanup takes.
        let words = ["cache", "cleanup", "--max-size", "0", "--format", "json"];
        let cleaned = run(&world, &hub, &words).json();
        assert_eq!(cleaned["removed"], json!([]));
        let because = cleaned["kept"][0]["because"].to_string();
        assert!(
            because.contains("the container `aim-rocket` mounts it"),
            "{because}"
        );
        assert_eq!(world.run(&["stop", "aim-rocket"]).code, Some(0));
    }
    // The first launch did not find it, the second did.
    let stats = run(&world, &hub, &["cache", "stats", "--format", "json"]).json();
    assert_eq!((&stats["hits"], &stats["misses"]), (&json!(1), &json!(1)));
    let listed = run(&world, &hub, &["cache", "list", "--format", "json"]).json();
    assert_eq!(listed["models"][0]["hits"], json!(1), "{listed}");
    world.nothing_is_left();
}

#[test]
fn without_prefetch_the_container_fetches_it() {
    let Some(world) = World::new() else { return };
    world.model("rocket", &[]);
    let (hub, _) = hub();
    let port = free_port().to_string();
    let ran = run(
        &world,
        &hub,
        &launch(&world, &["1", "--detach", "--port", &port]),
    );
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(
        ran.err.contains("aim-engine cache add acme/rocket"),
        "{ran:?}"
    );
    let (env, mount, _) = inspected(&world);
    assert!(!env.iter().any(|var| var.starts_with("HF_HUB_OFFLINE")));
    assert_eq!(mount["RW"], true);
    assert!(hub.requests().is_empty());
    let stats = run(&world, &hub, &["cache", "stats", "--format", "json"]).json();
    assert_eq!((&stats["hits"], &stats["misses"]), (&json!(0), &json!(1)));
    assert_eq!(world.run(&["stop", "aim-rocket"]).code, Some(0));
}

#[test]
fn ctrl_c_while_a_model_is_fetched_keeps_what_came_and_starts_nothing() {
    let Some(world) = World::new() else { return };
    world.model("rocket", &[]);
    let (hub, _) = hub();
    let slow = Fault::Slow(2000, Duration::from_millis(20));
    hub.fault("model.safetensors", usize::MAX, slow);
    let port = free_port().to_string();
    let words = launch(&world, &["1", "--detach", "--prefetch", "--port", &port]);
    let mut launched = start(&world, &hub, &words);
    launched.until_err("fetching `acme/rocket`");
    while hub.sent() < 20_000 {
        std::thread::sleep(Duration::from_millis(10));
    }
    // What is being fetched no cleanup takes.
    let clean = ["cache", "cleanup", "--max-size", "0", "--format", "json"];
    let cleaned = run(&world, &hub, &clean).json();
    assert_eq!(cleaned["removed"], json!([]));
    launched.signal("INT");
    let ended = launched.end();
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.err.contains("are kept"), "{ended:?}");
    assert!(ended.err.contains("nothing was started"), "{ended:?}");
    assert_eq!(world.daemon.containers(), [""; 0]);
    let before = hub.sent();
    hub.mend();
    let ran = run(&world, &hub, &words);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let again = usize::try_from(hub.sent() - before).expect("a number");
    assert!(again < LARGE, "{again} bytes are fetched again");
    assert_eq!(world.run(&["stop", "aim-rocket"]).code, Some(0));
}

#[test]
fn ctrl_c_ends_the_wait_for_a_hub_that_is_busy() {
    let Some(world) = World::new() else { return };
    world.model("rocket", &[]);
    let (hub, _) = hub();
    let busy = Fault::Status(503, vec![("Retry-After", "60".to_owned())]);
    hub.fault("api/models", usize::MAX, busy);
    let port = free_port().to_string();
    let words = launch(&world, &["1", "--detach", "--prefetch", "--port", &port]);
    let launched = start(&world, &hub, &words);
    while hub.requests().is_empty() {
        std::thread::sleep(Duration::from_millis(10));
    }
    launched.signal("INT");
    let ended = launched.end();
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.err.contains("nothing was fetched"), "{ended:?}");
    assert_eq!(world.daemon.containers(), [""; 0]);
}

#[test]
fn what_is_in_the_way_is_said_before_anything_is_fetched() {
    let Some(world) = World::new() else { return };
    world.model("rocket", &[]);
    let (hub, _) = hub();
    let taken = std::net::TcpListener::bind(("0.0.0.0", 0)).expect("a port");
    let port = taken.local_addr().expect("an address").port().to_string();
    let words = launch(&world, &["1", "--detach", "--prefetch", "--port", &port]);
    let ran = run(&world, &hub, &words);
    assert_eq!(ran.code, Some(3), "{ran:?}");
    assert!(ran.err.contains("launch::port_taken"), "{ran:?}");
    // Nobody has a disk that leaves so much to others.
    let rules = world.dir.path().join("small.dl");
    std::fs::write(&rules, "spare_mib(1000000000000).\n").expect("a file");
    let rules = rules.display().to_string();
    let words = launch(&world, &["1", "--detach", "--prefetch", "--rules", &rules]);
    let ran = run(&world, &hub, &words);
    assert_eq!(ran.code, Some(3), "{ran:?}");
    assert!(ran.err.contains("launch::disk"), "{ran:?}");
    assert!(hub.requests().is_empty());
    assert_eq!(world.daemon.containers(), [""; 0]);
}

#[test]
fn a_model_that_the_hub_does_not_give_starts_nothing() {
    let Some(world) = World::new() else { return };
    world.model("rocket", &[]);
    let (hub, _) = hub();
    hub.change(MODEL, |model| {
        model.gated = true;
        model.token = Some("hf_right".to_owned());
    });
    let port = free_port().to_string();
    let words = launch(&world, &["1", "--detach", "--prefetch", "--port", &port]);
    let ran = run(&world, &hub, &words);
    assert_eq!(ran.code, Some(3), "{ran:?}");
    assert!(ran.err.contains("hub::gated"), "{ran:?}");
    assert_eq!(world.daemon.containers(), [""; 0]);
    let mut command = aim(&world, &hub, &words);
    let ran: Ran = command
        .env("HF_TOKEN", "hf_right")
        .stdin(Stdio::null())
        .output()
        .expect("it runs")
        .into();
    assert_eq!(ran.code, Some(0), "{ran:?}");
    for seen in [&ran.out, &ran.err] {
        assert!(!seen.contains("hf_right"), "{seen}");
    }
    assert_eq!(world.run(&["stop", "aim-rocket"]).code, Some(0));
}
