//! Versions of serving engines, compared by their numbers.

use std::cmp::Ordering;
use std::fmt;

/// A version such as `0.6.3.post1`: release numbers and a post-release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    release: [u32; 3],
    post: u32,
}

impl Version {
    /// Reads `0.10.1.1`, `v0.22.0` or `0.6.3.post1`; anything after that is left out of account.
    pub fn parse(text: &str) -> Option<Version> {
        let text = text.trim();
        let text = text.strip_prefix('v').unwrap_or(text);
        let mut release = [0; 3];
        let mut post = 0;
        let mut parts = text.split(['.', '-', '+', '_']).peekable();
        for (index, slot) in release.iter_mut().enumerate() {
            match parts.peek().and_then(|part| part.parse().ok()) {
                Some(number) => {
                    *slot = number;
                    parts.next();
                }
                // Two numbers at least: `latest` or a commit's hash is no version.
                None if index < 2 => return None,
                None => break,
            }
        }
        if let Some(part) = parts.next() {
            let digits = part.strip_prefix("post").unwrap_or(part);
            post = digits.parse().unwrap_or(0);
        }
        Some(Version { release, post })
    }

    /// Reads the version out of an image reference: `rocm/vllm:v0.22.0-rocm7` is 0.22.0.
    pub fn of_image(image: &str) -> Option<Version> {
        let (_, tag) = image.rsplit_once(':')?;
        if tag.contains('/') {
            return None;
        }
        Version::parse(tag)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [major, minor, patch] = self.release;
        write!(f, "{major}.{minor}.{patch}")?;
        if self.post > 0 {
            write!(f, ".post{}", self.post)
        } else {
            Ok(())
        }
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.release, self.post).cmp(&(other.release, other.post))
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Which of the `examined` versions (oldest first) speaks for `version`.
///
/// The version itself; else the oldest of the same release at or after it (a post-release adds
/// nothing a user relies on); else the newest before it; else the oldest.
pub fn examined_index(examined: &[Version], version: &Version) -> Option<usize> {
    if let Some(exact) = examined.iter().position(|other| other == version) {
        return Some(exact);
    }
    let same_release = examined
        .iter()
        .position(|other| other.release == version.release && other >= version);
    let before = examined.iter().rposition(|other| other < version);
    same_release
        .or(before)
        .or((!examined.is_empty()).then_some(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_and_compared_by_number() {
        let v = |text| Version::parse(text).unwrap();
        assert!(v("0.9.2") < v("0.10.0"));
        assert!(v("0.10.1") < v("0.10.1.1"));
        assert!(v("0.6.3.post1") > v("0.6.3"));
        assert_eq!(v("v0.24.0-rocm7"), v("0.24.0"));
        assert_eq!(Version::parse("latest"), None);
        assert_eq!(Version::parse("instinct_main"), None);
    }

    #[test]
    fn an_image_s_tag_tells_its_version() {
        let v = |text| Version::parse(text).unwrap();
        assert_eq!(Version::of_image("a/b:v0.12.1"), Some(v("0.12.1")));
        assert_eq!(Version::of_image("host:5000/a/b"), None);
        assert_eq!(Version::of_image("a/b:nightly-0966"), None);
        assert_eq!(
            Version::of_image("lmsysorg/sglang-rocm:v0.5.12.post1-rocm720-mi35x-20260529"),
            Some(v("0.5.12.post1"))
        );
    }

    #[test]
    fn versions_that_were_not_examined_are_read_as_the_nearest_that_was() {
        let v = |text| Version::parse(text).unwrap();
        let examined: Vec<_> = ["0.5.10.post1", "0.5.12.post1", "0.5.14"].map(v).into();
        for (version, index) in [
            ("0.5.12", 1),
            ("0.5.12.post1", 1),
            ("0.5.13", 1),
            ("0.6.0", 2),
            ("0.4.0", 0),
        ] {
            assert_eq!(
                examined_index(&examined, &v(version)),
                Some(index),
                "{version}"
            );
        }
        assert_eq!(examined_index(&[], &v("1.0.0")), None);
    }
}
