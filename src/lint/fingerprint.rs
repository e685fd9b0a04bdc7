//! What a finding is known by when lines move: its check and the text that it is about.

use std::collections::HashMap;

use xxhash_rust::xxh3::xxh3_64;

use super::Finding;

impl Finding {
    /// The same wherever in its file the finding stands; not of one finding alone.
    pub fn fingerprint(&self) -> String {
        let text = match self.labels.first() {
            Some(label) => label.place.underlined(),
            None => &self.message,
        };
        let words: Vec<&str> = text.split_whitespace().collect();
        let known_by = format!("{}\n{}", self.code, words.join(" "));
        format!("{:016x}", xxh3_64(known_by.as_bytes()))
    }

    /// The file that it is about.
    pub fn file(&self) -> Option<&str> {
        self.labels.first().map(|label| label.place.file.as_str())
    }
}

/// Each finding's fingerprint, numbered among the same ones of its file.
pub fn numbered(findings: &[Finding]) -> Vec<String> {
    let mut seen: HashMap<(Option<&str>, String), usize> = HashMap::new();
    let numbered = findings.iter().map(|finding| {
        let fingerprint = finding.fingerprint();
        let count = seen
            .entry((finding.file(), fingerprint.clone()))
            .or_default();
        *count += 1;
        format!("{fingerprint}:{count}")
    });
    numbered.collect()
}
