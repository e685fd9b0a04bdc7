//! Writes the programs that are measured beside clingo: `export DIR CATALOG [SEED]`, or `export DIR --program FILE FACTS`
//! for a program of yours.
//!
//! Each gets a folder with its rules for this engine (`program.dl`, `facts/`), the same for clingo (`program.lp`), and
//! the answers of this engine (`answers`), one atom a line.

mod asp;
#[path = "../programs/mod.rs"]
mod programs;

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use aim_engine::store::{Layer, Store, StoreSpec};

use asp::Writer;
use programs::cut::cut;
use programs::small::{CLOSURE, JOIN, LEAST, candidates, edges, four, program};
use programs::{Failed, Program, real};

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let done = match &words[..] {
        [dir, flag, file, facts] if flag == "--program" => {
            export_one(Path::new(dir), Path::new(file), Path::new(facts))
        }
        [dir, catalog, seed @ ..] if seed.len() < 2 => {
            export(Path::new(dir), Path::new(catalog), seed.first())
        }
        _ => Err("usage: export DIR CATALOG [SEED], or export DIR --program FILE FACTS".into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("export: {error}");
            ExitCode::FAILURE
        }
    }
}

/// What it computes with reals or texts is given to both sides.
fn export_one(dir: &Path, file: &Path, facts: &Path) -> Result<(), Failed> {
    let program = cut(&Program::read(file, facts)?)?;
    if program.goals.is_empty() {
        return Err("each output computes with reals or texts by itself".into());
    }
    write(&dir.join(program.name.trim_end_matches(".dl")), &program)
}

fn export(dir: &Path, catalog: &Path, seed: Option<&String>) -> Result<(), Failed> {
    let seed: u64 = seed.map_or(Ok(1), |seed| seed.parse())?;
    let store = Store::open(&StoreSpec {
        layers: Layer::stack(Some(catalog), &[]),
        file: Some(dir.join("store.db")),
        ..StoreSpec::default()
    })?;
    let [a, b, c, d] = four(100_000, seed);
    let programs = [
        program(
            "closure",
            CLOSURE,
            &[("edge", &edges(1000, 3000, seed))],
            "path",
        )?,
        program(
            "closure-large",
            CLOSURE,
            &[("edge", &edges(2000, 6000, seed))],
            "path",
        )?,
        program(
            "join",
            JOIN,
            &[("a", &a), ("b", &b), ("c", &c), ("d", &d)],
            "found",
        )?,
        program(
            "least",
            LEAST,
            &[("candidate", &candidates(20_000, seed))],
            "best",
        )?,
        cut(&real::selection(&store, 1000, seed)?)?,
        cut(&real::lint(&store)?)?,
    ];
    for program in &programs {
        write(&dir.join(program.name.trim_end_matches(".dl")), program)?;
    }
    Ok(())
}

fn write(dir: &Path, program: &Program) -> Result<(), Failed> {
    program.write(dir)?;
    let writer = Writer::new(program);
    fs::write(dir.join("program.lp"), writer.program(program)?)?;
    let model = program.run()?;
    fs::write(dir.join("answers"), writer.answers(program, &model)?)?;
    Ok(())
}
