//! Decides the full matrix of a catalog in one process, and says how long that took:
//! `matrix [--catalog DIR] [--detail selection|choice|search] [--take N] [--runs N] [--write FILE]`.
//!
//! The matrix is what `coverage` asks: every model, hardware, GPU count, precision or none, backend or none.
//! `--take N` decides N requests, repeating the matrix or leaving out its end; `--write FILE` writes each
//! request with its decision, to compare two versions of the program or of the rules.

use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use aim_engine::launch::{Detail, MachineFacts, Request, decide};
use aim_engine::policy::{Policy, RuleSources};
use aim_engine::store::{Layer, Store, StoreSpec};

const GPU_COUNTS: [u32; 4] = [1, 2, 4, 8];

struct Wanted {
    catalog: Option<PathBuf>,
    detail: Detail,
    take: Option<usize>,
    runs: usize,
    write: Option<PathBuf>,
}

fn main() -> ExitCode {
    match wanted().and_then(|wanted| measure(&wanted)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("matrix: {error}");
            ExitCode::FAILURE
        }
    }
}

fn wanted() -> Result<Wanted, Box<dyn Error>> {
    let mut wanted = Wanted {
        catalog: None,
        detail: Detail::Choice,
        take: None,
        runs: 5,
        write: None,
    };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let value = words
            .next()
            .ok_or_else(|| format!("`{word}` takes a value"))?;
        match (word.as_str(), value.as_str()) {
            ("--catalog", _) => wanted.catalog = Some(value.into()),
            ("--detail", "selection") => wanted.detail = Detail::Selection,
            ("--detail", "choice") => wanted.detail = Detail::Choice,
            ("--detail", "search") => wanted.detail = Detail::Search,
            ("--take", _) => wanted.take = Some(value.parse()?),
            ("--runs", _) => wanted.runs = value.parse()?,
            ("--write", _) => wanted.write = Some(value.into()),
            _ => return Err(format!("unknown: {word} {value}").into()),
        }
    }
    Ok(wanted)
}

fn measure(wanted: &Wanted) -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let store = Store::open(&StoreSpec {
        layers: Layer::stack(wanted.catalog.as_deref(), &[]),
        file: Some(folder.path().join("store.db")),
        ..StoreSpec::default()
    })?;
    let policy = Policy::compile(RuleSources::default(), &store)?;
    let (mut requests, machines) = matrix(&store)?;
    println!("{} requests in the matrix", requests.len());
    if let Some(take) = wanted.take {
        requests = requests.iter().cycle().take(take).cloned().collect();
    }
    let mut least = Duration::MAX;
    for run in 0..wanted.runs {
        let started = Instant::now();
        let decisions = decide(&store, &policy, &requests, &machines, wanted.detail)?;
        let took = started.elapsed();
        least = least.min(took);
        let chosen = decisions.iter().filter(|one| one.selected.is_some());
        println!("run {run}: {took:?}, {} chosen", chosen.count());
        if let (0, Some(file)) = (run, &wanted.write) {
            let mut out = BufWriter::new(File::create(file)?);
            for ((request, machine), decision) in requests.iter().zip(decisions) {
                writeln!(out, "{request:?} {machine} {decision:?}")?;
            }
        }
    }
    let per_second = requests.len() as f64 / least.as_secs_f64();
    println!(
        "{} decisions, least {least:?}: {per_second:.0} a second",
        requests.len()
    );
    println!("most memory: {} MiB", most_memory_mib().unwrap_or(0));
    Ok(())
}

/// Requests, and the machines that they name by position: one of 8 GPUs for each hardware.
type Matrix = (Vec<(Request, usize)>, Vec<MachineFacts>);

fn matrix(store: &Store) -> Result<Matrix, Box<dyn Error>> {
    let mut precisions = vec![None];
    let mut models: Vec<String> = store
        .models()?
        .iter()
        .filter_map(|card| card.id().map(str::to_owned))
        .collect();
    for recipe in store.recipes(None)? {
        precisions.push(Some(recipe.precision));
        models.push(recipe.model);
    }
    precisions.sort();
    precisions.dedup();
    models.sort();
    models.dedup();
    let named = store.backends()?.into_iter().map(|file| Some(file.backend));
    let backends: Vec<Option<String>> = std::iter::once(None).chain(named).collect();
    let machines: Vec<MachineFacts> = store
        .all_hardware()?
        .iter()
        .map(|hardware| MachineFacts::named(&hardware.hardware, Some(8)))
        .collect();
    let mut requests = Vec::new();
    for model in &models {
        for machine in 0..machines.len() {
            for gpus in GPU_COUNTS {
                for precision in &precisions {
                    for backend in &backends {
                        let request = Request {
                            model: model.clone(),
                            gpus: Some(gpus),
                            precision: precision.clone(),
                            backend: backend.clone(),
                            ..Request::default()
                        };
                        requests.push((request, machine));
                    }
                }
            }
        }
    }
    Ok((requests, machines))
}

/// The most memory that this process had, where the system tells.
fn most_memory_mib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kib: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib / 1024)
}
