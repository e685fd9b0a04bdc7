//! Paths into a document: from its root to the key or value that says something.
//!
//! A path is `key/key/{word}`, several with `|` between them the first that the document has; a colon at the end asks
//! for the key instead of its value. A `{word}` is filled from the fact: it finds the key, the list's item or
//! the value that it is, unless it says what it counts: `{gpus as count}`, `{place as position}`, `{since as period}`,
//! `{version as default}`.

use std::ops::Range;

use crate::catalog::recipe::gpu_count;
use crate::catalog::version::{Version, examined_index};
use crate::catalog::yaml::{Node, NodeKind};

/// What fills the words of a path: a word that is not known ends it.
pub(super) type Words = Vec<(String, String)>;

/// One step down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step<'p> {
    /// A key.
    Key(&'p str),
    /// What is this word: a key, an item, a value.
    Named(&'p str),
    /// The block of a section for this many GPUs.
    Count(&'p str),
    /// The item at this position, from 0.
    Position(&'p str),
    /// The stretch of versions in which the position of an examined one lies.
    Period(&'p str),
    /// The default that holds for the version at this position.
    Default(&'p str),
}

impl<'p> Step<'p> {
    fn parse(text: &'p str) -> Step<'p> {
        let Some(word) = text.strip_prefix('{').and_then(|t| t.strip_suffix('}')) else {
            return Step::Key(text);
        };
        match word.split_once(" as ") {
            Some((word, "count")) => Step::Count(word),
            Some((word, "position")) => Step::Position(word),
            Some((word, "period")) => Step::Period(word),
            Some((word, "default")) => Step::Default(word),
            _ => Step::Named(word),
        }
    }
}

/// A value and the key it stands behind; an item of a list has none.
#[derive(Clone, Copy)]
struct Here<'t> {
    key: Option<&'t Node>,
    value: &'t Node,
}

/// The bytes of what a path leads to, else of the nearest thing above it; none when the document has
/// nothing of it.
pub(super) fn find(root: &Node, text: &str, path: &str, words: &Words) -> Option<Range<usize>> {
    let mut nearest: Option<(usize, Here<'_>)> = None;
    for path in path.split('|') {
        let (path, wants_key) = match path.strip_suffix(':') {
            Some(path) => (path, true),
            None => (path, false),
        };
        let walk = Walk { root, words };
        let mut here = Here {
            key: None,
            value: root,
        };
        let mut depth = 0;
        let mut ended = false;
        for step in path.split('/') {
            match walk.down(here, Step::parse(step)) {
                Some(next) => here = next,
                None => {
                    ended = true;
                    break;
                }
            }
            depth += 1;
        }
        let whole = !ended && (wants_key || !here.value.is_null());
        if whole {
            return shown(here, text, wants_key);
        }
        if depth > nearest.map_or(0, |(depth, _)| depth) {
            nearest = Some((depth, here));
        }
    }
    let (_, here) = nearest?;
    shown(here, text, true)
}

/// The bytes to underline: a single value, else its key, else the first line of an item.
fn shown(here: Here<'_>, text: &str, wants_key: bool) -> Option<Range<usize>> {
    let single = matches!(here.value.kind, NodeKind::Scalar(_)) && !here.value.span.is_empty();
    match here.key {
        Some(key) if wants_key || !single => Some(key.span.clone()),
        _ => {
            let span = here.value.span.clone();
            let item = text.get(span.clone())?;
            let line = item.lines().next().unwrap_or_default();
            Some(span.start..span.start + line.trim_end().len())
        }
    }
}

struct Walk<'a> {
    root: &'a Node,
    words: &'a Words,
}

impl<'a> Walk<'a> {
    fn down(&self, here: Here<'a>, step: Step<'_>) -> Option<Here<'a>> {
        match step {
            Step::Key(key) => self.key(here, key),
            Step::Named(word) => named(here, self.word(word)?),
            Step::Count(word) => {
                let gpus: u32 = self.word(word)?.parse().ok()?;
                entry(here, |key| gpu_count(key) == Some(gpus))
            }
            Step::Position(word) => {
                let position: usize = self.word(word)?.parse().ok()?;
                items(here.value).get(position).map(item)
            }
            Step::Period(word) => self.period(here, self.word(word)?.parse().ok()?),
            Step::Default(word) => self.default(here, self.word(word)?.parse().ok()?),
        }
    }

    fn word(&self, name: &str) -> Option<&'a str> {
        let found = self.words.iter().find(|(known, _)| known == name);
        found.map(|(_, word)| word.as_str())
    }

    /// A key of a map, or of the first map of a list that has it.
    fn key(&self, here: Here<'a>, key: &str) -> Option<Here<'a>> {
        match &here.value.kind {
            NodeKind::Sequence(items) => items
                .iter()
                .find_map(|node| entry(item(node), |name| name == key)),
            _ => entry(here, |name| name == key),
        }
    }

    /// Of the periods of a flag the last that begins at or before an examined version.
    fn period(&self, here: Here<'a>, at: usize) -> Option<Here<'a>> {
        let NodeKind::Sequence(periods) = &here.value.kind else {
            return Some(here);
        };
        let examined = self.examined();
        let begins = |period: &Node| {
            let since = Version::parse(period.get("since")?.text()?)?;
            examined_index(&examined, &since)
        };
        let mut found: Option<(usize, &Node)> = None;
        for period in periods {
            let since = begins(period).unwrap_or(0);
            if since <= at && found.is_none_or(|(before, _)| since > before) {
                found = Some((since, period));
            }
        }
        found.map(|(_, period)| item(period))
    }

    /// Of defaults by version the last that holds for an examined one, else the first.
    fn default(&self, here: Here<'a>, at: usize) -> Option<Here<'a>> {
        let defaults = items(here.value);
        let examined = self.examined();
        let version = examined.get(at)?;
        let holds = |default: &&Node| {
            let since = default.get("since").and_then(Node::text);
            since
                .and_then(Version::parse)
                .is_some_and(|since| since <= *version)
        };
        let last = defaults.iter().rev().find(holds);
        last.or(defaults.first()).map(item)
    }

    fn examined(&self) -> Vec<Version> {
        let versions = self.root.get("versions").map(items).unwrap_or_default();
        versions
            .iter()
            .filter_map(|version| Version::parse(version.text()?))
            .collect()
    }
}

fn items(node: &Node) -> &[Node] {
    match &node.kind {
        NodeKind::Sequence(items) => items,
        _ => &[],
    }
}

fn item(node: &Node) -> Here<'_> {
    Here {
        key: None,
        value: node,
    }
}

fn entry<'t>(here: Here<'t>, is: impl Fn(&str) -> bool) -> Option<Here<'t>> {
    let entries = here.value.entries().iter();
    let mut found = entries.filter(|entry| is(entry.key.text().unwrap_or_default().trim()));
    found.next().map(|entry| Here {
        key: Some(&entry.key),
        value: &entry.value,
    })
}

/// The key, item or value that is a word: exactly, else without regard to case, else but for the dashes that people
/// leave out of a flag.
fn named<'t>(here: Here<'t>, word: &str) -> Option<Here<'t>> {
    let exactly = |text: &str| text == word;
    let folded = |text: &str| text.to_lowercase() == word.to_lowercase();
    let undashed = |text: &str| word.strip_prefix("--") == Some(text);
    [&exactly as &dyn Fn(&str) -> bool, &folded, &undashed]
        .into_iter()
        .find_map(|is| match &here.value.kind {
            NodeKind::Mapping(_) => entry(here, is),
            NodeKind::Sequence(items) => {
                let mut items = items.iter();
                let is_word = |node: &&Node| node.text().is_some_and(|text| is(text.trim()));
                items.find(is_word).map(item)
            }
            NodeKind::Scalar(_) => {
                let text = here.value.text()?;
                is(text.trim()).then_some(here)
            }
        })
}

/// The words that a path asks for.
#[cfg(test)]
pub(super) fn words_of(path: &str) -> Vec<&str> {
    let steps = path.split('|').flat_map(|path| {
        let path = path.strip_suffix(':').unwrap_or(path);
        path.split('/').map(Step::parse)
    });
    steps
        .filter_map(|step| match step {
            Step::Key(_) => None,
            Step::Named(word)
            | Step::Count(word)
            | Step::Position(word)
            | Step::Period(word)
            | Step::Default(word) => Some(word),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::yaml;

    fn underlined<'t>(text: &'t str, path: &str, words: &[(&str, &str)]) -> Option<&'t str> {
        let root = yaml::read(text).unwrap();
        let words: Words = words
            .iter()
            .map(|(name, word)| ((*name).to_owned(), (*word).to_owned()))
            .collect();
        find(&root, text, path, &words).map(|span| &text[span])
    }

    const FLAGS: &str = "versions: [\"1.0\", \"1.2\", \"2.0\"]\nshares:\n  - {since: \"1.0\", share: 0.8}\n  - {since: \"1.1\", share: 0.9}\nflags:\n  --a:\n    - {type: int, since: \"1.0\", until: \"2.0\"}\n    - {type: choice, choices: [x, \"1\"], since: \"2.0\"}\n  --b: {type: bool, since: \"1.2\"}\n";

    #[test]
    fn a_path_leads_to_a_value_or_to_its_key() {
        let text = "a:\n  k: 1\n  list: [x, Y]\n";
        for (path, found) in [
            ("a/k", "1"),
            ("a/k:", "k"),
            ("a", "a"),
            ("a/list", "list"),
            ("b|a/k", "1"),
        ] {
            assert_eq!(underlined(text, path, &[]), Some(found), "{path}");
        }
        assert_eq!(underlined(text, "a/list/{w}", &[("w", "y")]), Some("Y"));
        assert_eq!(
            underlined(text, "a/{w}/{v}", &[("w", "k"), ("v", "1")]),
            Some("1")
        );
    }

    #[test]
    fn what_is_not_there_is_the_nearest_thing_that_is() {
        let text = "a:\n  k:\n  m: {}\n";
        for (path, found) in [
            ("a/k", Some("k")),
            ("a/m/n/o", Some("m")),
            ("a/{w}", Some("a")),
            ("b|a/n|a/m/n", Some("m")),
            ("b/c", None),
        ] {
            assert_eq!(underlined(text, path, &[]), found, "{path}");
        }
    }

    #[test]
    fn a_version_s_period_and_default_are_found() {
        for (at, kind) in [("0", "int"), ("1", "int"), ("2", "choice")] {
            let found = underlined(FLAGS, "flags/--a/{v as period}/type", &[("v", at)]);
            assert_eq!(found, Some(kind));
        }
        let path = "flags/--b/{v as period}/type";
        assert_eq!(underlined(FLAGS, path, &[("v", "1")]), Some("bool"));
        for (at, share) in [("0", "0.8"), ("1", "0.9"), ("2", "0.9")] {
            let found = underlined(FLAGS, "shares/{v as default}/share", &[("v", at)]);
            assert_eq!(found, Some(share));
        }
        let path = "flags/--a/{v as period}/until";
        let item = "{type: choice, choices: [x, \"1\"], since: \"2.0\"}";
        assert_eq!(underlined(FLAGS, path, &[("v", "2")]), Some(item));
    }

    #[test]
    fn flags_are_found_as_people_write_them() {
        let text = "args:\n  -x: 1\n  -X: 2\n  tp: 3\n  --long:\n    - 4\n    - 5\n";
        for (flag, found) in [
            ("-x", "1"),
            ("-X", "2"),
            ("--tp", "3"),
            ("--long", "--long"),
        ] {
            assert_eq!(underlined(text, "args/{f}", &[("f", flag)]), Some(found));
        }
    }
}
