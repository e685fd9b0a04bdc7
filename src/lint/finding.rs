//! Findings, as reports show them and as JSON holds them.

use std::cmp::Ordering;

use serde::ser::{Serialize, SerializeStruct, Serializer};

use crate::policy::Severity;
use crate::store::Place;

/// What is wrong, in the order of the files and of the places in them.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
pub struct Findings {
    /// One by one.
    pub findings: Vec<Finding>,
    /// How many.
    pub summary: Summary,
    /// Those that a comment in their file suppresses.
    #[serde(skip)]
    pub suppressed: Vec<Suppressed>,
}

/// A finding that is not told because a comment says why it is right as it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Suppressed {
    /// The finding.
    pub finding: Finding,
    /// What the comment says; may be empty.
    pub reason: String,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Finding {
    /// The check's code, such as `AIM301`.
    pub code: String,
    /// The check's name, such as `tensor-parallel-mismatch`.
    pub name: String,
    /// How much it matters.
    pub severity: Severity,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// Where, the place that it is about first; none where it is about no file.
    pub labels: Vec<Label>,
    /// The name that was probably meant.
    #[serde(skip)]
    pub nearest: Option<String>,
    /// What mends it for certain.
    pub fix: Option<Fix>,
}

/// A place and what to say of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Label {
    /// The bytes, with the text of their file as it may be shown.
    pub place: Place,
    /// What to say beside them; may be empty.
    pub text: String,
}

/// Changes that mend a finding.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Fix {
    /// What they do.
    pub says: String,
    /// The changes, none overlapping another.
    pub edits: Vec<Edit>,
}

/// Bytes of a file and what takes their place.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Edit {
    /// The file.
    pub file: String,
    /// First byte.
    pub offset: usize,
    /// Bytes.
    pub length: usize,
    /// What takes their place.
    pub text: String,
}

/// How many findings there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Summary {
    /// Files that were checked.
    pub files: usize,
    /// Findings that are errors.
    pub errors: usize,
    /// Warnings.
    pub warnings: usize,
    /// Notes.
    pub notes: usize,
    /// Those of all of them that have a fix.
    pub fixable: usize,
}

impl Finding {
    /// By file, place and code; those of no file come last.
    pub fn order(&self, other: &Finding) -> Ordering {
        fn places(finding: &Finding) -> impl Iterator<Item = (&str, usize, usize)> {
            let places = finding.labels.iter().map(|label| &label.place);
            places.map(|place| (place.file.as_str(), place.offset, place.length))
        }
        fn first(finding: &Finding) -> (bool, Option<(&str, usize)>) {
            let first = places(finding).next().map(|(file, at, _)| (file, at));
            (first.is_none(), first)
        }
        first(self)
            .cmp(&first(other))
            .then_with(|| self.code.cmp(&other.code))
            .then_with(|| self.message.cmp(&other.message))
            .then_with(|| places(self).cmp(places(other)))
            .then_with(|| self.help.cmp(&other.help))
    }
}

impl Summary {
    /// Counts findings of so many files.
    pub fn of(findings: &[Finding], files: usize) -> Summary {
        let count = |severity| {
            findings
                .iter()
                .filter(|one| one.severity == severity)
                .count()
        };
        Summary {
            files,
            errors: count(Severity::Error),
            warnings: count(Severity::Warning),
            notes: count(Severity::Note),
            fixable: findings.iter().filter(|one| one.fix.is_some()).count(),
        }
    }
}

impl Serialize for Label {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut label = serializer.serialize_struct("Label", 6)?;
        label.serialize_field("file", &self.place.file)?;
        label.serialize_field("line", &self.place.line)?;
        label.serialize_field("column", &self.place.column)?;
        label.serialize_field("offset", &self.place.offset)?;
        label.serialize_field("length", &self.place.length)?;
        label.serialize_field("text", &self.text)?;
        label.end()
    }
}
