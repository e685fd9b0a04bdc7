//! Reads and parses all YAML files below a folder, on all cores, and does nothing else: what every cold run over a
//! catalog is compared with: `parse DIR`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use aim_engine::catalog::yaml;
use rayon::prelude::*;

fn main() -> ExitCode {
    let dir = std::env::args().nth(1).map(PathBuf::from);
    let counted = match &dir {
        Some(dir) => count(dir),
        None => Err(io::Error::other("usage: parse DIR")),
    };
    match counted {
        Ok((files, parsed)) => {
            println!("{files} files, {parsed} parsed");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("parse: {error}");
            ExitCode::from(2)
        }
    }
}

fn count(dir: &Path) -> io::Result<(usize, usize)> {
    let mut files = Vec::new();
    collect(dir, &mut files)?;
    let parsed = files.par_iter().filter(|file| {
        let bytes = fs::read(file).unwrap_or_default();
        yaml::read_bytes(&bytes).is_ok()
    });
    Ok((files.len(), parsed.count()))
}

fn collect(dir: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|ending| ending == "yaml") {
            files.push(path);
        }
    }
    Ok(())
}
