//! What is wrong with a cache and what mends it, by looking, or by reading all of it.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::hash::Digest;
use super::layout::INCOMPLETE;
use super::meter::{FileMeter, Meter, Step};
use super::remove::{alone, gone, remove_content};
use super::scan::{Blob, CachedModel, FileState, Scan, State};
use super::{Cache, CacheError, in_use};
use crate::hub::{BlobId, ModelId};

const PIECE: usize = 1 << 20;

/// What something in a cache is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Condition {
    /// All of it is there.
    Complete,
    /// Some of it is there.
    Partial,
    /// Some of it is wrong.
    Corrupt,
    /// Another process is writing it.
    Locked,
    /// It does not belong there.
    Foreign,
}

impl Condition {
    /// In one word.
    pub fn name(self) -> &'static str {
        match self {
            Condition::Complete => "complete",
            Condition::Partial => "partial",
            Condition::Corrupt => "corrupt",
            Condition::Locked => "locked",
            Condition::Foreign => "foreign",
        }
    }
}

/// Something in a cache.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// What it is.
    pub condition: Condition,
    /// The model that it is part of.
    pub model: Option<ModelId>,
    /// The commit of a model, or the path of anything else.
    pub what: String,
    /// What is wrong with it, as a sentence without a full stop; nothing when nothing is.
    pub says: String,
    /// The command that mends it.
    pub mend: Option<String>,
}

/// What shows how far a reading of all contents is, of all models or one.
pub fn contents_meter(scan: &Scan, only: Option<&ModelId>) -> Meter {
    let meant = |model: &&CachedModel| only.is_none_or(|only| model.folder.model == *only);
    let models = scan.models.iter().filter(meant);
    let of_model = |model: &CachedModel| {
        let blobs = model.blobs.iter();
        let of_blob = |(name, blob): (&String, &Blob)| FileMeter::new(name, blob.size);
        blobs.map(of_blob).collect::<Vec<FileMeter>>()
    };
    Meter {
        files: models.flat_map(of_model).collect(),
    }
}

/// Looks at the models of a cache, or at one of them. With a [`contents_meter`] it reads all contents.
pub fn verify(
    cache: &Cache,
    scan: &Scan,
    only: Option<&ModelId>,
    deep: Option<&Meter>,
) -> Vec<Verdict> {
    let mut verdicts = Vec::new();
    let meant = |model: &&CachedModel| only.is_none_or(|only| model.folder.model == *only);
    for model in scan.models.iter().filter(meant) {
        let corrupt = match deep {
            Some(meter) => corrupt(model, meter),
            None => BTreeSet::new(),
        };
        of_model(model, &corrupt, &mut verdicts);
    }
    if only.is_none() {
        verdicts.extend(scan.foreign.iter().map(|path| foreign(cache, None, path)));
    }
    verdicts
}

/// The contents of a model that are not what their names say.
fn corrupt(model: &CachedModel, meter: &Meter) -> BTreeSet<String> {
    let names: Vec<&String> = model.blobs.keys().collect();
    let wrong = names.par_iter().filter(|name| {
        let path = model.folder.blobs().join(name);
        let of_file = meter.files.iter().find(|file| file.path == ***name);
        is_right(&path, name, of_file).is_ok_and(|right| !right)
    });
    wrong.map(|name| (*name).clone()).collect()
}

/// Whether a content is what its name says. Other names than hashes say nothing.
fn is_right(path: &Path, name: &str, meter: Option<&FileMeter>) -> io::Result<bool> {
    let Some(id) = BlobId::parse(name) else {
        return Ok(true);
    };
    let mut file = open(path)?;
    let mut digest = Digest::like(&id, file.metadata()?.len());
    let mut buffer = vec![0; PIECE];
    let mut at = 0;
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            if let Some(meter) = meter {
                meter.is(Step::Done);
            }
            return Ok(digest.finish() == id);
        }
        digest.update(&buffer[..read]);
        at += read as u64;
        if let Some(meter) = meter {
            meter.is(Step::Checking);
            meter.came(read as u64);
            meter.set_done(at);
        }
    }
}

/// Opens a file so that this does not count as its use, where that is allowed.
fn open(path: &Path) -> io::Result<File> {
    let quietly = rustix::fs::OFlags::NOATIME.bits().cast_signed();
    OpenOptions::new()
        .read(true)
        .custom_flags(quietly)
        .open(path)
        .or_else(|_| File::open(path))
}

