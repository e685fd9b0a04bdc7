//! The same with podman, where it can run containers.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::engine::{has_program, image_files};
use crate::world::{Ran, World, free_port};

/// podman's storage and settings, in a folder of their own.
struct Podman {
    env: [(&'static str, PathBuf); 2],
}

impl Podman {
    /// None where it cannot run a container, which is said.
    fn new(world: &World) -> Option<Podman> {
        if !has_program("podman") {
            eprintln!("skipped: `podman` is not installed");
            return None;
        }
        let dir = world.dir.path().join("podman");
        fs::create_dir_all(&dir).expect("a folder");
        let storage = dir.join("storage.conf");
        let settings = dir.join("containers.conf");
        let graph = format!(
            "[storage]\ndriver = \"vfs\"\nrunroot = \"{0}/run\"\ngraphroot = \"{0}/graph\"\n",
            dir.display()
        );
        fs::write(&storage, graph).expect("a file");
        let limits =
            "[containers]\ndefault_ulimits = [\"nofile=1024:1024\", \"nproc=1024:1024\"]\n";
        fs::write(&settings, limits).expect("a file");
        let podman = Podman {
            env: [
                ("CONTAINERS_STORAGE_CONF", storage),
                ("CONTAINERS_CONF", settings),
            ],
        };
        let files = dir.join("image");
        let archive = dir.join("image.tar");
        image_files(&files).expect("an image");
        let mut tar = Command::new("tar");
        let packed = tar.arg("-C").arg(&files).arg("-cf").arg(&archive).arg(".");
        assert!(packed.status().expect("tar runs").success());
        let image = "docker.io/aim-test/vllm:1";
        let archive = archive.display().to_string();
        let imported = podman.run_by_podman(world, &["import", &archive, image]);
        let port = free_port();
        let ports = format!("{port}:{port}");
        let tried = podman.run_by_podman(
            world,
            &[
                "run",
                "--rm",
                "-p",
                &ports,
                "-e",
                "DIE=quietly",
                "--entrypoint",
                "vllm",
                image,
            ],
        );
        if imported.code == Some(0) && tried.code == Some(1) && tried.err.contains("Goodbye") {
            return Some(podman);
        }
        eprintln!(
            "skipped: podman runs no containers here: {}",
            tried.err.trim()
        );
        None
    }

    fn run_by_podman(&self, world: &World, words: &[&str]) -> Ran {
        let mut podman = world.daemon.beside("podman");
        podman.args(words).envs(self.env.iter().cloned());
        podman.output().expect("podman runs").into()
    }

    fn run(&self, world: &World, words: &[&str]) -> Ran {
        let aim = world.aim(words);
        let mut beside = world.daemon.beside(env!("CARGO_BIN_EXE_aim-engine"));
        beside.args(words).env_clear();
        beside.envs(
            aim.get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        );
        beside.envs(self.env.iter().cloned());
        beside.env("AIM_CONTAINER_ENGINE", "podman");
        beside.output().expect("the program runs").into()
    }

    fn nothing_is_left(&self, world: &World) {
        let listed = self.run_by_podman(world, &["ps", "--all", "--format", "{{.Names}}"]);
        assert_eq!(listed.out.trim(), "");
        world.no_files_are_left();
    }
}

#[test]
fn a_model_is_launched_seen_and_stopped() {
    let Some(world) = World::new() else { return };
    let Some(podman) = Podman::new(&world) else {
        return;
    };
    world.model("rocket", &[("DELAY_MS", "500")]);
    let port = free_port().to_string();
    let more = ["2", "--detach", "--port", &port, "--format", "json"];
    let launched = podman.run(&world, &world.launch("acme/rocket", &more));
    assert_eq!(launched.code, Some(0), "{launched:?}");
    assert_eq!(launched.json()["served_as"], "acme/rocket");
    let status = podman.run(&world, &["status", "--format", "json"]).json();
    let shown = &status["containers"][0];
    assert_eq!(shown["engine"], "podman");
    assert_eq!(shown["state"], "ready");
    assert_eq!(shown["gpu_ids"], serde_json::json!([0, 1]));
    let logs = podman.run(&world, &["logs", "aim-rocket"]);
    assert!(logs.out.contains("on GPUs 0,1"), "{logs:?}");
    let stopped = podman.run(&world, &["stop", "--all"]);
    assert_eq!(stopped.out, "stopped: aim-rocket\n", "{stopped:?}");
    podman.nothing_is_left(&world);
}

#[test]
fn deaths_are_explained_and_leave_nothing() {
    let Some(world) = World::new() else { return };
    let Some(podman) = Podman::new(&world) else {
        return;
    };
    let port = free_port().to_string();
    for (way, says, more) in [
        ("gpu-memory", "more memory than its GPUs have", &[][..]),
        ("gated", "accept them on", &["--detach"]),
    ] {
        world.model("rocket", &[("DIE", way)]);
        let words = [&["1", "--port", &port], more].concat();
        let ran = podman.run(&world, &world.launch("acme/rocket", &words));
        assert_eq!(ran.code, Some(1), "{ran:?}");
        assert!(ran.err.contains(says), "{ran:?}");
        podman.nothing_is_left(&world);
    }
    world.model_of_sglang("slang");
    let ran = podman.run(&world, &world.launch("acme/slang", &["1", "--port", &port]));
    assert_eq!(ran.code, Some(3), "{ran:?}");
    podman.nothing_is_left(&world);
}
