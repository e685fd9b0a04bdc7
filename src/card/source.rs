//! The two places that a model's files are read from: the hub, and a snapshot in the cache.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};

use miette::Diagnostic;
use thiserror::Error;

use crate::cache::Cache;
use crate::hub::{Commit, FilePath, Hub, HubError, ModelId, NameError, Revision};

use super::error::CardError;
use super::made::{Made, make};
use super::metadata::Metadata;
use super::repository::{Repository, describe};

/// The largest `README.md` that is read.
const MOST_README: u64 = 4 << 20;
/// Folders of a snapshot are looked into so deep.
const DEEPEST: usize = 4;

/// Why there is no card.
#[derive(Clone, Debug, PartialEq, Eq, Error, Diagnostic)]
pub enum FetchError {
    /// The model's files are not what they should be.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Card(#[from] CardError),
    /// The hub does not give them.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Hub(#[from] HubError),
    /// A file of the model has a name that none has.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Name(#[from] NameError),
    /// The hub may not be asked, and the cache does not have the model.
    #[error(
        "the hub may not be asked (`HF_HUB_OFFLINE`), and `{model}` at `{revision}` is not in {dir}"
    )]
    #[diagnostic(
        code(card::not_cached),
        help("unset `HF_HUB_OFFLINE`, or fetch the model first: `aim-engine cache add {model}`")
    )]
    NotCached {
        /// The model.
        model: String,
        /// The revision.
        revision: String,
        /// The cache.
        dir: String,
    },
    /// A file of the cache cannot be read.
    #[error("`{path}` cannot be read: {because}")]
    #[diagnostic(
        code(card::read),
        help("`aim-engine cache verify` says what mends the cache")
    )]
    Read {
        /// The file.
        path: String,
        /// Why not.
        because: String,
    },
}

impl FetchError {
    /// Whether the answer is that there is no such model, or that no card can be made of it.
    pub fn is_no(&self) -> bool {
        match self {
            FetchError::Card(_) | FetchError::NotCached { .. } => true,
            FetchError::Hub(error) => error.is_no(),
            FetchError::Name(_) | FetchError::Read { .. } => false,
        }
    }
}

/// What was fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// The figures.
    pub made: Made,
    /// How many headers of files with weights were read.
    pub headers: usize,
    /// How many bytes they are.
    pub header_bytes: u64,
    /// The folder that was read, where it was not the hub.
    pub folder: Option<PathBuf>,
}

/// Reads what makes up a card from the hub.
///
/// # Errors
/// The hub does not give it, or it is not what it should be.
pub fn from_hub(hub: &Hub, model: &ModelId, revision: &Revision) -> Result<Fetched, FetchError> {
    let info = hub.info(model, revision)?;
    let files = OnHub {
        hub,
        model,
        commit: &info.commit,
    };
    let description = describe(model.as_str(), &files)?;
    let metadata = Metadata::of_hub(&info.all);
    let commit = Some(info.commit.as_str());
    Ok(Fetched {
        made: make(model.as_str(), commit, metadata, &description)?,
        headers: description.headers,
        header_bytes: description.header_bytes,
        folder: None,
    })
}

/// Reads it from the cache, without a network.
///
/// # Errors
/// It is not there, or not what it should be.
pub fn from_cache(
    cache: &Cache,
    model: &ModelId,
    revision: &Revision,
) -> Result<Fetched, FetchError> {
    let folder = cache.model(model);
    let named = || {
        let text = fs::read_to_string(folder.reference(revision)).ok()?;
        Commit::parse(text.trim())
    };
    let commit = named().or_else(|| revision.as_commit());
    let snapshot = commit.map(|commit| (folder.snapshot(&commit), commit));
    let Some((dir, commit)) = snapshot.filter(|(dir, _)| dir.is_dir()) else {
        return Err(FetchError::NotCached {
            model: model.to_string(),
            revision: revision.to_string(),
            dir: cache.root().display().to_string(),
        });
    };
    let files = Snapshot { dir: &dir };
    let description = describe(model.as_str(), &files)?;
    let metadata = match files.read_small("README.md", MOST_README) {
        Ok(bytes) => Metadata::of_readme(&bytes),
        Err(_) => Metadata::default(),
    };
    Ok(Fetched {
        made: make(
            model.as_str(),
            Some(commit.as_str()),
            metadata,
            &description,
        )?,
        headers: description.headers,
        header_bytes: description.header_bytes,
        folder: Some(dir),
    })
}

