//! `models fetch`: a model card, from the hub or from the cache, written or put right.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::cache::{Cache, cache_dir};
use crate::card::{Changed, FetchError, Fetched, Updated, from_cache, from_hub, update};
use crate::cli::args::TableFormat;
use crate::cli::failure::{Exit, Failure};
use crate::cli::file;
use crate::cli::output;
use crate::hub::{Hub, HubSettings, ModelId, Revision};

#[derive(Debug, Args)]
pub(super) struct FetchArgs {
    /// The model, as the hub names it: ORG/NAME
    #[arg(value_name = "MODEL")]
    model: String,
    /// Branch, tag or commit
    #[arg(long, value_name = "R", default_value = "main")]
    revision: String,
    /// Write the card to its place below this catalog folder [default: stdout]
    #[arg(long, value_name = "DIR", env = "AIM_CATALOG")]
    catalog: Option<PathBuf>,
    /// Write to this file; - for stdout
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Put the figures of a card that is there right, and leave all else as it is
    #[arg(long)]
    update: bool,
    /// Folder of models that is read when HF_HUB_OFFLINE is set
    #[arg(long, value_name = "DIR")]
    cache_dir: Option<PathBuf>,
    /// How to print it
    #[arg(long, value_enum, default_value_t = TableFormat::Human)]
    format: TableFormat,
}

pub(super) fn run(args: &FetchArgs) -> Result<Exit, Failure> {
    let usage = |error| Failure::new(Exit::Usage, error);
    let model = ModelId::parse(args.model.trim()).map_err(usage)?;
    let revision = Revision::parse(&args.revision).map_err(usage)?;
    let place = place(args, &model)?;
    let there = match &place.card {
        Some(path) if args.update => read(path)?,
        Some(path) if !place.is_stdout && path.exists() => return Err(exists(path)),
        _ => None,
    };
    let fetched = fetch(args, &model, &revision)?;
    let done = match &there {
        Some(text) => update(text, &fetched.made).map_err(|error| Failure::new(Exit::No, error))?,
        None => Updated {
            text: fetched.made.text(),
            changes: Vec::new(),
            notes: Vec::new(),
        },
    };
    let written = place.write(there.as_deref(), &done.text)?;
    let answer = Answer {
        fetched: &fetched,
        revision: &revision,
        place: &place,
        is_update: there.is_some(),
        written,
        done: &done,
    };
    match args.format {
        TableFormat::Json => output::json(&answer.json())?,
        TableFormat::Human => answer.say()?,
    }
    Ok(Exit::Done)
}

fn fetch(args: &FetchArgs, model: &ModelId, revision: &Revision) -> Result<Fetched, Failure> {
    let settings = HubSettings::of_this_process();
    let fetched = match settings.offline {
        true => {
            let place = cache_dir(args.cache_dir.clone()).ok_or_else(|| {
                Failure::say(
                    Exit::Environment,
                    "cache::no_place",
                    "there is no folder for models: neither HOME nor XDG_CACHE_HOME is set",
                    "name one with `--cache-dir`",
                )
            })?;
            from_cache(&Cache::new(place), model, revision)
        }
        false => {
            let hub = Hub::new(settings).map_err(|error| Failure::new(Exit::Usage, error))?;
            from_hub(&hub, model, revision)
        }
    };
    fetched.map_err(|error: FetchError| {
        let exit = match error.is_no() {
            true => Exit::No,
            false => Exit::Environment,
        };
        Failure::new(exit, error)
    })
}

/// Where the card is, and where the text goes.
struct Place {
    card: Option<PathBuf>,
    is_stdout: bool,
}

fn place(args: &FetchArgs, model: &ModelId) -> Result<Place, Failure> {
    let below = args
        .catalog
        .as_ref()
        .map(|dir| dir.join(format!("models/{model}.yaml")));
    let place = match &args.output {
        Some(path) if path == Path::new("-") => Place {
            card: below,
            is_stdout: true,
        },
        Some(path) => Place {
            card: Some(path.clone()),
            is_stdout: false,
        },
        None => Place {
            is_stdout: below.is_none(),
            card: below,
        },
    };
    match args.update && place.card.is_none() {
        false => Ok(place),
        true => Err(Failure::say(
            Exit::Usage,
            "card::no_file",
            "there is no file to update",
            "name the card with `--output FILE`, or its catalog with `--catalog DIR`",
        )),
    }
}

