//! What other programs do meanwhile, and what the engine does.

use std::fs;
use std::process::{Command, Stdio};

use crate::world::{Ran, World, free_port};

#[test]
fn a_container_that_another_program_removes_is_gone() {
    let Some(world) = World::new() else { return };
    world.model("rocket", &[]);
    let port = free_port().to_string();
    let launch = world.launch("acme/rocket", &["1", "--port", &port, "--detach"]);
    assert_eq!(world.run(&launch).code, Some(0));
    world.daemon.docker(&["rm", "-f", "aim-rocket"]);
    let status = world.run(&["status"]);
    assert_eq!(
        (status.code, status.out.as_str()),
        (Some(0), ""),
        "{status:?}"
    );
    let stop = world.run(&["stop", "aim-rocket"]);
    assert_eq!(stop.code, Some(1), "{stop:?}");
    assert!(
        stop.err.contains("no container `aim-rocket` was launched"),
        "{stop:?}"
    );
    // While it is watched, and while it starts.
    let mut watched = world.begin(&launch[..launch.len() - 1]);
    watched.until_out("Stop it: Ctrl-C");
    world.daemon.docker(&["rm", "-f", "aim-rocket"]);
    let ran = watched.end();
    assert_eq!(ran.code, Some(1), "{ran:?}");
    world.model("rocket", &[("DELAY_MS", "600000")]);
    let mut watched = world.begin(&launch);
    watched.until_err("waiting for http://");
    world.daemon.docker(&["rm", "-f", "aim-rocket"]);
    let ran = watched.end();
    assert_eq!(ran.code, Some(1), "{ran:?}");
    world.nothing_is_left();
}

#[test]
fn a_daemon_that_is_stopped_is_told_and_nothing_hangs() {
    let Some(world) = World::new() else { return };
    world.model("rocket", &[("DELAY_MS", "600000")]);
    let port = free_port().to_string();
    for detach in [false, true] {
        let mut launch = world.launch("acme/rocket", &["1", "--port", &port]);
        launch.extend(detach.then_some("--detach"));
        let mut begun = world.begin(&launch);
        begun.until_err("waiting for http://");
        world.daemon.stop();
        let ran = begun.end();
        assert_eq!(ran.code, Some(3), "{ran:?}");
        assert!(ran.err.contains("container::daemon_stopped"), "{ran:?}");
        for words in [
            &["status"][..],
            &["stop", "--all"],
            &["logs", "aim-rocket"],
            &launch,
        ] {
            let ran = world.run(words);
            assert_eq!(ran.code, Some(3), "{words:?}: {ran:?}");
            assert!(ran.err.contains("does not run"), "{words:?}: {ran:?}");
        }
        world.no_files_are_left();
        world.daemon.start();
        // A detached one is left where it was, to be seen and removed.
        world.run(&["stop", "--all"]);
        world.nothing_is_left();
    }
}

#[test]
fn what_generate_prints_does_what_launch_does() {
    let Some(world) = World::new() else { return };
    world.model("rocket", &[]);
    let port = free_port().to_string();
    let wanted = [
        "acme/rocket",
        "2",
        "--hardware",
        "MI300X",
        "--available-gpus",
        "4",
    ];
    let more = ["--port", &port];
    let generated = world.run(&[&["generate"], &wanted[..], &more].concat());
    assert_eq!(generated.code, Some(0), "{generated:?}");
    let dry = world.run(&[&["launch"], &wanted[..], &more, &["--dry-run"]].concat());
    assert_eq!(generated.out, dry.out);

    let mut sh = Command::new("sh");
    sh.arg("-c")
        .arg(&generated.out)
        .env("DOCKER_HOST", world.daemon.host());
    let mut sh = sh
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("sh runs");
    let inspect = |world: &World| {
        let seen = until_ready(world);
        let inspected = world.daemon.docker(&["container", "inspect", "aim-rocket"]);
        let all: serde_json::Value = serde_json::from_slice(&inspected.stdout).expect("JSON");
        let one = &all[0];
        let labels = one["Config"]["Labels"].clone();
        let mut env = one["Config"]["Env"].as_array().cloned().unwrap_or_default();
        env.sort_by_key(ToString::to_string);
        let kept = ["Cmd", "Entrypoint", "Image"].map(|key| one["Config"][key].clone());
        let host = [
            "Devices",
            "GroupAdd",
            "IpcMode",
            "PortBindings",
            "CapAdd",
            "Binds",
            "SecurityOpt",
            "AutoRemove",
        ]
        .map(|key| one["HostConfig"][key].clone());
        (seen, labels, env, kept, host)
    };
    let by_sh = inspect(&world);
    world.run(&["stop", "aim-rocket"]);
    assert!(sh.wait().is_ok());
    let mut launch = world.begin(&[&["launch"], &wanted[..], &more].concat());
    launch.until_out("Stop it: Ctrl-C");
    let by_launch = inspect(&world);
    launch.signal("INT");
    launch.end();
    assert_eq!(by_sh, by_launch);
    world.nothing_is_left();
}

