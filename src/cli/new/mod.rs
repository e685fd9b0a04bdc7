//! `new recipe` and `new model`: a file from a template, filled by the model's size.

mod model;
mod recipe;
mod template;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use super::args::{NewArgs, NewCommand, NewTarget};
use super::failure::{Exit, Failure};
use super::output;

pub(super) fn run(args: &NewArgs) -> Result<Exit, Failure> {
    match &args.what {
        NewCommand::Recipe(args) => recipe::run(args),
        NewCommand::Model(args) => model::run(args),
    }
}

/// Writes the file as a whole or not at all, and says where it is.
fn write(to: &NewTarget, name: &str, text: &str) -> Result<Exit, Failure> {
    let path: PathBuf = match (&to.output, &to.catalog.catalog) {
        (Some(path), _) if path == Path::new("-") => {
            output::answer(text)?;
            return Ok(Exit::Done);
        }
        (Some(path), _) => path.clone(),
        (None, Some(dir)) => dir.join(name),
        (None, None) => {
            output::answer(text)?;
            return Ok(Exit::Done);
        }
    };
    let dir = path
        .parent()
        .filter(|dir| !dir.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    fs::create_dir_all(dir)?;
    let mut file = tempfile::NamedTempFile::new_in(dir)?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    let done = if to.force {
        file.persist(&path)
    } else {
        file.persist_noclobber(&path)
    };
    if let Err(error) = done {
        let there = error.error.kind() == std::io::ErrorKind::AlreadyExists;
        let help = if there {
            "choose another with `--output`, or replace it with `--force`"
        } else {
            ""
        };
        return Err(Failure::say(
            if there {
                Exit::Usage
            } else {
                Exit::Environment
            },
            "new::write",
            format!("cannot write `{}`: {}", path.display(), error.error),
            help,
        ));
    }
    output::line("wrote", &path.display().to_string());
    Ok(Exit::Done)
}
