//! What must not be touched: what another process writes, what a running container mounts, and what a
//! process on this machine has open.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value as Json;

use super::layout::ModelFolder;
use super::scan::Scan;
use super::{Cache, lock};
use crate::hub::ModelId;
use crate::plan::{LABEL_MANAGED, LABEL_MODEL};

/// The programs that run containers.
const ENGINES: [&str; 2] = ["docker", "podman"];
/// For how long one of them may think.
const PATIENCE: Duration = Duration::from_secs(10);
const STEP: Duration = Duration::from_millis(20);

/// What is in use.
#[derive(Debug, Default)]
pub struct Uses {
    /// By whom each model is used, as clauses.
    pub by: BTreeMap<ModelId, Vec<String>>,
    /// Engines that are there and could not be asked what their containers mount, with what they said.
    pub unasked: Vec<(String, String)>,
}

/// Who uses the models of a cache.
pub fn uses(cache: &Cache, scan: &Scan) -> Uses {
    let mut uses = Uses::default();
    for model in &scan.models {
        let by = match lock::is_held(&model.folder.use_lock()) {
            true => "another process fetches or starts it",
            false if is_written(&model.folder) => "another process is writing it",
            false => continue,
        };
        add(&mut uses, &model.folder.model, by.to_owned());
    }
    let mut containers = Vec::new();
    for engine in ENGINES {
        match running(engine) {
            Ok(running) => containers.extend(running),
            Err(NoAnswer::Missing) => {}
            Err(NoAnswer::Failed(said)) => uses.unasked.push((engine.to_owned(), said)),
        }
    }
    for container in containers {
        let by = format!("the container `{}` mounts it", container.name);
        for model in mounted(cache, scan, &container) {
            add(&mut uses, &model, by.clone());
        }
    }
    for (model, process) in open_files(scan) {
        add(
            &mut uses,
            &model,
            format!("the process {process} has it open"),
        );
    }
    uses
}

fn add(uses: &mut Uses, model: &ModelId, by: String) {
    let known = uses.by.entry(model.clone()).or_default();
    if !known.contains(&by) {
        known.push(by);
    }
}

/// Keeps a model from whoever removes models, until what is given back is dropped; none where this user may lock
/// nothing there.
pub fn hold(cache: &Cache, model: &ModelId) -> Option<lock::Held> {
    let folder = cache.model(model);
    let held = lock::share_of_others(&folder.use_lock());
    held.inspect_err(|error| tracing::info!(%error, %model, "cannot be locked"))
        .ok()
}

/// Whether another process holds one of the model's locks.
pub(super) fn is_written(folder: &ModelFolder) -> bool {
    let locks = fs::read_dir(folder.locks()).into_iter().flatten().flatten();
    locks.into_iter().any(|entry| lock::is_held(&entry.path()))
}

/// A running container, as far as it matters here.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Container {
    name: String,
    mounts: Vec<PathBuf>,
    /// The model that it serves, where this program started it.
    model: Option<String>,
}

/// Why a program tells nothing of its containers.
enum NoAnswer {
    /// It is not installed, and has none.
    Missing,
    /// What it said, or what is wrong with it.
    Failed(String),
}

/// The running containers of a program.
fn running(engine: &str) -> Result<Vec<Container>, NoAnswer> {
    let ids = output(engine, &["ps", "--quiet", "--no-trunc"])?;
    let ids: Vec<&str> = ids.split_whitespace().collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    // One that ends meanwhile makes an error, and the others are told all the same.
    match output(engine, &[&["inspect"], ids.as_slice()].concat()) {
        Ok(text) => Ok(containers(&text)),
        Err(NoAnswer::Failed(_)) if ids.len() > 1 => {
            let one_by_one = ids
                .iter()
                .filter_map(|id| output(engine, &["inspect", id]).ok());
            Ok(one_by_one.flat_map(|text| containers(&text)).collect())
        }
        Err(_) => Ok(Vec::new()),
    }
}

fn containers(inspected: &str) -> Vec<Container> {
    let Ok(Json::Array(all)) = serde_json::from_str(inspected) else {
        return Vec::new();
    };
    let text = |value: &Json| value.as_str().map(str::to_owned);
    all.iter()
        .map(|container| {
            let labels = container.pointer("/Config/Labels");
            let label = |name: &str| labels.and_then(|labels| text(labels.get(name)?));
            let mounts = container.get("Mounts").and_then(Json::as_array);
            let sources = mounts
                .into_iter()
                .flatten()
                .filter_map(|mount| text(mount.get("Source")?));
            let name = container.get("Name").and_then(text).unwrap_or_default();
            Container {
                name: name.trim_start_matches('/').to_owned(),
                mounts: sources.map(PathBuf::from).collect(),
                model: label(LABEL_MANAGED).and_then(|_| label(LABEL_MODEL)),
            }
        })
        .collect()
}

