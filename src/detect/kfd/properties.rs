//! The `properties` files of the KFD: lines of a key, a blank and a number.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::detect::bounded_file;

/// A sysfs file is at most one page, whose largest size is 64 KiB.
const MAX_BYTES: u64 = 64 * 1024;

/// One `properties` file.
pub(super) struct Properties {
    path: PathBuf,
    values: BTreeMap<String, String>,
}

impl Properties {
    /// Reads one file. Lines are not checked here, so that one bad line does not hide the others and a
    /// key of a future driver needs no change.
    pub(super) fn read(path: PathBuf) -> Result<Self, String> {
        let text = bounded_file::read(&path, MAX_BYTES)?;
        let values = text
            .lines()
            .filter_map(|line| line.trim().split_once(char::is_whitespace))
            .map(|(key, value)| (key.to_owned(), value.trim().to_owned()))
            .collect();
        Ok(Self { path, values })
    }

    /// The file.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the file has the key.
    pub(super) fn has(&self, key: &str) -> bool {
        self.values.contains_key(key)
    }

    /// A number; none when the file does not have the key, which older drivers may leave out.
    pub(super) fn number<N: FromStr>(&self, key: &str) -> Result<Option<N>, String> {
        let Some(value) = self.values.get(key) else {
            return Ok(None);
        };
        match value.parse() {
            Ok(number) => Ok(Some(number)),
            Err(_) => {
                let shown: String = value.chars().take(40).collect();
                Err(format!(
                    "`{key}` is `{shown}`, which is no number of its size"
                ))
            }
        }
    }
}
