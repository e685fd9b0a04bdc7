//! Reads facts that `detect --format json` saved on another machine, or that someone wrote by hand.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use miette::{Diagnostic, NamedSource, SourceSpan};
use serde::de::IgnoredAny;
use serde_json::error::Category;
use thiserror::Error;

use super::bounded_file;
use super::observation::{Detected, Observation};

/// Far more than 1024 devices take.
const MAX_BYTES: u64 = 16 * 1024 * 1024;

/// Why a host file cannot be used.
#[derive(Debug, Error, Diagnostic)]
pub enum HostFileError {
    /// Not there, not a file, too long, or not text.
    #[error("the host file `{path}` {why}")]
    #[diagnostic(
        code(aim::host_file::unreadable),
        help("`aim-engine detect --format json > FILE` on the machine in question writes one")
    )]
    Unreadable {
        /// The path as it was given.
        path: String,
        /// What is wrong, after the path.
        why: String,
    },
    /// The text is not JSON.
    #[error("the host file is not JSON: {why}")]
    #[diagnostic(code(aim::host_file::not_json))]
    NotJson {
        /// What the reader met.
        why: String,
        /// The file.
        #[source_code]
        text: Arc<NamedSource<String>>,
        /// Where it stopped.
        #[label("here")]
        at: SourceSpan,
    },
    /// A key is missing, unknown, or has a value of another kind.
    #[error("the host file does not have the form of saved facts: {}{why}", at_key(.key))]
    #[diagnostic(
        code(aim::host_file::wrong_form),
        help("the form is what `aim-engine detect --format json` prints")
    )]
    WrongForm {
        /// The path of keys, such as `observations[0].devices[2].vram_mib`; empty for the whole.
        key: String,
        /// What is wrong there.
        why: String,
        /// The file.
        #[source_code]
        text: Arc<NamedSource<String>>,
        /// Where it was noticed.
        #[label("here")]
        at: SourceSpan,
    },
    /// It reads, but says two things at once, or nothing.
    #[error("the host file contradicts itself: `{key}` {why}")]
    #[diagnostic(code(aim::host_file::contradiction))]
    Contradiction {
        /// The path of keys.
        key: String,
        /// What is wrong there.
        why: String,
    },
}

/// Reads the file that `--host` names.
///
/// # Errors
/// When the file cannot be read, is no JSON, has another form, or contradicts itself.
pub fn read_host_file(path: &Path) -> Result<Detected, HostFileError> {
    let name = path.display().to_string();
    let text = bounded_file::read(path, MAX_BYTES).map_err(|why| HostFileError::Unreadable {
        path: name.clone(),
        why,
    })?;
    parse_host_file(&name, &text)
}

/// Reads the text of a host file; `name` is what messages call it.
///
/// # Errors
/// As [`read_host_file`], except for the reading itself.
pub fn parse_host_file(name: &str, text: &str) -> Result<Detected, HostFileError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    // The syntax of the whole comes first, so that a wrong key does not hide it.
    serde_json::from_str::<IgnoredAny>(text)
        .map_err(|error| wrong(name, text, String::new(), &error))?;
    let mut reader = serde_json::Deserializer::from_str(text);
    let detected: Detected = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let key = error.path().to_string();
        // The path of the whole document is a dot.
        let key = if key == "." { String::new() } else { key };
        wrong(name, text, key, error.inner())
    })?;
    check(&detected)?;
    Ok(detected)
}

fn wrong(name: &str, text: &str, key: String, error: &serde_json::Error) -> HostFileError {
    let at = span(text, error.line(), error.column());
    let why = in_plain_words(&error.to_string());
    let text = Arc::new(NamedSource::new(name, text.to_owned()).with_language("json"));
    match error.classify() {
        Category::Data => HostFileError::WrongForm { key, why, text, at },
        Category::Syntax | Category::Eof | Category::Io => HostFileError::NotJson { why, text, at },
    }
}

fn at_key(key: &str) -> String {
    match key {
        "" => String::new(),
        key => format!("at `{key}`: "),
    }
}

/// The reader's line and column count from 1, the column in bytes.
fn span(text: &str, line: usize, column: usize) -> SourceSpan {
    let before: usize = text
        .split_inclusive('\n')
        .take(line.saturating_sub(1))
        .map(str::len)
        .sum();
    let offset = (before + column.saturating_sub(1)).min(text.len());
    let length = text.get(offset..).and_then(|rest| rest.chars().next());
    (offset, length.map_or(0, char::len_utf8)).into()
}

/// serde's messages with the words of JSON instead of those of the program, and without the place,
/// which the label shows.
fn in_plain_words(message: &str) -> String {
    let message = match message.rfind(" at line ") {
        Some(end) => message.get(..end).unwrap_or(message),
        None => message,
    };
    // serde fills the keys of an object from a list, too, and then finds it too short.
    if message.starts_with("invalid length") {
        return "invalid type: a list, expected an object".into();
    }
    let mut plain = message.to_owned();
    for (theirs, ours) in [
        ("expected u32", "expected a whole number"),
        ("expected u64", "expected a whole number"),
        ("expected a sequence", "expected a list"),
        ("expected a map", "expected an object"),
        ("expected string or map", "expected a text"),
        ("expected a string", "expected a text"),
        ("invalid type: sequence", "invalid type: a list"),
        ("invalid type: map", "invalid type: an object"),
        ("invalid type: string", "invalid type: the text"),
        ("invalid type: integer", "invalid type: the number"),
        ("invalid value: integer", "invalid value: the number"),
        ("invalid type: floating point", "invalid type: the number"),
        ("missing field", "missing key"),
        ("unknown field", "unknown key"),
        ("duplicate field", "repeated key"),
        ("unknown variant", "unknown value"),
        ("EOF while parsing", "the text ends in the middle of"),
    ] {
        plain = plain.replace(theirs, ours);
    }
    plain
}

fn check(detected: &Detected) -> Result<(), HostFileError> {
    for (place, seen) in detected.observations.iter().enumerate() {
        if let Some(why) = contradiction(seen) {
            return Err(HostFileError::Contradiction {
                key: format!("observations[{place}]"),
                why,
            });
        }
    }
    Ok(())
}

fn contradiction(seen: &Observation) -> Option<String> {
    let devices = seen.devices.as_deref();
    let listed = devices.map(<[_]>::len);
    let indexed = seen.indices.as_ref().map(Vec::len);
    let visible = seen.visible.and_then(|count| usize::try_from(count).ok());
    if listed.is_none() && visible.is_none() {
        return Some("has neither `devices` nor `visible`".into());
    }
    for (key, length) in [("devices", listed), ("indices", indexed)] {
        if let (Some(length), Some(visible)) = (length, visible)
            && length != visible
        {
            return Some(format!("has {length} {key}, and `visible` says {visible}"));
        }
    }
    let mut indices = BTreeSet::new();
    devices
        .unwrap_or_default()
        .iter()
        .find(|device| !indices.insert(device.index))
        .map(|device| format!("has two devices with the index {}", device.index))
}
