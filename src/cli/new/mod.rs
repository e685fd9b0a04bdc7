//! `new recipe` and `new model`: a file from a template, filled by the model's size.

mod model;
mod recipe;
mod template;

use std::path::{Path, PathBuf};

use super::args::{NewArgs, NewCommand, NewTarget};
use super::failure::{Exit, Failure};
use super::file;
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
    if let Err(error) = file::write(&path, text, to.force) {
        let there = error.kind() == std::io::ErrorKind::AlreadyExists;
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
            format!("cannot write `{}`: {error}", path.display()),
            help,
        ));
    }
    output::line("wrote", &path.display().to_string());
    Ok(Exit::Done)
}