/// The card that is there, if one is.
fn read(path: &Path) -> Result<Option<String>, Failure> {
    let cannot = |because: String| {
        let message = format!("cannot read `{}`: {because}", path.display());
        Failure::say(Exit::Environment, "card::read", message, "")
    };
    match fs::read(path) {
        Ok(bytes) => String::from_utf8(bytes)
            .map(Some)
            .map_err(|_| cannot("it is no text".to_owned())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(cannot(error.to_string())),
    }
}

fn exists(path: &Path) -> Failure {
    Failure::say(
        Exit::Usage,
        "card::exists",
        format!("`{}` is there already", path.display()),
        "put its figures right with `--update`, or write to another file with `--output`",
    )
}

impl Place {
    /// Writes the text where it goes; whether a file changed.
    fn write(&self, before: Option<&str>, text: &str) -> Result<bool, Failure> {
        let Some(path) = self.card.as_ref().filter(|_| !self.is_stdout) else {
            return Ok(false);
        };
        let because = match before {
            Some(before) if before == text => return Ok(false),
            Some(before) => file::rewrite(path, before, text).err(),
            None => match file::write(path, text, false) {
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                    return Err(exists(path));
                }
                done => done.err().map(|error| error.to_string()),
            },
        };
        match because {
            None => Ok(true),
            Some(because) => {
                let message = format!("cannot write `{}`: {because}", path.display());
                Err(Failure::say(Exit::Environment, "card::write", message, ""))
            }
        }
    }
}

/// What is said.
struct Answer<'a> {
    fetched: &'a Fetched,
    revision: &'a Revision,
    place: &'a Place,
    is_update: bool,
    written: bool,
    done: &'a Updated,
}

impl Answer<'_> {
    fn json(&self) -> serde_json::Value {
        let made = &self.fetched.made;
        let notes: Vec<&String> = made.notes.iter().chain(&self.done.notes).collect();
        let file = self.place.card.as_ref().filter(|_| !self.place.is_stdout);
        serde_json::json!({
            "model": made.model,
            "revision": self.revision.as_str(),
            "commit": made.commit,
            "from": self.fetched.folder.as_ref().map_or("hub", |_| "cache"),
            "file": file,
            "written": self.written,
            "changes": self.done.changes,
            "figures": made.values(),
            "notes": notes,
            "headers": {"files": self.fetched.headers, "bytes": self.fetched.header_bytes},
            "card": self.done.text,
        })
    }

    fn say(&self) -> Result<(), Failure> {
        let made = &self.fetched.made;
        if let Some(folder) = &self.fetched.folder {
            output::line("note", &format!("read from {}, offline", folder.display()));
        }
        if self.place.is_stdout {
            output::answer(&self.done.text)?;
        }
        for note in made.notes.iter().chain(&self.done.notes) {
            output::line("note", note);
        }
        if !self.is_update {
            for value in made.values() {
                if let Some(doubt) = &value.doubt {
                    output::line("note", &format!("`{}` is uncertain: {doubt}", value.key));
                }
            }
        }
        let path = self
            .place
            .card
            .as_ref()
            .map(|path| path.display().to_string());
        let path = path.unwrap_or_default();
        match (self.is_update, self.place.is_stdout) {
            (false, true) => {}
            (false, false) => output::line("wrote", &path),
            (true, _) if self.done.changes.is_empty() => {
                output::line("note", &format!("nothing in {path} differs"));
            }
            (true, is_stdout) => {
                let told: Vec<String> = self.done.changes.iter().flat_map(told).collect();
                match is_stdout {
                    true => output::aside(&told.join("\n")),
                    false => {
                        output::answer(&told.join("\n"))?;
                        output::line("wrote", &path);
                    }
                }
            }
        }
        Ok(())
    }
}

/// A change in lines that can be read: `parameters: 1 -> 2`.
fn told(change: &Changed) -> Vec<String> {
    let text = match (&change.from, &change.to) {
        (Some(from), Some(to)) => format!("{}: {from} -> {to}", change.key),
        (None, Some(to)) => format!("{}: {to} (new)", change.key),
        (Some(from), None) => format!("{}: {from} (removed)", change.key),
        (None, None) => change.key.clone(),
    };
    output::wrapped(&text, 80)
}