fn of_model(model: &CachedModel, corrupt: &BTreeSet<String>, verdicts: &mut Vec<Verdict>) {
    let id = &model.folder.model;
    let locked = in_use::is_written(&model.folder);
    let verdict = |condition, what: String, says: String, mend: Option<String>| Verdict {
        condition,
        model: Some(id.clone()),
        what,
        says,
        mend,
    };
    for revision in &model.revisions {
        let named = revision.refs.first().or(revision.asked.as_ref());
        let name = named.map_or(revision.commit.as_str(), String::as_str);
        let mut fetch = format!("aim-engine cache add {id}");
        if name != "main" {
            fetch.push_str(&format!(" --revision {name}"));
        }
        if let Some(from) = &revision.from {
            let from = from.display().to_string();
            let from = shlex::try_quote(&from).map_or(from.clone(), |quoted| quoted.into_owned());
            fetch.push_str(&format!(" --from {from}"));
        }
        let bad: Vec<&str> = revision
            .files
            .iter()
            .filter(|file| {
                let is_corrupt = |blob: &String| corrupt.contains(blob);
                file.state == FileState::WrongSize || file.blob.as_ref().is_some_and(is_corrupt)
            })
            .map(|file| file.path.as_str())
            .collect();
        let (condition, says, mend) = if locked && revision.state != State::Complete {
            (
                Condition::Locked,
                "another process is writing it".to_owned(),
                None,
            )
        } else if !bad.is_empty() {
            let says = format!("wrong content: {}", listed(&bad));
            let mend = format!("aim-engine cache verify {id} --deep --mend && {fetch}");
            (Condition::Corrupt, says, Some(mend))
        } else if revision.state == State::Partial {
            let missing: Vec<&str> = revision
                .files
                .iter()
                .filter(|file| file.state != FileState::There)
                .map(|file| file.path.as_str())
                .collect();
            let says = match missing.as_slice() {
                [] => "it has no files".to_owned(),
                missing => format!("missing: {}", listed(missing)),
            };
            (Condition::Partial, says, Some(fetch))
        } else {
            (Condition::Complete, String::new(), None)
        };
        verdicts.push(verdict(condition, revision.commit.to_string(), says, mend));
    }
    let mend = || Some(format!("aim-engine cache verify {id} --mend"));
    for (name, commit) in &model.dangling {
        let says = format!("it names the commit {commit}, which is not there");
        verdicts.push(verdict(
            Condition::Corrupt,
            format!("refs/{name}"),
            says,
            mend(),
        ));
    }
    for (name, blob) in model.orphans() {
        let says = format!("no revision has it ({})", super::size(blob.size));
        let mend = Some("aim-engine cache cleanup".to_owned());
        let condition = match locked && name.ends_with(INCOMPLETE) {
            true => Condition::Locked,
            false => Condition::Foreign,
        };
        verdicts.push(verdict(condition, format!("blobs/{name}"), says, mend));
    }
    for path in &model.foreign {
        let says = "it belongs to no model's folder".to_owned();
        verdicts.push(verdict(
            Condition::Foreign,
            path.display().to_string(),
            says,
            None,
        ));
    }
}

fn foreign(cache: &Cache, model: Option<ModelId>, path: &Path) -> Verdict {
    let shown = path.strip_prefix(cache.root()).unwrap_or(path);
    Verdict {
        condition: Condition::Foreign,
        model,
        what: shown.display().to_string(),
        says: "it is no model".to_owned(),
        mend: None,
    }
}

/// The first few of some names.
fn listed(names: &[&str]) -> String {
    const SHOWN: usize = 3;
    let first: Vec<&str> = names.iter().take(SHOWN).copied().collect();
    match names.len().saturating_sub(SHOWN) {
        0 => first.join(", "),
        more => format!("{} and {more} more", first.join(", ")),
    }
}

/// Removes what is wrong in a model, so that it is fetched anew: corrupt contents, references to
/// nothing, and what killed runs left. Says what it removed.
///
/// # Errors
/// Another process writes to the model, or a file cannot be removed.
pub fn mend(
    cache: &Cache,
    model: &ModelId,
    deep: Option<&Meter>,
) -> Result<Vec<PathBuf>, CacheError> {
    let Some(found) = CachedModel::look(cache, model) else {
        return Ok(Vec::new());
    };
    let folder = &found.folder;
    let _held = alone(folder)?;
    let mut removed = Vec::new();
    let mut wrong = match deep {
        Some(meter) => corrupt(&found, meter),
        None => BTreeSet::new(),
    };
    for file in found.revisions.iter().flat_map(|revision| &revision.files) {
        let of_blob = file
            .blob
            .as_ref()
            .and_then(|name| found.blobs.get_key_value(name));
        if let Some((name, _)) = of_blob.filter(|(_, blob)| blob.size != file.size) {
            wrong.insert(name.clone());
        }
    }
    for name in wrong {
        let path = folder.blobs().join(name);
        remove_content(&path)?;
        removed.push(path);
    }
    for (name, _) in &found.dangling {
        let path = folder.refs().join(name);
        gone(&path, false)?;
        removed.push(path);
    }
    for entry in fs::read_dir(folder.dir()).into_iter().flatten().flatten() {
        if entry
            .file_name()
            .to_string_lossy()
            .starts_with(super::durable::SCRATCH)
        {
            gone(
                &entry.path(),
                entry.file_type().is_ok_and(|kind| kind.is_dir()),
            )?;
            removed.push(entry.path());
        }
    }
    Ok(removed)
}
