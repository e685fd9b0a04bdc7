//! What goes wrong with the cache.

use std::io;
use std::path::{Path, PathBuf};

use miette::Diagnostic;
use thiserror::Error;

use crate::hub::{HubError, NameError, SettingsError};

/// Why the cache does not have, or is not, what was wanted.
#[derive(Debug, Error, Diagnostic)]
pub enum CacheError {
    /// The hub did not give it.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Hub(#[from] HubError),
    /// A name cannot be used.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Name(#[from] NameError),
    /// The environment's settings cannot be used.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Settings(#[from] SettingsError),
    /// The disk has less room than is needed, and nothing was begun.
    #[error(
        "{} has {} free, and {} are needed beside the {} that are left to others",
        place.display(), size(*free), size(*needed), size(super::add::SPARE)
    )]
    #[diagnostic(
        code(cache::no_room),
        help(
            "free some (`aim-engine cache cleanup`), or choose another disk with `--cache-dir`; nothing was fetched"
        )
    )]
    NoRoom {
        /// The cache.
        place: PathBuf,
        /// Bytes that are free.
        free: u64,
        /// Bytes that are needed.
        needed: u64,
    },
    /// The disk is full.
    #[error("the disk of {} is full", place.display())]
    #[diagnostic(
        code(cache::disk_full),
        help(
            "nothing was published; what was fetched is kept, and the same command goes on from there once there is room"
        )
    )]
    Full {
        /// What was written.
        place: PathBuf,
    },
    /// A file or folder of the cache cannot be used.
    #[error("{} cannot be {doing}: {source}", path.display())]
    #[diagnostic(code(cache::io))]
    Io {
        /// What was tried: `read`, `written`.
        doing: &'static str,
        /// With what.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The hub gave other bytes than it said.
    #[error("`{path}` came with other bytes than the hub says it has")]
    #[diagnostic(
        code(cache::wrong_content),
        help("it was fetched twice and thrown away; a proxy on the way may change files")
    )]
    Wrong {
        /// The file.
        path: String,
    },
    /// No file of the model is wanted.
    #[error("no file of `{model}` is left to fetch, of {offered}")]
    #[diagnostic(
        code(cache::no_files),
        help("name files with `--include`, such as `--include '*.gguf'`")
    )]
    NoFiles {
        /// The model.
        model: String,
        /// How many files it has.
        offered: usize,
    },
    /// The model's revision has no files at all.
    #[error("`{model}` at `{revision}` has no files")]
    #[diagnostic(
        code(cache::empty),
        help("its files may be on another branch or tag: `--revision`")
    )]
    Empty {
        /// The model.
        model: String,
        /// The revision.
        revision: String,
    },
    /// Another process writes to the model.
    #[error("another process is writing to `{model}`")]
    #[diagnostic(code(cache::busy), help("try again when it has ended"))]
    Busy {
        /// The model.
        model: String,
    },
    /// What should be a folder is none.
    #[error("{} is no folder of files", path.display())]
    #[diagnostic(code(cache::no_folder))]
    NoFolder {
        /// The path.
        path: PathBuf,
    },
    /// A link, or something else than a file, among the files to import.
    #[error("{} is no plain file", path.display())]
    #[diagnostic(
        code(cache::not_plain),
        help("a link may lead anywhere; give a folder of plain files, such as `cp -rL` makes")
    )]
    NotPlain {
        /// The path.
        path: PathBuf,
    },
    /// A file that was written to while it was read.
    #[error("{} changed while it was imported", path.display())]
    #[diagnostic(code(cache::changed))]
    Changed {
        /// The path.
        path: PathBuf,
    },
    /// Another part of a download failed first.
    #[error("the download was stopped")]
    #[diagnostic(code(cache::stopped))]
    Stopped,
}

impl CacheError {
    /// What the system says about a path, and a full disk as what it is.
    pub(super) fn io(doing: &'static str, path: &Path, source: io::Error) -> CacheError {
        let path = path.to_owned();
        let full = [io::ErrorKind::StorageFull, io::ErrorKind::QuotaExceeded];
        if full.contains(&source.kind()) {
            return CacheError::Full { place: path };
        }
        CacheError::Io {
            doing,
            path,
            source,
        }
    }
}

/// Bytes as people read them.
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut unit = 0;
    let mut scale = 1u64;
    while unit + 1 < UNITS.len() && bytes / scale >= 1024 {
        scale *= 1024;
        unit += 1;
    }
    let name = UNITS.get(unit).copied().unwrap_or_default();
    if unit == 0 {
        return format!("{bytes} {name}");
    }
    let tenths = (u128::from(bytes) * 10 + u128::from(scale) / 2) / u128::from(scale);
    format!("{}.{} {name}", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn sizes_are_read_by_people() {
        let shown = [0, 1023, 1024, 1536, 10 << 30, u64::MAX].map(size);
        let wanted = [
            "0 B",
            "1023 B",
            "1.0 KiB",
            "1.5 KiB",
            "10.0 GiB",
            "16777216.0 TiB",
        ];
        assert_eq!(shown, wanted);
    }
}
