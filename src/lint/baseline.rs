//! Findings that are known and not to be told again: counted, so that one more of the same is told.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{Finding, Findings, Summary};

/// The form of the file.
const VERSION: u32 = 1;

/// Known findings, as they stand in a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Baseline {
    version: u32,
    findings: Vec<Known>,
}

/// Findings of one check about one text of one file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Known {
    code: String,
    /// From the baseline's folder, where it is below it.
    file: String,
    fingerprint: String,
    count: usize,
    /// For people: what the first of them says.
    message: String,
}

/// What a baseline left out of findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// Findings that it knows.
    pub known: usize,
    /// Findings that it knows and that are no longer there.
    pub gone: usize,
}

type Key = (String, String, String);

impl Baseline {
    /// These findings, for a baseline at `path`.
    pub fn of(findings: &Findings, path: &Path) -> Baseline {
        let folder = folder(path);
        let mut counted: BTreeMap<Key, (usize, &str)> = BTreeMap::new();
        for finding in &findings.findings {
            let known = counted.entry(key(finding, &folder));
            known.or_insert((0, finding.message.as_str())).0 += 1;
        }
        let known = counted.into_iter().map(|(key, (count, message))| {
            let (file, code, fingerprint) = key;
            Known {
                code,
                file,
                fingerprint,
                count,
                message: message.to_owned(),
            }
        });
        Baseline {
            version: VERSION,
            findings: known.collect(),
        }
    }

    /// Reads a file.
    ///
    /// # Errors
    /// It cannot be read, or is no baseline.
    pub fn read(path: &Path) -> std::io::Result<Baseline> {
        let baseline: Baseline = serde_json::from_slice(&std::fs::read(path)?)?;
        if baseline.version != VERSION {
            let of = baseline.version;
            return Err(std::io::Error::other(format!(
                "it is of version {of} of the format, and only {VERSION} is known"
            )));
        }
        Ok(baseline)
    }

    /// Writes the file, all of it or nothing.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(&self, path: &Path) -> std::io::Result<()> {
        let mut text = serde_json::to_string_pretty(self)?;
        text.push('\n');
        let mut file = tempfile::Builder::new().tempfile_in(folder(path))?;
        file.write_all(text.as_bytes())?;
        // A temporary file is for its owner alone; a baseline is read by whoever reads the catalog.
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(path).map_or(0o644, |known| known.permissions().mode());
            let permissions = std::fs::Permissions::from_mode(mode);
            file.as_file().set_permissions(permissions)?;
        }
        file.persist(path).map_err(|error| error.error)?;
        Ok(())
    }

    /// Leaves out of the findings those that the baseline at `path` knows.
    pub fn leave_out(&self, findings: &mut Findings, path: &Path) -> LeftOut {
        let folder = folder(path);
        let mut left: BTreeMap<Key, usize> = BTreeMap::new();
        for known in &self.findings {
            let Known {
                code,
                file,
                fingerprint,
                ..
            } = known;
            let key = (file.clone(), code.clone(), fingerprint.clone());
            *left.entry(key).or_default() += known.count;
        }
        let before = findings.findings.len();
        findings.findings.retain(|finding| {
            let left = left.get_mut(&key(finding, &folder));
            match left.filter(|left| **left > 0) {
                Some(left) => {
                    *left -= 1;
                    false
                }
                None => true,
            }
        });
        findings.summary = Summary::of(&findings.findings, findings.summary.files);
        LeftOut {
            known: before - findings.findings.len(),
            gone: left.into_values().sum(),
        }
    }
}

fn key(finding: &Finding, folder: &Path) -> Key {
    let place = finding.labels.first().map(|label| &label.place);
    let file = match place {
        Some(place) if place.embedded => place.file.clone(),
        Some(place) => below(Path::new(&place.file), folder),
        None => String::new(),
    };
    (file, finding.code.clone(), finding.fingerprint())
}

fn folder(path: &Path) -> PathBuf {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    folder.unwrap_or(Path::new(".")).to_owned()
}

/// A file from a folder on, however the two are called on the command line.
fn below(file: &Path, folder: &Path) -> String {
    let whole = |path: &Path| path.canonicalize().ok();
    let from = whole(file).zip(whole(folder));
    let below = from.and_then(|(file, folder)| Some(file.strip_prefix(folder).ok()?.to_owned()));
    let below = below.unwrap_or_else(|| file.to_owned());
    below.display().to_string().replace('\\', "/")
}
