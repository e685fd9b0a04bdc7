//! Names that become paths: a model, a revision, a commit, a file of a model. What a name of this
//! module says is below the folder that it is put below.

use std::fmt;

use miette::Diagnostic;
use thiserror::Error;

/// The longest name that is a folder or file on every file system.
const LONGEST: usize = 255;
/// The longest part of a model's id.
const LONGEST_PART: usize = 96;

/// A name that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error, Diagnostic)]
#[error("{shown} is no {kind}: {because}")]
#[diagnostic(code(hub::name), help("{help}"))]
pub struct NameError {
    /// The name, in backticks, cut to a length that can be read.
    shown: String,
    kind: &'static str,
    because: &'static str,
    help: &'static str,
}

impl NameError {
    fn new(name: &str, kind: &'static str, because: &'static str, help: &'static str) -> NameError {
        const SHOWN: usize = 60;
        let escaped: String = name
            .chars()
            .take(SHOWN)
            .flat_map(|c| c.escape_debug())
            .collect();
        let more = if name.chars().count() > SHOWN {
            "…"
        } else {
            ""
        };
        NameError {
            shown: format!("`{escaped}{more}`"),
            kind,
            because,
            help,
        }
    }
}

/// The id of a model: `NAME` or `ORGANISATION/NAME`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ModelId(String);

impl ModelId {
    /// Reads an id, by the rules of the hub.
    ///
    /// # Errors
    /// It has characters, a length or a form that no id has.
    pub fn parse(text: &str) -> Result<ModelId, NameError> {
        let wrong = |because| {
            let help = "an id looks like `Qwen/Qwen3-32B`";
            Err(NameError::new(text, "model id", because, help))
        };
        let mut parts = text.split('/');
        let of_parts = (parts.next(), parts.next(), parts.next());
        if let (Some("datasets" | "spaces" | "buckets"), Some(_), _) = of_parts {
            return wrong("it is something else of the hub than a model");
        }
        let (Some(first), second, None) = of_parts else {
            return wrong("it has more than one slash");
        };
        for part in [Some(first), second].into_iter().flatten() {
            if part.is_empty() {
                return wrong("a part of it is empty");
            }
            if part.len() > LONGEST_PART {
                return wrong("a part of it is longer than 96 characters");
            }
            let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
            if !part.chars().all(|c| is_word(c) || c == '-' || c == '.') {
                return wrong("it has other characters than letters, digits, `-`, `_` and `.`");
            }
            if !part.starts_with(is_word) || !part.ends_with(is_word) {
                return wrong("a part of it begins or ends with `-` or `.`");
            }
        }
        if text.contains("--") || text.contains("..") {
            return wrong("it has `--` or `..` in it");
        }
        if text.ends_with(".git") {
            return wrong("it ends with `.git`");
        }
        Ok(ModelId(text.to_owned()))
    }

    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ModelId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A branch, a tag or a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revision(String);

impl Revision {
    /// Reads a revision.
    ///
    /// # Errors
    /// It cannot be a file's path below a folder.
    pub fn parse(text: &str) -> Result<Revision, NameError> {
        match why_no_path(text) {
            None => Ok(Revision(text.to_owned())),
            Some(because) => {
                let help = "give a branch, a tag or a commit";
                Err(NameError::new(text, "revision", because, help))
            }
        }
    }

    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The commit, where that is what it names.
    pub fn as_commit(&self) -> Option<Commit> {
        Commit::parse(&self.0)
    }
}

impl Default for Revision {
    fn default() -> Self {
        Revision("main".to_owned())
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A commit: 40 hexadecimal digits in lower case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Commit(String);

impl Commit {
    /// Reads a commit.
    pub fn parse(text: &str) -> Option<Commit> {
        is_hex(text, 40).then(|| Commit(text.to_owned()))
    }

    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its first digits, for people.
    pub fn short(&self) -> &str {
        self.0.get(..12).unwrap_or(&self.0)
    }
}

impl fmt::Display for Commit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The path of a file in a model's repository, with slashes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FilePath(String);

impl FilePath {
    /// Reads a path.
    ///
    /// # Errors
    /// It leads elsewhere than below the folder it is put in.
    pub fn parse(text: &str) -> Result<FilePath, NameError> {
        match why_no_path(text) {
            None => Ok(FilePath(text.to_owned())),
            Some(because) => {
                let help = "a model's files have plain paths below its folder";
                Err(NameError::new(text, "file of a model", because, help))
            }
        }
    }

    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// How many folders it is in.
    pub fn depth(&self) -> usize {
        self.0.matches('/').count()
    }
}

impl fmt::Display for FilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a text is no path of a file below a folder.
fn why_no_path(text: &str) -> Option<&'static str> {
    if text.is_empty() {
        return Some("it is empty");
    }
    if text.len() > 4 * LONGEST || text.split('/').any(|step| step.len() > LONGEST) {
        return Some("it is too long");
    }
    // The last one stands for bytes that are no UTF-8.
    if text.chars().any(char::is_control) || text.contains(['\\', char::REPLACEMENT_CHARACTER]) {
        return Some("it has characters that no path has");
    }
    if text.starts_with('/') {
        return Some("it is an absolute path");
    }
    if text.split('/').any(|step| step == "..") {
        return Some("it leads out of its folder");
    }
    if text.split('/').any(|step| step.is_empty() || step == ".") {
        return Some("a step of it is empty");
    }
    None
}

/// Whether the text is so many hexadecimal digits in lower case.
pub(crate) fn is_hex(text: &str, digits: usize) -> bool {
    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    text.len() == digits && text.bytes().all(is_digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_models_are_those_of_the_hub() {
        for id in ["gpt2", "Qwen/Qwen3-32B", "a/_b", "1/2.5_x"] {
            assert_eq!(ModelId::parse(id).unwrap().as_str(), id);
        }
        let long = "a".repeat(300);
        for (id, because) in [
            ("../x", "begins or ends with"),
            ("a/../b", "more than one slash"),
            ("datasets/a/b", "something else"),
            ("spaces/a", "something else"),
            ("/etc/passwd", "more than one slash"),
            ("/etc", "is empty"),
            ("a/", "is empty"),
            ("", "is empty"),
            ("a\0b", "other characters"),
            ("a b", "other characters"),
            ("café", "other characters"),
            ("a/b--c", "`--`"),
            ("a/b..c", "`..`"),
            ("a/.b", "begins or ends"),
            ("a/b.git", "`.git`"),
            (long.as_str(), "longer than 96"),
        ] {
            let error = ModelId::parse(id).unwrap_err().to_string();
            assert!(error.contains(because), "{error}");
            assert!(
                error.chars().count() < 200 && !error.contains('\0'),
                "{error}"
            );
        }
    }

    #[test]
    fn paths_stay_below_their_folder() {
        for path in ["config.json", "a/b.safetensors", "..a/b..c"] {
            assert!(FilePath::parse(path).is_ok(), "{path}");
        }
        for path in [
            "",
            "/a",
            "../a",
            "a/../../b",
            "a//b",
            "./a",
            "a/.",
            "a\0",
            "a\\b",
            "a\u{fffd}",
            "a/",
        ] {
            assert!(FilePath::parse(path).is_err(), "{path:?}");
        }
        assert!(Revision::parse("refs/pr/1").is_ok());
        assert!(Revision::parse("../../x").is_err());
        assert!(Commit::parse(&"a".repeat(40)).is_some());
        assert!(Commit::parse("../../../../../../../../../../../../../x").is_none());
    }
}