struct OnHub<'h> {
    hub: &'h Hub,
    model: &'h ModelId,
    commit: &'h Commit,
}

impl Repository for OnHub<'_> {
    type Error = FetchError;

    fn files(&self) -> Result<BTreeMap<String, u64>, FetchError> {
        let files = self.hub.files(self.model, self.commit)?;
        let named = files
            .into_iter()
            .map(|file| (file.path.as_str().to_owned(), file.size));
        Ok(named.collect())
    }

    fn read_small(&self, path: &str, most: u64) -> Result<Vec<u8>, FetchError> {
        let path = FilePath::parse(path)?;
        Ok(self.hub.read_small(self.model, self.commit, &path, most)?)
    }

    fn read_range(&self, path: &str, range: Range<u64>) -> Result<Vec<u8>, FetchError> {
        let path = FilePath::parse(path)?;
        Ok(self.hub.read_range(self.model, self.commit, &path, range)?)
    }
}

struct Snapshot<'d> {
    dir: &'d Path,
}

impl Snapshot<'_> {
    fn open(&self, path: &str) -> Result<File, FetchError> {
        let path = self.dir.join(FilePath::parse(path)?.as_str());
        File::open(&path).map_err(|error| cannot_read(&path, &error))
    }

    fn list(&self, dir: &Path, above: &str, files: &mut BTreeMap<String, u64>) -> io::Result<()> {
        for entry in fs::read_dir(dir)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = match above {
                "" => name,
                above => format!("{above}/{name}"),
            };
            // What a link leads to counts; one that leads nowhere is a file that is not there.
            let Ok(found) = fs::metadata(entry.path()) else {
                continue;
            };
            if found.is_file() {
                files.insert(path, found.len());
            } else if found.is_dir() && path.matches('/').count() < DEEPEST {
                self.list(&entry.path(), &path, files)?;
            }
        }
        Ok(())
    }
}

impl Repository for Snapshot<'_> {
    type Error = FetchError;

    fn is_whole(&self) -> bool {
        false
    }

    fn files(&self) -> Result<BTreeMap<String, u64>, FetchError> {
        let mut files = BTreeMap::new();
        let listed = self.list(self.dir, "", &mut files);
        listed.map_err(|error| cannot_read(self.dir, &error))?;
        Ok(files)
    }

    fn read_small(&self, path: &str, most: u64) -> Result<Vec<u8>, FetchError> {
        let bytes = self.read_range(path, 0..most.saturating_add(1))?;
        match bytes.len() as u64 > most {
            true => Err(FetchError::Read {
                path: path.to_owned(),
                because: "it is larger than it can be".to_owned(),
            }),
            false => Ok(bytes),
        }
    }

    fn read_range(&self, path: &str, range: Range<u64>) -> Result<Vec<u8>, FetchError> {
        let mut file = self.open(path)?;
        let mut bytes = Vec::new();
        file.seek(SeekFrom::Start(range.start))
            .and_then(|_| file.take(range.end - range.start).read_to_end(&mut bytes))
            .map_err(|error| cannot_read(Path::new(path), &error))?;
        Ok(bytes)
    }
}

fn cannot_read(path: &Path, error: &io::Error) -> FetchError {
    FetchError::Read {
        path: path.display().to_string(),
        because: error.to_string(),
    }
}