/// The models that a container uses: the one that it says it serves, else all that it can see.
fn mounted(cache: &Cache, scan: &Scan, container: &Container) -> Vec<ModelId> {
    let real = |path: &Path| fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let root = real(cache.root());
    let mounts: Vec<PathBuf> = container.mounts.iter().map(|path| real(path)).collect();
    let sees_all = mounts.iter().any(|mount| root.starts_with(mount));
    let served = container.model.as_deref().and_then(|served| {
        let mut models = scan.models.iter().map(|model| &model.folder.model);
        models.find(|model| model.as_str().eq_ignore_ascii_case(served))
    });
    if let (true, Some(model)) = (sees_all, served) {
        return vec![model.clone()];
    }
    let seen = scan.models.iter().filter(|model| {
        let dir = real(model.folder.dir());
        mounts
            .iter()
            .any(|mount| dir.starts_with(mount) || mount.starts_with(&dir))
    });
    seen.map(|model| model.folder.model.clone()).collect()
}

/// What a program prints.
fn output(program: &str, words: &[&str]) -> Result<String, NoAnswer> {
    let broken = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => NoAnswer::Missing,
        _ => NoAnswer::Failed(error.to_string()),
    };
    let mut child = Command::new(program)
        .args(words)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(broken)?;
    let out = read(child.stdout.take());
    let err = read(child.stderr.take());
    let began = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => return Ok(out.join().unwrap_or_default()),
            Ok(Some(_)) => {
                let said = err.join().unwrap_or_default();
                let last = said.lines().rev().find(|line| !line.trim().is_empty());
                let said = last.unwrap_or("it fails, and says nothing").trim();
                return Err(NoAnswer::Failed(said.to_owned()));
            }
            Ok(None) if began.elapsed() < PATIENCE => thread::sleep(STEP),
            _ => {
                let _ = child.kill();
                let _ = child.wait();
                let said = format!("no answer within {} s", PATIENCE.as_secs());
                return Err(NoAnswer::Failed(said));
            }
        }
    }
}

/// Reads all of a stream meanwhile.
fn read(stream: Option<impl Read + Send + 'static>) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut stream) = stream {
            let _ = stream.read_to_end(&mut bytes);
        }
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// Models with a content that a process maps or has open, also one in a container; of the processes
/// that this one may look at.
fn open_files(scan: &Scan) -> Vec<(ModelId, u32)> {
    let mut contents: HashMap<(u64, u64), &ModelId> = HashMap::new();
    for model in &scan.models {
        for blob in model.blobs.keys() {
            let path = model.folder.blobs().join(blob);
            if let Ok(found) = fs::metadata(path) {
                contents.insert((found.dev(), found.ino()), &model.folder.model);
            }
        }
    }
    let mut found = Vec::new();
    if contents.is_empty() {
        return found;
    }
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let process = entry
            .file_name()
            .to_str()
            .and_then(|name| name.parse::<u32>().ok());
        let Some(process) = process.filter(|process| *process != std::process::id()) else {
            continue;
        };
        let mut seen = |file: &(u64, u64)| {
            if let Some(model) = contents.get(file)
                && !found.contains(&((*model).clone(), process))
            {
                found.push(((*model).clone(), process));
            }
        };
        let maps = fs::read_to_string(entry.path().join("maps")).unwrap_or_default();
        maps.lines().filter_map(mapped).for_each(|file| seen(&file));
        let open = fs::read_dir(entry.path().join("fd"))
            .into_iter()
            .flatten()
            .flatten();
        for file in open {
            // By way of the link, so that it is the same file in whatever mount.
            if let Ok(file) = fs::metadata(file.path())
                && file.is_file()
            {
                seen(&(file.dev(), file.ino()));
            }
        }
    }
    found
}

/// Device and inode of a line of `/proc/PID/maps`; none where it is no file.
fn mapped(line: &str) -> Option<(u64, u64)> {
    let mut words = line.split_whitespace().skip(3);
    let (major, minor) = words.next()?.split_once(':')?;
    let inode: u64 = words.next()?.parse().ok().filter(|inode| *inode != 0)?;
    let number = |text: &str| u32::from_str_radix(text, 16).ok();
    Some((rustix::fs::makedev(number(major)?, number(minor)?), inode))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn containers_are_read() {
        let text = r#"[{"Name": "/aim-rocket", "Mounts": [{"Type": "bind", "Source": "/srv/models"}],
            "Config": {"Labels": {"com.amd.aim.managed": "aim-engine", "com.amd.aim.model": "acme/Rocket"}}},
            {"Name": "/other", "Mounts": [], "Config": {"Labels": null}}]"#;
        let found = containers(text);
        assert_eq!(found[0].name, "aim-rocket");
        assert_eq!(found[0].mounts, [PathBuf::from("/srv/models")]);
        assert_eq!(found[0].model.as_deref(), Some("acme/Rocket"));
        assert_eq!(found[1].model, None);
        assert_eq!(containers("nothing"), []);
    }

    #[test]
    fn mapped_files_are_read() {
        let line = "7f0000000000-7f0000001000 r--s 00000000 fe:00 123456   /srv/models/x";
        assert_eq!(mapped(line), Some((rustix::fs::makedev(0xfe, 0), 123_456)));
        assert_eq!(mapped("7f00-7f01 rw-p 00000000 00:00 0"), None);
        assert_eq!(mapped(""), None);
    }
}