fn until_ready(world: &World) -> String {
    for _ in 0..200 {
        let status = world.run(&["status", "--format", "json"]).json();
        let state = status["containers"][0]["state"].to_string();
        if state == "\"ready\"" {
            return status["containers"][0]["gpu_ids"].to_string();
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    panic!("it does not get ready");
}

#[test]
fn a_recipe_of_ones_own_is_checked_first() {
    let Some(world) = World::new() else { return };
    world.model("rocket", &[]);
    let catalog = world.dir.path().join("catalog");
    let recipe = catalog.join("recipes/rocket-mi300x-bf16.yaml");
    let text = fs::read_to_string(&recipe).expect("a recipe");
    let wrong = text.replace("--tensor-parallel-size: 2", "--tensor-parallel-size: 4");
    let own = world.dir.path().join("rocket-mi300x-bf16.yaml");
    fs::write(&own, wrong).expect("a file");
    let own = own.display().to_string();
    let port = free_port().to_string();
    let more = ["1", "--port", &port, "--detach", "--recipe", &own];
    let launch = world.launch("acme/rocket", &more);
    let ran = world.run(&launch);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.err.contains("launch::faulty_recipe"), "{ran:?}");
    assert!(ran.err.contains("AIM"), "{ran:?}");
    assert!(ran.err.contains("--force"), "{ran:?}");
    world.nothing_is_left();
    let forced = world.run(&[&launch[..], &["--force"]].concat());
    assert_eq!(forced.code, Some(0), "{forced:?}");
    assert!(forced.err.contains("launched all the same"), "{forced:?}");
    world.run(&["stop", "--all"]);
    // What it is called is nobody's business yet.
    let own = world.dir.path().join("my own.yml");
    fs::write(&own, text).expect("a file");
    let own = own.display().to_string();
    let more = ["1", "--port", &port, "--detach", "--recipe", &own];
    let mended = world.run(&world.launch("acme/rocket", &more));
    assert_eq!(mended.code, Some(0), "{mended:?}");
    world.run(&["stop", "--all"]);
    world.nothing_is_left();
}

#[test]
fn the_state_is_never_the_only_truth() {
    let Some(world) = World::new() else { return };
    world.model("rocket", &[]);
    let port = free_port().to_string();
    let launch = world.launch("acme/rocket", &["1", "--port", &port, "--detach"]);
    let cycle = |world: &World, home: Option<&str>| {
        let run = |words: &[&str]| -> Ran {
            let mut command = world.aim(words);
            if let Some(home) = home {
                command.env("XDG_STATE_HOME", home);
            }
            command.output().expect("the program runs").into()
        };
        let ran = run(&launch);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        let status = run(&["status", "--format", "json"]).json();
        assert_eq!(status["containers"][0]["state"], "ready");
        let stopped = run(&["stop", "aim-rocket"]);
        assert_eq!(stopped.code, Some(0), "{stopped:?}");
        assert_eq!(world.daemon.containers(), [""; 0]);
    };
    cycle(&world, None);
    let state = world.dir.path().join(".local/state/aim-engine/state.db");
    fs::write(
        &state,
        "this is no database, and it is long enough to be looked at",
    )
    .expect("a file");
    cycle(&world, None);
    assert!(state.with_extension("db.damaged").exists());
    fs::remove_file(state.with_extension("db.damaged")).expect("it is there");
    // A place where nothing can be written.
    cycle(&world, Some("/proc/1/nowhere"));
    world.nothing_is_left();
}
