//! Writes a catalog of so many recipes, the same for the same seed: `make_catalog DIR RECIPES [SEED [WRONG]]`.
//!
//! Models, GPUs, precisions, GPU counts and arguments are those that people write; every tenth model has
//! several recipes a GPU, and a recipe has up to eight blocks for two engines, as the embedded ones have. One in
//! WRONG, else in fifty, has a mistake.

mod catalog;

use std::error::Error;
use std::path::Path;
use std::process::ExitCode;

use catalog::make;

/// One recipe in so many has a mistake, where nothing else is asked for.
const WRONG: u64 = 50;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match made(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("make_catalog: {error}");
            ExitCode::from(2)
        }
    }
}

fn made(words: &[String]) -> Result<(), Box<dyn Error>> {
    let (dir, recipes, more) = match words {
        [dir, recipes, more @ ..] if more.len() <= 2 => (dir, recipes.parse()?, more),
        _ => return Err("usage: make_catalog DIR RECIPES [SEED [WRONG]]".into()),
    };
    let number = |at: usize, default: u64| more.get(at).map_or(Ok(default), |word| word.parse());
    Ok(make(
        Path::new(dir),
        recipes,
        number(0, 1)?,
        number(1, WRONG)?,
    )?)
}
