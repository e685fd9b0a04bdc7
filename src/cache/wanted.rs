//! Which files of a model are fetched: those that patterns name, else those that the rules do not leave out.

use std::sync::Arc;

use crate::datalog::Value;
use crate::hub::HubFile;
use crate::policy::{Policy, PolicyError};
use crate::store::{Lender, LentCell, Scope, Store};

/// Patterns as the hub's own tools read them: `*` stands for any characters, also slashes, `?` for one,
/// and `[a-z]` for one of some.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Patterns {
    /// Only files like one of these; any when there are none.
    pub include: Vec<String>,
    /// No file like one of these.
    pub exclude: Vec<String>,
}

/// The files of a model, told apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    /// What is fetched.
    pub wanted: Vec<HubFile>,
    /// What is not, and why.
    pub left_out: Vec<(HubFile, String)>,
}

/// Tells a model's files apart.
///
/// # Errors
/// The rules cannot be evaluated.
pub fn choose(
    store: &mut Store,
    policy: &Policy,
    files: Vec<HubFile>,
    patterns: &Patterns,
) -> Result<Choice, PolicyError> {
    let by_rules = match patterns.include.is_empty() {
        true => left_out(store, policy, &files)?,
        // Who names files knows what for.
        false => Vec::new(),
    };
    let mut choice = Choice::default();
    for file in files {
        let path = file.path.as_str();
        let is_like = |pattern: &String| matches(pattern, path);
        let because = if patterns.exclude.iter().any(is_like) {
            Some("`--exclude` names it".to_owned())
        } else if !patterns.include.is_empty() && !patterns.include.iter().any(is_like) {
            Some("`--include` does not name it".to_owned())
        } else {
            let found = by_rules.iter().find(|(left, _)| left == path);
            found.map(|(_, because)| because.clone())
        };
        match because {
            Some(because) => choice.left_out.push((file, because)),
            None => choice.wanted.push(file),
        }
    }
    Ok(choice)
}

#[derive(Debug)]
struct Offered(Vec<String>);

impl Lender for Offered {
    fn rows(&self, relation: &str, _models: Option<&[String]>) -> Vec<Vec<LentCell>> {
        match relation {
            "offered_file" => {
                let paths = self.0.iter().cloned();
                paths.map(|path| vec![LentCell::Text(path)]).collect()
            }
            _ => Vec::new(),
        }
    }
}

/// What the rules leave out, and why.
fn left_out(
    store: &mut Store,
    policy: &Policy,
    files: &[HubFile],
) -> Result<Vec<(String, String)>, PolicyError> {
    const RELATION: &str = "file_left_out";
    let paths = files.iter().map(|file| file.path.as_str().to_owned());
    store.lend(Arc::new(Offered(paths.collect())));
    let relation = policy
        .program
        .relation(RELATION)
        .ok_or(PolicyError::Missing(RELATION))?;
    let model = policy.evaluate(store, &Scope::Whole, &[relation], |_, _| Ok(Vec::new()))?;
    let mut left_out = Vec::new();
    for tuple in model.sorted(relation) {
        let values: Vec<Value<'_>> = tuple.values().collect();
        if let [Value::Symbol(path), Value::Symbol(because)] = values[..] {
            left_out.push((path.to_owned(), because.to_owned()));
        }
    }
    Ok(left_out)
}

/// Whether a path is like a pattern.
fn matches(pattern: &str, path: &str) -> bool {
    let pattern: Vec<char> = match pattern.ends_with('/') {
        true => format!("{pattern}*").chars().collect(),
        false => pattern.chars().collect(),
    };
    let path: Vec<char> = path.chars().collect();
    let (mut p, mut s) = (0, 0);
    // Where to go on after the last star: behind it in the pattern, one further in the path.
    let mut back: Option<(usize, usize)> = None;
    while s < path.len() {
        let step = match pattern.get(p) {
            Some('*') => {
                back = Some((p + 1, s));
                p += 1;
                continue;
            }
            Some('?') => Some(p + 1),
            Some('[') => one_of(&pattern, p, path[s]),
            Some(c) => (*c == path[s]).then_some(p + 1),
            None => None,
        };
        match (step, back) {
            (Some(next), _) => (p, s) = (next, s + 1),
            (None, Some((after, from))) => {
                back = Some((after, from + 1));
                (p, s) = (after, from + 1);
            }
            (None, None) => return false,
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

/// Where the pattern goes on behind `[…]` at `open`, where the character is one of those in it.
fn one_of(pattern: &[char], open: usize, c: char) -> Option<usize> {
    let not = pattern.get(open + 1) == Some(&'!');
    let first = open + 1 + usize::from(not);
    // A bracket that comes first is one of the characters.
    let close = (first + 1..pattern.len()).find(|at| pattern[*at] == ']');
    let Some(close) = close else {
        return (c == '[').then_some(open + 1);
    };
    let mut found = false;
    let mut at = first;
    while at < close {
        if at + 2 < close && pattern[at + 1] == '-' {
            found |= (pattern[at]..=pattern[at + 2]).contains(&c);
            at += 3;
        } else {
            found |= pattern[at] == c;
            at += 1;
        }
    }
    (found != not).then_some(close + 1)
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn patterns_are_those_of_the_hubs_own_tools() {
        for (pattern, path) in [
            ("*", ""),
            ("*.json", "config.json"),
            ("*.json", "a/b/config.json"),
            (
                "model-0000?-of-*.safetensors",
                "model-00001-of-00002.safetensors",
            ),
            ("a/", "a/b/c"),
            ("[a-c]?[!x]", "bzy"),
            ("[]]", "]"),
            ("a[b", "a[b"),
            ("*a*b", "xxaxxb"),
        ] {
            assert!(matches(pattern, path), "{pattern} {path}");
        }
        for (pattern, path) in [
            ("", "a"),
            ("*.json", "config.jsonl"),
            ("?", ""),
            ("[a-c]", "d"),
            ("[!a]", "a"),
            ("config", "config.json"),
            ("*a*b", "xxaxxbc"),
        ] {
            assert!(!matches(pattern, path), "{pattern} {path}");
        }
    }
}
