//! Compares the answers of each benchmarked path with those of a naive evaluator:
//! `agree AIM_ENGINE [SEED [RECIPES [REQUESTS]]]`, or `agree AIM_ENGINE --program FILE FACTS` for a program of yours.
//!
//! The paths are evaluations in this process and whole processes of the binary that AIM_ENGINE names.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "the naive evaluator is one of tests, which may fail"
)]

#[path = "../make_catalog/catalog.rs"]
mod catalog;
#[path = "../../tests/naive/mod.rs"]
mod naive;
#[path = "../programs/naively.rs"]
mod naively;
mod paths;
mod process;
#[path = "../programs/mod.rs"]
mod programs;

use std::path::Path;
use std::process::ExitCode;

use paths::{Size, all_paths, program_paths};
use programs::{Failed, Program};

const USAGE: &str = "usage: agree AIM_ENGINE [SEED [RECIPES [REQUESTS]]]
       agree AIM_ENGINE --program FILE FACTS";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match compared(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("agree: {error}");
            ExitCode::FAILURE
        }
    }
}

fn compared(words: &[String]) -> Result<(), Failed> {
    let mut tell = |what: &str, tuples: usize| println!("{what:<58} {tuples:>8} answers, the same");
    match words {
        [engine, flag, file, facts] if flag == "--program" => {
            let program = Program::read(Path::new(file), Path::new(facts))?;
            let run = (Path::new(file), Path::new(facts));
            program_paths(Path::new(engine), &program, run, &mut tell)
        }
        [engine, more @ ..] if more.len() <= 3 && !engine.starts_with('-') => {
            let number = |at: usize, default: usize| -> Result<usize, Failed> {
                let word = more.get(at);
                Ok(word.map_or(Ok(default), |word| word.parse())?)
            };
            let size = Size {
                seed: number(0, 1)? as u64,
                recipes: number(1, 60)?,
                requests: number(2, 60)?,
                cells: 200,
                changed: true,
            };
            all_paths(Path::new(engine), &size, &mut tell)
        }
        _ => Err(USAGE.into()),
    }
}
