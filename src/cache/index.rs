//! `cache_index.json`: the models of a cache for whoever wants no more than a list. It follows from the
//! folders and is never read to decide anything.

use std::collections::BTreeMap;
use std::fs;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::scan::{CachedModel, CachedRevision, Scan, State};
use super::{Cache, CacheError, durable};

/// A model of the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexEntry {
    /// Whether all of it is there.
    pub cached: bool,
    /// The folder with its files.
    pub cache_path: String,
    /// The commit.
    pub commit_hash: String,
    /// When it was added: `2025-01-31T12:00:00Z`.
    pub cached_at: String,
    /// Bytes of its files.
    pub size: u64,
}

type Index = BTreeMap<String, IndexEntry>;

/// The list as it is written; none where it is missing or no such list.
pub fn read_index(cache: &Cache) -> Option<BTreeMap<String, IndexEntry>> {
    let path = cache.index()?;
    // A pipe would be waited for.
    let is_file = fs::metadata(&path).is_ok_and(|found| found.is_file());
    serde_json::from_slice(&fs::read(is_file.then_some(path)?).ok()?).ok()
}

/// Writes the list of what was found, unless it is written already.
///
/// # Errors
/// It cannot be written.
pub fn write_index(cache: &Cache, scan: &Scan) -> Result<(), CacheError> {
    let Some(path) = cache.index() else {
        return Ok(());
    };
    let index: Index = scan
        .models
        .iter()
        .filter_map(|model| Some((model.folder.model.to_string(), entry(model)?)))
        .collect();
    if read_index(cache).as_ref() == Some(&index) {
        return Ok(());
    }
    let failed = |error| CacheError::io("written", &path, error);
    let mut bytes = serde_json::to_vec_pretty(&index).map_err(|error| failed(error.into()))?;
    bytes.push(b'\n');
    durable::write(&path, cache.root(), &bytes).map_err(failed)
}

/// A model by the commit that `main` names, else by the last one that is complete, else by the last.
fn entry(model: &CachedModel) -> Option<IndexEntry> {
    let is_main = |revision: &&CachedRevision| revision.refs.iter().any(|name| name == "main");
    let is_complete = |revision: &&CachedRevision| revision.state == State::Complete;
    let mut revisions = model.revisions.iter();
    let revision = revisions
        .find(is_main)
        .or_else(|| model.revisions.iter().find(is_complete))
        .or(model.revisions.first())?;
    Some(IndexEntry {
        cached: revision.state == State::Complete,
        cache_path: model
            .folder
            .snapshot(&revision.commit)
            .display()
            .to_string(),
        commit_hash: revision.commit.to_string(),
        cached_at: timestamp(revision.added),
        size: revision.size(),
    })
}

/// A time as RFC 3339 has it, in UTC.
pub fn timestamp(time: SystemTime) -> String {
    let seconds = time
        .duration_since(UNIX_EPOCH)
        .map_or(0, |time| time.as_secs());
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    // Days since the first of March of the year 0, by eras of 400 years.
    let days = days + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let (month, year) = match month {
        0..=9 => (month + 3, era * 400 + year),
        _ => (month - 9, era * 400 + year + 1),
    };
    let (hours, minutes, seconds) = (rest / 3600, rest / 60 % 60, rest % 60);
    format!("{year:04}-{month:02}-{day:02}T{hours:02}:{minutes:02}:{seconds:02}Z")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn times_are_read_by_everyone() {
        for (seconds, wanted) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_735_689_599, "2024-12-31T23:59:59Z"),
        ] {
            assert_eq!(timestamp(UNIX_EPOCH + Duration::from_secs(seconds)), wanted);
        }
    }
}
