//! Which checks count: those that were selected, but for those that were ignored.

use thiserror::Error;

use crate::datalog::nearest;
use crate::policy::Lint;

use super::Finding;

/// The checks whose findings are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// Only these; all where there is none.
    selected: Vec<Pattern>,
    /// But not these.
    ignored: Vec<Pattern>,
}

/// A word that means no check.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("no check is called `{word}`")]
pub struct UnknownCheck {
    /// The word.
    pub word: String,
    /// The code or name that was probably meant.
    pub nearest: Option<String>,
}

/// What means checks: a code or how codes begin, or a name.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Pattern(String);

impl Pattern {
    fn read(word: &str, lints: &[Lint]) -> Result<Pattern, UnknownCheck> {
        let pattern = Pattern(word.trim().to_owned());
        let known = !pattern.0.is_empty()
            && lints
                .iter()
                .any(|lint| pattern.means(&lint.code, &lint.name));
        match known {
            true => Ok(pattern),
            false => Err(UnknownCheck {
                nearest: nearest_check(&pattern.0, lints),
                word: pattern.0,
            }),
        }
    }

    fn means(&self, code: &str, name: &str) -> bool {
        let head = code.get(..self.0.len());
        self.0.eq_ignore_ascii_case(name)
            || head.is_some_and(|head| head.eq_ignore_ascii_case(&self.0))
    }
}

/// The code or the name of a check that a word was probably meant to be.
pub fn nearest_check(word: &str, lints: &[Lint]) -> Option<String> {
    let names = lints.iter().flat_map(|lint| [&lint.code, &lint.name]);
    nearest(word, names.map(String::as_str)).map(str::to_owned)
}

impl Selection {
    /// Reads codes (`AIM301`), how codes begin (`AIM3`) and names (`tensor-parallel-mismatch`).
    ///
    /// # Errors
    /// A word means no check.
    pub fn read(
        select: &[String],
        ignore: &[String],
        lints: &[Lint],
    ) -> Result<Selection, UnknownCheck> {
        let read = |words: &[String]| -> Result<Vec<Pattern>, UnknownCheck> {
            words
                .iter()
                .map(|word| Pattern::read(word, lints))
                .collect()
        };
        Ok(Selection {
            selected: read(select)?,
            ignored: read(ignore)?,
        })
    }

    /// Whether a finding counts.
    pub fn has(&self, finding: &Finding) -> bool {
        let any = |patterns: &[Pattern]| {
            let mut patterns = patterns.iter();
            patterns.any(|pattern| pattern.means(&finding.code, &finding.name))
        };
        (self.selected.is_empty() || any(&self.selected)) && !any(&self.ignored)
    }
}
