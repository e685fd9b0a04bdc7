//! Versions of engines, by their numbers.

use serde::Deserialize;

/// `0.10.1.1` or `0.6.3.post1`: release numbers, then the post-release.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(from = "String")]
pub struct Version {
    release: Vec<u32>,
    post: u32,
}

impl Version {
    /// Reads a version as the backend files write it.
    pub fn of(text: &str) -> Version {
        let mut release = Vec::new();
        let mut post = 0;
        for part in text.split('.') {
            match part.strip_prefix("post") {
                Some(number) => post = number.parse().unwrap(),
                None => release.push(part.parse().unwrap()),
            }
        }
        release.resize(4, 0);
        Version { release, post }
    }
}

impl From<String> for Version {
    fn from(text: String) -> Version {
        Version::of(&text)
    }
}

#[test]
fn versions_compare_by_number() {
    let in_order = [
        "0.9.2",
        "0.10.0",
        "0.10.1",
        "0.10.1.1",
        "0.10.2",
        "0.10.2.post1",
    ];
    assert!(in_order.is_sorted_by_key(|text| Version::of(text)));
}
