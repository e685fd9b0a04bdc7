//! The regular expressions of `match`.

use regex_lite::Regex;

/// A pattern that must match a whole text.
///
/// # Errors
/// What is wrong with the pattern.
pub(super) fn whole_text(pattern: &str) -> Result<Regex, String> {
    // By itself first: `a)(b` is no pattern, though it would be one in parentheses.
    Regex::new(pattern)
        .and_then(|_| Regex::new(&format!(r"\A(?:{pattern})\z")))
        .map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_matches_the_whole_text() {
        let pattern = whole_text("a|bc*").unwrap();
        assert!(pattern.is_match("bcc"));
        assert!(!pattern.is_match("ab"));
        assert!(!pattern.is_match("a\n"));
        assert!(whole_text("a)(b").is_err());
        assert!(whole_text("(").is_err());
    }
}
